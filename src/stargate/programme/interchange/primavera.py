"""What Primavera P6's two formats, XML and XER, have in common: kinds, constraints, calendars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from stargate.programme.interchange.foreign import (
    HOUR_S,
    USUAL_WEEK_S,
    WEEKDAYS,
    Dropped,
    ForeignCalendar,
    ForeignLink,
    elapsed_s,
    length_s,
    number_of,
    point_of,
    three_points,
)
from stargate.spec.works import LinkKind

# Kinds of activity that have no duration of their own.
NO_WORK = {
    "Level of Effort": "level-of-effort activities",
    "WBS Summary": "WBS summaries",
    "TT_LOE": "level-of-effort activities",
    "TT_WBS": "WBS summaries",
}
_LINKS: Mapping[str, LinkKind] = {
    "Finish to Start": "FS",
    "Start to Start": "SS",
    "Finish to Finish": "FF",
    "PR_FS": "FS",
    "PR_SS": "SS",
    "PR_FF": "FF",
}
_STARTS = {"Start On or After", "CS_MSOA"}
_DEADLINES = {"Finish On or Before", "CS_MEOB"}
_FIXED_STARTS = {"Start On", "Mandatory Start", "CS_MSO", "CS_MANDSTART"}


@dataclass(frozen=True, slots=True)
class Weeks:
    """The working time of a week by calendar."""

    week_s: Mapping[str, float]

    def elapsed_s(self, hours: str, calendar: str) -> float | None:
        """Working hours of a calendar in elapsed time; None for what is no number."""
        found = number_of(hours)
        if found is None:
            return None
        return elapsed_s(found * HOUR_S, self.week_s.get(calendar, USUAL_WEEK_S))


def weeks(rows: Iterable[tuple[str, str, str]]) -> Weeks:
    """From (calendar, hours a week, hours a day); a day of twenty hours or more has no weekend."""
    found: dict[str, float] = {}
    for calendar, per_week, per_day in rows:
        hours, daily = number_of(per_week), number_of(per_day)
        if hours is None and daily is not None:
            hours = daily * (7 if daily >= 20 else 5)
        if hours is not None and 0 < hours <= 168:
            found[calendar] = hours * HOUR_S
    return Weeks(found)


def link(
    of: str, kind: str, lag_s: float | None, dropped: Dropped, where: str
) -> ForeignLink | None:
    """A link of a kind that can be kept; the others are listed."""
    known = _LINKS.get(kind)
    if known is None:
        backward = kind in ("PR_SF", "Start to Finish")
        what = "links from start to finish (SF)" if backward else f"links of kind {kind!r}"
        dropped.add(what, where)
        return None
    return ForeignLink(of, known, lag_s or 0.0)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Not before a day, and a deadline."""

    not_before: date | None = None
    deadline: date | None = None


def bounds(constraints: Iterable[tuple[str, date | None]], dropped: Dropped, where: str) -> Bounds:
    """An activity's constraints; a latest finish is a deadline here, and holds no date back."""
    found = Bounds()
    for kind, day in constraints:
        if kind in _STARTS:
            found = replace(found, not_before=day)
        elif kind in _FIXED_STARTS:
            dropped.add(f"constraint: {kind} (kept as no earlier than)", where)
            found = replace(found, not_before=day)
        elif kind in _DEADLINES:
            found = replace(found, deadline=day)
        elif kind:
            dropped.add(f"constraint: {kind} (ignored)", where)
    return found


@dataclass(frozen=True, slots=True)
class Days:
    """What a calendar says of its days: of the week, off, and worked beside the week."""

    week: frozenset[str]
    off: frozenset[date]
    extra: frozenset[date] = frozenset()


def calendar_of(
    key: str, name: str, days: Days, hours_a_day: str, dropped: Dropped
) -> ForeignCalendar | None:
    """A calendar with some days of rest; None for one that has none, or states only its hours."""
    week = tuple(day for day in WEEKDAYS if day in days.week)
    daily = number_of(hours_a_day)
    if any(WEEKDAYS[day.weekday()] not in days.week for day in days.extra):
        dropped.add("days of rest on which a calendar works by exception", name)
    off = sorted(day for day in days.off if WEEKDAYS[day.weekday()] in days.week)
    if not week or not daily or daily <= 0:
        if days.off:
            dropped.add("holidays of calendars whose week is not stated", name)
        return None
    if len(week) == len(WEEKDAYS) and not off:
        return None
    return ForeignCalendar(key, name, week, tuple(off), daily * HOUR_S)


def task_length_s(
    hours: str, key: str, calendars: Mapping[str, ForeignCalendar], weeks: Weeks
) -> float | None:
    """A duration in days of its calendar, or stretched by its week; None for what is none."""
    number, calendar = number_of(hours), calendars.get(key)
    if number is None or calendar is None:
        return weeks.elapsed_s(hours, key)
    return length_s(number * HOUR_S, calendar, calendar.day_s)


def user_points(
    columns: Iterable[tuple[str, str]],
    week_s: float,
    likeliest_s: float,
    dropped: Dropped,
    where: str,
    calendar: ForeignCalendar | None = None,
) -> tuple[float, float, float] | None:
    """Three points from user-defined columns (title, value): working days, or hours if it says so.

    A working day is a fifth of the working week, or a seventh where the week never rests.
    """
    found: dict[int, float] = {}
    for title, value in columns:
        point, number = point_of(title), number_of(value)
        if point is None or number is None:
            continue
        day_s = week_s / (7 if week_s >= 140 * HOUR_S else 5)
        unit_s = HOUR_S if "hour" in title.lower() else calendar.day_s if calendar else day_s
        found[point] = length_s(number * unit_s, calendar, week_s)
    return three_points(found, likeliest_s, dropped, where)
