"""What a file holds before it means anything: mappings, lists and scalars that know their place.

A specification may be spread over files (`extends`) and the command line (`-s`); each node keeps
the place it came from, so that a complaint points at the very text that is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

Scalar = str | int | float | bool | None
Plain = dict[str, "Plain"] | list["Plain"] | Scalar
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column count from 1; 0 where there is no such thing, as in an override."""

    file: str
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """A value, where it stands, and where the key that names it stands (mapping entries only)."""

    value: dict[str, Node] | list[Node] | Scalar
    place: Place
    key_place: Place | None = None

    def items(self) -> Iterator[tuple[str | int, Node]]:
        """Children with the key or index that leads to them; none for a scalar."""
        if isinstance(self.value, dict):
            yield from self.value.items()
        elif isinstance(self.value, list):
            yield from enumerate(self.value)

    def child(self, step: str | int) -> Node | None:
        """The child at a key or an index, if there is one."""
        if isinstance(self.value, dict) and isinstance(step, str):
            return self.value.get(step)
        if isinstance(self.value, list) and isinstance(step, int):
            return self.value[step] if 0 <= step < len(self.value) else None
        return None

    @property
    def id(self) -> str | None:
        """The text under `id`, by which lists of mappings are merged and overridden."""
        found = self.child("id")
        return found.value if found is not None and isinstance(found.value, str) else None


def plain(node: Node) -> Plain:
    """The bare content, as JSON would hold it."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def locate(root: Node, path: Path) -> Node:
    """The node at `path`, or the nearest one above it that exists."""
    node = root
    for step in path:
        below = node.child(step)
        if below is None:
            return node
        node = below
    return node


def dotted(path: Path) -> str:
    """`("phases", 0, "id")` is `phases.0.id`."""
    return ".".join(str(step) for step in path)


def merge(base: Node, over: Node) -> Node:
    """`over` laid upon `base`, as `extends` asks.

    Mappings merge key by key. Lists whose items all have an `id` merge by id: known ids merge in
    place, new ones follow in their order. Everything else is replaced (an empty list empties), and
    so is a mapping whose sort changes: another `kind`, or a `catalog` reference for a value or
    the reverse.
    """
    if isinstance(base.value, dict) and isinstance(over.value, dict):
        if _other_sort(base, over):
            return over
        merged = {key: _merged_entry(base, over, key) for key in [*base.value, *over.value]}
        return replace(over, value=merged)
    if isinstance(base.value, list) and isinstance(over.value, list):
        return _merge_lists(base.value, over.value, over)
    return over


def _merged_entry(base: Node, over: Node, key: str) -> Node:
    below, above = base.child(key), over.child(key)
    if below is None or above is None:
        found = above or below
        assert found is not None
        return found
    return merge(below, above)


def _other_sort(base: Node, over: Node) -> bool:
    old, new = base.child("kind"), over.child("kind")
    if old is not None and new is not None and old.value != new.value:
        return True
    return (base.child("catalog") is None) != (over.child("catalog") is None)


def _merge_lists(base: Sequence[Node], over: Sequence[Node], whole: Node) -> Node:
    known = {node.id: node for node in base}
    new = {node.id: node for node in over}
    mergeable = None not in known and None not in new and known and new
    if not mergeable or len(known) < len(base) or len(new) < len(over):
        return whole
    merged = [merge(node, new[name]) if name in new else node for name, node in known.items()]
    merged += [node for name, node in new.items() if name not in known]
    return replace(whole, value=merged)
