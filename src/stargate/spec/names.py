"""Names across a document: what it defines, and what it refers to.

Works on what the file holds, valid or not, so that a dangling name is told of together with
everything else. Whether the catalogue has a name is for the caller's lookups to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from stargate.errors import CatalogError
from stargate.spec.faults import Fault, unknown
from stargate.spec.outline import Reference
from stargate.spec.tree import Node, Path

# Where the things of each kind are defined; `*` is every item, `**` every key, which is the name.
_DEFINED: dict[str, Path] = {
    "model": ("models", "**"),
    "workload": ("workloads", "**"),
    "site": ("network", "sites", "*", "id"),
    "cluster": ("network", "sites", "*", "clusters", "*", "id"),
    "phase": ("programme", "phases", "*", "id"),
    "driver": ("programme", "drivers", "*", "id"),
    "party": ("programme", "finance", "parties", "*", "id"),
}

# How to find a thing outside the document by its name, by kind; an unknown one is a CatalogError.
Lookups = Mapping[str, Callable[[str], object]]


def defined(root: Node, kind: str) -> list[str]:
    """The names of all things of a kind that the document defines, in file order."""
    return [str(name) for name in _names(root, _DEFINED[kind])]


def dangling(root: Node, references: Sequence[Reference]) -> list[Fault]:
    """References to things that the document should define and does not."""
    kinds = [kind for kind in _DEFINED if kind != "model" and _readable(root, _DEFINED[kind])]
    known = {kind: defined(root, kind) for kind in kinds}
    return [
        unknown(reference.path, reference.kind, reference.name, known[reference.kind])
        for reference in references
        if reference.kind in known and reference.name not in known[reference.kind]
    ]


def not_found(root: Node, references: Sequence[Reference], lookups: Lookups) -> Iterator[Fault]:
    """References to things outside the document that their lookup does not find.

    A model that the document does not define must be one of the catalogue's.
    """
    models = set(defined(root, "model"))
    for reference in references:
        kind = reference.kind.removeprefix("catalog ")
        ours = kind == reference.kind and (kind != "model" or reference.name in models)
        if not ours and kind in lookups:
            yield from _looked_up(reference, lookups[kind])


def _looked_up(reference: Reference, lookup: Callable[[str], object]) -> Iterator[Fault]:
    try:
        lookup(reference.name)
    except CatalogError as error:
        message, _, mend = str(error).partition("; ")
        yield Fault(reference.path, message, mend)


def _readable(root: Node, pattern: Path) -> bool:
    """Whether the things are listed as they should be; if not, that is the fault to tell of."""
    node = root
    for step in pattern:
        if step in ("*", "**"):
            return isinstance(node.value, list if step == "*" else dict)
        if node.value is not None and not isinstance(node.value, dict):
            return False
        below = node.child(step)
        if below is None:
            return True
        node = below
    return True


def _names(node: Node, pattern: Path) -> Iterator[str]:
    step, rest = pattern[0], pattern[1:]
    if step == "**" and isinstance(node.value, dict):
        yield from node.value
    elif step == "*" and isinstance(node.value, list):
        for child in node.value:
            yield from _names(child, rest)
    elif (child := node.child(step)) is not None:
        if rest:
            yield from _names(child, rest)
        elif isinstance(child.value, str):
            yield child.value
