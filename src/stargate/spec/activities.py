"""The programme as one network of activities: what waits for what, over all phases and sites.

A template's tasks are repeated for every block; phases get a start and an on-line milestone.
`P5.campus-a.land` is a task, `P5.campus-a.online` the block's last milestone, `P5.online` the
phase's; gates and runs keep their names. The network is expanded once, here, for the check of a
file and for the schedule alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import Literal

from stargate.spec.gate import Forecast, Gate, Run
from stargate.spec.works import Block, Link, LinkKind, Phase, Task, Template

ActivityKind = Literal["start", "task", "block", "online", "run", "gate"]


@dataclass(frozen=True, slots=True)
class Wait:
    """A link between activities: the first of `of` to happen counts."""

    of: tuple[str, ...]
    kind: LinkKind = "FS"
    lag_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Activity:
    """A node of the network; `task` is what a template or a run says about its duration."""

    id: str
    kind: ActivityKind
    waits: tuple[Wait, ...] = ()
    phase: str = ""
    block: str = ""
    task: Task | None = None


def activities(
    phases: Sequence[Phase],
    templates: Sequence[Template],
    runs: Sequence[Run] = (),
    gates: Sequence[Gate] = (),
) -> tuple[Activity, ...]:
    """All activities in an order in which every one comes after what it waits for.

    Call it on parts in which `faults_of` finds nothing.
    """
    nodes = {node.id: node for node in _expand(phases, templates, runs, gates)}
    order = TopologicalSorter({node.id: _predecessors(node) for node in nodes.values()})
    return tuple(nodes[name] for name in order.static_order())


def faults_of(
    phases: Sequence[Phase],
    templates: Sequence[Template],
    runs: Sequence[Run] = (),
    gates: Sequence[Gate] = (),
) -> list[str]:
    """Why the parts make no network: doubled or unknown names, circles."""
    doubled = _doubled("phase, gate or run", [part.id for part in (*phases, *gates, *runs)])
    doubled += _doubled("template", [template.id for template in templates])
    for template in templates:
        doubled += _doubled(f"task of {template.id}", [task.id for task in template.tasks])
    for phase in phases:
        doubled += _doubled(f"block of {phase.id}", [block.name for block in phase.blocks])
    unknown = _unknown_templates(phases, templates)
    if doubled or unknown:
        return doubled + unknown
    nodes = list(_expand(phases, templates, runs, gates))
    return _unknown_names(nodes) or _circle(nodes)


def _expand(
    phases: Sequence[Phase],
    templates: Sequence[Template],
    runs: Sequence[Run],
    gates: Sequence[Gate],
) -> Iterator[Activity]:
    tasks = {template.id: template.tasks for template in templates}
    heads = {phase.id: f"{phase.id}.online" for phase in phases}
    for phase in phases:
        waits = tuple(Wait((heads.get(name, name),)) for name in phase.needs)
        yield Activity(f"{phase.id}.start", "start", waits, phase.id)
        for block in phase.blocks:
            yield from _block(phase, block, tasks.get(block.template or "", ()), heads)
        ends = tuple(Wait((f"{phase.id}.{block.name}.online",)) for block in phase.blocks)
        start = Wait((f"{phase.id}.start",))
        yield Activity(f"{phase.id}.online", "online", (start, *ends), phase.id)
    for run in runs:
        waits = tuple(Wait((heads.get(name, name),)) for name in run.on)
        yield Activity(run.id, "run", waits + _waits(run.after, heads))
    for gate in gates:
        yield Activity(gate.id, "gate", tuple(Wait((name,)) for name in _evidence_runs(gate)))


def _block(
    phase: Phase, block: Block, tasks: Sequence[Task], heads: dict[str, str]
) -> Iterator[Activity]:
    stem = f"{phase.id}.{block.name}"
    siblings = {other.name: f"{phase.id}.{other.name}.online" for other in phase.blocks}
    outer = heads | siblings
    names = outer | {task.id: f"{stem}.{task.id}" for task in tasks}
    begin = (Wait((f"{phase.id}.start",)), *_waits(block.after, outer))
    inside = {task.id for task in tasks}
    for task in tasks:
        first = not any(inside & set(link.of) for link in task.after)
        waits = _waits(task.after, names) + (begin if first else ())
        yield Activity(f"{stem}.{task.id}", "task", waits, phase.id, block.name, task)
    waited_for = {name for task in tasks for link in task.after for name in link.of}
    last = tuple(Wait((f"{stem}.{task.id}",)) for task in tasks if task.id not in waited_for)
    yield Activity(f"{stem}.online", "block", last or begin, phase.id, block.name)


def _waits(links: Iterable[Link], names: dict[str, str]) -> tuple[Wait, ...]:
    return tuple(
        Wait(tuple(names.get(name, name) for name in link.of), link.kind, link.lag_s)
        for link in links
    )


def _evidence_runs(gate: Gate) -> list[str]:
    evidence = (criterion.evidence for criterion in gate.criteria)
    return sorted({piece.run for piece in evidence if isinstance(piece, Forecast)})


def _predecessors(node: Activity) -> list[str]:
    return [name for wait in node.waits for name in wait.of]


def _doubled(what: str, names: list[str]) -> list[str]:
    return [f"two are called {name!r} ({what})" for name, n in Counter(names).items() if n > 1]


def _unknown_templates(phases: Sequence[Phase], templates: Sequence[Template]) -> list[str]:
    known = [template.id for template in templates]
    return [
        f"{phase.id}.{block.name}: no template {block.template!r}{_close(block.template, known)}"
        for phase in phases
        for block in phase.blocks
        if block.template is not None and block.template not in known
    ]


def _unknown_names(nodes: list[Activity]) -> list[str]:
    known = [node.id for node in nodes]
    lookup = set(known)
    return [
        f"{node.id} waits for {name!r}, which nothing is called{_close(name, known)}"
        for node in nodes
        for name in _predecessors(node)
        if name not in lookup
    ]


def _circle(nodes: list[Activity]) -> list[str]:
    try:
        TopologicalSorter({node.id: _predecessors(node) for node in nodes}).prepare()
    except CycleError as error:
        names: list[str] = error.args[1]
        return ["a circle: " + " before ".join(names)]
    return []


def _close(name: str, known: list[str]) -> str:
    close = get_close_matches(name, [*known, *(k.rsplit(".", 1)[-1] for k in known)], n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
