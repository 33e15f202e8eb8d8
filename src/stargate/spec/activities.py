"""The programme as one network of activities: what waits for what, over all phases and sites.

A template's tasks are repeated for every block; phases get a start and an on-line milestone.
`P5.campus-a.land` is a task, `P5.campus-a.online` the block's last milestone, `P5.online` the
phase's; gates and runs keep their names. The network is expanded once, here, for the check of a
file and for the schedule alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from heapq import heappop, heappush
from typing import Literal

from stargate.spec.gate import Forecast, Gate, Run
from stargate.spec.tree import Path
from stargate.spec.works import Block, Link, LinkKind, Phase, Task, Template

ActivityKind = Literal["start", "task", "block", "online", "run", "gate"]


@dataclass(frozen=True, slots=True)
class Wait:
    """A link between activities: the first of `of` to happen counts.

    `path`, from the programme, is where it is written; empty if it is implied.
    """

    of: tuple[str, ...]
    kind: LinkKind = "FS"
    lag_s: float = 0.0
    path: Path = ()


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

    Of those that may come next the one of the highest priority does, then the first of the file.
    Call it on parts in which `programme_faults` finds nothing.
    """
    nodes = list(expand(phases, templates, runs, gates))
    places = {node.id: (-_priority(node), i) for i, node in enumerate(nodes)}
    order = TopologicalSorter({node.id: predecessors(node) for node in nodes})
    order.prepare()
    waiting: list[tuple[int, int]] = []
    found: list[Activity] = []
    while order.is_active():
        for name in order.get_ready():
            heappush(waiting, places[name])
        node = nodes[heappop(waiting)[1]]
        found.append(node)
        order.done(node.id)
    return tuple(found)


def _priority(node: Activity) -> int:
    return node.task.priority if node.task is not None else 0


def expand(
    phases: Sequence[Phase],
    templates: Sequence[Template],
    runs: Sequence[Run],
    gates: Sequence[Gate],
) -> Iterator[Activity]:
    """Every activity, in the order of the file."""
    places = {template.id: ("templates", i) for i, template in enumerate(templates)}
    tasks = {template.id: template.tasks for template in templates}
    heads = {phase.id: f"{phase.id}.online" for phase in phases}
    for i, phase in enumerate(phases):
        needs = _named(phase.needs, heads, ("phases", i, "needs"))
        yield Activity(f"{phase.id}.start", "start", needs, phase.id)
        for j, block in enumerate(phase.blocks):
            works = tasks.get(block.template or "", ())
            written = places.get(block.template or "", ())
            yield from _block(phase, block, works, heads, ("phases", i, "blocks", j), written)
        ends = tuple(Wait((f"{phase.id}.{block.name}.online",)) for block in phase.blocks)
        start = Wait((f"{phase.id}.start",))
        yield Activity(f"{phase.id}.online", "online", (start, *ends), phase.id)
    for i, run in enumerate(runs):
        waits = _named(run.on, heads, ("runs", i, "on"))
        waits += _linked(run.after, heads, ("runs", i, "after"))
        yield Activity(run.id, "run", waits)
    for i, gate in enumerate(gates):
        yield Activity(gate.id, "gate", tuple(_evidence_runs(gate, ("gates", i))))


def _block(
    phase: Phase,
    block: Block,
    tasks: Sequence[Task],
    heads: dict[str, str],
    at: Path,
    template_at: Path,
) -> Iterator[Activity]:
    """The tasks of one block, which stands at `at`, and its milestone."""
    stem = f"{phase.id}.{block.name}"
    siblings = {other.name: f"{phase.id}.{other.name}.online" for other in phase.blocks}
    outer = heads | siblings
    names = outer | {task.id: f"{stem}.{task.id}" for task in tasks}
    begin = (Wait((f"{phase.id}.start",)), *_linked(block.after, outer, (*at, "after")))
    for k, task in enumerate(tasks):
        waits = _linked(task.after, names, (*template_at, "tasks", k, "after"))
        waits += () if task.early else begin
        yield Activity(f"{stem}.{task.id}", "task", waits, phase.id, block.name, task)
    waited_for = {name for task in tasks for link in task.after for name in link.of}
    last = tuple(Wait((f"{stem}.{task.id}",)) for task in tasks if task.id not in waited_for)
    yield Activity(f"{stem}.online", "block", last or begin, phase.id, block.name)


def _linked(links: Sequence[Link], names: dict[str, str], at: Path) -> tuple[Wait, ...]:
    """The waits of links that are written in the list at `at`."""
    return tuple(
        Wait(tuple(names.get(name, name) for name in link.of), link.kind, link.lag_s, (*at, k))
        for k, link in enumerate(links)
    )


def _named(waited_for: Sequence[str], names: dict[str, str], at: Path) -> tuple[Wait, ...]:
    """The waits of plain names that are written in the list at `at`."""
    return tuple(Wait((names.get(name, name),), path=(*at, k)) for k, name in enumerate(waited_for))


def _evidence_runs(gate: Gate, at: Path) -> Iterator[Wait]:
    """The training runs that a gate judges by, once each."""
    forecasts = {
        criterion.evidence.run: (*at, "criteria", k, "evidence", "run")
        for k, criterion in enumerate(gate.criteria)
        if isinstance(criterion.evidence, Forecast)
    }
    for run in sorted(forecasts):
        yield Wait((run,), path=forecasts[run])


def predecessors(node: Activity) -> list[str]:
    """The ids of all that `node` waits for."""
    return [name for wait in node.waits for name in wait.of]


def recorded(name: str, ids: Collection[str]) -> str | None:
    """The activity that a record names: itself, or the milestone of a block or a phase."""
    return next((found for found in (name, f"{name}.online") if found in ids), None)
