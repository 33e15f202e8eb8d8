"""What must hold for every step, whatever the model, the machine and the strategy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate import catalog
from stargate.perf import attention
from stargate.perf.machine import Machine
from stargate.perf.shape import ModelShape, WorkShape
from stargate.perf.space import strategy_space
from stargate.perf.step import StepTable, evaluate, evaluate_shapes, work_shape
from stargate.perf.strategy import StrategyTable
from stargate.spec.workload import Strategy, TrainingWorkload

MODELS = ("gpt3-175b", "llama-3.1-8b", "deepseek-v3", "gpt-oss-120b")
PARTS = ("a100-sxm-80", "h100-sxm", "gb200", "tpu-v5p")


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, Machine, TrainingWorkload, StrategyTable]:
    name = draw(st.sampled_from(MODELS))
    count = draw(st.sampled_from((8, 16, 64, 256)))
    machine = Machine.of(draw(st.sampled_from(PARTS)), count)
    workload = TrainingWorkload(
        model=name,
        seq_len=draw(st.sampled_from((2048, 8192))),
        global_batch=256,
        precision=draw(st.sampled_from(("bf16", "fp8"))),
        attention_kernel=draw(st.sampled_from(("flash", "unfused"))),
    )
    space = strategy_space(catalog.model(name), workload, count, tp_max=8)
    seed = draw(st.integers(0, 2**32 - 1))
    rows = np.random.default_rng(seed).integers(0, len(space), 40)
    return name, machine, workload, space.take(rows)


def steps_of(case: tuple[str, Machine, TrainingWorkload, StrategyTable]) -> StepTable:
    name, machine, workload, table = case
    return evaluate(catalog.model(name), machine, workload, table)


@given(cases())
@settings(max_examples=30, deadline=None)
def test_the_breakdown_sums_to_the_step(
    case: tuple[str, Machine, TrainingWorkload, StrategyTable],
) -> None:
    steps = steps_of(case)
    total = np.sum(list(steps.breakdown_s.values()), axis=0)
    np.testing.assert_allclose(total, steps.step_time_s, rtol=1e-12)
    held = np.sum(list(steps.memory.values()), axis=0)
    np.testing.assert_allclose(held, steps.memory_bytes, rtol=1e-12)


@given(cases())
@settings(max_examples=30, deadline=None)
def test_every_term_is_finite_and_none_but_vocabulary_is_negative(
    case: tuple[str, Machine, TrainingWorkload, StrategyTable],
) -> None:
    for name, term in steps_of(case).breakdown_s.items():
        assert np.isfinite(term).all(), name
        assert name == "vocabulary" or (term >= -1e-12).all(), name


@given(cases())
@settings(max_examples=30, deadline=None)
def test_no_step_is_faster_than_its_arithmetic_at_peak(
    case: tuple[str, Machine, TrainingWorkload, StrategyTable],
) -> None:
    steps = steps_of(case)
    assert (steps.mfu > 0).all()
    assert (steps.hfu < 1).all()
    assert (steps.hfu >= steps.mfu - 1e-12).all()


@given(cases())
@settings(max_examples=20, deadline=None)
def test_one_strategy_alone_is_its_row_of_the_table(
    case: tuple[str, Machine, TrainingWorkload, StrategyTable],
) -> None:
    name, machine, workload, table = case
    steps = steps_of(case)
    alone = steps_of((name, machine, workload, table.take(slice(7, 8))))
    assert alone.step_time_s[0] == pytest.approx(steps.step_time_s[7], rel=1e-12)
    assert alone.memory_bytes[0] == pytest.approx(steps.memory_bytes[7], rel=1e-12)


@given(cases())
@settings(max_examples=20, deadline=None)
def test_a_row_of_its_own_model_and_workload_is_the_same_step(
    case: tuple[str, Machine, TrainingWorkload, StrategyTable],
) -> None:
    name, machine, workload, table = case
    shapes = ModelShape.stack([ModelShape.of(catalog.model(name))] * len(table))
    works = WorkShape.stack([work_shape(machine, workload)] * len(table))
    stacked = evaluate_shapes(shapes, machine, works, table)
    np.testing.assert_allclose(stacked.step_time_s, steps_of(case).step_time_s, rtol=1e-12)


RATES = ("nic_bytes_per_s", "scaleup_bytes_per_s")


@given(cases(), st.sampled_from(RATES), st.floats(1.05, 8.0))
@settings(max_examples=30, deadline=None)
def test_a_faster_network_slows_no_step(
    case: tuple[str, Machine, TrainingWorkload, StrategyTable], rate: str, factor: float
) -> None:
    name, machine, workload, table = case
    faster = machine.network.with_(**{rate: getattr(machine.network, rate) * factor})
    better = steps_of((name, replace(machine, network=faster), workload, table))
    assert (better.step_time_s <= steps_of(case).step_time_s * (1 + 1e-9)).all()


@given(cases(), st.floats(1.05, 4.0))
@settings(max_examples=30, deadline=None)
def test_faster_memory_slows_no_step(
    case: tuple[str, Machine, TrainingWorkload, StrategyTable], factor: float
) -> None:
    name, machine, workload, table = case
    part = machine.accelerator
    quicker = replace(part, memory_bytes_per_s=part.memory_bytes_per_s * factor)
    better = steps_of((name, replace(machine, accelerator=quicker), workload, table))
    assert (better.step_time_s <= steps_of(case).step_time_s * (1 + 1e-9)).all()


@given(cases(), st.floats(1.05, 4.0))
@settings(max_examples=30, deadline=None)
def test_a_higher_peak_slows_no_step(
    case: tuple[str, Machine, TrainingWorkload, StrategyTable], factor: float
) -> None:
    name, machine, workload, table = case
    part = machine.accelerator
    peaks = {dtype: peak * factor for dtype, peak in part.peak_flop_per_s.items()}
    quicker = replace(part, peak_flop_per_s=peaks)
    better = steps_of((name, replace(machine, accelerator=quicker), workload, table))
    assert (better.step_time_s <= steps_of(case).step_time_s * (1 + 1e-9)).all()


@pytest.mark.parametrize("model", MODELS)
def test_memory_falls_as_more_is_sharded(model: str) -> None:
    workload = TrainingWorkload(model=model, seq_len=4096, global_batch=256)
    table = StrategyTable.of(
        [
            *(strategy(zero=zero) for zero in (0, 1, 2, 3)),
            *(strategy(zero=1, tp=tp) for tp in (1, 2, 4, 8)),
        ],
        64,
    )
    held = evaluate(catalog.model(model), Machine.of("h100-sxm", 64), workload, table)
    states = sum(held.memory[part] for part in ("weights", "gradients", "optimizer"))
    assert (np.diff(states[:4]) < 0).all()
    if catalog.model(model).moe is None:
        assert (np.diff(held.memory_bytes[4:]) < 0).all()


def strategy(zero: int, tp: int = 1) -> Strategy:
    return Strategy.from_text(f"tp={tp},mb=1,zero={zero}")


@pytest.mark.parametrize("dp", [16, 64, 256])
def test_no_step_is_faster_than_its_gradients_leave_the_nodes(dp: int) -> None:
    """A node sends and receives (k-1)/k of the gradients twice, whatever hides behind compute."""
    model = catalog.model("gpt3-175b")
    workload = TrainingWorkload(model=model.name, seq_len=2048, global_batch=dp)
    machine = Machine.of("h100-sxm", dp)
    steps = evaluate(model, machine, workload, StrategyTable.of([strategy(zero=0)], dp))
    nodes = dp / machine.network.scaleup_domain
    wire_bytes = 2.0 * (nodes - 1) / nodes * steps.memory["gradients"][0]
    node_bytes_per_s = machine.network.nic_bytes_per_s * machine.network.scaleup_domain
    assert steps.step_time_s[0] >= wire_bytes / node_bytes_per_s


@pytest.mark.parametrize(
    ("trait", "slower"),
    [("reduces_16_bit", -1), ("separate_accumulation", 1), ("separate_loss", 1)],
)
def test_what_software_does_with_gradients_and_loss_has_a_price(trait: str, slower: int) -> None:
    known = Machine.of("a100-sxm-80", 64, software="megatron-2022")
    machine, changed = (
        replace(known, software=replace(known.software, **{trait: on})) for on in (False, True)
    )
    model, work = (
        catalog.model("gpt3-175b"),
        TrainingWorkload(model="gpt3-175b", seq_len=2048, global_batch=64),
    )
    table = StrategyTable.of([Strategy(tp=8, pp=1, dp=8)], [64])
    usual, other = (evaluate(model, one, work, table).step_time_s[0] for one in (machine, changed))
    assert (other - usual) * slower > 0


@pytest.mark.parametrize(("tp", "dp", "slower"), [(8, 1, False), (1, 8, False), (8, 8, True)])
def test_what_stays_in_a_node_does_not_feel_the_network(tp: int, dp: int, slower: bool) -> None:
    machine = Machine.of("a100-sxm-80", tp * dp, software="megatron-2022")
    crowded = machine.with_coefficients(replace(machine.coefficients, network_slowdown=3.0))
    model = catalog.model("gpt3-175b")
    work = TrainingWorkload(model="gpt3-175b", seq_len=2048, global_batch=8)
    table = StrategyTable.of([Strategy(tp=tp, pp=1, dp=dp)], [tp * dp])
    usual, other = (evaluate(model, one, work, table).step_time_s[0] for one in (machine, crowded))
    assert (other > usual) == slower


@pytest.mark.parametrize(("heads", "keys", "plain"), [(4, 2048, 0), (2, 2048, 1), (4, 8192, 1)])
def test_a_fused_softmax_takes_heads_by_four(heads: float, keys: float, plain: float) -> None:
    """Megatron-LM, megatron/model/fused_softmax.py, `is_kernel_available`."""
    assert attention.plain_softmax(heads, keys) == plain


def test_a_head_that_is_left_over_costs_kernels_and_passes() -> None:
    """Sixteen heads over eight ranks: one sequence leaves two of them, two sequences four."""
    model = catalog.model("gpt3-175b").model_copy(update={"heads": 16, "head_dim": 64})
    machine = Machine.of("a100-sxm-80", 8, software="megatron-2022")
    work = TrainingWorkload(model="gpt3-175b", seq_len=2048, global_batch=2)
    table = StrategyTable.of([Strategy(tp=8, micro_batch=size) for size in (1, 2)], [8, 8])
    one, two = evaluate(model, machine, work, table).breakdown_s["attention"]
    assert one > 1.5 * two


def test_narrow_inputs_are_gathered_as_they_were_cast_unless_rows_have_scales() -> None:
    """Half of the traffic of tensor parallelism are gathers, of half the bytes in 8 bit."""
    model, machine = catalog.model("llama-3-8b"), Machine.of("h100-sxm", 8)
    table = StrategyTable.of([Strategy(tp=8, sequence_parallel=True)], 8)
    wide, narrow, rows = (
        evaluate(
            model,
            machine,
            TrainingWorkload(model=model, seq_len=8192, global_batch=8, precision=precision),
            table,
        ).breakdown_s
        for precision in ("bf16", "fp8", "fp8-row")
    )
    assert narrow["tensor_parallel"][0] == pytest.approx(0.75 * wide["tensor_parallel"][0], rel=0.1)
    assert rows["tensor_parallel"][0] == wide["tensor_parallel"][0]
    assert rows["memory_bound"][0] > narrow["memory_bound"][0] > wide["memory_bound"][0]
