"""Scaling law and capability regression: published values, limits, uncertainty."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.programme.capability import LossLaw, capability_index, sample_loss_law
from stargate.programme.draws import OneAtATime, Sampled
from stargate.spec.gate import CapabilityLaw
from stargate.units import YEAR_S

LAW = CapabilityLaw.model_validate(
    {
        "const": 113.4,
        "const_se": 2.53,
        "per_decade": 7.85,
        "per_decade_se": 1.12,
        "per_year": 10.38,
        "per_year_se": 1.49,
        "compute": "1e25 FLOP",
        "day": "2023-03-14",
        "residual_sd": 6.34,
        "offset": 0,
    }
)


def central() -> LossLaw:
    return sample_loss_law(OneAtATime([]))


def test_chinchilla_loses_what_its_refit_says():
    """70e9 parameters, 1.4e12 tokens: 1.8172 + 482.01/N^0.3478 + 2085.43/D^0.3658 by hand."""
    loss = central().loss_nats(np.array([70e9]), np.array([1.4e12]))
    assert loss[0] == pytest.approx(1.8172 + 0.0815 + 0.0751, abs=2e-3)


def test_the_refit_wants_about_twenty_tokens_a_parameter():
    """Besiroglu et al., arXiv 2404.10102: about 20 at Chinchilla's compute of 5.8e23."""
    parameters, tokens = central().optimal(np.array([5.76e23]))
    assert tokens[0] / parameters[0] == pytest.approx(20, rel=0.25)
    assert 6 * parameters[0] * tokens[0] == pytest.approx(5.76e23)


@settings(max_examples=40)
@given(st.floats(21, 29), st.floats(-1.5, 1.5))
def test_the_optimum_is_the_lowest_loss_for_its_compute(decades: float, shift: float):
    law, compute = central(), np.array([10.0**decades])
    parameters, tokens = law.optimal(compute)
    other = parameters * 10**shift
    best = law.loss_nats(parameters, tokens)
    assert best[0] <= law.loss_nats(other, compute / (6 * other))[0] + 1e-12


def test_errors_of_a_factor_and_its_exponent_go_together():
    """Drawn apart, they would spread the loss at known sizes far beyond the fit's own residuals."""
    law = sample_loss_law(Sampled(1, 20_000))
    assert np.corrcoef(np.log(law.A), law.alpha)[0, 1] == pytest.approx(0.97, abs=0.01)
    assert np.corrcoef(law.alpha, law.beta)[0, 1] == pytest.approx(0.0, abs=0.03)
    known = law.loss_nats(np.array([1e9]), np.array([2e10])) - law.E
    assert known.std() / known.mean() < 0.35


def _index(compute: float, when: date, draws) -> np.ndarray:
    n = draws.n
    days = (when - date(2024, 1, 1)).days * 86400.0
    return capability_index(LAW, draws, np.full(n, compute), np.full(n, days), date(2024, 1, 1))


def test_the_reference_model_has_the_constant():
    assert _index(1e25, date(2023, 3, 14), OneAtATime([]))[0] == pytest.approx(113.4, abs=0.02)


def test_a_year_of_methods_is_worth_more_than_ten_times_the_compute():
    base = _index(1e26, date(2025, 1, 1), OneAtATime([]))[0]
    later = _index(1e26, date(2026, 1, 1), OneAtATime([]))[0]
    larger = _index(1e27, date(2025, 1, 1), OneAtATime([]))[0]
    assert later - base == pytest.approx(10.38, abs=0.02)
    assert larger - base == pytest.approx(7.85)


def test_the_spread_is_that_of_the_regression():
    """At the reference point: residual and constant; two years on, the slope's error adds."""
    draws = Sampled(5, 100_000)
    here = _index(1e25, date(2023, 3, 14), draws)
    assert here.std() == pytest.approx(np.hypot(6.34, 2.53), rel=0.01)
    assert _index(1e26, date(2025, 3, 14), draws).std() == pytest.approx(
        np.sqrt(6.34**2 + 2.53**2 + 1.12**2 + (2 * 1.49) ** 2), rel=0.01
    )


def test_a_model_keeps_its_residual_from_one_attempt_to_the_next():
    draws = Sampled(5, 2000)
    first, second = _index(1e26, date(2025, 1, 1), draws), _index(1e26, date(2025, 7, 1), draws)
    assert np.corrcoef(first, second)[0, 1] > 0.98
    assert (second - first).mean() == pytest.approx(10.38 * 181 * 86400 / YEAR_S, rel=0.01)
