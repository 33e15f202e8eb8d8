"""Entries of the YAML files: a name, some labels, and groups of facts that share a source.

```yaml
h100-sxm:
  name: H100 SXM5 80GB
  aliases: [H100, H100-80GB]
  facts:
  - source: stas-accelerator      # a key of sources.yaml, or a citation in full
    confidence: read
    year: 2022                    # left out: the year in which the thing was released
    values:
      memory: 80 GB
      tdp: {value: 700 W, high: 720 W, note: why there is a range}
```
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from stargate.catalog.facts import CONFIDENCES, Confidence, Fact
from stargate.catalog.files import Node, Tree, read_yaml, source_text
from stargate.catalog.quantities import read_text
from stargate.errors import CatalogError
from stargate.units import Kind


@dataclass(frozen=True, slots=True)
class Property:
    """What a key under `values` means: in words, and its kind (None: a plain number)."""

    what: str
    kind: Kind | None = None

    @property
    def unit(self) -> str:
        """The unit of the float."""
        return "1" if self.kind is None else self.kind.si


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing of a YAML file, before it becomes an accelerator, a node, a link..."""

    id: str
    labels: Mapping[str, Node]
    facts: Mapping[str, Fact]

    def text(self, key: str, default: str = "") -> str:
        """The label `key`."""
        value = self.labels.get(key, default)
        return default if value is None else str(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of labels `key`."""
        value = self.labels.get(key, [])
        return tuple(str(item) for item in value) if isinstance(value, list) else ()

    def number(self, key: str) -> float:
        """The value of the fact `key`, which the entry must have."""
        if key not in self.facts:
            raise CatalogError(f"the catalogue gives no {key} for {self.id}")
        return self.facts[key].value

    def number_or_none(self, key: str) -> float | None:
        """The value of the fact `key`, if it is known."""
        return self.facts[key].value if key in self.facts else None


@cache
def entries(file: str, properties: tuple[tuple[str, Property], ...]) -> Mapping[str, Entry]:
    """Every entry of `data/<file>.yaml`; a value's key must be one of `properties`."""
    known = dict(properties)
    return MappingProxyType(
        {id_: _entry(id_, _mapping(tree, id_), known) for id_, tree in read_yaml(file).items()}
    )


@cache
def aliases_of(file: str) -> Mapping[str, tuple[str, ...]]:
    """The other names of every entry of `data/<file>.yaml`."""
    return {id_: _labels(tree) for id_, tree in read_yaml(file).items()}


def _labels(tree: Node) -> tuple[str, ...]:
    aliases = tree.get("aliases") if isinstance(tree, dict) else None
    return tuple(str(alias) for alias in aliases) if isinstance(aliases, list) else ()


def _entry(id_: str, tree: Tree, known: dict[str, Property]) -> Entry:
    labels = {key: value for key, value in tree.items() if key != "facts"}
    facts: dict[str, Fact] = {}
    groups = tree.get("facts", [])
    for group in groups if isinstance(groups, list) else []:
        for key, fact in _group(id_, tree, _mapping(group, id_), known):
            if key in facts:
                raise CatalogError(f"the catalogue gives {key} of {id_} twice")
            facts[key] = fact
    return Entry(id_, MappingProxyType(labels), MappingProxyType(facts))


def _group(id_: str, tree: Tree, group: Tree, known: dict[str, Property]) -> list[tuple[str, Fact]]:
    confidence = confidence_of(str(group.get("confidence")), id_)
    year = group.get("year", str(tree.get("released", ""))[:4])
    facts: list[tuple[str, Fact]] = []
    for key, written in _mapping(group.get("values"), id_).items():
        if key not in known:
            raise CatalogError(f"{id_}: {key!r} is none of {', '.join(known)}")
        parts: Tree = written if isinstance(written, dict) else {"value": written}
        facts.append((key, _fact(f"{id_}.{key}", known[key], parts, group, confidence, str(year))))
    return facts


def _fact(
    id_: str, meant: Property, parts: Tree, group: Tree, confidence: Confidence, year: str
) -> Fact:
    low, high = (parts.get(end) for end in ("low", "high"))
    return Fact(
        id=id_,
        what=meant.what,
        value=read_text(str(parts["value"]), meant.kind),
        unit=meant.unit,
        text=str(parts["value"]),
        source=source_text(str(group["source"])),
        confidence=confidence,
        year=int(year) if year.isdecimal() else None,
        low=None if low is None else read_text(str(low), meant.kind),
        high=None if high is None else read_text(str(high), meant.kind),
        note=str(parts.get("note", group.get("note", ""))),
    )


def confidence_of(text: str, id_: str) -> Confidence:
    """`text` as a confidence; anything else is a fault of the data file."""
    for confidence in CONFIDENCES:
        if text == confidence:
            return confidence
    raise CatalogError(f"{id_}: confidence {text!r} is none of {', '.join(CONFIDENCES)}")


def _mapping(value: Node, id_: str) -> Tree:
    if not isinstance(value, dict):
        raise CatalogError(f"{id_}: {value!r} should be a mapping")
    return value
