"""When a task can really go on: when work does not rest and enough of what it needs is free.

Tasks come in the order of the network, the more urgent first, and each takes the first time that
it finds: a serial schedule generation scheme, in all samples at once. Where a decision changes
what one task takes, later ones of the order may find other times, earlier ones never.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
from numpy.typing import NDArray

from stargate.programme.booking import FEW, Line, compiler_is_there
from stargate.programme.calendars import WorkingTime, working_time
from stargate.programme.schedule import Span
from stargate.spec.programme import Programme
from stargate.spec.resource import Resource
from stargate.spec.works import Task
from stargate.units import DAY_S

FloatArray = NDArray[np.float64]


class Limits:
    """The resources and calendars of a programme, and what is booked of them so far."""

    def __init__(self, programme: Programme, n: int) -> None:
        self.calendars: Mapping[str, WorkingTime] = {
            calendar.id: working_time(calendar, programme.data_date)
            for calendar in programme.calendars
        }
        self.lines = {said.id: _line(said, programme.data_date, n) for said in programme.resources}
        self.supplies = {said.id for said in programme.resources if said.kind == "supply"}

    def concern(self, task: Task) -> bool:
        """Whether a task is held up by any."""
        return bool(task.uses) or task.calendar is not None

    def span_s(
        self, task: Task, ready_s: FloatArray, duration_s: FloatArray, accelerators: FloatArray
    ) -> Span:
        """First start and end of a task, which then holds what it uses."""
        amounts = _amounts(task, accelerators)
        start, end = self._at(task, ready_s, duration_s)
        while True:
            found = start
            for name, amount in amounts.items():
                found = self.lines[name].earliest_s(found, self._held_s(name, start, end), amount)
            if np.array_equal(found, start):
                break
            start, end = self._at(task, found, duration_s)
        self.book(task, start, end, accelerators)
        return start, end

    def end_s(self, task: Task, start_s: FloatArray, duration_s: FloatArray) -> FloatArray:
        """When a task ends that has begun, by its calendar."""
        if task.calendar is None:
            return start_s + duration_s
        return self.calendars[task.calendar].end_s(start_s, duration_s)

    def rested_s(self, task: Task, since_s: float) -> float:
        """How much of the time until today a task has rested that runs since then."""
        if task.calendar is None:
            return 0.0
        return -since_s - self.calendars[task.calendar].between_s(since_s, 0.0)

    def book(
        self, task: Task, start_s: FloatArray, end_s: FloatArray, accelerators: FloatArray
    ) -> None:
        """Take what a task uses, from its start on."""
        for name, amount in _amounts(task, accelerators).items():
            until = np.full_like(end_s, np.inf) if name in self.supplies else end_s
            self.lines[name].book(start_s, until, amount)

    def _at(self, task: Task, ready_s: FloatArray, duration_s: FloatArray) -> Span:
        """Start and end by the calendar alone."""
        if task.calendar is None:
            return ready_s, ready_s + duration_s
        working = self.calendars[task.calendar]
        start = working.may_start_s(ready_s)
        return start, working.end_s(start, duration_s)

    def _held_s(self, name: str, start_s: FloatArray, end_s: FloatArray) -> FloatArray:
        """How long a task holds a resource; a supply is used up, which is for ever."""
        if name in self.supplies:
            return np.full_like(start_s, np.inf)
        begins = np.isfinite(start_s)
        return np.where(begins, end_s, 0.0) - np.where(begins, start_s, 0.0)


def slow_notice(programme: Programme) -> str | None:
    """What to install when many tasks share a resource and nothing compiles the loops."""
    uses = {task.id for template in programme.templates for task in template.tasks if task.uses}
    users = sum(a.task is not None and a.task.id in uses for a in programme.activities())
    if 2 * users <= FEW or compiler_is_there():
        return None
    return f"{users} tasks share resources; with numba (the extra `fast`) this is ten times faster"


def _line(said: Resource, data_date: date, n: int) -> Line:
    """Levels of what is held stand as they are; deliveries of a supply add up."""
    since = [-np.inf, *(_since(level.since, data_date) for level in said.capacity)]
    amounts = [level.amount for level in said.capacity]
    levels = np.cumsum(amounts).tolist() if said.kind == "supply" else amounts
    return Line(since, [0.0, *levels], n)


def _since(day: date | None, data_date: date) -> float:
    return -np.inf if day is None else (day - data_date).days * DAY_S


def _amounts(task: Task, accelerators: FloatArray) -> dict[str, FloatArray]:
    return {
        name: accelerators if amount == "accelerators" else np.full_like(accelerators, amount)
        for name, amount in task.uses.items()
    }
