"""What can never happen as it is written: days out of order, tasks that need more than there is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import accumulate
from typing import TYPE_CHECKING

from stargate.spec.faults import Fault
from stargate.spec.gate import Measured
from stargate.spec.resource import Resource
from stargate.spec.tree import Path

if TYPE_CHECKING:
    from stargate.spec.programme import Programme


def impossible(programme: Programme) -> Iterator[Fault]:
    """Every day and amount that cannot be."""
    yield from _horizon(programme)
    yield from _days_of_phases(programme)
    yield from _days_of_gates(programme)
    yield from _days_of_tasks(programme)
    yield from _more_than_there_is(programme)


def _horizon(programme: Programme) -> Iterator[Fault]:
    if programme.horizon <= programme.data_date:
        message = f"the horizon is not after the data date, {programme.data_date}"
        yield Fault(("horizon",), message, "set a later day")


def _days_of_phases(programme: Programme) -> Iterator[Fault]:
    """What is done lies before the data date; what is to come, before the horizon and in order."""
    for i, phase in enumerate(programme.phases):
        if phase.online is not None and phase.online > programme.data_date:
            message = f"done on {phase.online}, after the data date {programme.data_date}"
            yield Fault(("phases", i, "online"), message, "say status: in_progress, or move a day")
        if phase.start is not None:
            yield from _beyond(("phases", i, "start"), phase.start, programme)
        if phase.target is None:
            continue
        path = ("phases", i, "target", "online")
        yield from _beyond(path, phase.target.online, programme)
        if phase.start is not None and phase.target.online <= phase.start:
            message = f"the target is not after the start of the phase, {phase.start}"
            yield Fault(path, message, "set a later target, or an earlier start")


def _days_of_gates(programme: Programme) -> Iterator[Fault]:
    for i, gate in enumerate(programme.gates):
        yield from _beyond(("gates", i, "decide"), gate.decide, programme)
        for k, criterion in enumerate(gate.criteria):
            if isinstance(criterion.evidence, Measured):
                path = ("gates", i, "criteria", k, "evidence", "on")
                yield from _beyond(path, criterion.evidence.on, programme)


def _days_of_tasks(programme: Programme) -> Iterator[Fault]:
    for i, template in enumerate(programme.templates):
        for k, task in enumerate(template.tasks):
            if task.not_before is not None:
                path = ("templates", i, "tasks", k, "not_before")
                yield from _beyond(path, task.not_before, programme)


def _beyond(path: Path, day: date, programme: Programme) -> Iterator[Fault]:
    if day > programme.horizon:
        message = f"{day} is beyond the horizon, {programme.horizon}"
        yield Fault(path, message, "set an earlier day, or a later horizon")


def _more_than_there_is(programme: Programme) -> Iterator[Fault]:
    """A task that asks for more of a resource than is ever there would never start."""
    most = {resource.id: _most(resource) for resource in programme.resources}
    for i, template in enumerate(programme.templates):
        for k, task in enumerate(template.tasks):
            for name, amount in task.uses.items():
                if isinstance(amount, float) and amount > most.get(name, amount):
                    path = ("templates", i, "tasks", k, "uses", name)
                    message = f"uses {amount:g} of {name}, of which there are never more than "
                    yield Fault(path, message + f"{most[name]:g}", "use less, or add capacity")


def _most(resource: Resource) -> float:
    amounts = [level.amount for level in resource.capacity]
    return max(accumulate(amounts)) if resource.kind == "supply" else max(amounts)
