"""Read MS Project XML (the schema of Project 2007 and later).

Kept: tasks, links of kinds FS, SS and FF with lags, durations, calendars' weeks and days off, three
points from columns that are called so, start-no-earlier-than, deadlines, work resources with their
most and assignments, actual dates. All else is listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from stargate.errors import Problem, SpecError
from stargate.programme.interchange.assignments import assignments, working
from stargate.programme.interchange.foreign import (
    HOUR_S,
    USUAL_WEEK_S,
    Dropped,
    ForeignCalendar,
    ForeignLink,
    ForeignPlan,
    ForeignResource,
    ForeignTask,
    day_of,
    elapsed_s,
    length_s,
    number_of,
    point_of,
    three_points,
)
from stargate.programme.interchange.xml_nodes import XmlNode
from stargate.spec.resource import Weekday
from stargate.spec.works import LinkKind

STARGATE_ID = "Stargate id"
_KINDS: Mapping[str, LinkKind] = {"0": "FF", "1": "FS", "3": "SS"}
# Formats of durations that are elapsed time, plain and estimated: minutes to months.
_ELAPSED = {"4", "6", "8", "10", "12", "20", "36", "38", "40", "42", "44", "52"}
_CONSTRAINTS = {
    "1": "as late as possible (ignored)",
    "2": "must start on (kept as no earlier than)",
    "3": "must finish on (ignored)",
    "5": "start no later than (ignored)",
    "6": "finish no earlier than (ignored)",
}
_DURATION = re.compile(
    r"P(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?"
    r"(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)
_TENTHS_OF_A_MINUTE_S = 6.0
_WEEKDAYS: Mapping[str, Weekday] = {
    "2": "mon",
    "3": "tue",
    "4": "wed",
    "5": "thu",
    "6": "fri",
    "7": "sat",
    "1": "sun",
}
_DAYS_OFF_MAX = 60
_NOBODY = {"", "0", "-65535"}


def read_ms_project(root: XmlNode, file: str) -> ForeignPlan:
    """The schedule of a project file."""
    if root.name != "Project":
        message = f"not an MS Project file: its root is {root.name!r}"
        raise SpecError([Problem(message, file=file, mend="save as XML from MS Project")])
    dropped = Dropped()
    reader = _Reader(root, dropped)
    nodes = [task for tasks in root.all("Tasks") for task in tasks.all("Task")]
    tasks = tuple(reader.task(node) for node in nodes if reader.counts(node))
    return ForeignPlan(
        resources=working(tasks, reader.held),
        calendars=tuple(reader.calendars.values()),
        name=root.get("Title") or root.get("Name"),
        data_date=_data_date(root, file),
        tasks=tasks,
        dropped=dropped,
        source="MS Project XML",
    )


def _data_date(root: XmlNode, file: str) -> date:
    for name in ("StatusDate", "CurrentDate", "StartDate"):
        if day := day_of(root.get(name)):
            return day
    raise SpecError([Problem("no StatusDate or StartDate", file=file, mend="set the status date")])


def duration_s(text: str) -> float | None:
    """`PT80H0M0S` in seconds; None for what is no duration."""
    parts = _DURATION.fullmatch(text.strip())
    if parts is None or not any(parts.groups()):
        return None
    sizes = {"days": 86400.0, "hours": 3600.0, "minutes": 60.0, "seconds": 1.0}
    return sum(float(parts[name] or 0) * size for name, size in sizes.items())


class _Reader:
    """What the tasks of one project have in common: its week, its own columns, what is dropped."""

    def __init__(self, root: XmlNode, dropped: Dropped) -> None:
        self.dropped = dropped
        minutes = number_of(root.get("MinutesPerWeek"))
        self.week_s = minutes * 60 if minutes and minutes > 0 else USUAL_WEEK_S
        columns = [
            c for all_ in root.all("ExtendedAttributes") for c in all_.all("ExtendedAttribute")
        ]
        self.titles = {c.get("FieldID"): c.get("Alias") for c in columns if c.get("Alias")}
        daily = number_of(root.get("MinutesPerDay"))
        self.day_s = daily * 60 if daily and daily > 0 else 8 * HOUR_S
        nodes = [c for listed in root.all("Calendars") for c in listed.all("Calendar")]
        found = (self._calendar(node) for node in nodes)
        self.calendars = {calendar.key: calendar for calendar in found if calendar is not None}
        self.usual = root.get("CalendarUID")
        self.held = assignments(_resources(root, dropped), _held(root), dropped)

    def counts(self, node: XmlNode) -> bool:
        """Whether it is a task of its own: not the project's line, no summary, not inactive."""
        name = node.get("Name") or node.get("UID")
        if node.get("UID") in ("", "0") or node.get("IsNull") == "1":
            return False
        for flag, value, what in (
            ("Summary", "1", "summary tasks (their tasks are kept)"),
            ("Active", "0", "inactive tasks"),
        ):
            if node.get(flag) == value:
                self.dropped.add(what, name)
                return False
        return True

    def task(self, node: XmlNode) -> ForeignTask:
        """One task with its links."""
        name = node.get("Name") or f"task {node.get('UID')}"
        calendar = self._calendar_of(node)
        planned = self._length(node.get("Duration"), node.get("DurationFormat"), calendar)
        if planned is None:
            self.dropped.add("tasks without a readable duration (taken as none)", name)
        own = dict(self._own_columns(node))
        points = {
            point: found
            for title, (value, form) in own.items()
            if (point := point_of(title)) is not None
            and (found := self._length(value, form, calendar)) is not None
        }
        return ForeignTask(
            key=node.get("UID"),
            code=own.get(STARGATE_ID, ("", ""))[0] or node.get("UID"),
            name=name,
            duration_s=planned or 0.0,
            points_s=three_points(points, planned or 0.0, self.dropped, name),
            not_before=self._not_before(node, name),
            deadline=_deadline(node),
            uses=self.held.of(node.get("UID"), planned or 0.0),
            started=day_of(node.get("ActualStart")),
            finished=day_of(node.get("ActualFinish")),
            links=tuple(self._links(node, name)),
            calendar=calendar.key if calendar and planned else None,
        )

    def _calendar_of(self, node: XmlNode) -> ForeignCalendar | None:
        """The task's own calendar or the project's; none for elapsed durations."""
        if node.get("DurationFormat") in _ELAPSED:
            return None
        own = node.get("CalendarUID")
        return self.calendars.get(self.usual if own in ("", "-1") else own)

    def _calendar(self, node: XmlNode) -> ForeignCalendar | None:
        """A base calendar whose week has days of rest; its exceptions that are days off."""
        days = {
            d.get("DayType"): d.get("DayWorking") for w in node.all("WeekDays") for d in w.children
        }
        week = tuple(day for number, day in _WEEKDAYS.items() if days.get(number) == "1")
        offs = [e for listed in node.all("Exceptions") for e in listed.children]
        holidays = [day for off in offs for day in self._days_off(off, node.get("Name"))]
        if not week or (len(week) == len(_WEEKDAYS) and not holidays):
            return None
        return ForeignCalendar(
            node.get("UID"), node.get("Name"), week, tuple(sorted(set(holidays))), self.day_s
        )

    def _days_off(self, node: XmlNode, calendar: str) -> Iterator[date]:
        """The days of an exception without work; one that works, or is long or open, is listed."""
        period = next(node.all("TimePeriod"), node)
        first, last = day_of(period.get("FromDate")), day_of(period.get("ToDate"))
        if first is None or last is None or node.get("DayWorking") != "0":
            self.dropped.add("exceptions of calendars that are not days off", calendar)
        elif not 0 <= (last - first).days <= _DAYS_OFF_MAX:
            self.dropped.add(f"days off of more than {_DAYS_OFF_MAX} days", calendar)
        else:
            yield from (first + timedelta(days=i) for i in range((last - first).days + 1))

    def _length(self, text: str, form: str, calendar: ForeignCalendar | None) -> float | None:
        found = duration_s(text)
        if found is None or form in _ELAPSED:
            return found
        return length_s(found, calendar, self.week_s)

    def _own_columns(self, node: XmlNode) -> Iterator[tuple[str, tuple[str, str]]]:
        for column in node.all("ExtendedAttribute"):
            if title := self.titles.get(column.get("FieldID")):
                yield title, (column.get("Value"), column.get("DurationFormat"))

    def _not_before(self, node: XmlNode, name: str) -> date | None:
        kind, day = node.get("ConstraintType"), day_of(node.get("ConstraintDate"))
        if kind in _CONSTRAINTS:
            self.dropped.add(f"constraint: {_CONSTRAINTS[kind]}", name)
        return day if kind in ("2", "4") else None

    def _links(self, node: XmlNode, name: str) -> Iterator[ForeignLink]:
        for link in node.all("PredecessorLink"):
            kind = _KINDS.get(link.get("Type") or "1")
            if kind is None:
                self.dropped.add("links from start to finish (SF)", name)
                continue
            lag = (number_of(link.get("LinkLag")) or 0.0) * _TENTHS_OF_A_MINUTE_S
            if link.get("LagFormat") in ("19", "20", "51", "52"):
                self.dropped.add("lags in percent (taken as none)", name)
                lag = 0.0
            elapsed = link.get("LagFormat") in _ELAPSED
            yield ForeignLink(
                link.get("PredecessorUID"), kind, lag if elapsed else elapsed_s(lag, self.week_s)
            )


def _deadline(node: XmlNode) -> date | None:
    """The deadline, or the day of a finish-no-later-than, which holds no date back here."""
    latest = node.get("ConstraintDate") if node.get("ConstraintType") == "7" else ""
    return day_of(node.get("Deadline")) or day_of(latest)


def _resources(root: XmlNode, dropped: Dropped) -> Iterator[ForeignResource]:
    """Work resources with their most, 1.0 where none is stated."""
    for node in (n for listed in root.all("Resources") for n in listed.all("Resource")):
        name = node.get("Name") or node.get("UID")
        if node.get("Type") in ("0", "2"):
            dropped.add("materials and costs among resources (not imported)", name)
            continue
        if any(node.all("AvailabilityPeriods")):
            dropped.add("availability of resources over time (kept at its most)", name)
        most = number_of(node.get("MaxUnits"))
        yield ForeignResource(node.get("UID"), name, ((None, 1.0 if most is None else most),))


def _held(root: XmlNode) -> Iterator[tuple[str, str, float | None]]:
    """Task, resource and amount; the task's work without anyone is no assignment."""
    for node in (n for listed in root.all("Assignments") for n in listed.all("Assignment")):
        if node.get("ResourceUID") not in _NOBODY:
            amount = number_of(node.get("Units")) if node.get("Units") else 1.0
            yield node.get("TaskUID"), node.get("ResourceUID"), amount
