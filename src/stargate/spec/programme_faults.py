"""Whether the parts of a programme hang together: one function a check, every fault placed.

Paths start at the programme. A check that would only repeat what an earlier one found (a circle
among activities of which some do not exist) is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from stargate.spec.activities import Activity, expand, predecessors
from stargate.spec.actual_faults import actual_faults
from stargate.spec.faults import Fault, unknown
from stargate.spec.gate import Forecast
from stargate.spec.impossible import impossible
from stargate.spec.option_faults import option_faults
from stargate.spec.tree import Path

if TYPE_CHECKING:
    from stargate.spec.programme import Programme

_N_CIRCLES_MAX = 100


def programme_faults(programme: Programme) -> list[Fault]:
    """Everything that is wrong between the parts."""
    doubled = [*_doubled_ids(programme), *_unknown_templates(programme)]
    nodes = [] if doubled else list(expand(*programme.parts))
    return [
        *doubled,
        *(_unknown_names(nodes) or _circles(nodes)),
        *_unknown_tasks(programme),
        *_unknown_costs(programme),
        *_unbuilt_phases(programme),
        *_missing_law(programme),
        *impossible(programme),
        *option_faults(programme),
        *_unknown_limits(programme),
        *actual_faults(programme, nodes),
    ]


def _doubled_ids(programme: Programme) -> Iterator[Fault]:
    """Ids that must differ: those of one list, and those that links may name."""
    linked = [
        *((("phases", i), phase.id) for i, phase in enumerate(programme.phases)),
        *((("gates", i), gate.id) for i, gate in enumerate(programme.gates)),
        *((("runs", i), run.id) for i, run in enumerate(programme.runs)),
    ]
    yield from _doubled(linked)
    yield from _doubled([(("templates", i), t.id) for i, t in enumerate(programme.templates)])
    yield from _doubled([(("drivers", i), driver.id) for i, driver in enumerate(programme.drivers)])
    yield from _doubled([(("costs", i), cost.id) for i, cost in enumerate(programme.costs)])
    yield from _doubled([(("running", i), cost.id) for i, cost in enumerate(programme.running)])
    yield from _doubled([(("risks", i), risk.id) for i, risk in enumerate(programme.risks)])
    if (finance := programme.finance) is not None:
        yield from _doubled(
            [(("finance", "parties", i), p.id) for i, p in enumerate(finance.parties)]
        )
        revenues = enumerate(finance.revenues)
        yield from _doubled([(("finance", "revenues", i), sale.id) for i, sale in revenues])
    for i, template in enumerate(programme.templates):
        tasks = enumerate(template.tasks)
        yield from _doubled([(("templates", i, "tasks", k), task.id) for k, task in tasks])
    for i, phase in enumerate(programme.phases):
        blocks = enumerate(phase.blocks)
        yield from _doubled([(("phases", i, "blocks", k), block.name) for k, block in blocks])


def _doubled(placed: Sequence[tuple[Path, str]]) -> Iterator[Fault]:
    seen: set[str] = set()
    for path, name in placed:
        if name in seen:
            yield Fault((*path, "id"), f"another one is called {name!r}", "give one another id")
        seen.add(name)


def _unknown_templates(programme: Programme) -> Iterator[Fault]:
    known = [template.id for template in programme.templates]
    for i, phase in enumerate(programme.phases):
        for k, block in enumerate(phase.blocks):
            if block.template is not None and block.template not in known:
                path = ("phases", i, "blocks", k, "template")
                yield unknown(path, "template", block.template, known)


def _unknown_names(nodes: Sequence[Activity]) -> list[Fault]:
    known = [node.id for node in nodes]
    ends = [name.removesuffix(".online") for name in known if not name.endswith(".start")]
    shown = list(dict.fromkeys(name.rpartition(".")[2] for name in ends))
    lookup = set(known)
    missing = {
        (wait.path, name): None
        for node in nodes
        for wait in node.waits
        for name in sorted(set(wait.of) - lookup)
    }
    return [unknown(path, "task, block, phase, gate or run", name, shown) for path, name in missing]


def _circles(nodes: Sequence[Activity]) -> list[Fault]:
    """Circles of activities that wait for each other, one for each place they are written at.

    A template's circle comes back in every block; it is told of once.
    """
    graph = {node.id: set(predecessors(node)) for node in nodes}
    found: dict[Path, Fault] = {}
    for _ in range(_N_CIRCLES_MAX):
        circle = _circle(graph)
        if circle is None:
            break
        path = _written(circle, nodes)
        message = f"a circle: {' before '.join(circle)}"
        found.setdefault(path, Fault(path, message, "remove one of these links"))
        graph[circle[1]].discard(circle[0])
    return list(found.values())


def _circle(graph: Mapping[str, set[str]]) -> list[str] | None:
    """Names of which each comes before the next, the last being the first again."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        names: list[str] = error.args[1]
        return names
    return None


def _written(circle: Sequence[str], nodes: Sequence[Activity]) -> Path:
    """Where the first link of a circle is written; some links are implied."""
    steps = set(zip(circle[1:], circle[:-1], strict=True))
    written = [
        wait.path
        for node in nodes
        for wait in node.waits
        if wait.path and any((node.id, name) in steps for name in wait.of)
    ]
    return written[0] if written else ("phases",)


def _unknown_tasks(programme: Programme) -> Iterator[Fault]:
    """Tasks that costs are spent over and that risks delay."""
    known = [task.id for template in programme.templates for task in template.tasks]
    for i, cost in enumerate(programme.costs):
        if cost.spend.over is not None and cost.spend.over not in known:
            yield unknown(("costs", i, "spend", "over"), "task", cost.spend.over, known)
    for i, risk in enumerate(programme.risks):
        for k, name in enumerate(risk.impact.tasks):
            if name not in known:
                yield unknown(("risks", i, "impact", "tasks", k), "task", name, known)


def _unknown_limits(programme: Programme) -> Iterator[Fault]:
    """Resources and calendars that tasks name, and their own ids."""
    yield from _doubled([(("resources", i), r.id) for i, r in enumerate(programme.resources)])
    yield from _doubled([(("calendars", i), c.id) for i, c in enumerate(programme.calendars)])
    resources = [resource.id for resource in programme.resources]
    calendars = [calendar.id for calendar in programme.calendars]
    for i, template in enumerate(programme.templates):
        for k, task in enumerate(template.tasks):
            path = ("templates", i, "tasks", k)
            for name in task.uses:
                if name not in resources:
                    yield unknown((*path, "uses", name), "resource", name, resources)
            if task.calendar is not None and task.calendar not in calendars:
                yield unknown((*path, "calendar"), "calendar", task.calendar, calendars)


def _unknown_costs(programme: Programme) -> Iterator[Fault]:
    known = [cost.id for cost in programme.costs]
    for i, risk in enumerate(programme.risks):
        for k, name in enumerate(risk.impact.costs):
            if name not in known:
                yield unknown(("risks", i, "impact", "costs", k), "cost", name, known)


def _unbuilt_phases(programme: Programme) -> Iterator[Fault]:
    for i, phase in enumerate(programme.phases):
        if phase.status != "done" and not phase.blocks:
            message = f"phase {phase.id} builds nothing, and is not done"
            yield Fault(("phases", i), message, "add blocks, or say status: done and online")


def _missing_law(programme: Programme) -> Iterator[Fault]:
    """A capability cannot be forecast without the law that ties it to compute."""
    if programme.capability is not None:
        return
    for i, gate in enumerate(programme.gates):
        for k, criterion in enumerate(gate.criteria):
            evidence = criterion.evidence
            if isinstance(evidence, Forecast) and evidence.of == "capability":
                path = ("gates", i, "criteria", k, "evidence")
                yield Fault(path, "no law to forecast a capability by", "add programme.capability")
