"""Dated site timelines as they were known on a day, and the milestones that they expect.

A *vintage* is what was known on its date: rows up to that day are history, later rows are that
day's expectations. A *milestone* is an expected rise of a site's facility power to a level.
The catalogue holds three vintages of Epoch AI, "Frontier Data Centers" (CC BY 4.0).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from stargate.catalog import table

# A rise smaller than this share of the level is a new estimate of the same machines.
SMALLEST_RISE = 0.02


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
    return vintages_of(
        (_day(row["vintage"]), row["site"], _day(row["date"]), power)
        for row, power in zip(timelines, powers.tolist(), strict=True)
    )


def _day(text: str) -> date:
    return date.fromisoformat(text)


Row = tuple[date, str, date, float]
"""A vintage's day, a site, the day of a reading, its power in watts."""


def vintages_of(rows: Iterable[Row]) -> tuple[Vintage, ...]:
    """Vintages from readings in any order, oldest first."""
    ordered = sorted(rows)
    return tuple(
        Vintage(day, {site.name: site for site in _sites(of_day)})
        for day, of_day in groupby(ordered, key=lambda row: row[0])
    )


def _sites(rows: Iterable[Row]) -> Iterator[Site]:
    for name, of_site in groupby(rows, key=lambda row: row[1]):
        readings = (Reading(row[2], row[3]) for row in of_site)
        yield Site(name, tuple(readings))
