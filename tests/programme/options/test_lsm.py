"""The kernel against the option that its inventors valued, and against what must hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.programme.options.lsm import (
    NEVER,
    Choice,
    Policy,
    least_squares,
    optimal_policy,
    polynomials,
)

SPOT, STRIKE, RATE, VOLATILITY, YEARS, DATES = 36.0, 40.0, 0.06, 0.2, 1.0, 50


def american_put(n: int, seed: int, folds: int) -> Policy:
    """S = 36, K = 40, r = 6 %, sigma = 20 %, one year, 50 dates, antithetic paths."""
    half = np.random.default_rng(seed).standard_normal((n // 2, DATES))
    scores = np.concatenate([half, -half])
    step = YEARS / DATES
    moves = (RATE - VOLATILITY**2 / 2) * step + VOLATILITY * np.sqrt(step) * scores
    price = SPOT * np.exp(np.cumsum(moves, axis=1))
    choices = [
        Choice(
            worth=np.maximum(STRIKE - price[:, k], 0.0) * np.exp(-RATE * step * (k + 1)),
            possible=price[:, k] < STRIKE,
            known=price[None, :, k],
        )
        for k in range(DATES)
    ]
    return optimal_policy(choices, np.zeros(n), degree=3, folds=folds)


@pytest.mark.parametrize("folds", [1, 2])
def test_o10_the_american_put_of_longstaff_and_schwartz(folds: int):
    """Their table 1: 4.472 (standard error 0.010) by simulation, 4.478 by finite differences."""
    policy = american_put(200_000, seed=5, folds=folds)
    assert policy.worth.mean() == pytest.approx(4.478, abs=0.02)


def test_exercising_early_is_worth_more_than_at_the_end():
    """The European put of the same terms is worth 3.844 (their table 1, by Black and Scholes)."""
    policy = american_put(50_000, seed=6, folds=2)
    assert policy.worth.mean() > 3.844 + 0.5
    assert 0 < np.mean(policy.date == NEVER) < 0.5


def test_a_decision_sees_only_what_is_known():
    """The advantage is a coin that nobody sees, with mean zero: knowing nothing, nothing is won."""
    coin = np.where(np.arange(10_000) % 4 < 2, 1.0, -1.0)
    blind = Choice(coin, np.ones(10_000, dtype=bool), np.zeros((1, 10_000)))
    seen = Choice(coin, np.ones(10_000, dtype=bool), coin[None])
    assert optimal_policy([blind], np.zeros(10_000)).worth.mean() == pytest.approx(0.0, abs=1e-9)
    assert optimal_policy([seen], np.zeros(10_000)).worth.mean() == pytest.approx(0.5)


def test_where_it_is_not_possible_nothing_is_exercised():
    possible = np.arange(1000) % 3 == 0
    policy = optimal_policy(
        [Choice(np.ones(1000), possible, np.arange(1000.0)[None])], np.zeros(1000)
    )
    assert np.array_equal(policy.date == 0, possible)


def test_one_more_date_is_never_worth_less_in_the_mean():
    rng = np.random.default_rng(3)
    first, second = rng.standard_normal((2, 40_000))
    seen = [
        Choice(x + 0.3 * rng.standard_normal(40_000), np.ones(40_000, dtype=bool), x[None])
        for x in (first, second)
    ]
    held = np.zeros(40_000)
    both = optimal_policy(seen, held).worth.mean()
    assert both > optimal_policy(seen[1:], held).worth.mean() > 0.38  # E max(x, 0) = 0.3989
    assert both > optimal_policy(seen[:1], held).worth.mean()


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(1, 3))
def test_least_squares_leaves_a_residual_at_right_angles(seed: int, degree: int):
    rng = np.random.default_rng(seed)
    columns = polynomials(rng.standard_normal((3, 200)), degree)
    target = rng.standard_normal(200)
    residual = target - columns @ least_squares(columns.T @ columns, columns.T @ target)
    assert columns.T @ residual == pytest.approx(np.zeros(columns.shape[1]), abs=1e-7)


def test_a_doubled_variable_changes_no_fit():
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((2, 500))
    one, two = polynomials(x[None], 2), polynomials(np.stack([x, x]), 2)
    fits = [x @ least_squares(x.T @ x, x.T @ y) for x in (one, two)]
    assert fits[0] == pytest.approx(fits[1])
