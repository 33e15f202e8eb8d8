"""Facts that stand alone: prices, rates, lead times, efficiencies, in one CSV file a subject.

Columns: `id, what, value, low, high, unit, year, source, confidence, note`. Numbers are in the
unit of their row; the loader turns them into SI.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from stargate.catalog.entries import confidence_of
from stargate.catalog.facts import Fact
from stargate.catalog.files import read_csv, source_text
from stargate.catalog.quantities import measure_of, to_si, written
from stargate.errors import CatalogError

SUBJECTS: dict[str, str] = {
    "costs": "prices and costs of accelerators, buildings, power and money",
    "lead_times": "how long things take to get",
    "power": "how much power things draw, and how well a site uses it",
    "energy": "prices of energy, and the carbon in it",
    "capability": "training compute, scaling laws, capability of models",
    "failures": "how often things fail",
    "operations": "detection, recovery, stragglers, launch overheads, storage",
    "wan": "fibre and wide-area links",
    "published_runs": "time, power, carbon and cost of training runs and sites, as published",
}


@cache
def standalone_facts() -> Mapping[str, Fact]:
    """Every stand-alone fact by id."""
    found: dict[str, Fact] = {}
    for subject in SUBJECTS:
        for id_, fact in facts_on(subject).items():
            if id_ in found:
                raise CatalogError(f"the catalogue gives the fact {id_} twice")
            found[id_] = fact
    return MappingProxyType(found)


@cache
def facts_on(subject: str) -> Mapping[str, Fact]:
    """The facts of one of `SUBJECTS`, in the order of its file."""
    found: dict[str, Fact] = {}
    for row in read_csv(subject):
        fact = _fact(row)
        if fact.id in found:
            raise CatalogError(f"the catalogue gives the fact {fact.id} twice")
        found[fact.id] = fact
    return MappingProxyType(found)


def _fact(row: dict[str, str]) -> Fact:
    unit = row["unit"]
    return Fact(
        id=row["id"],
        what=row["what"],
        value=to_si(row["value"], unit),
        unit=measure_of(unit).unit,
        text=written(row["value"], unit),
        source=source_text(row["source"]),
        confidence=confidence_of(row["confidence"], row["id"]),
        year=int(row["year"]) if row["year"] else None,
        low=to_si(row["low"], unit) if row["low"] else None,
        high=to_si(row["high"], unit) if row["high"] else None,
        note=row["note"],
    )
