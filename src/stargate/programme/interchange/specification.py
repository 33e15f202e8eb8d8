"""A foreign schedule as a specification: one phase, one block, one template with all its tasks.

A schedule says nothing of capacity or money, which a plan of Stargate needs: what stands in for
them is marked and listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import yaml
from typing_extensions import override

from stargate.programme.interchange.foreign import (
    Dropped,
    ForeignCalendar,
    ForeignPlan,
    ForeignResource,
    ForeignTask,
)
from stargate.units import DAY_S

_PHASE, _BLOCK, _TEMPLATE, _SITE = "plan", "works", "imported", "site"
_RESERVED = {"online", "start"}
_HORIZON_YEARS = 30
_LAST_YEAR = 2100
_IDENTIFIER_MAX = 60
STANDING_IN = (
    "capacity: one accelerator of 1 kW stands in; state accelerators and power of what is built",
    "money: no costs and a discount rate of 0 %; add costs",
    f"horizon: {_HORIZON_YEARS} years after the data date",
)

Value = str | int | float | date | list["Value"] | dict[str, "Value"]


@dataclass(frozen=True, slots=True)
class Names:
    """Ids here for the keys of the foreign file."""

    tasks: Mapping[str, str]
    calendars: Mapping[str, str]
    resources: Mapping[str, str]


def specification(plan: ForeignPlan) -> str:
    """The text of a file that holds the schedule; what has no place there joins `plan.dropped`."""
    names = identifiers(plan.tasks)
    title = _line(plan.name) or "imported plan"
    calendars = {c.key: f"calendar-{i}" for i, c in enumerate(plan.calendars, start=1)}
    resources = {r.key: f"resource-{i}" for i, r in enumerate(plan.resources, start=1)}
    own = Names(names, calendars, resources)
    tasks: list[Value] = [_task(task, own, plan.dropped) for task in plan.tasks]
    document: dict[str, Value] = {
        "stargate": 1,
        "name": title,
        "network": {"sites": [{"id": _SITE, "name": "The site of the imported plan"}]},
        "programme": {
            "source": plan.source,
            "price_base": min(max(plan.data_date.year, 1990), _LAST_YEAR),
            "data_date": plan.data_date,
            "horizon": _years_later(plan.data_date, _HORIZON_YEARS),
            "discount_rate": "0 %",
            "calendars": [_calendar(c, calendars[c.key]) for c in plan.calendars],
            "resources": [_resource(r, resources[r.key]) for r in plan.resources],
            "templates": [{"id": _TEMPLATE, "tasks": tasks}],
            "phases": [{"id": _PHASE, "name": title, "blocks": [_block()]}],
            "actuals": list(_actuals(plan, names)),
        },
    }
    head = [f"# Imported from {plan.source}.", "#", "# Left out or changed:"]
    head += [f"#   {_line(line)}" for line in plan.dropped.lines()] or ["#   nothing"]
    head += ["# Standing in until you state them:", *(f"#   {line}" for line in STANDING_IN)]
    body = yaml.dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110)
    return "\n".join(head) + "\n" + body


class _Plain(yaml.SafeDumper):
    """Without anchors, which specifications do not have."""

    @override
    def ignore_aliases(self, data: object) -> bool:
        return True


def _block() -> Value:
    return {
        "id": _BLOCK,
        "site": _SITE,
        "template": _TEMPLATE,
        "accelerator": "h100-sxm",
        "accelerators": 1,
        "it_power": "1 kW",
        "note": "stands in: the imported plan states no capacity",
    }


def identifiers(tasks: tuple[ForeignTask, ...]) -> dict[str, str]:
    """An id for each key: the planner's code where it can be one, else a number."""
    names: dict[str, str] = {}
    taken = set(_RESERVED)
    for number, task in enumerate(tasks, start=1):
        stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", task.code)[:_IDENTIFIER_MAX].strip("-")
        name = stem if re.match(r"[A-Za-z]", stem) else f"t{stem}"
        if name in taken or not stem:
            name = f"task-{number}"
        while name in taken:
            name += "x"
        taken.add(name)
        names[task.key] = name
    return names


def _calendar(calendar: ForeignCalendar, name: str) -> Value:
    return {
        "id": name,
        "name": _line(calendar.name),
        "week": list(calendar.week),
        "holidays": list(calendar.holidays),
    }


def _resource(resource: ForeignResource, name: str) -> Value:
    levels: list[Value] = []
    for since, amount in resource.levels:
        level: dict[str, Value] = {} if since is None else {"since": since}
        levels.append({**level, "amount": amount})
    return {"id": name, "name": _line(resource.name), "capacity": levels}


def _task(task: ForeignTask, own: Names, dropped: Dropped) -> dict[str, Value]:
    told: dict[str, Value] = {"id": own.tasks[task.key], "name": _line(task.name)}
    told["duration"] = _duration(task)
    if links := list(_links(task, own.tasks, dropped)):
        told["after"] = list(links)
    if task.not_before is not None:
        told["not_before"] = task.not_before
    if task.deadline is not None:
        told["deadline"] = task.deadline
    if task.uses:
        told["uses"] = {own.resources[key]: amount for key, amount in task.uses}
    if task.calendar in own.calendars:
        told["calendar"] = own.calendars[task.calendar]
    return told


def _duration(task: ForeignTask) -> Value:
    if task.points_s is None:
        return _days(task.duration_s)
    low, mode, high = map(_days, task.points_s)
    return {"dist": "pert", "low": low, "mode": mode, "high": high}


def _links(task: ForeignTask, names: Mapping[str, str], dropped: Dropped) -> Iterator[str]:
    for link in task.links:
        of = names.get(link.of)
        if of is None:
            dropped.add("links to what is not imported", task.name)
        elif link.kind == "FS" and link.lag_s == 0:
            yield of
        else:
            lag = "" if link.lag_s == 0 else f"{'+' if link.lag_s > 0 else '-'}"
            yield f"{of}:{link.kind}{lag}{_days(abs(link.lag_s)) if lag else ''}"


def _days(duration_s: float) -> str:
    return f"{duration_s / DAY_S!r} days"


def _actuals(plan: ForeignPlan, names: Mapping[str, str]) -> Iterator[Value]:
    """Dates that have been, as known on the data date; those beyond it are no record."""
    for task in plan.tasks:
        days = {"start": task.started, "finish": task.finished}
        past = {name: day for name, day in days.items() if day is not None}
        if any(day > plan.data_date for day in past.values()):
            plan.dropped.add("actual dates after the data date", task.name)
            past = {name: day for name, day in past.items() if day <= plan.data_date}
        if task.started and task.finished and task.finished < task.started:
            plan.dropped.add("actual finishes before their start", task.name)
            past.pop("finish", None)
        if past:
            of = f"{_PHASE}.{_BLOCK}.{names[task.key]}"
            yield {"of": of, **past, "source": plan.source}


def _years_later(day: date, years: int) -> date:
    return date(min(day.year + years, 9998), 12, 31)


def _line(text: str) -> str:
    """One line of printable characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
