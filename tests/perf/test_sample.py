"""The sample of a search is a fair one of the strategies that fit and are near the best."""

from __future__ import annotations

import numpy as np
import pytest

from stargate import catalog
from stargate.perf.machine import Machine
from stargate.perf.sample import Sample, sample_of_search
from stargate.perf.search import memory_limit_bytes, search
from stargate.spec.workload import TrainingWorkload

MODEL = catalog.model("llama-3.1-8b")
MACHINE = Machine.of("h100-sxm", 64)
WORK = TrainingWorkload(model="llama-3.1-8b", seq_len=8192, global_batch=256)


@pytest.fixture(scope="module")
def sample() -> Sample:
    return sample_of_search(MODEL, MACHINE, WORK, n=500, slowest=2.0)


def test_everything_shown_fits_and_is_near_the_best(sample: Sample) -> None:
    best_s = search(MODEL, MACHINE, WORK).best.step_time_s
    assert len(sample.table) == len(sample.steps) == 500
    assert np.all(sample.steps.memory_bytes <= memory_limit_bytes(MACHINE))
    assert np.all(sample.steps.step_time_s >= best_s)
    assert np.all(sample.steps.step_time_s <= 2.0 * best_s * 1.2)
    assert np.all(np.diff(sample.steps.step_time_s) >= 0)


def test_all_of_a_small_space_are_drawn_and_counted(sample: Sample) -> None:
    found = search(MODEL, MACHINE, WORK)
    assert sample.n_drawn == found.n_evaluated
    assert sample.n_fit == found.n_feasible
    assert 500 <= sample.n_near <= sample.n_fit


def test_the_same_seed_shows_the_same_and_another_seed_others(sample: Sample) -> None:
    again = sample_of_search(MODEL, MACHINE, WORK, n=500, slowest=2.0)
    other = sample_of_search(MODEL, MACHINE, WORK, n=500, slowest=2.0, seed=1)
    assert np.array_equal(again.steps.step_time_s, sample.steps.step_time_s)
    assert not np.array_equal(other.steps.step_time_s, sample.steps.step_time_s)


def test_no_strategy_is_shown_twice(sample: Sample) -> None:
    rows = {repr(sample.table.strategy(row)) for row in range(len(sample.table))}
    assert len(rows) == 500
