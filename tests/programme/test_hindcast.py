from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from stargate.programme.hindcast import (
    TRUTH_KINDS,
    Hindcast,
    TruthKind,
    hindcast,
    hindcast_all,
    pinball,
    score,
)
from stargate.programme.slip import Gamma, SlipForecast
from stargate.programme.timelines import Vintage, catalogued_vintages

VINTAGES = catalogued_vintages()
AS_OF = date(2026, 1, 1)


def one(
    expected: int, came: int | None, horizon: int, slip: SlipForecast | None = None
) -> Hindcast:
    """A milestone expected and come so many days after AS_OF, judged at the horizon."""
    day = None if came is None else AS_OF + timedelta(days=came)
    reached = came is not None and came <= horizon
    return Hindcast(
        site="X",
        power_w=1e8,
        as_of=AS_OF,
        judged_at=AS_OF + timedelta(days=horizon),
        expected=AS_OF + timedelta(days=expected),
        slip=slip or SlipForecast(float(expected), 0.05, 0.5, Gamma(5, 500)),
        standing="reached" if reached else "expected" if day else "dropped",
        day=day,
    )


@pytest.mark.parametrize("kind", TRUTH_KINDS)
def test_the_forecast_beats_both_rules_of_thumb_on_the_open_vintages(kind: TruthKind):
    found = score(hindcast_all(VINTAGES), kind)
    assert found is not None
    assert found.pinball < found.pinball_scaled
    assert found.pinball < found.pinball_no_slip


@pytest.mark.parametrize("kind", TRUTH_KINDS)
def test_four_in_five_intervals_hold_on_the_open_vintages(kind: TruthKind):
    found = score(hindcast_all(VINTAGES), kind)
    assert found is not None
    assert 0.7 <= found.coverage_80 <= 0.9


def test_seventeen_milestones_fell_due_and_seven_are_resolved():
    found = score(hindcast_all(VINTAGES), "observed")
    assert found is not None
    assert (found.n, found.n_resolved) == (17, 7)


def test_the_truth_teaches_the_forecast_nothing():
    later = Vintage(
        VINTAGES[2].as_of,
        {
            name: replace(site, readings=tuple(replace(r, power_w=0.0) for r in site.readings))
            for name, site in VINTAGES[2].sites.items()
        },
    )
    told = [h.slip for h in hindcast(VINTAGES[:2], VINTAGES[2]) if h.site in later.sites]
    untold = [h.slip for h in hindcast(VINTAGES[:2], later) if h.site in later.sites]
    assert told == untold


def test_the_pinball_of_a_date_is_half_its_error():
    """(0.1 + 0.5 + 0.9) / 3 = 1/2, late or early."""
    assert pinball([10.0], np.zeros((1, 3))) == pytest.approx(5.0)
    assert pinball([-10.0], np.zeros((1, 3))) == pytest.approx(5.0)


def test_right_quantiles_have_the_lowest_pinball():
    truth = np.random.default_rng(3).exponential(100.0, 20_000)
    right = -100 * np.log(1 - np.array([0.1, 0.5, 0.9]))
    losses = [pinball(truth, np.tile(right * f, (truth.size, 1))) for f in (0.7, 1.0, 1.4)]
    assert losses[1] == min(losses)


def test_a_milestone_that_did_not_fall_due_is_not_scored():
    assert score([one(200, 150, 100)], "observed") is None
    assert score([one(200, 300, 100)], "latest") is None


def test_what_has_not_come_is_scored_as_later_than_the_vintage():
    found = score([one(60, 300, 100)], "observed")
    assert found is not None
    assert found.pinball_no_slip == pytest.approx((100 - 60) / 2)
    assert found.pinball_scaled == pytest.approx((100 - 84) / 2)
    assert found.n_resolved == 0


def test_the_latest_truth_takes_the_later_expectation_for_the_day():
    found = score([one(60, 300, 100)], "latest")
    assert found is not None
    assert found.pinball_no_slip == pytest.approx((300 - 60) / 2)


def test_what_was_dropped_has_no_latest_day_but_is_late():
    assert score([one(60, None, 100)], "latest") is None
    found = score([one(60, None, 100)], "observed")
    assert found is not None
    assert found.coverage_80 == 0.0


def test_coverage_of_what_has_not_come_is_what_the_forecast_gives_it():
    waiting = one(60, 120, 100)
    gone = waiting.slip.probability(40)
    found = score([waiting], "observed")
    assert found is not None
    assert found.coverage_80 == pytest.approx((0.9 - gone) / (1 - gone))


def test_intervals_that_are_right_cover_four_in_five():
    """4,000 milestones drawn from their own forecasts, half of them censored."""
    rng = np.random.default_rng(11)
    slip = SlipForecast(60.0, 0.05, 0.9, Gamma(5, 500))
    arrivals = [60 + round(slip.quantile(p)) for p in rng.random(4000)]
    observed = score([one(60, days, 130, slip) for days in arrivals], "latest")
    assert observed is not None
    assert observed.coverage_80 == pytest.approx(0.8, abs=0.03)
