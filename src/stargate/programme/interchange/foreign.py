"""A schedule as other tools hold it: tasks, links, dates; and a list of all that was left out.

Durations count the working days of a calendar where the file states one, else they are elapsed:
what is in working hours is then stretched by the working week, 40 hours of a 40-hour week to seven
days. Lags are always elapsed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from stargate.spec.resource import Weekday
from stargate.spec.works import LinkKind
from stargate.units import DAY_S

HOUR_S = 3600.0
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEK_S = 168 * HOUR_S
USUAL_WEEK_S = 40 * HOUR_S


@dataclass(frozen=True, slots=True)
class ForeignLink:
    """The successor waits for `of`, a key of the file's own."""

    of: str
    kind: LinkKind = "FS"
    lag_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ForeignCalendar:
    """The weekdays on which work goes on, the days on which it does not, and a day's length."""

    key: str
    name: str
    week: tuple[Weekday, ...]
    holidays: tuple[date, ...]
    day_s: float


@dataclass(frozen=True, slots=True)
class ForeignResource:
    """Something that tasks hold while they last; how much there is from which day on (None: ever).

    Amounts are in units of the resource at full time, 1.0 being one of it.
    """

    key: str
    name: str
    levels: tuple[tuple[date | None, float], ...]


@dataclass(frozen=True, slots=True)
class ForeignTask:
    """A task; `key` is how the file refers to it, `code` what its planner calls it.

    `points_s` is an optimistic, a likeliest and a pessimistic duration where the file has them.
    With a `calendar`, durations count its working days, each as a whole day.
    """

    key: str
    code: str
    name: str
    duration_s: float
    points_s: tuple[float, float, float] | None = None
    not_before: date | None = None
    started: date | None = None
    finished: date | None = None
    links: tuple[ForeignLink, ...] = ()
    calendar: str | None = None
    deadline: date | None = None
    uses: tuple[tuple[str, float], ...] = ()


@dataclass(slots=True)
class Dropped:
    """What could not be kept, in words, each kind with what it happened to."""

    found: dict[str, list[str]] = field(default_factory=dict)

    def add(self, what: str, where: str = "") -> None:
        """Note that `what` was left out at `where`."""
        places = self.found.setdefault(what, [])
        if where and where not in places:
            places.append(where)

    def lines(self) -> Iterator[str]:
        """One line for each kind: `as late as possible (ignored): A, B and 3 more`."""
        for what, places in self.found.items():
            shown = ", ".join(places[:5])
            more = f" and {len(places) - 5} more" if len(places) > 5 else ""
            yield f"{what}: {shown}{more}" if places else what


@dataclass(frozen=True, slots=True)
class ForeignPlan:
    """A whole schedule as it was read."""

    name: str
    data_date: date
    tasks: tuple[ForeignTask, ...]
    dropped: Dropped
    source: str
    calendars: tuple[ForeignCalendar, ...] = ()
    resources: tuple[ForeignResource, ...] = ()


def length_s(working_s: float, calendar: ForeignCalendar | None, week_s: float) -> float:
    """A duration: in days of its calendar, or without one in elapsed time."""
    if calendar is None or calendar.day_s <= 0:
        return elapsed_s(working_s, week_s)
    return working_s / calendar.day_s * DAY_S


def elapsed_s(working_s: float, week_s: float) -> float:
    """Working time in elapsed time, by the working time of a week."""
    return working_s * WEEK_S / week_s if week_s > 0 else working_s


def day_of(text: str) -> date | None:
    """The day that a date or a time begins with, as 2025-03-31T08:00:00; None if it has none."""
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


def number_of(text: str) -> float | None:
    """A finite number, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


# What planners call the three points, by the words that the name of a column holds.
_POINTS = (
    ("optimistic", "minimum", "min duration", "low duration", "best case"),
    ("most likely", "likeliest", "ml duration", "expected duration", "mode duration"),
    ("pessimistic", "maximum", "max duration", "high duration", "worst case"),
)


def point_of(title: str) -> int | None:
    """Which of the three points a column of that name holds: 0, 1, 2; None for another column."""
    lowered = title.lower()
    for point, words in enumerate(_POINTS):
        if any(word in lowered for word in words):
            return point
    return None


def three_points(
    found: dict[int, float], likeliest_s: float, dropped: Dropped, where: str
) -> tuple[float, float, float] | None:
    """Low, mode and high in order; the planned duration is the mode where none is given."""
    if 0 not in found or 2 not in found:
        if found:
            dropped.add("three points of which some are missing", where)
        return None
    low, mode, high = found[0], found.get(1, likeliest_s), found[2]
    if not 0 <= low <= mode <= high:
        dropped.add("three points that are not in rising order", where)
        return None
    return low, mode, high
