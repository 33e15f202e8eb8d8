"""What classes of durations learn from records: against the conjugate formula and by limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.programme.learning import Duration, Learnt, LogMoments, Revised, learn
from stargate.spec.distribution import Fixed, Lognormal, Normal, Pert

SHAPE = Lognormal[float](median=100.0, sigma=0.4)
Z = np.linspace(-3, 3, 13)


@settings(max_examples=60)
@given(
    st.lists(st.floats(-2.5, 2.5), min_size=1, max_size=8),
    st.floats(0.05, 0.95),
)
def test_with_ended_tasks_alone_it_is_the_conjugate_normal(ended: list[float], r: float):
    n = len(ended)
    found = learn(ended, [], r)
    assert found.mean == pytest.approx(r * sum(ended) / (1 - r + n * r), abs=1e-6)
    assert found.sd == pytest.approx(math.sqrt(r * (1 - r) / (1 - r + n * r)), rel=1e-4)


def test_without_records_all_stays_as_stated():
    moments = LogMoments.of(SHAPE)
    assert moments is not None
    assert moments.mean == pytest.approx(math.log(100), abs=1e-9)
    assert moments.sd == pytest.approx(0.4, rel=2e-3)
    same = Duration(SHAPE, Revised.by(moments, learn([], [], 0.3), 0.3))
    assert same.draw(Z) == pytest.approx(Duration(SHAPE).draw(Z), rel=1e-12)


def test_a_task_still_running_beyond_its_median_teaches_that_its_class_is_slow():
    assert learn([], [1.0], 0.3).mean > 0.1
    assert learn([], [-3.0], 0.3).mean == pytest.approx(0.0, abs=0.01)
    quick_alone = learn([-1.0], [], 0.3).mean
    assert learn([-1.0], [0.5, 0.5], 0.3).mean > quick_alone


def test_nothing_is_shared_or_nothing_is_learnt():
    assert learn([2.0], [], 0.0) == Learnt(0.0, 0.0)
    assert learn([2.0], [], 1.0) == Learnt(0.0, 1.0)


def test_many_records_of_one_value_move_the_median_there_and_leave_the_task_its_own_spread():
    moments = LogMoments.of(SHAPE)
    assert moments is not None
    by = Revised.by(moments, learn([1.5] * 400, [], 0.3), 0.3)
    assert math.exp(by.shift) == pytest.approx(math.exp(1.5 * 0.4), rel=0.02)
    assert by.stretch == pytest.approx(math.sqrt(0.7), rel=0.01)


def test_a_revised_duration_survives_as_it_is_drawn():
    revised = Duration(SHAPE, Revised(math.log(100), 0.25, 0.9))
    tail = 0.5 * np.array([math.erfc(z / math.sqrt(2)) for z in Z])
    assert revised.survival(revised.draw(Z)) == pytest.approx(tail, abs=1e-9)


def test_what_has_outlasted_the_possible_is_taken_as_longer_throughout():
    pert = Pert[float](low=50, mode=100, high=200)
    stated = Duration(pert)
    assert stated.lasting(150) is stated
    lasting = stated.lasting(400)
    assert lasting.survival(np.array([400.0]))[0] == pytest.approx(0.1, abs=1e-3)
    assert np.all(lasting.draw(Z) > stated.draw(Z))


def test_durations_without_spread_or_below_zero_teach_nothing():
    assert LogMoments.of(Fixed[float](value=5.0)) is None
    assert LogMoments.of(Normal[float](mean=1.0, sd=2.0)) is None
