"""Units in the data files: those of `stargate.units`, and plain ones that stay as they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from stargate import units
from stargate.catalog.facts import Fact
from stargate.errors import CatalogError, UnitError
from stargate.units import Kind

PLAIN_UNITS = {
    "1": "a count or a ratio",
    "accelerators": "a number of accelerators",
    "tokens": "a number of tokens",
    "tokens/parameter": "training tokens for each parameter",
    "nat/token": "cross-entropy loss",
    "ECI": "points of the Epoch Capabilities Index",
    "ECI/decade": "points of that index for ten times the training compute",
    "ECI/year": "points of that index a calendar year",
    "decades/year": "orders of magnitude a year",
    "times/year": "growth factor a year",
    "year": "a calendar year",
    "$/Mtoken": "US dollars a million tokens",
    "L/kWh": "litres of water for each kWh of IT energy",
    "EUR/kW": "euros for each kW of capacity",
    "EUR/MWh": "euros for each MWh of fuel",
}


@dataclass(frozen=True, slots=True)
class Measure:
    """What a unit's text means: its kind (None for a plain unit) and the unit that floats get."""

    kind: Kind | None
    unit: str


def measure_of(unit: str) -> Measure:
    """What `unit` (such as `GB/s` or `tokens`) measures."""
    kind = _kind_by_unit().get(unit)
    if kind is not None:
        return Measure(kind, kind.si)
    if unit in PLAIN_UNITS:
        return Measure(None, unit)
    raise CatalogError(f"unknown unit {unit!r} in the catalogue")


def to_si(number: str, unit: str) -> float:
    """`to_si("400", "Gb/s")` is 5e10; a plain unit leaves the number as it is."""
    kind = measure_of(unit).kind
    return float(number) if kind is None else units.parse(written(number, unit), kind)


def written(number: str, unit: str) -> str:
    """The quantity as a person writes it: `400 Gb/s`, `$37.9M/MW`, `20 %/year`, `8`."""
    if unit.startswith("$"):
        return f"${number}{unit[1:]}"
    if unit == "1":
        return number
    return f"{number}{unit}" if unit.startswith("/") else f"{number} {unit}"


def read_text(text: str | float, kind: Kind | None) -> float:
    """The value of a text such as `989 TFLOP/s`; without a kind a plain number is wanted."""
    try:
        return float(text) if kind is None else units.parse(text, kind)
    except (UnitError, ValueError) as error:
        raise CatalogError(f"{text!r} in the catalogue: {error}") from error


def written_range(fact: Fact) -> str:
    """The range of a fact in the unit that its text is in, such as `30000 to 45000 $/GPU`."""
    if fact.low is None and fact.high is None:
        return ""
    unit, worth = _unit_of(fact)
    ends = ("" if end is None else f"{end / worth:g}" for end in (fact.low, fact.high))
    return f"{' to '.join(ends)} {unit}".strip()


def _unit_of(fact: Fact) -> tuple[str, float]:
    """The unit of a fact's text, and how much of the fact's unit it is worth."""
    unit = re.sub(r"[\d.,]+(e[+-]?\d+)?", "", fact.text, count=1).strip().lstrip("+-")
    kind = _kind_by_unit().get(unit)
    return (unit, 1.0) if kind is None else (unit, kind.units[unit])


@cache
def _kind_by_unit() -> dict[str, Kind]:
    return {unit: kind for kind in reversed(units.KINDS) for unit in kind.units}
