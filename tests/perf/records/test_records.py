"""Reading published measurements: what is stated, what is inferred, what is refused."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stargate.errors import SpecError
from stargate.perf import records
from stargate.perf.records import Record, Unusable, read_record
from stargate.perf.records.fields import (
    Row,
    precision_of,
    recompute_of,
    release_of,
    sharding_of,
)
from stargate.perf.records.model import parameters
from stargate.perf.scoreboard import Score, score

GPT_22B = {
    "id": "one",
    "completeness": "A",
    "family": "test",
    "kind": "pretrain",
    "year": "2022",
    "model": "GPT-22B",
    "params_b": "22",
    "layers": "48",
    "hidden": "6144",
    "heads": "64",
    "kv_heads": "64",
    "attention": "MHA",
    "ffn_hidden": "24576",
    "activation": "gelu",
    "vocab": "51200",
    "seq_len": "2048",
    "accelerator": "A100-80GB",
    "n_acc": "8",
    "node_size": "8",
    "scaleout_gbps_per_acc": "200",
    "precision": "fp16/bf16 mixed",
    "tp": "8",
    "pp": "1",
    "vp": "1",
    "cp": "1",
    "dp": "1",
    "optimizer_sharding": "none",
    "micro_batch": "4",
    "grad_accum": "1",
    "global_batch_seqs": "4",
    "recompute": "full",
    "seq_parallel": "no",
    "implied_step_time_s": "1.42",
}


def read(**changes: str) -> Record | Unusable:
    return read_record(GPT_22B | changes)


def record(**changes: str) -> Record:
    answer = read(**changes)
    assert isinstance(answer, Record), answer
    return answer


def reason(**changes: str) -> str:
    answer = read(**changes)
    assert isinstance(answer, Unusable), answer
    return answer.reason


def test_a_complete_row_becomes_model_machine_workload_and_strategy():
    one = record()
    assert (one.model.layers, one.model.heads, one.model.gated_ffn) == (48, 64, False)
    assert (one.machine.accelerator.id, one.machine.count) == ("a100-sxm-80", 8)
    assert (one.workload.seq_len, one.workload.global_batch) == (2048, 4)
    (strategy,) = one.strategies
    assert (strategy.tp, strategy.dp, strategy.micro_batch, strategy.zero) == (8, 1, 4, 0)
    assert strategy.recompute == "full"
    assert strategy.sequence_parallel is False
    assert one.measured_s == 1.42
    assert one.assumptions == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"layers": ""}, "layers is not stated"),
        ({"layers": "many"}, "layers is 'many', not a number"),
        ({"layers": "48.5"}, "not a whole number"),
        ({"layers": "1e300"}, "beyond reason"),
        ({"hidden": "-6144"}, "not a positive number"),
        ({"hidden": "nan"}, "not a number"),
        ({"hidden": "6_144"}, "not a number"),
        ({"heads": "63"}, "no multiple"),
        ({"ffn_hidden": "", "model": "mine"}, "ffn_hidden is not stated"),
        ({"params_b": "220"}, "the record states 220B"),
        ({"accelerator": "H900"}, "no accelerator 'H900'"),
        ({"accelerator": ""}, "accelerator is not stated"),
        ({"n_acc": ""}, "number of accelerators is not stated"),
        ({"n_acc": "16"}, "tp x pp x cp x dp is 8, not 16"),
        ({"tp": "5", "n_acc": "5"}, "64 heads over tp=5"),
        ({"tp": "1", "pp": "64", "n_acc": "64"}, "64 stages for 48 layers"),
        ({"ep": "2"}, "ep=2"),
        ({"micro_batch": "3", "grad_accum": ""}, "no multiple of dp 1 x micro-batch 3"),
        ({"precision": ""}, "precision is not stated"),
        ({"precision": "ternary"}, "precision 'ternary' is not known"),
        ({"recompute": "sometimes"}, "recompute 'sometimes' is not known"),
        ({"optimizer_sharding": "magic"}, "sharding 'magic' is not known"),
        ({"kind": "distillation"}, "'distillation' is not a kind"),
        ({"global_batch_seqs": "", "grad_accum": ""}, "global batch is not stated"),
        ({"implied_step_time_s": ""}, "no step time"),
        ({"tokens_per_s_per_acc": "72.1"}, "contradict each other"),
        ({"global_batch_tokens": "81920"}, "4 and 40 sequences"),
        ({"grad_accum": "3"}, "4 and 12 sequences"),
        ({"scaleout_gbps_per_acc": "0.01"}, "a NIC of 0.01 Gb/s is beyond reason"),
        ({"implied_step_time_s": "1e999"}, "not a positive number"),
        ({"moe_experts": "8", "moe_active": "16", "moe_expert_ffn": "512"}, "more than the 8"),
    ],
)
def test_a_row_that_cannot_be_run_says_why(changes, words):
    assert words in reason(**changes)


@pytest.mark.parametrize(
    ("text", "precision"),
    [
        ("bf16 (pure)", "bf16"),
        ("fp16/bf16 mixed", "bf16"),
        ("FP8 current-scaling", "fp8"),
        ("FP8-CS", "fp8"),
        ("FP8-MX", "mxfp8"),
        ("MXFP8", "mxfp8"),
        ("NVFP4", "nvfp4"),
        ("fp4 (nvfp4)", "nvfp4"),
        ("fp8 blockwise", "fp8-block"),
        ("fp8 rowwise", "fp8-row"),
        ("fp16", "fp16"),
        ("int8 matmul (MLPerf-style recipe) - check", "int8"),
    ],
)
def test_precisions_are_read_as_people_write_them(text, precision):
    assert precision_of(Row({"precision": text}))[0] == precision


@pytest.mark.parametrize(
    ("text", "mode", "layers", "offload"),
    [
        ("", None, None, False),
        ("not stated", None, None, False),
        ("none (ACT_CKPT null)", "none", None, False),
        ("none; activation CPU offload of 20-40 layers", "none", None, True),
        ("selective: mla_up_proj or mlp", "selective", None, False),
        ("full for 5 of 32 layers (block)", "full", 5, False),
        ("custom remat/offload (recipe)", "full", None, True),
    ],
)
def test_recomputation_is_read_as_people_write_it(text, mode, layers, offload):
    choice = recompute_of(Row({"recompute": text}))
    assert (choice.mode, choice.layers, choice.offload) == (mode, layers, offload)


def test_a_parallel_block_is_read_from_the_model_or_the_notes():
    assert record(notes="+ parallel transformer block").model.parallel_block
    assert record(model="GPT-22B (MegaScale)").model.parallel_block
    assert not record(model="GPT-22B (Megatron-LM)").model.parallel_block


def test_a_parallel_block_is_that_of_the_catalogues_model():
    shape = {"layers": "44", "hidden": "6144", "heads": "64", "params_b": "20"}
    assert record(model="gpt-neox-20b", **shape).model.parallel_block
    assert not record(model="GPT-20B", **shape).model.parallel_block


def test_dropped_tokens_are_read_with_their_capacity():
    experts = {"moe_experts": "8", "moe_active": "2", "moe_expert_ffn": "3072", "params_b": ""}
    stated = record(notes="capacity 1.0, 8k tokens/chip", **experts)
    assumed = record(notes="single log line; token-dropping MoE", **experts)
    assert stated.workload.expert_capacity == 1.0
    assert assumed.workload.expert_capacity == 1.25
    assert "capacity of experts not stated: 1.25" in assumed.assumptions
    assert record(**experts).workload.expert_capacity is None
    assert record(notes="token-dropping").workload.expert_capacity is None


def test_a_bare_selective_means_what_the_stack_of_the_source_does():
    source = {"recompute": "selective", "source": "pytorch/torchtitan benchmarks"}
    assert recompute_of(Row(source)).modules == (("alternate_products",),)
    named = source | {"recompute": "selective: mlp"}
    assert recompute_of(Row(named)).modules == (("mlp",),)


def test_offloaded_projections_are_not_computed_again():
    choice = recompute_of(Row({"recompute": "selective (qkv_proj_offloaded)"}))
    assert (choice.mode, choice.offload) == ("selective", True)
    assert choice.modules == (("layernorm", "mlp", "core_attn", "out_proj"),)


def test_recent_recipes_for_experts_in_mxfp8_multiply_attention_in_8_bit():
    experts = {"moe_experts": "8", "moe_active": "2", "moe_expert_ffn": "3072", "params_b": ""}
    row = {"table": "26.06 container", "precision": "MXFP8", "accelerator": "GB300", **experts}
    assert record(**row).workload.attention_precision == "fp8"
    for other in ({"table": "26.04 container"}, {"precision": "BF16"}, dict.fromkeys(experts, "")):
        assert record(**(row | other)).workload.attention_precision == "16-bit"


@pytest.mark.parametrize(
    ("text", "modules", "others"),
    [
        ("selective", ((),), ()),
        ("selective (config default)", ((),), ()),
        ("selective: mla_up_proj", (("mla_up_proj",),), ()),
        ("selective: mla_up_proj+mlp", (("mla_up_proj", "mlp"),), ()),
        ("selective: mla_up_proj or mlp", (("mla_up_proj",), ("mlp",)), ()),
        (
            "selective: mla_up_proj/moe_act or none",
            (("mla_up_proj",), ("moe_act",)),
            ("none",),
        ),
        (
            "selective: layernorm+moe_act (some variants none)",
            (("layernorm", "moe_act"),),
            ("none",),
        ),
        ("custom", (("layernorm", "mlp"),), ("selective",)),
    ],
)
def test_modules_that_are_recomputed_are_read_with_their_alternatives(text, modules, others):
    choice = recompute_of(Row({"recompute": text}))
    assert (choice.modules, choice.others) == (modules, others)


@pytest.mark.parametrize(
    ("fsdp", "optimizer", "zero", "shard"),
    [
        ("full (params+grads+opt)", "fsdp", 3, None),
        ("grads+opt", "fsdp", 2, None),
        ("opt+grads (params not resharded after forward)", "", 2, None),
        ("64", "fsdp", 3, 64),
        ("dcn_data 2 x fsdp 128", "fsdp", 3, 128),
        ("ICI FSDP 256/tp, DCN data parallel", "fsdp", 3, None),
        ("HSDP", "", 3, 8),
        ("zero3", "zero3", 3, None),
        ("", "zero1 (USE_DIST_OPTIMIZER)", 1, None),
        ("", "none", 0, None),
        ("", "", 1, None),
    ],
)
def test_sharding_is_read_as_people_write_it(fsdp, optimizer, zero, shard):
    found = sharding_of(Row({"fsdp_shard": fsdp, "optimizer_sharding": optimizer}))
    assert (found.zero, found.shard) == (zero, shard)


def test_what_a_row_leaves_open_becomes_candidates():
    open_row = record(micro_batch="", recompute="")
    assert {s.micro_batch for s in open_row.strategies} == {1, 2, 4}
    assert {s.recompute for s in open_row.strategies} == {"none", "selective", "full"}
    assert any("fastest" in text for text in open_row.assumptions)


def test_chunks_that_are_not_stated_deal_the_layers_evenly():
    piped = record(tp="1", pp="8", vp="", micro_batch="1", grad_accum="4")
    assert {s.vp for s in piped.strategies} == {1, 2, 3, 6}


def test_the_batch_may_be_stated_in_tokens():
    assert record(global_batch_seqs="", global_batch_tokens="8192").workload.global_batch == 4


def test_the_step_time_may_follow_from_throughput():
    rate = 4 * 2048 / (1.42 * 8)
    found = record(implied_step_time_s="", tokens_per_s_per_acc=str(rate))
    assert found.measured_s == pytest.approx(1.42)


def test_a_fraction_of_a_sequence_on_each_device_is_context_parallel():
    found = record(tp="1", dp="8", micro_batch="0.25", global_batch_seqs="2")
    (strategy,) = found.strategies
    assert (strategy.cp, strategy.dp, strategy.micro_batch) == (4, 2, 1)


def test_the_catalogue_fills_in_what_the_columns_lack():
    """Qwen3-30B: heads of 128, although 2048 / 32 is 64."""
    changes = {
        "model": "Qwen3-30B-A3B",
        "params_b": "30.5",
        "layers": "48",
        "hidden": "2048",
        "heads": "32",
        "kv_heads": "4",
        "attention": "GQA",
        "ffn_hidden": "",
        "activation": "swiglu",
        "vocab": "151936",
        "moe_experts": "128",
        "moe_active": "8",
        "moe_expert_ffn": "768",
        "moe_shared": "0",
    }
    model = record(**changes).model
    assert model.head_size == 128
    assert parameters(model) == pytest.approx(30.5e9, rel=0.02)


def test_a_pod_uplink_is_read_from_the_text():
    text = "stated: RoCE 400 Gb/s per GPU, 3-level Clos, pods of 3,072, 1:7 oversubscription above"
    assert record(interconnect_basis=text).machine.network.oversubscription == ((3072, 7.0),)


def test_slices_of_tpus_are_scale_up_domains():
    changes = {"accelerator": "TPU-v5e", "n_acc": "512", "tp": "1", "dp": "512", "micro_batch": "1"}
    changes |= {"global_batch_seqs": "512", "fsdp_shard": "FSDP", "seq_parallel": ""}
    found = record(**changes, interconnect_basis="2 slices of v5e-256 over DCN")
    assert found.machine.network.scaleup_domain == 256
    assert found.strategies[0].shard == 256


def test_a_row_without_a_layout_takes_the_fastest_that_fits():
    nothing = {"tp": "", "pp": "", "vp": "", "dp": "", "micro_batch": "", "grad_accum": ""}
    row = record(**nothing, seq_parallel="")
    assert "no parallel layout is stated" in row.assumptions
    assert {(s.tp, s.pp) for s in row.strategies} >= {(2, 1), (8, 1), (1, 8), (2, 4)}
    slice_of_tpus = record(
        **nothing, seq_parallel="", accelerator="TPU-v5p", optimizer_sharding="", precision="bf16"
    )
    assert {(s.pp, s.zero) for s in slice_of_tpus.strategies} == {(1, 3)}


def test_fewer_sequences_than_replicas_are_cut_into_pieces():
    few = {"tp": "1", "dp": "", "cp": "", "micro_batch": "", "grad_accum": "", "seq_parallel": ""}
    (size,) = {(s.cp, s.dp) for s in record(**few, global_batch_seqs="4").strategies}
    assert size == (2, 4)
    assert isinstance(read(**(few | {"cp": "1"}), global_batch_seqs="4"), Unusable)


def test_submissions_to_mlperf_are_taken_for_8_bit():
    row = record(family="mlperf-train", precision="")
    assert row.workload.precision == "fp8"
    assert any("precision not stated" in told for told in row.assumptions)
    assert reason(family="mlperf-lora", kind="lora", precision="") == "precision is not stated"


def test_stages_that_are_not_stated_follow_from_dp_or_become_candidates():
    known = record(tp="1", pp="", dp="2", n_acc="8", global_batch_seqs="8", vp="1")
    assert {s.pp for s in known.strategies} == {4}
    unknown = record(tp="1", pp="", dp="", n_acc="8", global_batch_seqs="32", vp="1")
    assert {s.pp for s in unknown.strategies} == {1, 2, 4, 8}
    assert all(s.pp * (s.dp or 0) == 8 for s in unknown.strategies)


def test_the_software_generation_follows_stack_and_year():
    assert record(year="2022").machine.software.name == "megatron-2022"
    assert not record(year="2022").machine.software.assumed
    assert record(year="").machine.software.assumed
    sharded = record(year="2023", tp="1", dp="8", fsdp_shard="full", global_batch_seqs="32")
    assert sharded.machine.software.name == "fsdp-2023"


def test_blocking_launches_cost_the_time_of_host_and_device_under_any_coefficients():
    usual = record().machine
    blocking = record(notes="launched with CUDA_LAUNCH_BLOCKING=1").machine
    for machine in (blocking, blocking.with_coefficients(usual.coefficients)):
        both_s = usual.coefficients.kernel_gap_s + usual.coefficients.kernel_issue_s
        assert machine.kernel_gap_s == both_s > usual.kernel_gap_s


def test_a_container_dates_the_software_more_finely_than_the_year():
    row = {"table": "26.04.01 container, Pre-Training", "year": "2025"}
    assert release_of(Row(row)) == (2026, 4)
    assert release_of(Row({"year": "2025"})) == (2025, 12)
    assert release_of(Row({})) is None


def test_a_round_of_mlperf_dates_its_software():
    row = {"source": "mlcommons/training_results_v3.1 Azure/results/n1344_pytorch", "year": "2023"}
    assert release_of(Row(row)) == (2023, 11)
    named = row["source"].replace("pytorch", "ngc23.09_nemo")
    assert release_of(Row(row | {"source": named})) == (2023, 9)
    assert release_of(Row(row | {"source": "training_results_v9.9"})) == (2023, 12)


@pytest.mark.parametrize(
    ("round_name", "generation"),
    [("3.0", "mlperf-2023"), ("3.1", "mlperf-2023.09"), ("4.1", "mlperf-2024.04")],
)
def test_each_round_of_mlperf_is_run_by_the_software_of_its_day(round_name, generation):
    source = f"mlcommons/training_results_v{round_name} someone"
    row = {"family": "mlperf-train", "source": source, "accelerator": "H100-80GB"}
    assert record(**row).machine.software.name == generation


def test_a_run_without_any_feature_of_2022_is_not_dated_by_a_later_paper():
    old = {"recompute": "full", "seq_parallel": "no", "optimizer_sharding": "none"}
    assert release_of(Row({"year": "2024", **old})) == (2022, 12)
    assert release_of(Row({"year": "2021", **old})) == (2021, 12)
    assert release_of(Row({"year": "2024", **old, "optimizer_sharding": "zero1"})) == (2024, 12)


def test_a_run_without_any_feature_of_2022_drops_out_as_runs_of_then_did():
    assert record(year="2024").model.dropout
    assert not record(year="2024", seq_parallel="yes").model.dropout


def test_a_memory_size_that_is_only_recalled_is_that_of_the_usual_part():
    stated = record(accelerator="A100-40GB")
    recalled = record(accelerator="A100-40GB", notes="style; precision and memory size recalled")
    assert stated.machine.accelerator.id == "a100-sxm-40"
    assert recalled.machine.accelerator.id == "a100-sxm-80"
    assert any("memory size" in text for text in recalled.assumptions)


def test_fp16_runs_reduce_gradients_in_16_bit_and_bf16_runs_in_32():
    assert record(precision="fp16").workload.gradients == "bf16"
    assert record(precision="bf16").workload.gradients == "fp32"


@pytest.mark.parametrize("suite", records.SUITES)
def test_nearly_all_complete_open_records_can_be_run(suite):
    complete = [r for r in records.open_records(suite) if r.origin.grade == "A"]
    usable = sum(isinstance(r, Record) for r in complete)
    assert usable >= 0.95 * len(complete)


def test_every_open_record_has_a_name_and_a_source():
    for suite in records.SUITES:
        origins = [r.origin for r in records.open_records(suite)]
        assert max(Counter(o.id for o in origins).values()) == 1
        assert all(o.source for o in origins)


def test_a_file_without_the_columns_is_refused():
    with pytest.raises(SpecError, match="lacks"):
        records.parse("a,b\n1,2\n", "some.csv")
    with pytest.raises(SpecError, match="lacks"):
        records.parse("", "some.csv")


JUNK = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["", "0", "-1", "1e999", "nan", "inf", "1e18", "0.3", "1", "2", "7", "4096", "1e8", "None"]
    ),
    st.sampled_from(["MLA", "GQA", "swiglu", "fp8", "TPU-v5p", "H100-80GB", "MI300X", "fsdp 0"]),
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(GPT_22B)), JUNK, min_size=1, max_size=8))
def test_junk_in_any_field_never_crashes(changes):
    answer = read_record(GPT_22B | changes)
    assert isinstance(answer, Record) or answer.reason
    (row,) = score([answer])
    assert isinstance(row, Unusable) or 0 < row.predicted_s < float("inf")


HOSTILE = st.one_of(
    JUNK,
    st.sampled_from(
        ["1e400", "-1e400", "NaN", "-inf", "1e-320", "9" * 400, "0x10", "1_000", "64.5", "\u0663"]
    ),
    st.sampled_from(['"', '""', "a,b", "\ufeff", "=cmd()", "\t", "\r", "\U0001f980", "null"]),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.sampled_from(sorted(GPT_22B)), HOSTILE, max_size=4),
            st.integers(0, len(GPT_22B)),
            st.lists(HOSTILE, max_size=2),
        ),
        min_size=1,
        max_size=5,
    ),
    st.booleans(),
)
def test_a_hostile_file_has_an_answer_for_each_row(rows, marked):
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow([*GPT_22B, "a column of ours"])
    for changes, length, more in rows:
        writer.writerow([*(GPT_22B | changes).values()][: length or None] + more)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "hostile.csv"
        path.write_bytes(("\ufeff" * marked + file.getvalue()).encode())
        answers = score(records.load(path))
    assert len(answers) == len(rows)
    names = [row.origin.id for row in answers if isinstance(row, Score)]
    assert len(set(names)) == len(names)
    for row in answers:
        finite = isinstance(row, Score) and 0 < row.predicted_s < float("inf")
        assert finite or (isinstance(row, Unusable) and row.reason)


def test_of_two_rows_with_one_name_only_the_first_is_scored():
    header, row = ",".join(GPT_22B), _line(GPT_22B)
    first, second = records.parse(f"{header}\n{row}\n{row}\n")
    assert isinstance(first, Record)
    assert isinstance(second, Unusable)
    assert "another row" in second.reason


def test_a_row_with_more_fields_than_the_header_is_named():
    (row,) = records.parse(f"{','.join(GPT_22B)}\n{_line(GPT_22B)},7\n")
    assert isinstance(row, Unusable)
    assert "more fields" in row.reason


@pytest.mark.parametrize(
    "changes", [{"activation": "1e400"}, {"seq_parallel": "maybe"}, {"seq_parallel": "NaN"}]
)
def test_a_word_that_is_not_known_is_named(changes):
    answer = read_record(GPT_22B | changes)
    assert isinstance(answer, Unusable)
    assert "not known" in answer.reason


def _line(values):
    file = io.StringIO(newline="")
    csv.writer(file).writerow(values.values())
    return file.getvalue().strip()


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_junk_after_a_good_header_never_crashes(text):
    header = ",".join(GPT_22B)
    try:
        answers = records.parse(f"{header}\n{text}")
    except SpecError:
        return
    assert all(isinstance(a, Unusable) for a in answers)


def test_a_written_row_reads_back():
    file = io.StringIO()
    writer = csv.DictWriter(file, GPT_22B)
    writer.writeheader()
    writer.writerow(GPT_22B)
    (answer,) = records.parse(file.getvalue())
    assert answer == record()


def test_known_reasons_speak_of_records_that_exist():
    ids = [r.origin.id for r in records.open_records()]
    patterns = [pattern for pattern, _ in records._reasons()]
    assert all(any(re.fullmatch(pattern, id_) for id_ in ids) for pattern in patterns)
    assert records.known_reason("megatron-sc21-013")
    assert records.known_reason("korthikanti-001") == ""


def test_a_sharded_run_is_of_the_engine_of_its_year():
    sharded = {"tp": "1", "dp": "8", "fsdp_shard": "full", "optimizer_sharding": "fsdp"}
    sharded |= {"global_batch_seqs": "32", "seq_parallel": "no"}
    names = {
        year: record(year=year, **sharded).machine.software.name
        for year in ("2021", "2023", "2024")
    }
    assert names == {"2021": "zero-2021", "2023": "fsdp-2023", "2024": "fsdp-2024"}


def test_of_two_recipes_that_ship_the_faster_is_taken():
    assert record(precision="fp8 or fp4 (both configs ship)").workload.precision == "nvfp4"


def test_a_container_may_be_named_by_the_source():
    row = {"accelerator": "H100-80GB", "year": "2024", "optimizer_sharding": "zero1"}
    early = record(**row, source="performance_long_sequence.md (24.03.01)")
    late = record(**row, source="a paper (arXiv 2407.21783)")
    names = [found.machine.software.name for found in (early, late)]
    assert names == ["megatron-2024", "megatron-2024.07"]


def test_an_unstated_interleaving_is_none_where_the_software_has_none():
    row = {"vp": "", "optimizer_sharding": "zero1", "seq_parallel": "no", "year": "2022"}
    found = record(**row)
    assert found.machine.software.name == "deepspeed-2021"
    assert {strategy.vp for strategy in found.strategies} == {1}
