"""`stargate predict`: its answers, its JSON, and its refusals with their exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stargate.cli import main

GPT3 = (
    *("--model", "gpt3-175b", "--accelerator", "a100-80gb-sxm", "--count", "64"),
    *("--seq-len", "2048", "--global-batch", "64"),
)
STRATEGY = ("--strategy", "tp=8,pp=8,vp=3,mb=1")
FULL = (*STRATEGY, "--recompute", "full")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["predict", *arguments])


def answer(*arguments: str) -> dict[str, object]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    content: dict[str, object] = json.loads(result.stdout)
    return content


@pytest.mark.parametrize(("recompute", "published_s"), [("full", 18.13), ("selective", 13.75)])
def test_gpt_3_on_64_a100_takes_what_was_published(recompute: str, published_s: float) -> None:
    best = answer(*GPT3, *STRATEGY, "--recompute", recompute)["best"]
    assert best["step_time_s"] == pytest.approx(published_s, rel=0.08)


def test_the_json_has_the_documented_shape() -> None:
    content = answer(*GPT3)
    assert content["schema_version"] == 1
    best = content["best"]
    assert set(best) >= {
        *("strategy", "step_time_s", "interval_s", "mfu", "hfu"),
        *("memory_bytes", "memory", "breakdown_s"),
    }
    assert best["interval_s"][0] < best["step_time_s"] < best["interval_s"][1]
    assert sum(best["breakdown_s"].values()) == pytest.approx(best["step_time_s"])
    assert sum(best["memory"].values()) == pytest.approx(best["memory_bytes"])
    assert content["n_evaluated"] > content["n_feasible"] > 0
    assert content["alternatives"]
    assert all(fact["source"] for fact in content["facts"])


def test_the_text_says_the_answer_the_waterfall_and_the_basis() -> None:
    result = run(*GPT3, *STRATEGY, "--recompute", "full")
    assert result.exit_code == 0
    for part in ("80 % interval", "MFU", "Where the step goes", "Memory of", "assumed"):
        assert part in result.stdout


BAD = (
    ((*GPT3[:-2],), "missing: --global-batch"),
    (("--model", "gpt3-175c", *GPT3[2:]), "gpt3-175b"),
    ((*GPT3[:2], "--accelerator", "a100-90gb", *GPT3[4:]), "a100"),
    ((*GPT3, "--strategy", "tp=8,pp=7"), "not 64 accelerators"),
    ((*GPT3, "--strategy", "tp=8,pp=8,mb=3"), "micro-batch 3"),
    ((*GPT3, "--strategy", "tp=8,zz=1"), "cannot read 'zz=1'"),
    ((*GPT3, "--software", "megatron-1999"), "known:"),
    ((*GPT3, "--strategy", "tp=8,pp=8,recompute=full", "--recompute", "none"), "contradicts"),
    ((*GPT3, "--recompute", "some"), "some"),
    ((*GPT3, "--precision", "fp8"), "a100-sxm-80 cannot compute in fp8; choose fp32, bf16"),
    ((*GPT3, "--count", "0"), "0"),
)


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_bad_usage_says_what_is_wrong_and_exits_with_2(
    arguments: tuple[str, ...], message: str
) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_what_does_not_fit_exits_with_1_and_says_what_stands_in_the_way() -> None:
    result = run(*GPT3, "--strategy", "tp=8,pp=1,dp=8,mb=1,zero=0")
    assert result.exit_code == 1
    assert "GB" in result.stderr


FILE = """\
stargate: 1
network:
  sites:
    - id: here
      clusters:
        - id: pod
          accelerator: h100-sxm
          count: 64
          fabric:
            scale_out: {bandwidth: 200 Gb/s, oversubscription: 2}
models:
  mine: {layers: 32, hidden: 4096, heads: 32, ffn_hidden: 14336, vocabulary: 128256}
workloads:
  pretrain: {model: mine, seq_len: 4096, global_batch: 256, cluster: pod}
  tune: {model: llama-3.1-8b, seq_len: 4096, global_batch: 64, lora: {rank: 16},
         strategy: "tp=1,mb=1"}
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "job.yaml"
    path.write_text(FILE, encoding="utf-8")
    return str(path)


def test_a_workload_of_a_file_is_searched_or_taken_as_stated(file: str) -> None:
    searched = answer(file, "--workload", "pretrain")
    stated = answer(file, "--workload", "tune")
    assert searched["n_evaluated"] > 1000
    assert stated["n_evaluated"] == 1


def test_a_file_with_several_workloads_asks_which(file: str) -> None:
    result = run(file)
    assert result.exit_code == 2
    assert "pretrain, tune" in result.stderr


def test_a_slower_network_of_the_file_slows_the_step(file: str) -> None:
    def step_s(rate: str) -> float:
        path = "network.sites.0.clusters.0.fabric.scale_out.bandwidth"
        strategy = ("--strategy", "tp=1,mb=1,zero=3")
        changed = answer(file, "--workload", "pretrain", *strategy, "-s", f"{path}={rate}")
        return changed["best"]["step_time_s"]

    assert step_s("25 Gb/s") > 1.2 * step_s("400 Gb/s")


def test_flags_of_a_machine_do_not_go_with_a_file(file: str) -> None:
    result = run(file, "--workload", "pretrain", "--count", "8")
    assert result.exit_code == 2
    assert "--count does not go with a file" in result.stderr


def test_a_sequence_is_as_long_as_the_model_takes_unless_stated() -> None:
    without = tuple(a for a in GPT3 if a not in ("--seq-len", "2048"))
    assert answer(*without, *FULL)["best"] == answer(*GPT3, *FULL)["best"]


def test_two_strategies_are_set_side_by_side_and_the_faster_leads() -> None:
    other = ("--strategy", "tp=8,pp=8,mb=1", "--recompute", "full")
    content = answer(*GPT3, *other, *STRATEGY)
    times = [candidate["step_time_s"] for candidate in content["compared"]]
    assert times[0] > times[1] == content["best"]["step_time_s"]
    text = run(*GPT3, *other, *STRATEGY).stdout
    assert "Side by side" in text
    assert "against A" in text


def test_several_counts_weigh_machine_sizes() -> None:
    sizes = (*GPT3[:4], "--count", "64,128,96", *GPT3[6:])
    front = answer(*sizes, "--tokens", "3e11")["front"]
    assert [offer["accelerators"] for offer in front["bests"]] == [64, 96, 128]
    for offer in front["bests"]:
        steps = 3e11 / (64 * 2048)
        assert offer["run_time_s"] == pytest.approx(steps * offer["step_time_s"])
        assert offer["run_usd"] == pytest.approx(steps * offer["usd_per_step"])
        assert offer["run_energy_j"] > 0
    assert all(fact["source"] for fact in front["facts"])
    text = run(*sizes).stdout
    assert "Machine sizes" in text
    assert "$/step" in text


def test_pareto_weighs_a_quarter_to_four_times_the_size() -> None:
    front = answer(*GPT3, "--pareto")["front"]
    offered = {offer["accelerators"] for offer in front["bests"]}
    refused = {refusal["accelerators"] for refusal in front["refused"]}
    assert offered | refused == {16, 32, 64, 128, 256}
    assert 64 in offered


def test_without_being_asked_nothing_is_compared() -> None:
    assert not {"compared", "front"} & set(answer(*GPT3, *FULL))


def test_a_slower_nic_slows_the_step() -> None:
    def step_s(rate: str) -> float:
        strategy = ("--strategy", "tp=8,pp=4,recompute=full")
        best = answer(*GPT3, "--nic", rate, *strategy)["best"]
        assert isinstance(best, dict)
        return float(best["step_time_s"])

    assert step_s("10 Gb/s") > 1.02 * step_s("200 Gb/s")


def test_a_node_names_its_accelerator_and_network() -> None:
    node = (*GPT3[:2], "--node", "dgx-a100", *GPT3[4:])
    assert answer(*node, *FULL)["best"] == answer(*GPT3, *FULL)["best"]
    wrong = run(*GPT3, "--node", "dgx-h100")
    assert wrong.exit_code == 2
    assert "dgx-h100 holds h100-sxm" in wrong.stderr


def test_alternatives_are_as_many_as_asked_for() -> None:
    assert len(answer(*GPT3, "--alternatives", "2")["alternatives"]) == 2
    assert answer(*GPT3, "--alternatives", "0")["alternatives"] == []


CONFIG = """{"model_type": "llama", "num_hidden_layers": 16, "hidden_size": 2048,
 "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 8192,
 "vocab_size": 128256, "max_position_embeddings": 131072}"""


def test_a_model_may_be_a_hugging_face_config(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(CONFIG, encoding="utf-8")
    rest = ("--accelerator", "h100-sxm", "--count", "8", "--global-batch", "64")
    of_file = answer("--model", str(path), *rest)
    of_folder = answer("--model", str(tmp_path), *rest)
    assert of_file == of_folder
    assert of_file["best"]["step_time_s"] > 0
    missing = run("--model", str(tmp_path / "none.json"), *rest)
    assert missing.exit_code == 2
    assert "none.json" in missing.stderr


def test_a_trace_is_written_beside_the_answer(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    result = run(*GPT3, *STRATEGY, "--recompute", "full", "--trace", str(path))
    assert result.exit_code == 0
    assert str(path) in result.stderr
    assert json.loads(path.read_text(encoding="utf-8"))["traceEvents"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--nic", "fast"), "400 Gb/s"),
        (("--nic", "0 Gb/s"), "no rate"),
        (("--count", "64,many"), "'many' is no number of accelerators"),
        (("--pareto", *STRATEGY), "leave --strategy out"),
        (("--node", "dgx-z100"), "dgx-"),
        (("--model", "gpt3-175c"), "gpt3-175b"),
    ],
)
def test_options_that_make_no_sense_are_told_what_would(
    more: tuple[str, ...], message: str
) -> None:
    result = run(*GPT3, *more)
    assert result.exit_code == 2
    assert message in result.stderr


def test_the_report_shows_the_search_the_sizes_and_what_was_compared(tmp_path: Path) -> None:
    searched, compared = tmp_path / "searched.html", tmp_path / "compared.html"
    assert run(*GPT3, "--pareto", "-o", str(searched)).exit_code == 0
    both = (*STRATEGY, "--strategy", "tp=8,pp=8,mb=1", "--recompute", "full")
    assert run(*GPT3, *both, "-o", str(compared)).exit_code == 0
    page = searched.read_text(encoding="utf-8")
    assert all(f'id="chart-{name}"' in page for name in ("search", "front", "pareto"))
    assert "stargate predict --model gpt3-175b" in page
    page = compared.read_text(encoding="utf-8")
    assert "side by side" in page
    assert 'id="chart-search"' not in page


def test_a_calibration_of_ones_own_takes_the_place_of_the_one_that_ships(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(
        "calibration: 1\ncoefficients: {ampere: {megatron-2022: {gemm_fraction: 0.5}}}\n",
        encoding="utf-8",
    )
    asked = ["predict", "--model", "gpt3-175b", "--accelerator", "a100-80gb-sxm", "--count", "64"]
    asked += ["--global-batch", "64", "--strategy", "tp=8,pp=8,vp=3,mb=1", "--json"]
    asked += ["--recompute", "full"]
    times = [
        json.loads(CliRunner().invoke(main, [*asked, *more]).stdout)["best"]["step_time_s"]
        for more in ([], ["--calibration", str(mine)])
    ]
    assert times[1] > 1.2 * times[0]
