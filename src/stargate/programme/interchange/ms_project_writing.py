"""Write a plan as MS Project XML: every activity a task, with its dates, links and three points.

The project's calendar never rests, so that durations and lags are elapsed time; days of a task's
own calendar are worked from midnight to midnight, so that as many days come back. What the format
cannot hold is listed: a link to the first of several goes to the one that is first most often, a
distribution other than PERT becomes three points at its P10, P50 and P90.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np

from stargate.programme.distributions import draw
from stargate.programme.interchange import ms_project_calendars as calendars
from stargate.programme.interchange import ms_project_resources as resources
from stargate.programme.interchange.foreign import Dropped
from stargate.programme.interchange.ms_project import STARGATE_ID
from stargate.programme.interchange.xml_writing import put
from stargate.programme.result import PlanResult
from stargate.spec.activities import Activity, Wait
from stargate.spec.distribution import Fixed, Pert
from stargate.spec.programme import Programme
from stargate.units import DAY_S

_NAMESPACE = "http://schemas.microsoft.com/project"
_KINDS = {"FF": 0, "FS": 1, "SS": 3}
_SCORES = np.array([-1.2815515655446004, 0.0, 1.2815515655446004])  # P10, P50, P90
_HOURS = 5  # durations shown in hours
# Own columns of tasks, by the field that MS Project keeps them in.
_COLUMNS = (
    ("188743731", "Text1", STARGATE_ID),
    ("188743783", "Duration1", "Optimistic duration"),
    ("188743784", "Duration2", "Most likely duration"),
    ("188743785", "Duration3", "Pessimistic duration"),
)


# Parts of a programme that stay behind.
_WITHOUT_PLACE = ("drivers", "costs", "running", "risks", "options")


@dataclass(frozen=True, slots=True)
class Written:
    """The file's content, and what it could not hold."""

    content: bytes
    dropped: Dropped


def ms_project(programme: Programme, result: PlanResult) -> Written:
    """The network of a programme, dated by the medians of its plan."""
    order, dropped = programme.activities(), Dropped()
    for what in _WITHOUT_PLACE:
        if getattr(programme, what):
            dropped.add(f"{what} (the format has no place for them)")
    writer = _Writer(programme, result, order, dropped)
    root = Element("Project", xmlns=_NAMESPACE)
    _project(root, result)
    _columns(root)
    calendars.write(root, programme, dropped)
    tasks = SubElement(root, "Tasks")
    for activity in order:
        writer.write(tasks, activity)
    resources.write(root, programme, writer.number, dropped)
    indent(root)
    return Written(tostring(root, encoding="utf-8", xml_declaration=True) + b"\n", dropped)


def _project(root: Element, result: PlanResult) -> None:
    today = f"{result.data_date.isoformat()}T00:00:00"
    put(
        root,
        SaveVersion=14,
        Title=result.name,
        StartDate=today,
        StatusDate=today,
        CalendarUID=1,
        MinutesPerDay=1440,
        MinutesPerWeek=10080,
        DaysPerMonth=30,
    )


def _columns(root: Element) -> None:
    columns = SubElement(root, "ExtendedAttributes")
    for field, name, alias in _COLUMNS:
        column = SubElement(columns, "ExtendedAttribute")
        put(column, FieldID=field, FieldName=name, Alias=alias)


class _Writer:
    """Writes tasks; knows every activity's number and dates."""

    def __init__(
        self,
        programme: Programme,
        result: PlanResult,
        order: Sequence[Activity],
        dropped: Dropped,
    ) -> None:
        self.result = result
        self.dropped = dropped
        self.number = {activity.id: i for i, activity in enumerate(order, start=1)}
        self.told = {task.id: task for task in result.tasks}
        self.gates = {gate.id: gate for gate in programme.gates}
        self.calendars = calendars.numbers(programme)

    def write(self, tasks: Element, activity: Activity) -> None:
        """One activity."""
        node = SubElement(tasks, "Task")
        points_s = self._points_s(activity)
        told = self.told.get(activity.id)
        name = told.name if told else activity.id
        put(node, UID=self.number[activity.id], ID=self.number[activity.id], Name=name)
        if told is not None:
            for field, time_s in (("Start", told.start.p50), ("Finish", told.finish.p50)):
                if day := self.result.day(time_s):
                    put(node, **{field: f"{day.isoformat()}T00:00:00"})
        put(node, Duration=_duration(points_s[1]), DurationFormat=_HOURS)
        put(node, Milestone=int(points_s[1] == 0), Summary=0)
        if earliest := self._not_before(activity):
            put(node, ConstraintType=4, ConstraintDate=f"{earliest.isoformat()}T00:00:00")
        if activity.task is not None and activity.task.deadline is not None:
            put(node, Deadline=f"{activity.task.deadline.isoformat()}T23:59:00")
        if activity.task is not None and activity.task.calendar is not None:
            put(node, CalendarUID=self.calendars[activity.task.calendar])
        for wait in activity.waits:
            self._link(node, wait, name)
        self._own_columns(node, activity, points_s)

    def _points_s(self, activity: Activity) -> tuple[float, float, float]:
        """Low, likeliest and high."""
        if activity.task is not None and activity.task.success < 1:
            self.dropped.add("chances that a task never ends", activity.id)
        if activity.task is None:
            told = self.told.get(activity.id)
            if activity.kind == "run" and told is not None and np.isfinite(told.duration.p90):
                self.dropped.add("training runs (kept as three points)", activity.id)
                return told.duration.p10, told.duration.p50, told.duration.p90
            if activity.kind == "gate":
                self.dropped.add("gates (kept as milestones on their first day)", activity.id)
            return 0.0, 0.0, 0.0
        match activity.task.duration:
            case Fixed(value=value):
                return value, value, value
            case Pert(low=low, mode=mode, high=high):
                return low, mode, high
            case other:
                self.dropped.add("other distributions (kept as P10, P50, P90)", activity.id)
                low, middle, high = np.maximum(draw(other, _SCORES), 0.0).tolist()
                return low, middle, high

    def _not_before(self, activity: Activity) -> date | None:
        if activity.kind == "gate":
            return self.gates[activity.id].decide
        return activity.task.not_before if activity.task else None

    def _link(self, node: Element, wait: Wait, name: str) -> None:
        of = min(wait.of, key=self._median_s)
        if len(wait.of) > 1:
            self.dropped.add("links to the first of several (kept to the likeliest)", name)
        link = SubElement(node, "PredecessorLink")
        put(link, PredecessorUID=self.number[of], Type=_KINDS[wait.kind], CrossProject=0)
        put(link, LinkLag=round(wait.lag_s / 6), LagFormat=_HOURS)

    def _median_s(self, name: str) -> float:
        told = self.told.get(name)
        return told.finish.p50 if told else 0.0

    def _own_columns(
        self, node: Element, activity: Activity, points_s: tuple[float, float, float]
    ) -> None:
        values: list[str] = [activity.id]
        if points_s[0] < points_s[2]:
            values += [_duration(point) for point in points_s]
        for (field, _, _), value in zip(_COLUMNS, values, strict=False):
            column = SubElement(node, "ExtendedAttribute")
            put(column, FieldID=field, Value=value)
            if value.startswith("PT"):
                put(column, DurationFormat=_HOURS)


def _duration(duration_s: float) -> str:
    whole = timedelta(seconds=round(duration_s, 3))
    seconds = whole.days * DAY_S + whole.seconds + whole.microseconds / 1e6
    hours, rest = divmod(seconds, 3600.0)
    minutes, last = divmod(rest, 60.0)
    return f"PT{hours:.0f}H{minutes:.0f}M{round(last, 3):g}S"
