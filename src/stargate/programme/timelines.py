"""Dated site timelines as they were known on a day, and the milestones that they expect.

A *vintage* is what was known on its date: rows up to that day are history, later rows are that
day's expectations. A *milestone* is an expected rise of a site's facility power to a level.
The catalogue holds three vintages of Epoch AI, "Frontier Data Centers" (CC BY 4.0).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path

from stargate.catalog import table
from stargate.errors import Problem, SpecError

# A rise smaller than this share of the level is a new estimate of the same machines.
SMALLEST_RISE = 0.02
_MEGAWATT = 1e6
COLUMNS = ("vintage", "site", "date", "mw_facility")
_CATALOGUE_POWER = "facility_power [MW]"  # the same column in the catalogue's own file


@dataclass(frozen=True, slots=True)
class Reading:
    """The facility power of a site from a day on, until its next reading."""

    day: date
    power_w: float


@dataclass(frozen=True, slots=True)
class Site:
    """The readings of one site, in the order of their days."""

    name: str
    readings: tuple[Reading, ...]

    def power_w_on(self, day: date) -> float:
        """Power of the last reading up to that day; 0 before the first."""
        return next((r.power_w for r in reversed(self.readings) if r.day <= day), 0.0)


@dataclass(frozen=True, slots=True)
class Vintage:
    """What was known of all sites on a day."""

    as_of: date
    sites: Mapping[str, Site]


@dataclass(frozen=True, slots=True)
class Milestone:
    """A site is expected to rise from one power to another on a day."""

    site: str
    from_power_w: float
    to_power_w: float
    expected: date


def rises(site: Site) -> Iterator[Milestone]:
    """Every reading that lifts a site above all that it had before, by `SMALLEST_RISE` at least."""
    reached = 0.0
    for reading in site.readings:
        if reading.power_w > reached * (1 + SMALLEST_RISE):
            yield Milestone(site.name, reached, reading.power_w, reading.day)
        reached = max(reached, reading.power_w)


def milestones(vintage: Vintage) -> tuple[Milestone, ...]:
    """The rises that a vintage expects after its own date."""
    every = (rise for site in vintage.sites.values() for rise in rises(site))
    return tuple(rise for rise in every if rise.expected > vintage.as_of)


def history(vintage: Vintage) -> tuple[tuple[date, ...], ...]:
    """The days of each site's rises up to the vintage's own date."""
    return tuple(
        tuple(rise.expected for rise in rises(site) if rise.expected <= vintage.as_of)
        for site in vintage.sites.values()
    )


def catalogued_vintages() -> tuple[Vintage, ...]:
    """The vintages that the catalogue holds, oldest first (Epoch AI, CC BY 4.0)."""
    timelines = table("epoch_timelines")
    powers = timelines.numbers("facility_power")
    return _vintages(
        (row["vintage"], row["site"], row["date"], power)
        for row, power in zip(timelines, powers.tolist(), strict=True)
    )


def read_vintages(path: Path, undated: date | None = None) -> tuple[Vintage, ...]:
    """The vintages of a CSV file with the columns vintage, site, date and mw_facility.

    A file without vintages is one of the day `undated`. Rows without a date or a power are left
    out. A file that cannot be read so is refused with all of its faults.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = [line for line in file if not line.startswith("#")]
    rows = [_named(row, undated) for row in csv.DictReader(lines)]
    missing = [name for name in COLUMNS if not rows or name not in rows[0]]
    if missing:
        mend = f"a timeline needs {', '.join(COLUMNS)} and at least one row"
        raise SpecError([Problem(f"no column {', '.join(missing)}", file=str(path), mend=mend)])
    used = {n: row for n, row in enumerate(rows, start=2) if row["date"] and row["mw_facility"]}
    problems = [p for n, row in used.items() for p in _faults(row, str(path), n)]
    if problems:
        raise SpecError(problems)
    return _vintages(
        (row["vintage"], row["site"], row["date"], float(row["mw_facility"]) * _MEGAWATT)
        for row in used.values()
    )


def _named(row: Mapping[str, str], undated: date | None) -> dict[str, str]:
    """A row under the names of `COLUMNS`."""
    named = {"mw_facility" if name == _CATALOGUE_POWER else name: v for name, v in row.items()}
    return named if undated is None else {"vintage": str(undated), **named}


def _faults(row: Mapping[str, str], file: str, line: int) -> Iterator[Problem]:
    for name in ("vintage", "date"):
        try:
            date.fromisoformat(row[name])
        except ValueError:
            text = f"{name} {row[name]!r} is not a day"
            yield Problem(text, file=file, line=line, mend="write it like 2026-04-03")
    try:
        negative = not float(row["mw_facility"]) >= 0
    except ValueError:
        negative = True
    if negative:
        text = f"mw_facility {row['mw_facility']!r} is not a power in MW"
        yield Problem(text, file=file, line=line, mend="write a number, or leave it empty")


def _vintages(rows: Iterable[tuple[str, str, str, float]]) -> tuple[Vintage, ...]:
    ordered = sorted(rows)
    return tuple(
        Vintage(date.fromisoformat(day), {site.name: site for site in _sites(of_day)})
        for day, of_day in groupby(ordered, key=lambda row: row[0])
    )


def _sites(rows: Iterable[tuple[str, str, str, float]]) -> Iterator[Site]:
    for name, of_site in groupby(rows, key=lambda row: row[1]):
        readings = (Reading(date.fromisoformat(row[2]), row[3]) for row in of_site)
        yield Site(name, tuple(readings))
