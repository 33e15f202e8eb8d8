"""Names: one spelling-blind lookup with aliases, and an error that says what is close."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

from stargate.errors import CatalogError

Thing = TypeVar("Thing")


_MAKER = re.compile(r"(nvidia|amd|google|intel|habana)[^a-z0-9]+(instinct[^a-z0-9]+)?")


def plain(name: str) -> str:
    """`name` without maker, case and punctuation: `NVIDIA H100-80GB` and `h100 80gb` are one."""
    return re.sub(r"[^a-z0-9]+", "", _MAKER.sub("", name.lower(), count=1))


def alias_table(names: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """From every spelling to the id, given the aliases of each id; two owners are a fault."""
    table: dict[str, str] = {}
    for id_, aliases in names.items():
        for spelling in (id_, *aliases):
            if table.setdefault(plain(spelling), id_) != id_:
                raise CatalogError(f"{spelling!r} names both {table[plain(spelling)]} and {id_}")
    return table


def find(name: str, things: Mapping[str, Thing], aliases: Mapping[str, str], kind: str) -> Thing:
    """The thing called `name`; raises `CatalogError` with the close matches."""
    if name in things:
        return things[name]
    id_ = aliases.get(plain(name))
    if id_ is None:
        raise CatalogError(unknown(name, things, aliases, kind))
    return things[id_]


def unknown(name: str, ids: Iterable[str], aliases: Mapping[str, str], kind: str) -> str:
    """What to say about a name that the catalogue does not hold."""
    close = close_matches(name, ids, aliases)
    if close:
        return f"the catalogue has no {kind} {name!r}; did you mean {', '.join(close)}?"
    return f"the catalogue has no {kind} {name!r}; `stargate catalog` lists what it has"


def close_matches(name: str, ids: Iterable[str], aliases: Mapping[str, str]) -> list[str]:
    """Up to five ids whose id or alias resembles `name`, the closest first."""
    spellings = {**{plain(id_): id_ for id_ in ids}, **aliases}
    near = difflib.get_close_matches(plain(name), list(spellings), n=8, cutoff=0.6)
    within = [spelling for spelling in spellings if len(name) > 2 and plain(name) in spelling]
    return list(dict.fromkeys(spellings[spelling] for spelling in (*near, *within)))[:5]
