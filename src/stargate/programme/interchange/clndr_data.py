"""The days of a Primavera calendar as XER keeps them: one nested text in the column `clndr_data`.

A node is `(0||name(attributes)(children))`. `DaysOfWeek` holds a node for each day, 1 for Sunday to
7 for Saturday, whose children are the spans of work; `Exceptions` holds a node for each day apart,
whose attribute `d` counts days from 30 December 1899 and which works if it has spans. Source: the
files that P6 writes; Oracle documents the column as text alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from stargate.programme.interchange.foreign import WEEKDAYS
from stargate.programme.interchange.primavera import Days

_EPOCH = date(1899, 12, 30)
_TOKENS = re.compile(r"\(\d+\|\|([^()]*)\(|[()]|[^()]+")
_DAY = re.compile(r"(?:^|\|)d\|(\d{1,6})(?:\||$)")
# P6 writes these for the ends of lines within a column.
_BREAKS = str.maketrans("", "", "\x7f\r\n\t")


Part = Literal["attributes", "between", "children"]


@dataclass(slots=True)
class Node:
    """A name, its attributes as text, and what stands within."""

    name: str
    attributes: str = ""
    children: list[Node] = field(default_factory=list)

    def find(self, name: str) -> Node | None:
        """The first node of that name at any depth."""
        return next((node for node in self._all() if node.name == name), None)

    def _all(self) -> Iterator[Node]:
        waiting: list[Node] = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))


def nodes(text: str) -> Node:
    """The tree of a text. Brackets that do not match end it early, and break nothing."""
    root = Node("")
    path: list[tuple[Node, Part]] = [(root, "children")]
    for token in _TOKENS.finditer(text.translate(_BREAKS)):
        node, part = path[-1]
        if token.group(1) is not None:
            child = Node(token.group(1).strip())
            node.children.append(child)
            path.append((child, "attributes"))
        elif token.group() == "(":
            path[-1] = (node, "children")
        elif token.group() != ")":
            node.attributes += token.group().strip() if part == "attributes" else ""
        elif part != "between":
            path[-1] = (node, "between")
        elif len(path) > 1:
            path.pop()
    return root


def days_of(text: str) -> Days:
    """The days of a calendar; none for a text that holds none."""
    root = nodes(text)
    week, apart = root.find("DaysOfWeek"), root.find("Exceptions")
    return Days(
        week=frozenset(_worked(week)) if week else frozenset(),
        off=frozenset(day for works, day in _dated(apart) if not works),
        extra=frozenset(day for works, day in _dated(apart) if works),
    )


def _worked(week: Node) -> Iterator[str]:
    for day in week.children:
        if day.children and day.name in "1234567":
            yield WEEKDAYS[(int(day.name) - 2) % 7]


def _dated(apart: Node | None) -> Iterator[tuple[bool, date]]:
    for node in apart.children if apart else ():
        found = _DAY.search(node.attributes)
        if found is not None:
            yield bool(node.children), _EPOCH + timedelta(days=int(found.group(1)))
