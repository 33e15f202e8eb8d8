"""What is kept of samples that come tile by tile, and how the parts become one.

Arrays go end to end along their last axis, the samples. What only adds up is kept as that: a
`Tally`, or anything else with a `merged` of its own. The rest is the same in all parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Self, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class Tally:
    """In how many samples something is so."""

    n: int

    @classmethod
    def of(cls, which: NDArray[np.bool_]) -> Self:
        """How many are true."""
        return cls(int(np.count_nonzero(which)))

    @classmethod
    def merged(cls, parts: Sequence[Self]) -> Self:
        """The sum."""
        return cls(sum(part.n for part in parts))


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of something over samples of which none is kept."""

    n: int
    mean: float

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Self:
        """The mean of a column."""
        return cls(len(values), float(values.mean()))

    @classmethod
    def merged(cls, parts: Sequence[Self]) -> Self:
        """Each part as heavy as it is large."""
        n = sum(part.n for part in parts)
        return cls(n, sum(part.n * part.mean for part in parts) / n)


def joined(parts: Sequence[Part]) -> Part:
    """Like parts as one."""
    return cast(Part, _joined(parts))


def _joined(parts: Sequence[Any]) -> object:
    first = parts[0]
    if len(parts) == 1:
        return first
    if isinstance(first, np.ndarray):
        return np.concatenate(parts, axis=-1)
    if hasattr(first, "merged"):
        return type(first).merged(parts)
    if isinstance(first, Mapping):
        return {key: _joined([part[key] for part in parts]) for key in first}
    if isinstance(first, tuple):
        return tuple(_joined(items) for items in zip(*parts, strict=True))
    if is_dataclass(first) and not isinstance(first, type):
        names = [field.name for field in fields(first)]
        return replace(
            first, **{name: _joined([getattr(part, name) for part in parts]) for name in names}
        )
    return first


def bytes_a_sample(kept: object, n: int) -> float:
    """Bytes that the columns of `n` samples take, for each of them; what adds up is not counted."""
    return sum(column.nbytes for column in _columns(kept, n)) / n


def _columns(kept: Any, n: int) -> Iterator[np.ndarray]:
    """Every array in it with a value a sample."""
    if isinstance(kept, np.ndarray):
        if kept.ndim and kept.shape[-1] == n:
            yield kept
    elif isinstance(kept, Mapping):
        for part in kept.values():
            yield from _columns(part, n)
    elif isinstance(kept, tuple):
        for part in kept:
            yield from _columns(part, n)
    elif is_dataclass(kept) and not isinstance(kept, type):
        for field in fields(kept):
            yield from _columns(getattr(kept, field.name), n)
