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


def test_output_biases_of_experts_are_passes_over_memory() -> None:
    plain, biased = (
        step(machine(), model=QWEN.model_copy(update={"linear_bias": on}), micro_batch=8)
        for on in (False, True)
    )
    added_s = float(biased.breakdown_s["memory_bound"][0] - plain.breakdown_s["memory_bound"][0])
    tokens = 512 * 4096 / 8
    forward = tokens * QWEN.layers * memory_bound.expert_bias_bytes(QWEN.hidden, 8)
    assert added_s == pytest.approx(3.0 * forward / machine().stream_bytes_per_s)
