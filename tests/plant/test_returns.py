"""Rates of return, payback, taxes and loans against textbook numbers and their own definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.plant.capital import annuity, capital_recovery_factor, discount_factor
from stargate.plant.loan import loan
from stargate.plant.returns import (
    internal_rates,
    payback_and_peak,
    tax,
    weighted_cost_of_capital,
)
from stargate.plant.tariff import blended_price, load_weight, market_based_intensity


def _column(*flows: float) -> np.ndarray:
    return np.array(flows, dtype=np.float64)[:, None]


def _rate(*flows: float) -> tuple[float, int]:
    rates, n = internal_rates(_column(*flows), np.arange(len(flows), dtype=np.float64))
    return float(rates[0]), int(n[0])


def test_the_internal_rate_of_a_textbook_project():
    """Brealey, Myers and Allen, chapter 5: -4,000, 2,000, 4,000 returns 28.08 %."""
    rate, n = _rate(-4000, 2000, 4000)
    assert rate == pytest.approx(0.2808, abs=5e-5)
    assert n == 1


def test_the_rates_of_many_samples_are_those_of_each_alone():
    back = np.linspace(1.0, 2.0, 45)
    rates, n = internal_rates(np.stack([np.full(45, -1.0), back]), np.array([0.0, 1.0]))
    np.testing.assert_allclose(rates, back - 1.0, atol=1e-9)
    assert (n == 1).all()


def test_money_that_only_comes_back_returns_nothing():
    assert _rate(-1, 1) == (pytest.approx(0.0, abs=1e-12), 1)


def test_the_oil_pump_has_two_rates_and_so_none_is_told():
    """Lorie and Savage 1955: -1,600, 10,000, -10,000 returns 25 % and 400 %."""
    rate, n = _rate(-1600, 10000, -10000)
    assert np.isnan(rate)
    assert n == 2


@pytest.mark.parametrize("flows", [(1000, -3000, 2500), (-100, -10, -5), (100, 10)])
def test_flows_without_a_rate_have_none(flows: tuple[float, ...]):
    rate, n = _rate(*flows)
    assert np.isnan(rate)
    assert n == 0


@settings(max_examples=60)
@given(
    st.floats(1, 1e4),
    st.lists(st.floats(0, 1e4), min_size=1, max_size=30),
    st.floats(0.01, 0.5),
    st.floats(0.01, 0.4),
)
def test_conventional_flows_fall_with_the_rate_and_their_internal_rate_zeroes_them(
    paid: float, back: list[float], first_year: float, more: float
):
    flows = _column(-paid, *back)
    years = first_year + np.arange(len(flows), dtype=np.float64) / 12
    rates, n = internal_rates(flows, years)
    assert n[0] <= 1
    low, high = (float(discount_factor(r, years) @ flows[:, 0]) for r in (0.05, 0.05 + more))
    # The inflows fall faster than the outflow, which comes first.
    assert high * (1.05 + more) ** first_year <= low * 1.05**first_year + 1e-9 * paid
    if n[0]:
        terms = discount_factor(float(rates[0]), years) * flows[:, 0]
        assert abs(terms.sum()) <= 1e-7 * np.abs(terms).sum()


def test_payback_is_when_all_has_come_back_for_good():
    ends = np.arange(1.0, 6.0)
    flows = np.array([[-10, 5, 6, -3, 4], [0, 1, 1, 1, 1], [-9, 1, 1, 1, 1]], dtype=np.float64).T
    payback, peak = payback_and_peak(flows, ends)
    assert payback.tolist() == [5.0, 0.0, np.inf]
    assert peak.tolist() == [10.0, 0.0, 9.0]


def test_losses_are_carried_forward_before_tax_is_due():
    assert tax(_column(-100, 60, 60, 50), 0.2)[:, 0].tolist() == pytest.approx([0, 0, 4, 10])


def test_the_weighted_cost_of_capital_of_a_textbook_firm():
    """Brealey, Myers and Allen, chapter 19: 12.4 % and 6 %, 40 % debt, 35 % tax: 9 %."""
    assert weighted_cost_of_capital(0.124, 0.06, 0.4, 0.35) == pytest.approx(0.09)


def test_the_monthly_payment_of_a_thirty_year_mortgage():
    """100,000 at half a per cent a month over 360 months: 599.55 a month."""
    drawn = np.zeros((400, 1))
    drawn[0] = 100_000
    found = loan(drawn, 1.005**12 - 1, 360)
    assert found.service[1:361, 0] == pytest.approx(599.55, abs=0.005)
    assert found.service[361:].sum() == 0
    assert found.balloon[0] == pytest.approx(0, abs=1e-6)
    assert found.interest.sum() == pytest.approx(360 * 599.5505 - 100_000, abs=1)


@settings(max_examples=40)
@given(
    st.lists(st.floats(0, 1e3), min_size=1, max_size=40),
    st.floats(0.001, 0.3),
    st.integers(1, 60),
    st.integers(0, 24),
)
def test_what_is_paid_is_worth_what_was_drawn(
    draws: list[float], rate: float, term: int, grace: int
):
    drawn = np.zeros((50, 1))
    drawn[: len(draws), 0] = draws
    found = loan(drawn, rate, term, grace)
    worth = discount_factor(rate, np.arange(50) / 12)
    paid = worth @ found.service + worth[-1] * found.balloon
    assert paid == pytest.approx(worth @ drawn, rel=1e-9, abs=1e-9)


def test_a_residual_value_lowers_the_annuity_by_what_it_is_worth_today():
    crf = capital_recovery_factor(0.08, 5)
    assert annuity(0.08, 5, 0.2) == pytest.approx(crf - 0.2 * (crf - 0.08), rel=1e-12)
    assert annuity(0.08, 5) == crf


def test_an_even_load_pays_the_mean_price_and_a_load_by_night_less():
    price = [2.0] * 12 + [1.0] * 12
    assert load_weight(price, [1.0] * 24) == pytest.approx(1.0)
    assert load_weight(price, [0.0] * 12 + [1.0] * 12) == pytest.approx(2 / 3)
    assert load_weight(price, [1.0] * 12 + [0.0] * 12) == pytest.approx(4 / 3)


def test_contracts_change_price_and_carbon_for_their_share():
    assert blended_price(0.08, 0.06, 0.25) == pytest.approx(0.075)
    assert market_based_intensity(370.0, 0.0, 1.0) == 0.0
    assert market_based_intensity(370.0, 29.0, 0.5) == pytest.approx(199.5)
