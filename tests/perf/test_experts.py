"""What routed experts cost beside their arithmetic: the host's loop over them, routing, biases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stargate import catalog
from stargate.perf import launch, memory_bound
from stargate.perf.machine import Machine
from stargate.perf.step import StepTable, evaluate
from stargate.perf.strategy import StrategyTable
from stargate.spec.model import Transformer
from stargate.spec.workload import Strategy, TrainingWorkload

QWEN = catalog.model("qwen3-30b-a3b")


def step(
    machine: Machine, *, model: Transformer = QWEN, micro_batch: int = 1, **said: object
) -> StepTable:
    workload = TrainingWorkload.model_validate(
        {"model": model.name, "seq_len": 4096, "global_batch": 512, "precision": "mxfp8"} | said
    )
    table = StrategyTable.of([Strategy(ep=8, micro_batch=micro_batch)], machine.count)
    return evaluate(model, machine, workload, table)


def machine(**changed: float) -> Machine:
    one = Machine.of("b200", 8, software="megatron-2026")
    return one.with_coefficients(replace(one.coefficients, **changed))


def launches(found: StepTable) -> float:
    return float(found.breakdown_s["launch"][0])


def test_a_loop_over_experts_is_bound_by_the_host_and_a_fused_kernel_is_not() -> None:
    loop, fused = step(machine()), step(machine(fused_experts=1.0))
    assert launches(loop) > 0.4 * float(loop.step_time_s[0])
    assert launches(fused) < 0.1 * launches(loop)


def test_larger_micro_batches_hide_more_of_the_loop() -> None:
    assert launches(step(machine(), micro_batch=8)) < 0.3 * launches(step(machine()))


def test_scales_of_blocks_start_more_kernels_than_one_scale_does() -> None:
    per_expert = [sum(launch.expert_kernels(1.0, *flags)) for flags in ((0, 0), (1, 0), (1, 1))]
    assert per_expert == [6.0, 10.0, 22.0]
    assert sum(launch.expert_kernels(0.0, 1.0, 1.0)) == 0.0


def test_routing_that_is_balanced_by_force_is_faster_than_what_routers_learn() -> None:
    balanced, usual = step(machine(), expert_imbalance=1.0), step(machine())
    worse = step(machine(), expert_imbalance=2.0)
    assert balanced.step_time_s[0] < usual.step_time_s[0] < worse.step_time_s[0]


def mixtral(part: str, capacity: float | None) -> StepTable:
    model = catalog.model("mixtral-8x7b")
    workload = TrainingWorkload(
        model=model, seq_len=4096, global_batch=64, expert_capacity=capacity, expert_imbalance=1.0
    )
    table = StrategyTable.of([Strategy(zero=3)], 64)
    return evaluate(model, Machine.of(part, 64), workload, table)


@pytest.mark.parametrize("part", ["h100-sxm", "tpu-v5p"])
def test_capacity_beyond_the_mean_is_padding_that_is_computed(part: str) -> None:
    tight, wide = (float(mixtral(part, c).breakdown_s["linear"][0]) for c in (1.0, 1.5))
    assert 1.3 * tight < wide < 1.5 * tight


def test_masks_that_bring_tokens_to_experts_are_products_on_systolic_arrays() -> None:
    """2 x 2 s k c h FLOP a token forward, 3 x 2 backward, beside 3 x 6 k h f of the experts."""
    model, ways = catalog.model("mixtral-8x7b"), 5.0
    assert model.moe is not None
    masks = ways * 2.0 * 4096 * model.moe.active * model.hidden * 64 * 4096 * model.layers
    dropped = mixtral("tpu-v5p", 1.0).breakdown_s["linear"][0]
    machine = Machine.of("tpu-v5p", 64)
    even = machine.with_coefficients(replace(machine.coefficients, grouped_fraction=1.0))
    workload = TrainingWorkload(model=model, seq_len=4096, global_batch=64, expert_imbalance=1.0)
    whole = evaluate(model, even, workload, StrategyTable.of([Strategy(zero=3)], 64))
    added_s = dropped - whole.breakdown_s["linear"][0]
    assert added_s == pytest.approx(masks / 64 / machine.dense_rate, rel=0.02)


def test_clamps_before_a_gate_are_passes_of_their_own_on_gpus() -> None:
    oss = catalog.model("gpt-oss-120b")
    free = oss.model_copy(update={"clamped_ffn": False})
    clamped, plain = (step(machine(), model=model) for model in (oss, free))
    assert clamped.breakdown_s["memory_bound"][0] > 1.1 * plain.breakdown_s["memory_bound"][0]
    assert step(machine(fused_experts=1.0), model=oss).breakdown_s["memory_bound"][0] < min(
        clamped.breakdown_s["memory_bound"][0], plain.breakdown_s["memory_bound"][0]
    )


def test_frozen_weights_need_no_transposed_copies_of_their_inputs() -> None:
    assert memory_bound.cast_bytes(1.0, 0.0) == 0.75 * memory_bound.cast_bytes(1.0)


def test_output_biases_of_experts_are_passes_over_memory() -> None:
    plain, biased = (
        step(machine(), model=QWEN.model_copy(update={"linear_bias": on}), micro_batch=8)
        for on in (False, True)
    )
    added_s = float(biased.breakdown_s["memory_bound"][0] - plain.breakdown_s["memory_bound"][0])
    tokens = 512 * 4096 / 8
    forward = tokens * QWEN.layers * memory_bound.expert_bias_bytes(QWEN.hidden, 8)
    assert added_s == pytest.approx(3.0 * forward / machine().stream_bytes_per_s)
