from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.programme.slip import Belief, Gamma, SlipForecast, belief_at, forecast, prior
from stargate.programme.timelines import Milestone, Reading, Site, Vintage, catalogued_vintages

VINTAGES = catalogued_vintages()
START = date(2026, 1, 1)


def milestone(site: str = "Somewhere new") -> Milestone:
    return Milestone(site, 0.0, 1e8, START)


def vintage(offset_days: int, arrivals: dict[str, int]) -> Vintage:
    """Sites with 100 MW in 2024 and 200 MW so many days after START."""
    sites = {
        name: Site(
            name, (Reading(date(2024, 1, 1), 1e8), Reading(START + timedelta(days=days), 2e8))
        )
        for name, days in arrivals.items()
    }
    return Vintage(START + timedelta(days=offset_days), sites)


forecasts = st.builds(
    SlipForecast,
    remaining_days=st.floats(25, 1500),
    p_early=st.floats(0.01, 0.2),
    p_late=st.floats(0.05, 0.75),
    lateness=st.builds(Gamma, events=st.floats(1, 30), exposure_days=st.floats(50, 5000)),
)


@given(forecasts, st.floats(0.001, 0.999))
@settings(max_examples=200)
def test_the_quantile_is_the_inverse_of_the_distribution(slip: SlipForecast, p: float):
    assert slip.probability(slip.quantile(p)) == pytest.approx(p, abs=1e-9)


@given(forecasts)
@settings(max_examples=100)
def test_quantiles_rise_and_nothing_comes_before_the_forecast_was_made(slip: SlipForecast):
    quantiles = [slip.quantile(p) for p in np.linspace(0, 0.99, 50)]
    assert quantiles == sorted(quantiles)
    assert quantiles[0] >= -slip.remaining_days


def test_the_further_away_the_later_and_the_less_certain():
    belief = belief_at(VINTAGES)
    slips = [forecast(belief, milestone(), days) for days in (30, 300, 900)]
    assert slips[0].quantile(0.5) < slips[1].quantile(0.5) < slips[2].quantile(0.5)
    spans = [slip.quantile(0.9) - slip.quantile(0.1) for slip in slips]
    assert spans == sorted(spans)


def test_a_first_vintage_has_only_the_prior_and_a_later_one_learns():
    early, kept, slipped = (vintage(n, {"X": days}) for n, days in ((0, 30), (60, 30), (60, 50)))
    assert belief_at([early]) == prior(early)
    assert belief_at([early, kept]) != belief_at([early, slipped])


def test_what_is_still_late_counts_for_as_long_as_it_has_been_late():
    early, late = vintage(0, {"X": 10}), vintage(110, {"X": 200})
    before, after = prior(early), belief_at([early, late])
    assert after.late == before.late + 1
    assert after.finishing.events == before.finishing.events
    assert after.finishing.exposure_days == before.finishing.exposure_days + 100


def test_what_came_late_teaches_how_late():
    early, later = vintage(0, {"X": 10}), vintage(110, {"X": 70})
    before, after = prior(early), belief_at([early, later])
    assert after.finishing.events == before.finishing.events + 1
    assert after.finishing.exposure_days == before.finishing.exposure_days + 60


def test_what_came_on_its_day_makes_lateness_less_likely():
    early, later = vintage(0, {"X": 10, "Y": 20}), vintage(60, {"X": 10, "Y": 20})
    belief = belief_at([early, later])
    assert belief.missed("X") < belief.missed("Elsewhere") < prior(early).missed("X")


def test_a_date_that_is_put_off_before_its_day_teaches_the_rate():
    early, later = vintage(0, {"X": 300}), vintage(100, {"X": 400})
    before, after = prior(early), belief_at([early, later])
    assert after.postponing == before.postponing.after(1, 100)


def test_the_same_expectation_in_two_vintages_counts_once():
    first, second = vintage(0, {"X": 30}), vintage(10, {"X": 30})
    later = vintage(60, {"X": 30})
    assert belief_at([first, second, later]) == belief_at([first, later])


def test_a_site_of_many_milestones_weighs_as_one():
    readings = [Reading(date(2024, 1, 1), 1e8)]
    steps = [Reading(START + timedelta(days=10 * n), 1e8 * (n + 1)) for n in range(1, 5)]
    early = Vintage(START, {"X": Site("X", (*readings, *steps))})
    later = Vintage(START + timedelta(days=90), early.sites)
    assert belief_at([early, later]).punctual == pytest.approx(prior(early).punctual + 1)


def test_the_rates_are_recovered_from_many_sites():
    """300 sites, 60 % late, lateness exponential with mean 120 days, cut off after 150 days."""
    rng = np.random.default_rng(7)
    late = rng.random(300) < 0.6
    delay = np.where(late, 8 + np.round(rng.exponential(120, 300)), 0).astype(int)
    due = rng.integers(5, 60, 300)
    early = vintage(0, {f"S{i}": int(due[i]) for i in range(300)})
    later = vintage(150, {f"S{i}": int(due[i] + delay[i]) for i in range(300)})
    belief: Belief = belief_at([early, later])
    assert belief.missed("Elsewhere") == pytest.approx(0.6, abs=0.06)
    assert 1 / belief.finishing.mean_per_day == pytest.approx(128, rel=0.15)
