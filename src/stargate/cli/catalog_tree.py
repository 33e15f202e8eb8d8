"""The catalogue as JSON and YAML: one documented object for each answer of `stargate catalog`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import yaml

from stargate.catalog.index import Item
from stargate.spec.model import Transformer
from stargate.spec.parameters import parameter_counts

SCHEMA_VERSION = 1


def overview(held: Mapping[str, Mapping[str, Item]]) -> dict[str, object]:
    """How many entries of each kind there are, and their ids."""
    kinds = {kind: {"count": len(found), "ids": list(found)} for kind, found in held.items()}
    return {"schema_version": SCHEMA_VERSION, "kinds": kinds}


def listing(kind: str, found: Sequence[Item]) -> dict[str, object]:
    """Entries with all that is known of them."""
    entries = [_entry(item) for item in found]
    return {"schema_version": SCHEMA_VERSION, "kind": kind or None, "entries": entries}


def entry(item: Item) -> dict[str, object]:
    """One entry; a table comes with its rows."""
    return {"schema_version": SCHEMA_VERSION, **_entry(item), **_rows(item)}


def model_json(name: str, model: Transformer) -> str:
    """A model as JSON, with its counted parameters."""
    counts = parameter_counts(model)
    tree = {
        "schema_version": SCHEMA_VERSION,
        "id": name,
        "model": _shape(model),
        "parameters": counts.total,
        "active_parameters": counts.active,
    }
    return json.dumps(tree, indent=2) + "\n"


def model_yaml(name: str, model: Transformer) -> str:
    """A model as a document that a specification can extend."""
    tree = {"stargate": 1, "models": {name: _shape(model)}}
    remark = f"# {parameter_counts(model).total:,} parameters\n"
    return remark + yaml.safe_dump(tree, sort_keys=False)


def _shape(model: Transformer) -> dict[str, object]:
    return model.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _entry(item: Item) -> dict[str, object]:
    return {
        "kind": item.kind,
        "id": item.id,
        "name": item.name,
        "aliases": list(item.aliases),
        "labels": {key: text for key, text in item.labels if text},
        "facts": [asdict(fact) for fact in item.facts],
        "note": item.note,
    }


def _rows(item: Item) -> dict[str, object]:
    if item.table is None:
        return {}
    rows = [dict(row) for row in item.table]
    return {"about": item.table.about, "units": dict(item.table.units), "rows": rows}
