"""Everything the catalogue holds, of whatever kind, under one shape: for listings and search."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from stargate.catalog import hardware
from stargate.catalog.entries import aliases_of
from stargate.catalog.facts import Fact
from stargate.catalog.known_models import KnownModel, known_models
from stargate.catalog.lists import SUBJECTS, facts_on
from stargate.catalog.names import alias_table, close_matches, plain
from stargate.catalog.references import reference_classes
from stargate.catalog.tables import TABLES, Table, table
from stargate.errors import CatalogError
from stargate.spec.parameters import parameter_counts


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of the catalogue: labels (name and text) and facts, for a listing or a page."""

    kind: str
    id: str
    name: str
    labels: tuple[tuple[str, str], ...]
    facts: tuple[Fact, ...]
    aliases: tuple[str, ...] = ()
    note: str = ""
    table: Table | None = None


def items(kind: str) -> Mapping[str, Item]:
    """Every thing of a kind by id; the kinds are those of `KINDS`."""
    if kind not in KINDS:
        raise CatalogError(f"the catalogue has no kind {kind!r}; it has {', '.join(KINDS)}")
    return _items(kind)


def find_item(name: str, kind: str = "") -> Item:
    """The thing called `name`, of any kind unless one is given; `thing.property` gives its fact."""
    kinds = [kind] if kind else list(KINDS)
    for candidate in kinds:
        if name in items(candidate):
            return items(candidate)[name]
    for candidate in kinds:
        if (id_ := _spellings(candidate).get(plain(name))) is not None:
            return items(candidate)[id_]
    owner, _, key = name.rpartition(".")
    if owner:
        return _property(find_item(owner, kind), key)
    close = [match for k in kinds for match in close_matches(name, items(k), _spellings(k))]
    hint = (
        f"; did you mean {', '.join(close[:8])}?" if close else "; `stargate catalog` lists it all"
    )
    raise CatalogError(f"the catalogue has no {kind or 'entry'} {name!r}{hint}")


def search(text: str) -> tuple[Item, ...]:
    """Every thing whose id, name, alias or note contains all the words of `text`."""
    words = text.lower().split()
    return tuple(
        item
        for kind in KINDS
        for item in items(kind).values()
        if all(word in _haystack(item) for word in words)
    )


def _haystack(item: Item) -> str:
    return " ".join((item.id, item.name, item.note, *item.aliases)).lower()


def _property(item: Item, key: str) -> Item:
    for fact in item.facts:
        if fact.id == f"{item.id}.{key}":
            return _fact_item(fact)
    known = ", ".join(fact.id.removeprefix(f"{item.id}.") for fact in item.facts)
    raise CatalogError(f"{item.id} has no {key!r} in the catalogue; it has {known}")


def _accelerators() -> dict[str, Item]:
    return {
        id_: Item(
            "accelerator",
            id_,
            part.name,
            (
                ("vendor", part.vendor),
                ("status", part.status),
                ("released", part.released),
                ("scale-up", part.scaleup_topology),
                ("usual node", part.node_id),
            ),
            tuple(part.facts.values()),
            aliases_of("accelerators")[id_],
            part.note,
        )
        for id_, part in hardware.accelerators().items()
    }


def _nodes() -> dict[str, Item]:
    return {
        id_: Item(
            "node",
            id_,
            node.name,
            (
                ("accelerator", node.accelerator_id),
                ("CPUs", node.cpus),
                ("cooling", node.cooling),
                ("status", node.status),
            ),
            tuple(node.facts.values()),
            aliases_of("nodes")[id_],
            node.note,
        )
        for id_, node in hardware.nodes().items()
    }


def _links() -> dict[str, Item]:
    return {
        id_: Item(
            "link",
            id_,
            link.name,
            (("kind", link.kind),),
            tuple(link.facts.values()),
            aliases_of("links")[id_],
            link.note,
        )
        for id_, link in hardware.links().items()
    }


def _fabrics() -> dict[str, Item]:
    return {
        id_: Item(
            "fabric",
            id_,
            fabric.name,
            (
                ("operator", fabric.operator),
                ("accelerator", fabric.accelerator_id),
                *((f"tier {i}", _tier_text(tier)) for i, tier in enumerate(fabric.tiers, 1)),
                ("tiers from", f"{fabric.source} ({fabric.confidence})"),
            ),
            tuple(fabric.facts.values()),
            aliases_of("fabrics")[id_],
            fabric.note,
        )
        for id_, fabric in hardware.fabrics().items()
    }


def _tier_text(tier: hardware.Tier) -> str:
    parts = {
        "accelerators": tier.n_accelerators,
        "oversubscription": tier.oversubscription,
        "relative latency": tier.relative_latency,
    }
    known = [f"{what} {value:,g}" for what, value in parts.items() if value is not None]
    return ", ".join([tier.name, *known])


def _models() -> dict[str, Item]:
    return {
        id_: Item(
            "model",
            id_,
            known.name,
            _shape_labels(known),
            tuple(known.facts.values()),
            aliases_of("models")[id_],
            known.note,
        )
        for id_, known in known_models().items()
    }


def _shape_labels(known: KnownModel) -> tuple[tuple[str, str], ...]:
    counts = parameter_counts(known.shape)
    shape = known.shape.model_dump(by_alias=True, exclude_defaults=True, exclude={"name"})
    return (
        ("released", known.released),
        ("parameters, counted", f"{counts.total / 1e9:,.2f} billion"),
        ("active, counted", f"{counts.active / 1e9:,.2f} billion"),
        *((key, str(value)) for key, value in shape.items()),
        ("shape from", f"{known.source} ({known.confidence})"),
    )


def _reference_classes() -> dict[str, Item]:
    return {
        id_: Item(
            "reference-class",
            id_,
            reference.name,
            (("quantity", reference.quantity), ("distribution", reference.distribution)),
            tuple(reference.facts.values()),
            note=reference.note,
        )
        for id_, reference in reference_classes().items()
    }


def _facts() -> dict[str, Item]:
    return {
        id_: _fact_item(fact, subject)
        for subject in SUBJECTS
        for id_, fact in facts_on(subject).items()
    }


def _fact_item(fact: Fact, subject: str = "") -> Item:
    return Item("fact", fact.id, fact.what, (("subject", subject),), (fact,), note=fact.note)


def _tables() -> dict[str, Item]:
    return {
        name: Item("table", name, about, (("rows", f"{len(table(name))}"),), (), table=table(name))
        for name, about in TABLES.items()
    }


KINDS: dict[str, Callable[[], dict[str, Item]]] = {
    "accelerator": _accelerators,
    "node": _nodes,
    "link": _links,
    "fabric": _fabrics,
    "model": _models,
    "reference-class": _reference_classes,
    "fact": _facts,
    "table": _tables,
}


@cache
def _items(kind: str) -> Mapping[str, Item]:
    return MappingProxyType(KINDS[kind]())


@cache
def _spellings(kind: str) -> dict[str, str]:
    return alias_table({id_: item.aliases for id_, item in items(kind).items()})
