"""Selective recomputation by module: what is run again and what need not be kept."""

from __future__ import annotations

import numpy as np
import pytest

from stargate import catalog
from stargate.errors import SpecError
from stargate.perf.machine import Machine
from stargate.perf.search import describe
from stargate.perf.step import StepTable, evaluate
from stargate.perf.strategy import MODULES, StrategyTable, mask_of, modules_of
from stargate.spec.workload import RecomputeModule, Strategy, TrainingWorkload

MACHINE = Machine.of("gb200", 256)


def step(model: str, *chosen: RecomputeModule, recompute: str = "selective") -> StepTable:
    strategy = Strategy.model_validate(
        {"pp": 4, "ep": 64, "recompute": recompute, "recompute_modules": chosen}
    )
    workload = TrainingWorkload(model=model, seq_len=4096, global_batch=4096, precision="mxfp8")
    table = StrategyTable.of([strategy], MACHINE.count)
    return evaluate(catalog.model(model), MACHINE, workload, table)


def again_s(found: StepTable) -> float:
    return float(found.breakdown_s["recompute"][0])


@pytest.mark.parametrize("module", ["layernorm", "moe_act", "mla_up_proj", "mlp", "core_attn"])
def test_each_module_costs_time_and_saves_memory(module: RecomputeModule) -> None:
    kept, one = step("deepseek-v3", recompute="none"), step("deepseek-v3", module)
    assert again_s(kept) == 0 < again_s(one)
    assert one.memory_bytes[0] < kept.memory_bytes[0]


def test_modules_add_up() -> None:
    both = again_s(step("deepseek-v3", "layernorm", "mla_up_proj"))
    apart = again_s(step("deepseek-v3", "layernorm")) + again_s(step("deepseek-v3", "mla_up_proj"))
    assert both == pytest.approx(apart)


def test_all_that_is_cheap_costs_more_than_one_module_of_it() -> None:
    assert again_s(step("deepseek-v3", "mla_up_proj")) < 0.6 * again_s(step("deepseek-v3"))


def dense_again_s(*chosen: RecomputeModule, precision: str = "bf16", tp: int = 1) -> float:
    machine, model = Machine.of("h100-sxm", 8), catalog.model("llama-3-8b")
    workload = TrainingWorkload.model_validate(
        {"model": model.name, "seq_len": 8192, "global_batch": 16, "precision": precision}
    )
    how = "selective" if chosen else "full"
    strategy = Strategy(tp=tp, recompute=how, recompute_modules=chosen)
    return again_s(evaluate(model, machine, workload, StrategyTable.of([strategy], 8)))


def test_all_modules_of_a_dense_layer_are_less_than_the_whole() -> None:
    parts = dense_again_s("layernorm", "mlp", "core_attn", "out_proj")
    assert 0.75 * dense_again_s() < parts < dense_again_s()


def test_every_second_product_is_run_again_and_every_product_in_8_bit() -> None:
    assert 0.3 < dense_again_s("alternate_products") / dense_again_s() < 0.6
    narrow = dense_again_s("alternate_products", precision="fp8") / dense_again_s(precision="fp8")
    assert 0.6 < narrow < 1.0


def test_blocks_side_by_side_share_their_tensor_parallel_traffic() -> None:
    model, machine = catalog.model("llama-3-8b"), Machine.of("a100-sxm-80", 8)
    workload = TrainingWorkload(model=model, seq_len=2048, global_batch=8)
    table = StrategyTable.of([Strategy(tp=8)], 8)
    after, beside = (
        evaluate(m, machine, workload, table).breakdown_s
        for m in (model, model.model_copy(update={"parallel_block": True}))
    )
    assert beside["tensor_parallel"][0] == pytest.approx(0.5 * after["tensor_parallel"][0])
    assert beside["memory_bound"][0] < after["memory_bound"][0]
    assert beside["linear"][0] == after["linear"][0]


def test_gathers_are_repeated_with_the_products_that_need_them() -> None:
    one, eight = (dense_again_s("alternate_products", tp=tp) for tp in (1, 8))
    assert eight > 1.05 * one


def test_latents_are_only_where_the_model_has_them() -> None:
    assert again_s(step("qwen3-235b-a22b", "mla_up_proj")) == 0


@pytest.mark.parametrize("mask", range(1 << len(MODULES)))
def test_a_mask_and_its_modules_are_the_same(mask: int) -> None:
    assert mask_of(modules_of(mask)) == mask
    strategy = Strategy(recompute="selective", recompute_modules=modules_of(mask))
    table = StrategyTable.of([strategy], 1)
    np.testing.assert_array_equal(table.recompute_modules, [mask])
    assert table.strategy(0).recompute_modules == modules_of(mask)


def test_modules_are_written_with_a_plus_and_want_selective_recomputation() -> None:
    found = Strategy.from_text("recompute=selective,recompute_modules=layernorm+moe_act")
    assert found.recompute_modules == ("layernorm", "moe_act")
    assert "recompute_modules=layernorm+moe_act" in describe(found)
    with pytest.raises(SpecError, match="recompute_modules has no meaning here"):
        Strategy.from_text("recompute=full,recompute_modules=mlp")
