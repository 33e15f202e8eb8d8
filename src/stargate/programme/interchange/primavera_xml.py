"""Read Primavera P6 XML (APIBusinessObjects).

Kept: activities, relationships of kinds FS, SS and FF with lags, durations, calendars' weeks and
days off (where a calendar states only its hours, durations are stretched by its week), three points
from user-defined fields that are called so, start-on-or-after, finish-on-or-before as a deadline,
people and equipment with their most, actual dates. All else is listed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from stargate.errors import Problem, SpecError
from stargate.programme.interchange.assignments import Level, assignments, rising, working
from stargate.programme.interchange.foreign import (
    USUAL_WEEK_S,
    Dropped,
    ForeignCalendar,
    ForeignLink,
    ForeignPlan,
    ForeignResource,
    ForeignTask,
    day_of,
    number_of,
)
from stargate.programme.interchange.primavera import (
    NO_WORK,
    Days,
    Weeks,
    bounds,
    calendar_of,
    link,
    task_length_s,
    user_points,
    weeks,
)
from stargate.programme.interchange.xml_nodes import XmlNode


def read_primavera_xml(root: XmlNode, file: str) -> ForeignPlan:
    """The schedule of the project with the most activities; others are listed."""
    projects = sorted(root.all("Project"), key=lambda p: -len(list(p.all("Activity"))))
    if not projects:
        raise SpecError([Problem("no Project in it", file=file, mend="export a project from P6")])
    project, dropped = projects[0], Dropped()
    for other in projects[1:]:
        dropped.add("projects beside the largest", other.get("Name") or other.get("Id"))
    day = next(
        filter(None, (day_of(project.get(n)) for n in ("DataDate", "PlannedStartDate"))), None
    )
    if day is None:
        raise SpecError([Problem("no DataDate", file=file, mend="schedule the project in P6")])
    reader = _Reader(root, project, dropped)
    nodes = [node for node in project.all("Activity") if reader.counts(node)]
    tasks = tuple(reader.task(node) for node in nodes)
    return ForeignPlan(
        resources=working(tasks, reader.held),
        calendars=tuple(reader.calendars.values()),
        name=project.get("Name") or project.get("Id"),
        data_date=day,
        tasks=tasks,
        dropped=dropped,
        source="Primavera P6 XML",
    )


class _Reader:
    """What the activities of a project share: calendars, columns, links."""

    def __init__(self, root: XmlNode, project: XmlNode, dropped: Dropped) -> None:
        self.dropped = dropped
        calendars = [*root.all("Calendar"), *project.all("Calendar")]
        self.weeks: Weeks = weeks(
            (c.get("ObjectId"), c.get("HoursPerWeek"), c.get("HoursPerDay")) for c in calendars
        )
        found = (self._calendar(node) for node in calendars)
        self.calendars = {calendar.key: calendar for calendar in found if calendar is not None}
        held = (
            (
                node.get("ActivityObjectId"),
                node.get("ResourceObjectId"),
                number_of(node.get("PlannedUnitsPerTime")),
            )
            for node in project.all("ResourceAssignment")
        )
        self.held = assignments(_resources(root, dropped), held, dropped)
        types = [*root.all("UDFType"), *project.all("UDFType")]
        self.titles = {t.get("ObjectId"): t.get("Title") for t in types}
        self.names = {a.get("ObjectId"): a.get("Name") for a in project.all("Activity")}
        self.calendar = {
            a.get("ObjectId"): a.get("CalendarObjectId") for a in project.all("Activity")
        }
        self.links: dict[str, list[ForeignLink]] = defaultdict(list)
        for relation in project.all("Relationship"):
            self._relate(relation)

    def _relate(self, node: XmlNode) -> None:
        before, after = (node.get(f"{end}ActivityObjectId") for end in ("Predecessor", "Successor"))
        lag_s = self.weeks.elapsed_s(node.get("Lag"), self.calendar.get(before, ""))
        where = self.names.get(after, after)
        found = link(before, node.get("Type"), lag_s, self.dropped, where)
        if found is not None:
            self.links[after].append(found)

    def _calendar(self, node: XmlNode) -> ForeignCalendar | None:
        hours = [
            h for listed in node.all("StandardWorkWeek") for h in listed.all("StandardWorkHours")
        ]
        special = [d for listed in node.all("HolidayOrExceptions") for d in listed.children]
        dated = [(_has_work(d), day) for d in special if (day := day_of(d.get("Date")))]
        days = Days(
            week=frozenset(h.get("DayOfWeek")[:3].lower() for h in hours if _has_work(h)),
            off=frozenset(day for works, day in dated if not works),
            extra=frozenset(day for works, day in dated if works),
        )
        key, name = node.get("ObjectId"), node.get("Name")
        return calendar_of(key, name, days, node.get("HoursPerDay"), self.dropped)

    def counts(self, node: XmlNode) -> bool:
        """Whether an activity is work or a milestone of its own."""
        if (what := NO_WORK.get(node.get("Type"))) is not None:
            self.dropped.add(what, node.get("Name"))
        return what is None and bool(node.get("ObjectId"))

    def task(self, node: XmlNode) -> ForeignTask:
        """One activity with its links."""
        name, calendar = node.get("Name") or node.get("Id"), node.get("CalendarObjectId")
        planned = task_length_s(node.get("PlannedDuration"), calendar, self.calendars, self.weeks)
        if planned is None or planned < 0:
            self.dropped.add("activities without a readable duration (taken as none)", name)
        length = max(planned or 0.0, 0.0)
        own = self.calendars.get(calendar)
        limits = bounds(_constraints(node), self.dropped, name)
        week_s = self.weeks.week_s.get(calendar, USUAL_WEEK_S)
        return ForeignTask(
            key=node.get("ObjectId"),
            code=node.get("Id") or node.get("ObjectId"),
            name=name,
            duration_s=length,
            points_s=user_points(self._columns(node), week_s, length, self.dropped, name, own),
            not_before=limits.not_before,
            deadline=limits.deadline,
            uses=self.held.of(node.get("ObjectId"), length),
            started=day_of(node.get("ActualStartDate")),
            finished=day_of(node.get("ActualFinishDate")),
            links=tuple(self.links[node.get("ObjectId")]),
            calendar=calendar if own is not None and length else None,
        )

    def _columns(self, node: XmlNode) -> Iterator[tuple[str, str]]:
        for column in node.all("UDF"):
            title = self.titles.get(column.get("TypeObjectId"), "")
            values = (column.get(f"{kind}Value") for kind in ("Double", "Integer", "Text"))
            yield title, next(filter(None, values), "")


def _resources(root: XmlNode, dropped: Dropped) -> Iterator[ForeignResource]:
    """People and equipment, with the most that there is of them over time."""
    rates: dict[str, list[Level]] = defaultdict(list)
    for rate in root.all("ResourceRate"):
        if (most := number_of(rate.get("MaxUnitsPerTime"))) is not None:
            since = day_of(rate.get("EffectiveDate"))
            rates[rate.get("ResourceObjectId")].append((since, most))
    for node in root.all("Resource"):
        key, name = node.get("ObjectId"), node.get("Name") or node.get("Id")
        if node.get("ResourceType") == "Material":
            dropped.add("materials (not imported)", name)
        else:
            most = number_of(node.get("MaxUnitsPerTime"))
            yield ForeignResource(key, name, rising(rates[key], most))


def _constraints(node: XmlNode) -> Iterator[tuple[str, date | None]]:
    for which in ("Primary", "Secondary"):
        kind = node.get(f"{which}ConstraintType")
        yield kind, day_of(node.get(f"{which}ConstraintDate"))


def _has_work(node: XmlNode) -> bool:
    """Whether a day has hours of work."""
    return any(time.get("Start") for time in node.all("WorkTime"))
