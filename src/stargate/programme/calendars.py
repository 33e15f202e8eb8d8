"""Working time: how much of it lies before a time, and when so much of it is over.

W(t) counts the working seconds from some early day to t; it is a line in pieces, level where work
rests. A task that starts at t and takes d of working time ends at W^-1(W(t) + d), and one that may
start while work rests starts when it goes on. Both are look-ups, over all samples at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from stargate.spec.resource import Calendar, Season
from stargate.units import DAY_S

FloatArray = NDArray[np.float64]

# What lies further from the data date than this, before and after, is worked through.
_YEARS_BEFORE, _YEARS_AFTER = 20, 60
_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """The corners of W: times in seconds from the data date, working seconds before them."""

    time_s: FloatArray
    worked_s: FloatArray

    def may_start_s(self, ready_s: FloatArray) -> FloatArray:
        """The first time from then on at which work goes on."""
        return self._when(self._worked(ready_s), ready_s)

    def end_s(self, start_s: FloatArray, duration_s: FloatArray) -> FloatArray:
        """When so much working time after the start is over; work that is done ends on its day."""
        whole = self._worked(start_s) + duration_s
        column = np.searchsorted(self.worked_s, whole, side="left")
        return self._on_line(np.clip(column - 1, 0, len(self.time_s) - 2), whole, start_s)

    def between_s(self, start_s: float, end_s: float) -> float:
        """The working time from one time to another."""
        start, end = self._worked(np.array([start_s, end_s]))
        return float(end - start)

    def _worked(self, time_s: FloatArray) -> FloatArray:
        column = np.searchsorted(self.time_s, time_s, side="right") - 1
        column = np.clip(column, 0, len(self.time_s) - 2)
        rate = np.diff(self.worked_s) / np.diff(self.time_s)
        since = time_s - self.time_s[column]
        return self.worked_s[column] + np.where(rate[column] > 0, since, 0.0)

    def _when(self, worked_s: FloatArray, time_s: FloatArray) -> FloatArray:
        column = np.searchsorted(self.worked_s, worked_s, side="right") - 1
        return self._on_line(np.clip(column, 0, len(self.time_s) - 2), worked_s, time_s)

    def _on_line(
        self, column: NDArray[np.int64], worked_s: FloatArray, never_before_s: FloatArray
    ) -> FloatArray:
        found = self.time_s[column] + worked_s - self.worked_s[column]
        return np.where(np.isfinite(worked_s), np.maximum(found, never_before_s), worked_s)


def working_time(calendar: Calendar, data_date: date) -> WorkingTime:
    """W of a calendar around a data date, a corner wherever work begins or ends to rest."""
    first = date(data_date.year - _YEARS_BEFORE, 1, 1)
    last = date(data_date.year + _YEARS_AFTER, 1, 1)
    days = [first + timedelta(days=i) for i in range((last - first).days)]
    holidays = set(calendar.holidays)
    works = np.array([_works(calendar, day, holidays) for day in days])
    corners = np.flatnonzero(np.diff(works)) + 1
    edges = np.array([0, *corners.tolist(), len(days)])
    before = np.concatenate([[0], np.cumsum(works)])[edges]
    time_s = (edges - (data_date - first).days) * DAY_S
    # Beyond the table work goes on for ever.
    return WorkingTime(
        np.append(time_s, time_s[-1] + DAY_S), np.append(before, before[-1] + 1) * DAY_S
    )


def _works(calendar: Calendar, day: date, holidays: set[date]) -> bool:
    if _WEEK[day.weekday()] not in calendar.week or day in holidays:
        return False
    return not any(_rests(season, day) for season in calendar.rests)


def _rests(season: Season, day: date) -> bool:
    today = f"{day.month:02}-{day.day:02}"
    if season.first <= season.last:
        return season.first <= today <= season.last
    return today >= season.first or today <= season.last
