"""Who works on what: resources of another tool with what tasks hold of them.

A resource limits the schedule here as it would when that tool levels it. Kept are those that tasks
are assigned to, with a most that the file states; materials and expenses do not hold work up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from stargate.programme.interchange.foreign import Dropped, ForeignResource, ForeignTask

Level = tuple[date | None, float]


@dataclass(frozen=True, slots=True)
class Assignments:
    """The limited resources by key, and what each task holds of them."""

    resources: Mapping[str, ForeignResource] = field(default_factory=dict)
    uses: Mapping[str, tuple[tuple[str, float], ...]] = field(default_factory=dict)

    def of(self, task: str, duration_s: float) -> tuple[tuple[str, float], ...]:
        """What a task holds; a milestone holds nothing."""
        return self.uses.get(task, ()) if duration_s > 0 else ()


def assignments(
    resources: Iterable[ForeignResource],
    held: Iterable[tuple[str, str, float | None]],
    dropped: Dropped,
) -> Assignments:
    """From resources, and (task, resource, amount) rows; several rows of a pair add up."""
    known = {resource.key: resource for resource in resources}
    summed: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for task, key, amount in held:
        if key not in known:
            dropped.add("assignments of resources that do not limit work (not imported)")
        elif amount is None or amount <= 0:
            dropped.add("assignments without an amount", known[key].name)
        elif not any(level > 0 for _, level in known[key].levels):
            dropped.add("resources of which no most is stated (no limit)", known[key].name)
        else:
            summed[task][key] += amount
    uses = {task: tuple(of_task.items()) for task, of_task in summed.items()}
    most: dict[str, float] = defaultdict(float)
    for of_task in uses.values():
        for key, amount in of_task:
            most[key] = max(most[key], amount)
    enough = {key: _enough(known[key], amount, dropped) for key, amount in most.items()}
    return Assignments(enough, uses)


def _enough(resource: ForeignResource, most: float, dropped: Dropped) -> ForeignResource:
    """A resource that can do its largest assignment, without which the plan would never end."""
    if max(level for _, level in resource.levels) >= most:
        return resource
    dropped.add("resources assigned beyond their most (raised to it)", resource.name)
    return replace(resource, levels=tuple((since, max(at, most)) for since, at in resource.levels))


def rising(levels: Iterable[Level], fallback: float | None) -> tuple[Level, ...]:
    """Levels in the order of their days, the last of a day; the first of them from ever on."""
    by_day = {since or date.min: amount for since, amount in levels}
    ordered: list[Level] = [(day, by_day[day]) for day in sorted(by_day)]
    if not ordered:
        return () if fallback is None else ((None, fallback),)
    return ((None, ordered[0][1]), *ordered[1:])


def working(tasks: Iterable[ForeignTask], found: Assignments) -> tuple[ForeignResource, ...]:
    """The resources that some task holds."""
    held = {key for task in tasks for key, _ in task.uses}
    return tuple(resource for key, resource in found.resources.items() if key in held)
