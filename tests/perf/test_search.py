"""The search: its space, what it finds, and how it says no."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate import catalog
from stargate.errors import InfeasibleError, SpecError
from stargate.perf.machine import Machine
from stargate.perf.search import describe, memory_limit_bytes, predict, search
from stargate.perf.space import divisors, strategy_space
from stargate.perf.step import evaluate
from stargate.perf.strategy import StrategyTable
from stargate.spec.workload import Strategy, TrainingWorkload

GPT3 = catalog.model("gpt3-175b")
WORK = TrainingWorkload(model="gpt3-175b", seq_len=2048, global_batch=256)


@given(st.integers(1, 5000))
def test_divisors_divide_and_none_is_missed(number: int) -> None:
    found = divisors(number)
    assert found == [d for d in range(1, number + 1) if number % d == 0]


@given(
    st.sampled_from(("gpt3-175b", "deepseek-v3", "llama-3.1-8b")),
    st.sampled_from((8, 24, 64, 256)),
    st.sampled_from((48, 256)),
)
@settings(max_examples=15, deadline=None)
def test_the_degrees_of_every_strategy_multiply_to_the_count(
    name: str, count: int, batch: int
) -> None:
    workload = TrainingWorkload(model=name, seq_len=4096, global_batch=batch)
    model = catalog.model(name)
    table = strategy_space(model, workload, count, tp_max=8)
    assert (table.ranks == count).all()
    assert (batch % (table.dp * table.micro_batch) == 0).all()
    assert ((table.tp * table.cp * table.dp) % table.ep == 0).all()
    assert ((table.dp * table.cp) % table.shard == 0).all()
    assert (table.tp <= 8).all()
    assert (table.pp * table.vp <= model.layers + table.pp).all()


def test_no_strategy_stands_in_the_space_twice() -> None:
    table = strategy_space(GPT3, WORK, 64, tp_max=8)
    rows = np.stack([getattr(table, name) for name in table.__slots__])
    assert np.unique(rows, axis=1).shape[1] == len(table)


def test_the_best_is_the_fastest_of_all_that_fit() -> None:
    machine = Machine.of("a100-sxm-80", 64)
    found = search(GPT3, machine, WORK)
    table = strategy_space(GPT3, WORK, 64, tp_max=8)
    steps = evaluate(GPT3, machine, WORK, table)
    fits = steps.memory_bytes <= memory_limit_bytes(machine)
    assert found.best.step_time_s == pytest.approx(steps.step_time_s[fits].min())
    assert (found.n_evaluated, found.n_feasible) == (len(table), int(fits.sum()))


def test_alternatives_are_slower_and_of_other_layouts() -> None:
    found = search(GPT3, Machine.of("a100-sxm-80", 64), WORK)
    times = [c.step_time_s for c in (found.best, *found.alternatives)]
    layouts = [
        (c.strategy.tp, c.strategy.pp, c.strategy.cp, c.strategy.ep)
        for c in (found.best, *found.alternatives)
    ]
    assert times == sorted(times)
    assert len(set(layouts)) == len(layouts) > 1


def test_the_front_trades_time_for_memory_without_loss() -> None:
    front = search(GPT3, Machine.of("a100-sxm-80", 64), WORK).pareto
    times = [c.step_time_s for c in front]
    sizes = [c.memory_bytes for c in front]
    assert times == sorted(times)
    assert sizes == sorted(sizes, reverse=True)
    assert len(front) > 2


def test_a_model_that_fits_nowhere_is_refused_with_the_nearest_miss() -> None:
    with pytest.raises(InfeasibleError, match=r"needs [\d.]+ GB of [\d.]+ GB"):
        search(catalog.model("megatron-1t"), Machine.of("h100-sxm", 8), WORK)


def test_a_batch_that_divides_over_nothing_is_refused() -> None:
    workload = TrainingWorkload(model="gpt3-175b", seq_len=2047, global_batch=7)
    with pytest.raises(InfeasibleError, match="no strategy lays a global batch of 7"):
        search(catalog.model("gpt3-175b"), Machine.of("h100-sxm", 1021), workload)


IMPOSSIBLE = (
    ("tp=8,pp=7", "not 64 accelerators"),
    ("tp=8,pp=8,dp=2", "is 128, not 64"),
    ("tp=8,pp=8,mb=3", "no multiple of dp 1 x micro-batch 3"),
    ("tp=64", "96 attention heads do not divide by tp 64"),
    ("pp=64,vp=2", "needs 128 layers, the model has 96"),
    ("tp=8,pp=8,ep=4", "leave ep out"),
    ("tp=1,dp=64,shard=7", "shard 7 does not divide"),
)


@pytest.mark.parametrize(("text", "message"), IMPOSSIBLE)
def test_an_impossible_strategy_is_refused_with_its_mend(text: str, message: str) -> None:
    with pytest.raises(SpecError, match="strategy") as refused:
        predict(GPT3, Machine.of("a100-sxm-80", 64), WORK, Strategy.from_text(text))
    assert message in str(refused.value)
    assert all(problem.mend for problem in refused.value.problems)


def test_all_that_is_wrong_with_a_strategy_is_told_at_once() -> None:
    with pytest.raises(SpecError) as refused:
        predict(GPT3, Machine.of("a100-sxm-80", 64), WORK, Strategy.from_text("tp=7,mb=5"))
    assert len(refused.value.problems) >= 3


def test_an_unstated_software_generation_widens_the_interval() -> None:
    strategy = Strategy.from_text("tp=8,pp=8,vp=3,mb=1,recompute=full")
    stated, unstated = (
        predict(GPT3, Machine.of("a100-sxm-80", 64, software=name), WORK, strategy).best
        for name in ("megatron-2022", None)
    )
    assert stated.step_time_s == unstated.step_time_s
    assert unstated.interval_s[0] < stated.interval_s[0] < stated.step_time_s
    assert stated.step_time_s < stated.interval_s[1] < unstated.interval_s[1]


def test_facts_come_with_sources_the_assumed_ones_first() -> None:
    facts = search(GPT3, Machine.of("a100-sxm-80", 64), WORK).facts
    confidence = [fact.confidence for fact in facts]
    assert all(fact.source for fact in facts)
    assert confidence.index("read") > max(
        i for i, value in enumerate(confidence) if value == "assumed"
    )


def test_a_described_strategy_reads_back_as_itself() -> None:
    table = strategy_space(GPT3, WORK, 64, tp_max=8)
    for row in range(0, len(table), 997):
        strategy = table.strategy(row)
        again = StrategyTable.of([Strategy.from_text(describe(strategy))], 64)
        for name in table.__slots__:
            assert getattr(again, name)[0] == getattr(table, name)[row], name
