from __future__ import annotations

from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from stargate.errors import SpecError
from stargate.programme.timelines import (
    Reading,
    Site,
    Vintage,
    catalogued_vintages,
    milestones,
    read_vintages,
    rises,
)

HEAD = "vintage,site,date,buildings,mw_facility,mw_it,h100_equiv,capex_busd_2025\n"


def day(text: str) -> date:
    return date.fromisoformat(text)


def test_the_catalogue_holds_three_vintages_in_order():
    days = [vintage.as_of for vintage in catalogued_vintages()]
    assert days == [day("2025-12-13"), day("2026-01-24"), day("2026-04-03")]


def test_a_rise_is_a_reading_above_all_before_it():
    readings = [("2024-01-01", 0.0), ("2024-06-01", 100.0), ("2024-09-01", 80.0)]
    readings += [("2025-01-01", 101.0), ("2025-06-01", 200.0)]
    site = Site("X", tuple(Reading(day(d), w) for d, w in readings))
    assert [(m.from_power_w, m.to_power_w) for m in rises(site)] == [(0, 100), (101, 200)]


def test_a_milestone_is_a_rise_after_the_vintage():
    site = Site("X", (Reading(day("2025-01-01"), 100.0), Reading(day("2025-06-01"), 200.0)))
    assert [m.to_power_w for m in milestones(Vintage(day("2025-03-01"), {"X": site}))] == [200]
    assert not milestones(Vintage(day("2025-06-01"), {"X": site}))


def test_a_file_is_read_like_the_catalogue(tmp_path: Path):
    file = tmp_path / "v.csv"
    rows = [
        f"{v.as_of},{site.name},{r.day},,{r.power_w / 1e6},,,\n"
        for v in catalogued_vintages()
        for site in v.sites.values()
        for r in site.readings
    ]
    file.write_text(HEAD + "".join(rows), encoding="utf-8")
    assert read_vintages(file) == catalogued_vintages()


def test_every_fault_of_a_file_is_placed(tmp_path: Path):
    file = tmp_path / "v.csv"
    text = HEAD + "2026-04-03,X,May 2026,,10,,,\n2026-04-03,X,2026-05-01,,much,,,\n"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        read_vintages(file)
    assert [problem.line for problem in caught.value.problems] == [2, 3]


def test_a_file_without_powers_is_refused(tmp_path: Path):
    file = tmp_path / "v.csv"
    file.write_text("vintage,site,date\n2026-04-03,X,2026-05-01\n", encoding="utf-8")
    with pytest.raises(SpecError, match="mw_facility"):
        read_vintages(file)


def test_a_file_without_vintages_takes_the_day_it_is_told(tmp_path: Path):
    file = tmp_path / "v.csv"
    text = "site,date,mw_facility\nX,2026-05-01,10\nX,2026-06-01,\nX,,20\n"
    file.write_text(text, encoding="utf-8")
    (vintage,) = read_vintages(file, day("2026-04-03"))
    assert vintage.as_of == day("2026-04-03")
    assert vintage.sites["X"].readings == (Reading(day("2026-05-01"), 1e7),)


def test_the_catalogues_own_file_can_be_read():
    file = Path(str(files("stargate.catalog") / "data" / "epoch_timelines.csv"))
    assert read_vintages(file) == catalogued_vintages()
