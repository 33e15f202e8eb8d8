"""Quantile functions against SciPy's own, and what every distribution must obey."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import ndtri

from stargate import catalog
from stargate.errors import CatalogError
from stargate.programme.distributions import draw, pert_parameters
from stargate.spec.distribution import (
    Beta,
    Empirical,
    Fixed,
    Lognormal,
    Normal,
    Overrun,
    Pareto,
    Pert,
    Reference,
    Triangle,
    Uniform,
    Weibull,
)

Z = np.linspace(-4.5, 4.5, 1001)
U = stats.norm.cdf(Z)
SHAPES = [
    (Pert[float](low=2, mode=4, high=12), stats.beta(*pert_parameters(2, 4, 12, 4), 2, 10)),
    (Beta[float](low=1, high=3, alpha=0.7, beta=2.0), stats.beta(0.7, 2.0, 1, 2)),
    (Triangle[float](low=1, mode=2, high=5), stats.triang(0.25, 1, 4)),
    (Uniform[float](low=-1, high=3), stats.uniform(-1, 4)),
    (Normal[float](mean=5, sd=2), stats.norm(5, 2)),
    (Lognormal[float](median=3, sigma=0.4), stats.lognorm(0.4, scale=3)),
    (Weibull[float](scale=20, shape=2.4), stats.weibull_min(2.4, scale=20)),
    (Pareto[float](low=2, alpha=1.5), stats.pareto(1.5, scale=2)),
]


@pytest.mark.parametrize(("shape", "reference"), SHAPES, ids=[s.dist for s, _ in SHAPES])
def test_quantiles_agree_with_scipy(shape, reference):
    assert draw(shape, Z) == pytest.approx(reference.ppf(U), rel=2e-4, abs=2e-4)


@pytest.mark.parametrize("shape", [s for s, _ in SHAPES], ids=[s.dist for s, _ in SHAPES])
def test_a_higher_score_never_gives_a_lower_draw(shape):
    assert np.all(np.diff(draw(shape, Z)) >= 0)


@settings(max_examples=40)
@given(st.lists(st.floats(0, 1e9), min_size=3, max_size=3).map(sorted), st.floats(0.5, 12))
def test_a_pert_stays_within_its_points(points: list[float], peak: float):
    low, mode, high = points
    sample = draw(Pert[float](low=low, mode=mode, high=high, peak=peak), Z)
    assert np.all((sample >= low * (1 - 1e-12)) & (sample <= high * (1 + 1e-12)))


def test_a_pert_without_spread_is_certain():
    assert np.all(draw(Pert[float](low=3, mode=3, high=3), Z) == 3.0)


def test_a_fixed_value_is_certain():
    assert np.all(draw(Fixed[float](value=7), Z) == 7.0)


def test_an_empirical_draw_is_one_of_the_observed():
    sample = draw(Empirical[float](values=(1.0, 2.0, 4.0)), Z)
    assert set(sample) == {1.0, 2.0, 4.0}


def test_a_capped_tail_ends_at_its_cap():
    assert draw(Pareto[float](low=1, alpha=0.9, cap=5.0), Z).max() == 5.0


def test_a_reference_class_is_drawn_from_the_catalogue_and_scaled():
    held = catalog.reference_class("power_transformer").parameters
    sample = draw(Reference(reference_class="power_transformer", factor=0.5), Z)
    assert 0.5 * held["low"] <= sample.min() < sample.max() <= 0.5 * held["high"]


def test_a_class_of_cost_overruns_is_no_duration():
    with pytest.raises(CatalogError, match="tells of cost overruns, not of how long"):
        draw(Reference(reference_class="nuclear_power"), Z)


@pytest.mark.parametrize("name", ["nuclear_power", "it", "buildings", "transmission", "solar"])
def test_a_class_of_overruns_has_the_tail_and_the_means_that_are_published(name: str):
    held = catalog.reference_class(name).parameters
    n = 2_000_000
    ratio = draw(Overrun(reference_class=name), ndtri((np.arange(n) + 0.5) / n))
    in_tail = np.arange(n) >= n * (1 - held["p_tail"])
    assert ratio[in_tail].min() >= 1.5 - 1e-9 >= ratio[~in_tail].max() - 2e-3
    assert ratio[~in_tail].mean() - 1 == pytest.approx(held["body_mean"], abs=2e-3)
    # Far out a tail whose variance is infinite keeps some of its mean from any sample.
    assert ratio[in_tail].mean() - 1 == pytest.approx(held["tail_mean"], rel=0.06)
    assert np.all(np.diff(ratio) >= 0)


def test_an_overrun_is_scaled_and_a_class_without_a_body_is_refused():
    plain, half = (draw(Overrun(reference_class="rail", factor=f), Z) for f in (1.0, 0.5))
    assert half == pytest.approx(plain / 2)
    with pytest.raises(CatalogError, match="which cannot be; write a distribution out"):
        draw(Overrun(reference_class="nuclear_storage"), Z)
    with pytest.raises(CatalogError, match="not of cost overruns; such classes are nuclear_power"):
        draw(Overrun(reference_class="power_transformer"), Z)
