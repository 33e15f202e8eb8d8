"""The price of compute by generation: fitted with its uncertainty, and drawn with it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pydantic import ValidationError

from stargate.catalog import fact
from stargate.plant.price_trend import log_trend
from stargate.programme.compute_prices import cheapest_by_year_usd_s_per_flop, fitted, trend
from stargate.programme.draws import OneAtATime, Sampled
from stargate.programme.prices import price_paths
from stargate.spec.programme import Driver
from stargate.units import YEAR_S

FITTED = Driver.model_validate({"id": "compute", "process": "gbm", "fit": "price_per_flop"})


def test_a_price_that_halves_every_year_has_no_residual():
    found = log_trend([2020, 2021, 2023], [8.0, 4.0, 1.0])
    assert found.rate_per_year == pytest.approx(-math.log(2))
    assert found.rate_se_per_year == pytest.approx(0, abs=1e-9)


def test_the_error_of_the_rate_is_the_textbooks():
    """Residuals of 0, 0.3, 0 about a line: numpy's covariance of the same fit."""
    years, logs = np.array([0.0, 1.0, 2.0]), np.array([0.0, 0.3, 0.0])
    _, covariance = np.polyfit(years, logs, 1, cov="unscaled")
    found = log_trend(years.tolist(), np.exp(logs).tolist())
    assert found.rate_se_per_year == pytest.approx(found.residual_sd * math.sqrt(covariance[0, 0]))


def test_a_new_generation_takes_the_place_of_the_old_in_its_year():
    by_year = cheapest_by_year_usd_s_per_flop()
    assert sorted(by_year) == [2022, 2023, 2024, 2025]
    assert by_year[2024] < 0.5 * by_year[2023]


def test_compute_gets_cheaper_about_as_fast_as_over_all_of_its_history():
    """Epoch's long run, a price of FLOP/s a tenth in seven years, lies within two errors."""
    found, long_run = trend(), -fact("growth_price_perf").value * math.log(10)
    assert found.rate_per_year < 0
    assert abs(found.rate_per_year - long_run) < 2 * found.rate_se_per_year


def test_paths_spread_with_the_uncertainty_of_the_drift():
    years = np.arange(6.0) * YEAR_S
    path = price_paths([FITTED], Sampled(seed=3, n=20_000), years)["compute"]
    found = trend()
    spread = math.hypot(found.rate_se_per_year * 5, found.residual_sd * math.sqrt(5))
    assert np.median(path[:, -1]) == pytest.approx(math.exp(5 * found.rate_per_year), rel=0.03)
    assert np.log(path[:, -1]).std() == pytest.approx(spread, rel=0.03)


def test_at_the_median_of_all_inputs_the_price_follows_the_rate():
    years = np.arange(3.0) * YEAR_S
    path = price_paths([FITTED], OneAtATime(()), years)["compute"]
    assert path[0].tolist() == pytest.approx(np.exp(trend().rate_per_year * np.arange(3)).tolist())


def test_a_driver_that_states_its_own_is_left_as_it_is():
    stated = Driver.model_validate({"id": "x", "process": "gbm", "volatility": 0.1})
    assert fitted(stated) is stated


def test_a_fit_and_a_stated_drift_exclude_each_other():
    with pytest.raises(ValidationError, match="state neither"):
        Driver.model_validate(
            {"id": "x", "process": "gbm", "fit": "price_per_flop", "volatility": 0.1}
        )
