from __future__ import annotations

from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from stargate.errors import SpecError
from stargate.programme.timeline_files import read_vintages
from stargate.programme.timelines import (
    Reading,
    Site,
    Vintage,
    catalogued_vintages,
    milestones,
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


ROWS = (("2026-04-03", "X", "2026-05-01", "1092"), ("2026-04-03", "X", "2026-12-25", "1500"))


def written(file: Path, head: str, rows: list[str]) -> tuple[Vintage, ...]:
    file.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return read_vintages(file)


def plain(tmp_path: Path) -> tuple[Vintage, ...]:
    rows = [",".join(row) for row in ROWS]
    return written(tmp_path / "plain.csv", "vintage,site,date,mw_facility", rows)


@pytest.mark.parametrize(
    "shape",
    [
        "{1:d}/{2:d}/{0:d}",
        "{2:02d}.{1:02d}.{0:d}",
        "{0:d}/{1:02d}/{2:02d}",
        "{0}-{1:02d}-{2:02d}T08:00",
    ],
)
def test_days_are_read_in_the_order_in_which_the_file_writes_them(shape: str, tmp_path: Path):
    def told(text: str) -> str:
        found = day(text)
        return shape.format(found.year, found.month, found.day)

    rows = [",".join((told(v), site, told(d), mw)) for v, site, d, mw in ROWS]
    found = written(tmp_path / "v.csv", "vintage,site,date,mw_facility", rows)
    assert found == plain(tmp_path)


def test_columns_may_have_other_names_places_and_separators(tmp_path: Path):
    rows = [f"9;1,{mw[1:]}.0;{site};x;{d};{v}" for v, site, d, mw in ROWS]
    head = "Buildings;Power (MW);Data center;Note;Date;As of"
    assert written(tmp_path / "v.csv", head, rows) == plain(tmp_path)


def test_days_that_may_be_either_are_refused(tmp_path: Path):
    with pytest.raises(SpecError, match="either of two"):
        written(tmp_path / "v.csv", "vintage,site,date,mw", ["3/4/2026,X,5/6/2026,10"])


def test_a_later_vintage_without_its_day_is_told_how_to_say_it(tmp_path: Path):
    with pytest.raises(SpecError, match="truth-as-of"):
        written(tmp_path / "v.csv", "site,date,mw_facility", ["X,2026-05-01,10"])


def test_rows_without_a_vintage_are_of_the_day_that_is_told(tmp_path: Path):
    file = tmp_path / "v.csv"
    file.write_text("vintage,site,date,mw_facility\n,X,2026-05-01,10\n", encoding="utf-8")
    assert read_vintages(file, day("2026-04-03"))[0].as_of == day("2026-04-03")
