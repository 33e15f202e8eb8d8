"""Price paths: moments of the processes, and what they start from."""

from __future__ import annotations

import numpy as np
import pytest

from stargate.programme.draws import OneAtATime, Sampled
from stargate.programme.prices import price_at, price_paths
from stargate.spec.programme import Driver
from stargate.units import YEAR_S

GRID = np.linspace(0, 10 * YEAR_S, 41)


def driver(**said: object) -> Driver:
    return Driver.model_validate({"id": "p", **said})


def path(n: int = 40_000, **said: object) -> np.ndarray:
    return price_paths([driver(**said)], Sampled(1, n), GRID)["p"]


def test_every_price_starts_at_one():
    assert np.all(path(10, process="gbm", volatility=0.2)[:, 0] == 1.0)


def test_a_geometric_brownian_motion_has_its_drift_and_spread():
    logs = np.log(path(process="gbm", volatility=0.2, drift="-8 %/year")[:, -1])
    assert logs.mean() == pytest.approx(-0.8, abs=0.01)
    assert logs.std() == pytest.approx(0.2 * np.sqrt(10), rel=0.01)


def test_a_mean_reverting_price_settles_to_its_stationary_spread():
    """sd of the logarithm: sigma / sqrt(2 k)."""
    logs = np.log(path(process="ou", volatility=0.3, reversion="0.5/year")[:, -1])
    assert logs.mean() == pytest.approx(0.0, abs=0.01)
    assert logs.std() == pytest.approx(0.3, rel=0.01)


def test_without_reversion_it_is_a_random_walk():
    logs = np.log(path(process="ou", volatility=0.3)[:, -1])
    assert logs.std() == pytest.approx(0.3 * np.sqrt(10), rel=0.01)


def test_a_normal_driver_is_no_price():
    assert price_paths([driver()], Sampled(1, 10), GRID) == {}


def test_moved_alone_a_price_drifts_to_its_percentile():
    low_high = price_paths([driver(process="gbm", volatility=0.2)], OneAtATime(["price/p"]), GRID)[
        "p"
    ]
    ends = 0.2 * np.sqrt(10) * 1.28155
    assert np.log(low_high[:, -1]) == pytest.approx([0.0, -ends, ends], rel=1e-4)


def test_the_price_at_a_time_is_the_last_known():
    steps = np.array([[1.0, 2.0, 3.0]] * 4)
    grid = np.array([0.0, 10.0, 20.0])
    found = price_at(steps, grid, np.array([-5.0, 9.9, 10.0, np.inf]))
    assert found.tolist() == [1.0, 1.0, 2.0, 3.0]
