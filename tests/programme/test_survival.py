"""What is left of a duration once it has lasted a while: against SciPy, and by its own laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from stargate.programme.distributions import draw
from stargate.programme.survival import outlasting, success_of_the_unfinished, survival
from stargate.spec.distribution import (
    Beta,
    Empirical,
    Fixed,
    Lognormal,
    Normal,
    Pareto,
    Pert,
    Reference,
    Triangle,
    Uniform,
    Weibull,
)

Z = np.linspace(-3.5, 3.5, 701)
SHAPES = [
    Pert[float](low=2, mode=4, high=12),
    Beta[float](low=1, high=3, alpha=0.7, beta=2.0),
    Triangle[float](low=1, mode=2, high=5),
    Triangle[float](low=1, mode=1, high=5),
    Triangle[float](low=1, mode=5, high=5),
    Uniform[float](low=1, high=3),
    Normal[float](mean=5, sd=2),
    Lognormal[float](median=3, sigma=0.4),
    Weibull[float](scale=20, shape=2.4),
    Pareto[float](low=2, alpha=1.5),
    Reference(reference_class="ai_site_first_power", factor=1.3),
]


@pytest.mark.parametrize("shape", SHAPES, ids=[s.dist for s in SHAPES])
def test_the_chance_to_be_above_a_quantile_is_its_upper_tail(shape):
    assert survival(shape, draw(shape, Z)) == pytest.approx(stats.norm.sf(Z), abs=3e-5)


def test_certain_and_observed_values_are_steps():
    assert survival(Fixed[float](value=3), np.array([2.9, 3.0, 3.1])).tolist() == [1, 0, 0]
    seen = Empirical[float](values=(1, 2, 2, 9))
    assert survival(seen, np.array([0.5, 1, 2, 8, 9])).tolist() == [1, 0.75, 0.25, 0.25, 0]
    capped = Pareto[float](low=1, alpha=1, cap=4)
    assert survival(capped, np.array([0.5, 2, 4])).tolist() == [1, 0.5, 0]
    for flat in (Uniform[float](low=2, high=2), Triangle[float](low=2, mode=2, high=2)):
        assert survival(flat, np.array([1.9, 2.0])).tolist() == [1, 0]


@pytest.mark.parametrize("shape", SHAPES, ids=[s.dist for s in SHAPES])
def test_what_has_outlasted_its_median_is_drawn_from_the_upper_half(shape):
    median = float(draw(shape, np.zeros(1))[0])
    left = survival(shape, np.array(median))
    drawn = draw(shape, outlasting(Z, left))
    assert np.all(drawn >= median - 1e-3 * abs(median))
    assert drawn == pytest.approx(draw(shape, stats.norm.isf(0.5 * stats.norm.sf(Z))), rel=1e-3)


def test_the_truncated_mean_is_that_of_scipy():
    shape = Lognormal[float](median=10, sigma=0.5)
    u = (np.arange(100_000) + 0.5) / 100_000
    drawn = draw(shape, outlasting(stats.norm.ppf(u), survival(shape, np.array(14.0))))
    exact = stats.lognorm(0.5, scale=10).expect(lambda t: t, lb=14.0, conditional=True)
    assert drawn.mean() == pytest.approx(exact, rel=2e-4)


@settings(max_examples=60)
@given(st.floats(1e-9, 1.0), st.floats(1e-9, 1.0))
def test_the_longer_it_has_lasted_the_longer_it_takes(one: float, other: float):
    more, less = max(one, other), min(one, other)
    assert np.all(outlasting(Z, np.array(less)) >= outlasting(Z, np.array(more)) - 1e-9)
    assert np.all(np.diff(outlasting(Z, np.array(less))) >= 0)


def test_a_task_that_has_just_begun_is_as_stated():
    assert np.array_equal(outlasting(Z, np.array(1.0)), Z)


def test_an_exponential_forgets_its_age():
    shape = Weibull[float](scale=10, shape=1)
    aged = draw(shape, outlasting(Z, survival(shape, np.array(25.0)))) - 25.0
    assert aged == pytest.approx(draw(shape, Z), rel=1e-6)


@pytest.mark.parametrize("shape", [SHAPES[0], SHAPES[8]], ids=["pert", "weibull"])
def test_scores_far_out_stay_finite(shape):
    assert np.all(np.isfinite(draw(shape, outlasting(np.array([-8.0, 8.0]), np.array(1e-12)))))


def test_not_having_ended_speaks_for_never_ending():
    assert success_of_the_unfinished(0.15, 1.0) == pytest.approx(0.15)
    assert success_of_the_unfinished(0.5, 0.5) == pytest.approx(1 / 3)
    assert success_of_the_unfinished(0.5, 0.0) == 0.0
    assert success_of_the_unfinished(1.0, 0.0) == 1.0
