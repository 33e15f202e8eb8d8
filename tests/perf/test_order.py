"""Order inside sweeps and series: as measured, and beyond what repeated runs differ by."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.perf import records
from stargate.perf.order import layout_sweeps, scaling_series, spearman
from stargate.perf.repeats import Repeats, Spread, known_repeats, repeats
from stargate.perf.scoreboard import Score, score

QUIET = repeats(())
NOISY = Repeats(Spread(9, 0.05, 0.1, 0.2), Spread(9, 0.2, 0.3, 0.4))


@cache
def base() -> Score:
    found = next(r for r in records.open_records() if r.origin.id == "korthikanti-001")
    (scored,) = score([found])
    assert isinstance(scored, Score)
    return scored


def sweep(measured_s, predicted_s, release="2022"):
    """Rows of one job whose layouts differ in the micro-batch."""
    origin = replace(base().origin, release=release)
    rows = enumerate(zip(measured_s, predicted_s, strict=True), start=1)
    return [
        replace(
            base(),
            origin=origin,
            measured_s=measured,
            predicted_s=predicted,
            strategy=base().strategy.model_copy(update={"micro_batch": index}),
        )
        for index, (measured, predicted) in rows
    ]


@pytest.fixture(scope="module")
def rows():
    return score(records.open_records("training"))


def test_sweeps_compare_layouts_of_one_job(rows):
    sweeps = layout_sweeps(rows, known_repeats())
    assert any("bloom" in one.name for one in sweeps)
    for one in sweeps:
        assert one.n >= 2
        assert one.regret is not None
        assert one.regret >= 0


def test_scaling_series_compare_accelerator_counts(rows):
    series = scaling_series(rows, known_repeats())
    assert any("maxtext-v5e" in one.name for one in series)
    assert all(one.regret is None for one in series)


def test_the_choice_of_the_measured_best_has_no_regret():
    (only,) = layout_sweeps(sweep([1.0, 2.0, 3.0], [1.0, 18.0, 27.0]), QUIET)
    assert only.regret == 0
    assert only.rank_correlation == pytest.approx(1.0)
    assert only.pairs_wrong == 0


def test_the_choice_of_a_slower_layout_costs_what_it_was_slower_by():
    (only,) = layout_sweeps(sweep([1.0, 1.25, 3.0], [2.0, 1.0, 3.0]), QUIET)
    assert only.regret == pytest.approx(0.25)
    assert (only.pairs_wrong, only.pairs_beyond_noise) == (1, 3)
    assert only.rank_beyond_noise == pytest.approx(1 / 3)


def test_rows_closer_than_repeated_runs_have_no_order():
    (only,) = layout_sweeps(sweep([1.0, 1.02, 1.01], [3.0, 1.0, 2.0]), NOISY)
    assert only.rank_correlation == pytest.approx(-1.0)
    assert only.rank_beyond_noise is None
    assert only.pairs_beyond_noise == 0


def test_two_releases_must_differ_by_more_than_one():
    here = sweep([1.0, 1.1, 2.0], [1.0, 2.0, 3.0])
    (of_one,) = layout_sweeps(here, NOISY)
    apart = replace(here[1], origin=replace(here[1].origin, release="2023"))
    (of_two,) = layout_sweeps([here[0], apart, here[2]], NOISY)
    assert (of_one.pairs_beyond_noise, of_two.pairs_beyond_noise) == (3, 2)


def test_rows_that_are_one_question_have_no_order():
    first, other, third = sweep([1.0, 2.0, 3.0], [1.0, 1.0, 2.0])
    (only,) = layout_sweeps([first, replace(other, strategy=first.strategy), third], QUIET)
    assert only.pairs_beyond_noise == 2


def test_rows_predicted_equal_are_half_wrong():
    (only,) = layout_sweeps(sweep([1.0, 2.0, 3.0], [1.0, 1.0, 2.0]), QUIET)
    assert only.pairs_wrong == 0.5


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.5, 2.0), min_size=3, max_size=6), st.floats(0.0, 0.5))
def test_more_noise_never_leaves_more_pairs(measured, noise):
    rows = sweep(measured, measured[::-1])
    louder = Repeats(Spread(1, noise, noise, noise), Spread(1, noise, noise, noise))
    (quiet,), (loud,) = layout_sweeps(rows, QUIET), layout_sweeps(rows, louder)
    assert loud.pairs_beyond_noise <= quiet.pairs_beyond_noise
    assert 0 <= loud.pairs_wrong <= loud.pairs_beyond_noise


def test_spearman_agrees_with_known_orders():
    assert spearman(np.array([1.0, 2, 3]), np.array([10.0, 20, 40])) == pytest.approx(1.0)
    assert spearman(np.array([1.0, 2, 3]), np.array([3.0, 2, 1])) == pytest.approx(-1.0)
    assert spearman(np.array([1.0, 2, 3, 4, 5]), np.array([1.0, 2, 4, 3, 5])) == 0.9
    assert spearman(np.ones(3), np.array([3.0, 2, 1])) is None


def test_repeats_pair_up_the_runs_of_one_configuration():
    found = next(r for r in records.open_records() if r.origin.id == "korthikanti-001")
    assert isinstance(found, records.Record)
    again = replace(found, measured_s=found.measured_s * 1.1)
    later = replace(again, origin=replace(found.origin, release="2023"))
    spread = repeats([found, again, later])
    assert spread.same_release.n_pairs == 1
    assert spread.other_release.n_pairs == 2
    assert spread.noise(same_release=True) == pytest.approx(np.log(1.1))


def test_a_larger_machine_is_no_repetition():
    found = next(r for r in records.open_records() if r.origin.id == "korthikanti-001")
    assert isinstance(found, records.Record)
    larger = replace(found, machine=replace(found.machine, count=2 * found.machine.count))
    assert repeats([found, larger]).same_release == Spread(0, None, None, None)


def test_repeated_runs_of_the_open_records_differ_less_than_two_releases():
    known = known_repeats()
    assert known.same_release.n_pairs > 20
    assert known.other_release.n_pairs > 20
    assert 0 < known.noise(same_release=True) < known.noise(same_release=False)
