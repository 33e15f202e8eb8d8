"""Fits under right censoring, against SciPy, a hand-worked table, and the catalogue's own class."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from stargate import catalog
from stargate.programme.reference_classes import (
    first_power_durations,
    fit_weibull,
    kaplan_meier,
    reference_shape,
)
from stargate.units import DAY_S


def _censored(seed: int, n: int, scale: float, shape: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    durations = scale * rng.weibull(shape, n)
    ages = rng.uniform(0.2 * scale, 2.0 * scale, n)
    return np.minimum(durations, ages), durations <= ages


def test_the_fit_finds_the_truth_that_was_drawn():
    fit = fit_weibull(*_censored(1, 20_000, 700.0, 2.3))
    assert (fit.scale, fit.shape) == (pytest.approx(700, rel=0.02), pytest.approx(2.3, rel=0.02))


def test_the_fit_agrees_with_scipys_censored_likelihood():
    durations, observed = _censored(2, 60, 700.0, 2.3)
    data = stats.CensoredData.right_censored(durations, ~observed)
    shape, _, scale = stats.weibull_min.fit(data, floc=0)
    fit = fit_weibull(durations, observed)
    assert (fit.scale, fit.shape) == (
        pytest.approx(scale, rel=1e-3),
        pytest.approx(shape, rel=1e-3),
    )


def test_leaving_out_the_unfinished_keeps_only_the_quick():
    durations, observed = _censored(3, 2000, 700.0, 2.3)
    all_of_them = fit_weibull(durations, observed)
    ended = fit_weibull(durations[observed], observed[observed])
    assert ended.scale < 0.9 * all_of_them.scale


@settings(max_examples=30)
@given(st.floats(0.01, 1e6), st.integers(0, 1000))
def test_the_fit_scales_with_the_unit(factor: float, seed: int):
    durations, observed = _censored(seed, 30, 700.0, 2.3)
    plain, scaled = fit_weibull(durations, observed), fit_weibull(durations * factor, observed)
    assert scaled.scale == pytest.approx(plain.scale * factor, rel=1e-6)
    assert scaled.shape == pytest.approx(plain.shape, rel=1e-6)


def test_one_observed_duration_is_too_few():
    with pytest.raises(ValueError, match="two distinct ones observed"):
        fit_weibull(np.array([3.0, 4.0]), np.array([True, False]))


def test_kaplan_meier_by_hand():
    """Ends at 1, 3 and 4; one leaves at 2: 4/5, then x 2/3, then x 1/2."""
    times, running = kaplan_meier(
        np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.array([True, False, True, True, False])
    )
    assert times.tolist() == [1.0, 3.0, 4.0]
    assert running == pytest.approx([0.8, 0.8 * 2 / 3, 0.8 * 2 / 3 / 2])


def test_a_site_without_power_yet_counts_with_its_age():
    rows = [
        {"vintage": "2026-01-01", "site": "a", "date": "2025-01-01", "facility_power": "0"},
        {"vintage": "2026-01-01", "site": "a", "date": "2025-07-20", "facility_power": "90"},
        {"vintage": "2026-01-01", "site": "b", "date": "2025-06-01", "facility_power": "0"},
        {"vintage": "2026-01-01", "site": "b", "date": "2027-06-01", "facility_power": "500"},
        {"vintage": "2026-01-01", "site": "c", "date": "2025-06-01", "facility_power": "10"},
        {"vintage": "2025-01-01", "site": "d", "date": "2024-06-01", "facility_power": "0"},
    ]
    durations, observed = first_power_durations(rows, "2026-01-01")
    assert durations.tolist() == [200.0, 214.0]
    assert observed.tolist() == [True, False]


def test_the_catalogues_class_is_the_fit_of_the_catalogues_timelines():
    durations, observed = first_power_durations(catalog.table("epoch_timelines").rows, "2026-04-03")
    fit = fit_weibull(durations * DAY_S, observed)
    held = catalog.reference_class("ai_site_first_power").parameters
    assert fit.scale == pytest.approx(held["scale"], rel=1e-4)
    assert fit.shape == pytest.approx(held["shape"], rel=1e-4)
    assert (fit.n_observed, fit.n_censored) == (held["observed"], held["censored"])


def test_the_fit_and_kaplan_meier_tell_the_same_story():
    durations, observed = first_power_durations(catalog.table("epoch_timelines").rows, "2026-04-03")
    fit = fit_weibull(durations, observed)
    times, running = kaplan_meier(durations, observed)
    fitted = np.exp(-((times / fit.scale) ** fit.shape))
    assert np.max(np.abs(fitted - running)) < 0.1


def test_a_lead_time_is_a_pert():
    assert reference_shape("power_transformer").dist == "pert"
