"""Many samples come in tiles: the plan is the same whoever makes them, and however they are cut."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.cli.plan_object import plan_object
from stargate.errors import StargateError
from stargate.programme.columns import joined
from stargate.programme.day_counts import DayCounts
from stargate.programme.draws import TILE, Sampled, tiles
from stargate.programme.plan import plan
from stargate.programme.workers import make_all
from stargate.units import DAY_S

SPREAD = {"dist": "pert", "low": "5 mo", "mode": "8 mo", "high": "20 mo"}
STOP = {"id": "stop", "kind": "abandon", "phase": "P", "decide": "2024-06-01"}


def programme() -> dict[str, object]:
    return {
        "templates": [{"id": "works", "tasks": [{"id": "build", "duration": SPREAD}]}],
        "costs": [{"id": "c", "per": "it_power", "rate": "$38M/MW"}],
        "options": [STOP],
    }


def test_tiles_are_full_but_the_last():
    assert tiles(25_000) == [(0, TILE), (1, TILE), (2, 5000)]
    assert tiles(7) == [(0, 7)]


def test_tiles_are_independent_and_each_is_a_latin_hypercube():
    one, two = (Sampled(1, TILE, tile).score("a") for tile in (0, 1))
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.03
    assert abs(two.mean()) < 1e-3


def test_two_processes_give_the_same_bytes_as_one(document):
    built = document(**programme())
    one, two = (
        json.dumps(plan_object(plan(built, samples=2 * TILE + 500, seed=3, workers=workers)))
        for workers in ("1", "2")
    )
    assert one == two


def test_more_samples_keep_those_that_there_were(document):
    built = document(**programme())
    few, many = (plan(built, samples=n, seed=3).phase("P").online_s for n in (TILE, 2 * TILE))
    assert np.array_equal(many[:TILE], few)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 40])
def test_any_number_of_runs_makes_all_tiles_in_order(n: int):
    numbers = tiles(15 * TILE - 1)
    assert make_all(list, numbers, "1") == numbers
    runs = [numbers[i * len(numbers) // n : (i + 1) * len(numbers) // n] for i in range(n)]
    assert [number for run in runs for number in run] == numbers


@pytest.mark.parametrize("workers", ["0", "two", "-1", "http://there"])
def test_what_is_no_number_and_no_address_is_refused(workers: str):
    with pytest.raises(StargateError, match="is no number of workers"):
        make_all(list, tiles(5), workers)


def test_columns_are_joined_along_the_samples():
    parts = [{"a": np.zeros((2, n)), "b": (np.ones(n), "word")} for n in (3, 4)]
    found = joined(parts)
    assert found["a"].shape == (2, 7)
    assert found["b"][0].shape == (7,)
    assert found["b"][1] == "word"


days = st.lists(st.one_of(st.integers(-900, 9000), st.just(None)), min_size=1, max_size=60)


@settings(max_examples=80)
@given(days, st.integers(1, 59))
def test_counts_of_days_are_the_order_statistics_however_they_are_cut(said, cut: int):
    times = np.array([np.inf if day is None else day * DAY_S for day in said])
    whole = DayCounts.of(times)
    parts = DayCounts.merged([DayCounts.of(times[:cut]), DayCounts.of(times[cut:])])
    assert np.array_equal(parts.counts, whole.counts)
    assert (parts.n, parts.never) == (whole.n, whole.never)
    expected = np.percentile(times, (10, 50, 80, 90), method="higher")
    found = whole.quantiles()
    assert [found.p10, found.p50, found.p80, found.p90] == expected.tolist()
