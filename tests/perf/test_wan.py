"""Training across sites: INTELLECT-1's table, and the limits of the formulas."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.perf.network import WanLink
from stargate.perf.wan import (
    bandwidth_for_utilisation,
    compute_utilisation,
    exchange_time_s,
    local_round_time_s,
    round_trip_s,
)

DATA = Path(os.environ.get("STARGATE_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
MULTISITE = DATA / "records" / "multisite.csv"
STEPS, COMPUTE_S = 100, 38 * 60.0  # INTELLECT-1: 100 inner steps take 38 minutes


@pytest.mark.skipif(not MULTISITE.exists(), reason=f"no records of several sites at {MULTISITE}")
def test_intellect_1_utilisation_is_compute_over_compute_and_exchange():
    with MULTISITE.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["system"].startswith("INTELLECT-1 ")]
    value = {(row["system"], row["metric"]): row["value"] for row in rows}
    checked = 0
    for (system, metric), utilisation in value.items():
        exchange = value.get((system, "median outer all-reduce time"))
        if metric == "compute utilisation" and exchange is not None:
            predicted = compute_utilisation(COMPUTE_S / STEPS, STEPS, float(exchange))
            assert float(predicted) * 100 == pytest.approx(float(utilisation), abs=0.11)
            checked += 1
    assert checked == 3


def test_light_takes_about_11_ms_from_wisconsin_to_atlanta_and_back():
    assert round_trip_s(1.1e6) == pytest.approx(10.8e-3, rel=0.01)


def test_one_site_exchanges_nothing():
    assert exchange_time_s(1e12, 1, WanLink(1e9, 0.05)) == 0


def test_two_sites_send_the_buffer_once_each_way():
    assert exchange_time_s(1e12, 2, WanLink(1e10, 0.02)) == pytest.approx(100.02)


@settings(max_examples=40)
@given(
    size=st.floats(1e6, 1e13),
    sites=st.integers(2, 16),
    step=st.floats(0.1, 60),
    local=st.integers(1, 500),
    wanted=st.floats(0.05, 0.99),
)
def test_the_bandwidth_asked_for_gives_the_utilisation_wanted(size, sites, step, local, wanted):
    rate = float(bandwidth_for_utilisation(size, sites, step, local, wanted))
    exchange = exchange_time_s(size, sites, WanLink(rate, 0.0))
    assert compute_utilisation(step, local, exchange) == pytest.approx(wanted, rel=1e-6)


@settings(max_examples=40)
@given(step=st.floats(0.1, 60), exchange=st.floats(0, 1e4), hidden=st.floats(0, 1e4))
def test_local_steps_and_overlap_only_help(step, exchange, hidden):
    few, many = compute_utilisation(step, np.array([10, 100]), exchange)
    assert many >= few
    assert compute_utilisation(step, 10, exchange, hidden) >= few
    assert local_round_time_s(step, 10, exchange) >= 10 * step
