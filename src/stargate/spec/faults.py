"""What a check finds wrong within a part of a specification, by its path from that part.

A pydantic validator raises `FaultsError`; a check over the document yields `Fault`s. The loader
turns both into problems with file, line and column.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from stargate.spec.tree import Path, dotted


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at `path` (from the part that was checked), and how to mend it.

    `key` points at the key that names the value rather than at the value.
    """

    path: Path
    message: str
    mend: str = ""
    key: bool = False

    def __str__(self) -> str:
        text = f"{dotted(self.path)}: {self.message}" if self.path else self.message
        return f"{text}; {self.mend}" if self.mend else text


class FaultsError(ValueError):
    """All that one validator finds wrong, each with its own path."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def unknown(path: Path, kind: str, name: str, known: Sequence[str]) -> Fault:
    """A name that nothing has, with the names that are near, or all."""
    close = get_close_matches(name, known, n=3)
    if close:
        mend = f"did you mean {' or '.join(repr(each) for each in close)}?"
    else:
        mend = f"known: {', '.join(known)}" if known else f"there is no {kind} at all"
    return Fault(path, f"no {kind} is called {name!r}", mend)
