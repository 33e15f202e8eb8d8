"""Write resources and assignments as MS Project has them: work resources in units of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element, SubElement

from stargate.programme.interchange.foreign import Dropped
from stargate.programme.interchange.xml_writing import put
from stargate.spec.programme import Programme

_WORK = 1


def write(root: Element, programme: Programme, tasks: Mapping[str, int], dropped: Dropped) -> None:
    """What is held while a task lasts; a supply is used up, and has no place there."""
    numbers: dict[str, int] = {}
    resources = SubElement(root, "Resources")
    for resource in programme.resources:
        if resource.kind != "held":
            dropped.add("supplies (the format has no place for them)", resource.id)
            continue
        most = max(level.amount for level in resource.capacity)
        if len(resource.capacity) > 1:
            dropped.add("resources that change over time (kept at their most)", resource.id)
        numbers[resource.id] = len(numbers) + 1
        node = SubElement(resources, "Resource")
        put(node, UID=numbers[resource.id], ID=numbers[resource.id])
        put(node, Name=resource.name or resource.id, Type=_WORK, MaxUnits=f"{most:g}")
    assignments = SubElement(root, "Assignments")
    for task, resource, amount in _held(programme, dropped):
        if resource in numbers:
            node = SubElement(assignments, "Assignment")
            put(node, UID=len(assignments), TaskUID=tasks[task])
            put(node, ResourceUID=numbers[resource], Units=f"{amount:g}")


def _held(programme: Programme, dropped: Dropped) -> Iterator[tuple[str, str, float]]:
    """Task, resource and amount."""
    for activity in programme.activities():
        uses = activity.task.uses if activity.task else {}
        for resource, amount in uses.items():
            if isinstance(amount, str):
                dropped.add("amounts by the number of accelerators", activity.id)
            else:
                yield activity.id, resource, amount
