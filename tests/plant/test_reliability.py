"""Failures, checkpoints and goodput."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.plant.reliability import (
    daly_interval_s,
    goodput,
    mean_time_between_failures_s,
    young_interval_s,
)

HOUR = 3600.0


def test_llama_3_failed_every_three_hours():
    """arXiv 2407.21783, section 3.3.4: 419 unexpected interruptions in 54 days on 16,384 GPUs."""
    mtbf = mean_time_between_failures_s(1.973e-5 / HOUR, 16_384)
    assert mtbf == pytest.approx(54 * 24 * HOUR / 419, rel=0.005)


def test_ninety_eight_thousand_accelerators_fail_more_often_than_in_proportion():
    """arXiv 2602.00277: 18 minutes; in proportion to Llama 3 it would be 31."""
    alone = mean_time_between_failures_s(1.973e-5 / HOUR, 98_304)
    together = mean_time_between_failures_s(1.973e-5 / HOUR, 98_304, correlation=1.72)
    assert alone / 60 == pytest.approx(31, rel=0.01)
    assert together / 60 == pytest.approx(18, rel=0.01)


def test_youngs_interval():
    assert young_interval_s(50.0, 10_000.0) == pytest.approx(1000.0)


@settings(max_examples=60)
@given(st.floats(1, 600), st.floats(1e3, 1e6))
def test_youngs_interval_is_the_best_of_all(checkpoint: float, mtbf: float):
    best = young_interval_s(checkpoint, mtbf)
    around = [goodput(best * f, checkpoint, 0.0, 0.0, mtbf) for f in (0.5, 0.8, 1.0, 1.25, 2.0)]
    assert max(around) == around[2]


def test_dalys_interval_tends_to_youngs_where_checkpoints_are_short():
    assert daly_interval_s(1.0, 1e8) == pytest.approx(young_interval_s(1.0, 1e8), rel=1e-3)


def test_dalys_interval_is_the_mtbf_where_checkpoints_are_longer_than_two():
    assert daly_interval_s(3000.0, 1000.0) == 1000.0


def test_a_machine_that_never_fails_has_full_goodput():
    mtbf = mean_time_between_failures_s(0.0, 1000)
    assert goodput(daly_interval_s(30.0, mtbf), 30.0, 60.0, 600.0, mtbf) == 1.0


@settings(max_examples=60)
@given(st.integers(100, 200_000), st.floats(1, 300), st.floats(0, 1200))
def test_goodput_is_a_share_and_falls_with_the_size(n: int, checkpoint: float, restart: float):
    def share(count: int) -> float:
        mtbf = mean_time_between_failures_s(2e-5 / HOUR, count)
        return goodput(daly_interval_s(checkpoint, mtbf), checkpoint, 60.0, restart, mtbf)

    assert 0.0 <= share(2 * n) <= share(n) <= 1.0
    assert np.isfinite(share(n))
