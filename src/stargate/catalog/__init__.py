"""Sourced facts as data files, and their loader: every number that is not the user's.

    accelerator("h100-sxm").peak_flop_per_s["bf16"]     SI floats; `.facts` says where from
    fact("capex_it_per_mw_it").value                    a stand-alone fact
    model("gpt3-175b")                                  a `stargate.spec.model.Transformer`
    table("gemm").numbers("rate")                       measurements, a column at a time

Names are found in any spelling (`H100-80GB`); an unknown one raises `CatalogError` with the close
matches. Nothing is read before it is asked for, and then once.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from stargate.catalog import hardware
from stargate.catalog.entries import aliases_of
from stargate.catalog.facts import CONFIDENCES, Confidence, Fact, weakest_first
from stargate.catalog.hardware import Accelerator, Dtype, Fabric, Link, Node, Tier
from stargate.catalog.index import Item, find_item, search
from stargate.catalog.known_models import KnownModel, known_models
from stargate.catalog.lists import standalone_facts
from stargate.catalog.names import alias_table, find
from stargate.catalog.references import ReferenceClass, of_quantity, reference_classes
from stargate.catalog.tables import TABLES, Table, table
from stargate.errors import CatalogError
from stargate.spec.model import Transformer

__all__ = [
    "CONFIDENCES",
    "TABLES",
    "Accelerator",
    "Confidence",
    "Dtype",
    "Fabric",
    "Fact",
    "Item",
    "KnownModel",
    "Link",
    "Node",
    "ReferenceClass",
    "Table",
    "Tier",
    "accelerator",
    "duration_class",
    "fabric",
    "fact",
    "find_item",
    "known_model",
    "link",
    "model",
    "node",
    "node_of",
    "overrun_class",
    "reference_class",
    "search",
    "table",
    "weakest_first",
]


def accelerator(name: str) -> Accelerator:
    """The accelerator called `name`, such as `h100-sxm`."""
    return find(name, hardware.accelerators(), _aliases("accelerators"), "accelerator")


def node(name: str) -> Node:
    """The node called `name`, such as `dgx-h100`."""
    return find(name, hardware.nodes(), _aliases("nodes"), "node")


def node_of(accelerator_name: str) -> Node | None:
    """The usual node of an accelerator, or None where none is catalogued."""
    id_ = accelerator(accelerator_name).node_id
    return node(id_) if id_ else None


def link(name: str) -> Link:
    """The link, switch, NIC or optic called `name`, such as `nvlink4`."""
    return find(name, hardware.links(), _aliases("links"), "link")


def fabric(name: str) -> Fabric:
    """The fabric called `name`, such as `meta-24k-roce`."""
    return find(name, hardware.fabrics(), _aliases("fabrics"), "fabric")


def known_model(name: str) -> KnownModel:
    """The model called `name` with what is published of it."""
    return find(name, known_models(), _aliases("models"), "model")


def model(name: str) -> Transformer:
    """The architecture of the model called `name`, such as `gpt3-175b`."""
    return known_model(name).shape


def reference_class(name: str) -> ReferenceClass:
    """The reference class called `name`, such as `nuclear_power` or `power_transformer`."""
    return find(name, reference_classes(), _aliases("reference_classes"), "reference class")


def duration_class(name: str) -> ReferenceClass:
    """A reference class of how long things take, such as `power_transformer`."""
    return of_quantity(reference_class(name), "lead_time")


def overrun_class(name: str) -> ReferenceClass:
    """A reference class of costs over their budget, such as `it`."""
    return of_quantity(reference_class(name), "cost_overrun")


def fact(name: str) -> Fact:
    """The stand-alone fact `name`, or `thing.property` such as `h100-sxm.tdp`."""
    facts = standalone_facts()
    if name not in facts and "." in name:
        return _fact_of_thing(name)
    return find(name, facts, _fact_names(), "fact")


def _fact_of_thing(name: str) -> Fact:
    item = find_item(name)
    if item.kind != "fact":
        raise CatalogError(f"{name!r} names a {item.kind} and not one of its facts")
    return item.facts[0]


@cache
def _fact_names() -> Mapping[str, str]:
    return alias_table(dict.fromkeys(standalone_facts(), ()))


@cache
def _aliases(file: str) -> Mapping[str, str]:
    return alias_table(aliases_of(file))
