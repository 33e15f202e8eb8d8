"""Models whose architecture is published, and the number of parameters claimed for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from pydantic import ValidationError

from stargate.catalog.entries import Entry, Property, confidence_of, entries
from stargate.catalog.facts import Confidence, Fact
from stargate.errors import CatalogError
from stargate.spec.model import Transformer

MODEL_PROPERTIES: tuple[tuple[str, Property], ...] = (
    ("parameters", Property("parameters as published")),
    ("active_parameters", Property("parameters that a token visits, as published")),
)


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model: its shape, where the shape is from, and the published parameters (`facts`)."""

    id: str
    name: str
    released: str
    note: str
    shape: Transformer
    source: str
    confidence: Confidence
    facts: Mapping[str, Fact]


@cache
def known_models() -> Mapping[str, KnownModel]:
    """Every known model by id."""
    found = entries("models", MODEL_PROPERTIES)
    return MappingProxyType({id_: _known_model(entry) for id_, entry in found.items()})


def _known_model(entry: Entry) -> KnownModel:
    return KnownModel(
        id=entry.id,
        name=entry.text("name", entry.id),
        released=entry.text("released"),
        note=entry.text("note"),
        shape=_shape(entry),
        source=entry.text("source"),
        confidence=confidence_of(entry.text("confidence"), entry.id),
        facts=entry.facts,
    )


def _shape(entry: Entry) -> Transformer:
    shape = entry.labels.get("shape")
    named = {"name": entry.id, **shape} if isinstance(shape, dict) else {}
    try:
        return Transformer.model_validate(named)
    except ValidationError as error:
        raise CatalogError(f"the catalogue's model {entry.id} is broken: {error}") from error
