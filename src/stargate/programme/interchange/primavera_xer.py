"""Read Primavera XER: tables as tab-separated text (%T table, %F fields, %R row).

Kept as from P6 XML. Where a file holds several projects, the largest is read.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date

from stargate.errors import Problem, SpecError
from stargate.programme.interchange.assignments import Level, assignments, rising, working
from stargate.programme.interchange.clndr_data import days_of
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
    bounds,
    calendar_of,
    link,
    task_length_s,
    user_points,
    weeks,
)

Row = Mapping[str, str]


def read_xer(content: bytes, file: str) -> ForeignPlan:
    """The schedule of a file."""
    tables = xer_tables(content)
    if not tables.get("TASK"):
        message = "no rows in table TASK" if tables else "not an XER file"
        raise SpecError([Problem(message, file=file, mend="export the project from P6 as XER")])
    dropped = Dropped()
    project = Counter(row.get("proj_id", "") for row in tables["TASK"]).most_common(1)[0][0]
    projects = {row.get("proj_id", ""): row for row in tables.get("PROJECT", [])}
    for number, row in projects.items():
        if number != project:
            dropped.add("projects beside the largest", row.get("proj_short_name", number))
    held = projects.get(project, {})
    days = (day_of(held.get(name, "")) for name in ("last_recalc_date", "plan_start_date"))
    day = next(filter(None, days), None)
    if day is None:
        raise SpecError([Problem("no data date", file=file, mend="schedule the project in P6")])
    reader = _Reader(tables, dropped)
    rows = [row for row in tables["TASK"] if row.get("proj_id", "") == project]
    tasks = tuple(reader.task(row) for row in rows if reader.counts(row))
    return ForeignPlan(
        calendars=tuple(reader.calendars.values()),
        resources=working(tasks, reader.held),
        name=held.get("proj_short_name", ""),
        data_date=day,
        tasks=tasks,
        dropped=dropped,
        source="Primavera XER",
    )


def xer_tables(content: bytes) -> dict[str, list[Row]]:
    """Every table by name; UTF-8, else Windows-1252, which older exports are in."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    tables: dict[str, list[Row]] = {}
    rows: list[Row] = []
    fields: list[str] = []
    for line in text.splitlines():
        mark, _, rest = line.partition("\t")
        if mark == "%T":
            rows = tables.setdefault(rest.strip(), [])
            fields = []
        elif mark == "%F":
            fields = [field.strip() for field in rest.split("\t")]
        elif mark == "%R" and fields:
            rows.append(dict(zip(fields, rest.split("\t"), strict=False)))
    return tables


class _Reader:
    """What the rows of TASK refer to."""

    def __init__(self, tables: Mapping[str, list[Row]], dropped: Dropped) -> None:
        self.dropped = dropped
        self.weeks = weeks(
            (c.get("clndr_id", ""), c.get("week_hr_cnt", ""), c.get("day_hr_cnt", ""))
            for c in tables.get("CALENDAR", [])
        )
        found = (self._calendar(row) for row in tables.get("CALENDAR", []))
        self.calendars = {calendar.key: calendar for calendar in found if calendar is not None}
        held = (
            (
                row.get("task_id", ""),
                row.get("rsrc_id", ""),
                number_of(row.get("target_qty_per_hr", "")),
            )
            for row in tables.get("TASKRSRC", [])
        )
        self.held = assignments(_resources(tables, dropped), held, dropped)
        self.names = {row.get("task_id", ""): _name(row) for row in tables["TASK"]}
        self.calendar = {row.get("task_id", ""): row.get("clndr_id", "") for row in tables["TASK"]}
        titles = {t.get("udf_type_id", ""): t for t in tables.get("UDFTYPE", [])}
        self.columns: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for value in tables.get("UDFVALUE", []):
            title = titles.get(value.get("udf_type_id", ""), {}).get("udf_type_label", "")
            number = value.get("udf_number") or value.get("udf_text") or ""
            self.columns[value.get("fk_id", "")].append((title, number))
        self.links: dict[str, list[ForeignLink]] = defaultdict(list)
        for task, found in self._related(tables.get("TASKPRED", [])):
            self.links[task].append(found)

    def _related(self, rows: list[Row]) -> Iterator[tuple[str, ForeignLink]]:
        for row in rows:
            before, after = row.get("pred_task_id", ""), row.get("task_id", "")
            lag_s = self.weeks.elapsed_s(row.get("lag_hr_cnt", ""), self.calendar.get(before, ""))
            where = self.names.get(after, after)
            found = link(before, row.get("pred_type", ""), lag_s, self.dropped, where)
            if found is not None:
                yield after, found

    def _calendar(self, row: Row) -> ForeignCalendar | None:
        days = days_of(row.get("clndr_data", ""))
        key, name = row.get("clndr_id", ""), row.get("clndr_name", "")
        return calendar_of(key, name, days, row.get("day_hr_cnt", ""), self.dropped)

    def counts(self, row: Row) -> bool:
        """Whether a row is work or a milestone of its own."""
        if (what := NO_WORK.get(row.get("task_type", ""))) is not None:
            self.dropped.add(what, _name(row))
        return what is None and bool(row.get("task_id"))

    def task(self, row: Row) -> ForeignTask:
        """One activity with its links."""
        name, calendar, key = _name(row), row.get("clndr_id", ""), row.get("task_id", "")
        hours = row.get("target_drtn_hr_cnt", "")
        planned = task_length_s(hours, calendar, self.calendars, self.weeks)
        if planned is None or planned < 0:
            self.dropped.add("activities without a readable duration (taken as none)", name)
        length = max(planned or 0.0, 0.0)
        week_s, own = self.weeks.week_s.get(calendar, USUAL_WEEK_S), self.calendars.get(calendar)
        limits = bounds(_constraints(row), self.dropped, name)
        return ForeignTask(
            key=key,
            code=row.get("task_code") or key,
            name=name,
            duration_s=length,
            points_s=user_points(self.columns[key], week_s, length, self.dropped, name, own),
            not_before=limits.not_before,
            deadline=limits.deadline,
            uses=self.held.of(key, length),
            calendar=calendar if own is not None and length else None,
            started=day_of(row.get("act_start_date", "")),
            finished=day_of(row.get("act_end_date", "")),
            links=tuple(self.links[key]),
        )


def _resources(tables: Mapping[str, list[Row]], dropped: Dropped) -> Iterator[ForeignResource]:
    """People and equipment, with the most that there is of them over time."""
    rates: dict[str, list[Level]] = defaultdict(list)
    for rate in tables.get("RSRCRATE", []):
        if (most := number_of(rate.get("max_qty_per_hr", ""))) is not None:
            rates[rate.get("rsrc_id", "")].append((day_of(rate.get("start_date", "")), most))
    for row in tables.get("RSRC", []):
        key = row.get("rsrc_id", "")
        name = row.get("rsrc_name") or row.get("rsrc_short_name") or key
        if row.get("rsrc_type") == "RT_Mat":
            dropped.add("materials (not imported)", name)
        else:
            yield ForeignResource(key, name, rising(rates[key], None))


def _constraints(row: Row) -> Iterator[tuple[str, date | None]]:
    for number in ("", "2"):
        yield row.get(f"cstr_type{number}", ""), day_of(row.get(f"cstr_date{number}", ""))


def _name(row: Row) -> str:
    return row.get("task_name") or row.get("task_code") or row.get("task_id", "")
