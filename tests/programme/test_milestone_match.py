from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from stargate.programme.milestone_match import match_sites, name_key, outcomes
from stargate.programme.timelines import Reading, Site, Vintage, catalogued_vintages

FIRST, SECOND, THIRD = catalogued_vintages()


def day(text: str) -> date:
    return date.fromisoformat(text)


def vintage(as_of: str, **sites: list[tuple[str, float]]) -> Vintage:
    made = {
        name: Site(name, tuple(Reading(day(d), mw * 1e6) for d, mw in readings))
        for name, readings in sites.items()
    }
    return Vintage(day(as_of), made)


def found(earlier: Vintage, later: Vintage, site: str) -> list[tuple[str, date | None]]:
    return [(o.standing, o.day) for o in outcomes(earlier, later) if o.milestone.site == site]


def test_a_vintage_against_itself_moves_nothing():
    for outcome in outcomes(THIRD, THIRD):
        assert (outcome.standing, outcome.day) == ("expected", outcome.milestone.expected)


@pytest.mark.parametrize(
    ("site", "megawatts", "came"),
    [
        ("Anthropic-Amazon New Carlisle", 1092, "2026-03-23"),
        ("Colossus 2", 1379, "2026-05-13"),  # estimated anew as 1,494 MW
        ("Google New Albany", 679, "2026-12-18"),  # two old buildings left out
        ("Meta Prometheus", 891, "2026-05-18"),  # its history moved as well
        ("Microsoft Fairwater Atlanta", 1065, "2026-05-14"),  # estimated anew as 859 MW
        ("Goodnight", 927.5, "2027-10-01"),  # the step has grown
        ("OpenAI Stargate Abilene", 2121, None),  # the expansion was dropped
    ],
)
def test_milestones_of_december_are_found_in_april(site: str, megawatts: float, came: str | None):
    days = {
        o.milestone.to_power_w / 1e6: o.day
        for o in outcomes(FIRST, THIRD)
        if o.milestone.site == site
    }
    assert days[megawatts] == (day(came) if came else None)


def test_old_buildings_that_leave_the_count_do_not_move_a_milestone():
    before = vintage("2026-01-24", A=[("2024-07-19", 195), ("2026-05-17", 584)])
    after = vintage("2026-04-03", A=[("2024-07-19", 65), ("2026-05-17", 454)])
    assert found(before, after, "A") == [("expected", day("2026-05-17"))]


def test_old_buildings_that_come_back_into_the_count_do_not_move_it_either():
    before = vintage("2026-04-03", A=[("2024-07-19", 65), ("2026-05-17", 454)])
    later = [("2018-09-14", 0), ("2021-05-20", 130), ("2024-07-19", 195), ("2026-06-01", 584)]
    assert found(before, vintage("2026-08-01", A=later), "A") == [("reached", day("2026-06-01"))]


def test_a_part_of_the_step_is_not_the_step():
    before = vintage("2026-01-24", A=[("2025-10-19", 276), ("2026-05-13", 1379)])
    later = [("2025-10-19", 276), ("2026-03-01", 700), ("2026-06-01", 1300)]
    assert found(before, vintage("2026-08-01", A=later), "A") == [("reached", day("2026-06-01"))]


def test_names_match_without_case_punctuation_and_filler():
    assert name_key("Google Pryor (North)") == name_key("google pryor, north campus")
    assert name_key("Google Pryor (North)") != name_key("Google Pryor (South)")
    assert name_key("Colossus 1") != name_key("Colossus 2")


def test_a_renamed_site_is_found_by_its_history():
    sites = {n: s for n, s in THIRD.sites.items() if n != "OpenAI Stargate Abilene"}
    renamed = replace(THIRD.sites["OpenAI Stargate Abilene"], name="Lancium Clean Campus")
    later = Vintage(THIRD.as_of, sites | {renamed.name: renamed})
    assert match_sites(SECOND, later)["OpenAI Stargate Abilene"] == "Lancium Clean Campus"


def test_a_site_that_is_not_followed_is_said_so():
    later = Vintage(THIRD.as_of, {"Goodnight": THIRD.sites["Goodnight"]})
    assert found(SECOND, later, "Google Omaha") == [("site not followed", None)] * 3
