"""Reference classes: how projects of a kind have gone, ready to be sampled from.

A cost class is spliced (Flyvbjerg & Gardner 2023, appendix A): with probability `p_tail` the
overrun has mean `tail_mean`, otherwise `body_mean`; overruns are fractions of the budget. A lead
time is a PERT triple or a Weibull distribution, in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from stargate import units
from stargate.catalog.entries import Entry, Property, entries
from stargate.catalog.facts import Fact
from stargate.errors import CatalogError

REFERENCE_PROPERTIES: tuple[tuple[str, Property], ...] = (
    ("mean", Property("mean overrun, as a fraction of the budget")),
    ("p_tail", Property("share of projects in the tail (50 % over budget or more)")),
    ("tail_mean", Property("mean overrun in the tail")),
    ("body_mean", Property("mean overrun outside the tail")),
    ("pareto_alpha_max", Property("Pareto exponent of the tail, at most")),
    ("completion_probability", Property("share that is ever completed")),
    ("low", Property("shortest credible", units.DURATION)),
    ("mode", Property("most likely", units.DURATION)),
    ("high", Property("longest credible", units.DURATION)),
    ("median", Property("median cost for each MW of IT", units.POWER_PRICE)),
    ("sigma", Property("standard deviation of the logarithm")),
    ("scale", Property("Weibull scale: 63 % take less", units.DURATION)),
    ("shape", Property("Weibull shape")),
    ("observed", Property("projects that ended")),
    ("censored", Property("projects that had not ended")),
)


@dataclass(frozen=True, slots=True)
class ReferenceClass:
    """A class of projects or orders. `quantity` is `cost_overrun`, `lead_time` or `cost`."""

    id: str
    name: str
    quantity: str
    distribution: str
    note: str
    parameters: Mapping[str, float]
    facts: Mapping[str, Fact]


@cache
def reference_classes() -> Mapping[str, ReferenceClass]:
    """Every reference class by id."""
    found = entries("reference_classes", REFERENCE_PROPERTIES)
    return MappingProxyType({id_: _reference_class(entry) for id_, entry in found.items()})


def of_quantity(found: ReferenceClass, quantity: str) -> ReferenceClass:
    """The class, if it tells of that quantity; else an error that names those which do."""
    if found.quantity == quantity:
        return found
    words = {"cost_overrun": "cost overruns", "lead_time": "how long things take", "cost": "costs"}
    fitting = [id_ for id_, other in reference_classes().items() if other.quantity == quantity]
    raise CatalogError(
        f"the reference class {found.id} tells of {words[found.quantity]}, "
        f"not of {words[quantity]}; such classes are {', '.join(fitting)}"
    )


def _reference_class(entry: Entry) -> ReferenceClass:
    return ReferenceClass(
        id=entry.id,
        name=entry.text("name", entry.id),
        quantity=entry.text("quantity"),
        distribution=entry.text("distribution"),
        note=entry.text("note"),
        parameters=MappingProxyType({key: fact.value for key, fact in entry.facts.items()}),
        facts=entry.facts,
    )
