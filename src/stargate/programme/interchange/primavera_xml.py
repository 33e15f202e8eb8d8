"""Read Primavera P6 XML (APIBusinessObjects).

Kept: activities, relationships of kinds FS, SS and FF with lags, durations, calendars' weeks and
days off (where a calendar states only its hours, durations are stretched by its week), three points
from user-defined fields that are called so, start-on-or-after, actual dates. All else is listed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from stargate.errors import Problem, SpecError
from stargate.programme.interchange.foreign import (
    HOUR_S,
    USUAL_WEEK_S,
    WEEKDAYS,
    Dropped,
    ForeignCalendar,
    ForeignLink,
    ForeignPlan,
    ForeignTask,
    day_of,
    length_s,
    number_of,
)
from stargate.programme.interchange.primavera import (
    NO_WORK,
    Weeks,
    earliest_start,
    link,
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
    return ForeignPlan(
        calendars=tuple(reader.calendars.values()),
        name=project.get("Name") or project.get("Id"),
        data_date=day,
        tasks=tuple(reader.task(node) for node in nodes),
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
        if any(project.all("ResourceAssignment")):
            dropped.add("resource assignments (not imported)")
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
        """A calendar that states its days and has some of rest; exceptions with work are listed."""
        hours = [
            h for listed in node.all("StandardWorkWeek") for h in listed.all("StandardWorkHours")
        ]
        works = {h.get("DayOfWeek")[:3].lower() for h in hours if _has_work(h)}
        week = tuple(day for day in WEEKDAYS if day in works)
        days = [d for listed in node.all("HolidayOrExceptions") for d in listed.children]
        if any(_has_work(day) for day in days):
            self.dropped.add("exceptions of calendars that are not days off", node.get("Name"))
        off = {day for d in days if not _has_work(d) and (day := day_of(d.get("Date")))}
        daily = number_of(node.get("HoursPerDay"))
        if not week or not daily or daily <= 0:
            if off:
                self.dropped.add("holidays of calendars whose week is not stated", node.get("Name"))
            return None
        if len(week) == len(WEEKDAYS) and not off:
            return None
        key = node.get("ObjectId")
        return ForeignCalendar(key, node.get("Name"), week, tuple(sorted(off)), daily * HOUR_S)

    def _length_s(self, hours: str, key: str) -> float | None:
        """A duration by its calendar."""
        number, calendar = number_of(hours), self.calendars.get(key)
        if number is None or calendar is None:
            return self.weeks.elapsed_s(hours, key)
        return length_s(number * HOUR_S, calendar, calendar.day_s)

    def counts(self, node: XmlNode) -> bool:
        """Whether an activity is work or a milestone of its own."""
        if (what := NO_WORK.get(node.get("Type"))) is not None:
            self.dropped.add(what, node.get("Name"))
        return what is None and bool(node.get("ObjectId"))

    def task(self, node: XmlNode) -> ForeignTask:
        """One activity with its links."""
        name, calendar = node.get("Name") or node.get("Id"), node.get("CalendarObjectId")
        planned = self._length_s(node.get("PlannedDuration"), calendar)
        if planned is None or planned < 0:
            self.dropped.add("activities without a readable duration (taken as none)", name)
        length = max(planned or 0.0, 0.0)
        own = self.calendars.get(calendar)
        week_s = self.weeks.week_s.get(calendar, USUAL_WEEK_S)
        return ForeignTask(
            key=node.get("ObjectId"),
            code=node.get("Id") or node.get("ObjectId"),
            name=name,
            duration_s=length,
            points_s=user_points(self._columns(node), week_s, length, self.dropped, name, own),
            not_before=earliest_start(
                node.get("PrimaryConstraintType"),
                day_of(node.get("PrimaryConstraintDate")),
                self.dropped,
                name,
            ),
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


def _has_work(node: XmlNode) -> bool:
    """Whether a day has hours of work."""
    return any(time.get("Start") for time in node.all("WorkTime"))
