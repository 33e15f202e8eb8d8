"""Structs of columns: each field a float, or an array with one value a row.

A formula written over such a struct serves one case and a million alike. `take` picks rows,
`Groups` finds the few distinct combinations among many rows, so that an expensive formula runs
once a combination and its answers are gathered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Ints = NDArray[np.int64]
Column = float | Array | Ints


@dataclass(frozen=True)
class Columns:
    """Base of the structs of columns; subclasses add fields that are floats or arrays."""

    def take(self, rows: Ints | slice) -> Self:
        """The same struct with only these rows; what is a float for all rows stays one."""
        arrays = {f.name: getattr(self, f.name) for f in fields(self)}
        picked = {n: v[rows] for n, v in arrays.items() if isinstance(v, np.ndarray)}
        return replace(self, **picked)

    @property
    def is_scalar(self) -> bool:
        """Whether every field is one value for all rows."""
        return not any(isinstance(getattr(self, f.name), np.ndarray) for f in fields(self))

    @classmethod
    def stack(cls, rows: Sequence[Self]) -> Self:
        """One struct with a row for each of these scalar structs."""
        names = [f.name for f in fields(cls)]
        return cls(**{n: np.array([getattr(row, n) for row in rows], float) for n in names})


@dataclass(frozen=True, slots=True)
class Groups:
    """Distinct rows of some integer columns: `first[inverse]` stands for every row."""

    first: Ints
    inverse: Ints

    @classmethod
    def of(cls, columns: Sequence[Ints]) -> Groups:
        """Rows that agree in all columns fall into one group; linear in the number of rows.

        Each column is ranked by a table of the values present, the ranks are read as one number
        in mixed radix, and that number is ranked in turn. The table is folded whenever it would
        outgrow four times the rows, so that memory stays bounded.
        """
        code = np.zeros(len(columns[0]), np.int64)
        radix = 1
        limit = max(4 * len(code), 1 << 16)
        for column in columns:
            rank, size = _ranks(column, limit)
            if radix * size > limit:
                code, radix = _ranks(code, limit)
            code = code * size + rank
            radix *= size
        code, radix = _ranks(code, limit)
        first = np.empty(radix, np.int64)
        first[code[::-1]] = np.arange(len(code) - 1, -1, -1)
        return cls(first, code)

    @classmethod
    def each(cls, n_rows: int) -> Groups:
        """Every row a group of its own."""
        rows = np.arange(n_rows)
        return cls(rows, rows)


def _ranks(values: Ints, limit: int) -> tuple[Ints, int]:
    """Each value's rank among the distinct ones, and how many those are."""
    top = int(values.max()) + 1
    if top > limit:
        distinct, rank = np.unique(values, return_inverse=True)
        return rank.astype(np.int64), len(distinct)
    present = np.zeros(top, np.int64)
    present[values] = 1
    rank_of = np.cumsum(present) - 1
    return rank_of[values], int(rank_of[-1]) + 1
