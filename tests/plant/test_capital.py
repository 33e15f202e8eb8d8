"""Annuities and present values against published and hand-worked numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from stargate.plant.capital import (
    annual_cost_of_ownership,
    capital_recovery_factor,
    discount_factor,
    net_present_value,
)

# Epoch AI, data-centre cost breakdown (2026): billions of 2025 dollars a gigawatt of IT.
IT, FACILITY, RUNNING = 26.113, 11.769, 0.902


def _annual(rate: float, it_life_years: float) -> float:
    return annual_cost_of_ownership({it_life_years: IT, 14.0: FACILITY}, RUNNING, rate)


def test_the_net_present_value_of_a_textbook_project():
    assert net_present_value([-100, 30, 40, 50, 60], 0.08) == pytest.approx(45.864734, abs=1e-6)


@pytest.mark.parametrize(
    ("rate", "life", "factor"),
    [(0.08, 5, 0.2504565), (0.08, 14, 0.1212969), (0.065347, 5, 0.2408600)],
)
def test_capital_recovery_factors(rate: float, life: float, factor: float):
    assert capital_recovery_factor(rate, life) == pytest.approx(factor, abs=2e-7)


def test_epochs_yearly_cost_implies_a_cost_of_capital_that_gives_its_other_two_lives():
    """8.5 a year at 5 years of IT life; Epoch publishes about 12 at 3 years and 7 at 7 years."""
    rate = brentq(lambda r: _annual(r, 5.0) - 8.5, 0.001, 0.3)
    assert rate == pytest.approx(0.06535, abs=5e-5)
    assert _annual(rate, 3.0) == pytest.approx(12.08, rel=0.005)
    assert _annual(rate, 7.0) == pytest.approx(6.98, rel=0.005)


def test_straight_line_depreciation_understates_it():
    assert _annual(0.0, 5.0) == pytest.approx(6.97, abs=0.01)


@settings(max_examples=40)
@given(st.floats(0.001, 0.4), st.floats(1, 40))
def test_an_annuity_is_worth_what_it_pays_back(rate: float, life: float):
    years = int(life)
    payments = capital_recovery_factor(rate, years) * discount_factor(rate, np.arange(1, years + 1))
    assert payments.sum() == pytest.approx(1.0, rel=1e-9)
