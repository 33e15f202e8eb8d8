"""Whether the options of a programme can be exercised: names, days, what there is to decide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stargate.spec.faults import Fault, unknown
from stargate.spec.option import Condition, Switch
from stargate.spec.tree import Path

if TYPE_CHECKING:
    from stargate.spec.option import Option
    from stargate.spec.programme import Programme
    from stargate.spec.works import Phase


def option_faults(programme: Programme) -> Iterator[Fault]:
    """Everything that is wrong between the options and the rest."""
    phases = {phase.id: phase for phase in programme.phases}
    seen: set[str] = set()
    for i, option in enumerate(programme.options):
        path = ("options", i)
        if option.id in seen:
            message = f"another one is called {option.id!r}"
            yield Fault((*path, "id"), message, "give one another id")
        seen.add(option.id)
        yield from _day(programme, option, path)
        for k, condition in enumerate(option.when):
            yield from _condition(programme, condition, (*path, "when", k))
        phase = phases.get(option.phase)
        if phase is not None:
            yield from _decided(programme, option, phase, path)


def _day(programme: Programme, option: Option, path: Path) -> Iterator[Fault]:
    if not programme.data_date <= option.decide <= programme.horizon:
        message = f"{option.decide} is not between the data date and the horizon"
        mend = f"set a day from {programme.data_date} to {programme.horizon}"
        yield Fault((*path, "decide"), message, mend)


def _condition(programme: Programme, condition: Condition, path: Path) -> Iterator[Fault]:
    prices = [driver.id for driver in programme.drivers if driver.process != "normal"]
    known = {
        "price": prices,
        "gate": [gate.id for gate in programme.gates],
        "phase": [phase.id for phase in programme.phases],
    }
    if condition.name is not None and condition.name not in known[condition.of]:
        yield unknown((*path, "name"), condition.of, condition.name, known[condition.of])


def _decided(programme: Programme, option: Option, phase: Phase, path: Path) -> Iterator[Fault]:
    """What is done is not built otherwise; a task that is switched must be one of the phase's."""
    if phase.status == "done" and option.kind not in ("sell", "refresh"):
        message = f"{phase.id} is done; there is nothing to {option.kind}"
        yield Fault((*path, "phase"), message, "name a phase that is still to come")
    if isinstance(option, Switch):
        names = {block.template for block in phase.blocks}
        tasks = [
            task.id
            for template in programme.templates
            if template.id in names
            for task in template.tasks
        ]
        if option.task not in tasks:
            yield unknown((*path, "task"), f"task of {phase.id}", option.task, tasks)
