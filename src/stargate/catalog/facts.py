"""A fact: a number with its unit, range, year and source, and how far to trust it.

Confidence, from the weakest to the strongest:

- `assumed`: nobody states it; it is set so that a computation can go on.
- `recalled`: general knowledge of the field, checked against no source.
- `read`: stated in the source that is named.
- `measured`: a measurement by those who are named, or computed from measurements.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Confidence = Literal["assumed", "recalled", "read", "measured"]
CONFIDENCES: tuple[Confidence, ...] = get_args(Confidence)


@dataclass(frozen=True, slots=True)
class Fact:
    """One cited number.

    `value`, `low` and `high` are in `unit`: the SI unit of the quantity's kind, or a plain unit
    such as `tokens`. `text` is the value as the data file states it. `year` is the year that the
    value speaks of, which a price needs.
    """

    id: str
    what: str
    value: float
    unit: str
    text: str
    source: str
    confidence: Confidence
    year: int | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""


def weakest_first(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Each fact once, the assumed ones first and then by id: what a result shows of its basis."""
    unique = {fact.id: fact for fact in facts}
    return tuple(sorted(unique.values(), key=lambda f: (CONFIDENCES.index(f.confidence), f.id)))
