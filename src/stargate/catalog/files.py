"""Reads the catalogue's data files: YAML for things, CSV for lists of facts and measurements."""

from __future__ import annotations

import csv
import io
from functools import cache
from importlib.resources import files
from typing import cast

import yaml

from stargate.errors import CatalogError

Tree = dict[str, "Node"]
Node = str | int | float | bool | list["Node"] | Tree | None


def read_yaml(name: str) -> Tree:
    """The mapping in `data/<name>.yaml`."""
    text = _text(f"{name}.yaml")
    try:
        content = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise CatalogError(f"the catalogue's {name}.yaml is broken: {error}") from error
    return cast("Tree", content)


def read_csv(name: str) -> tuple[dict[str, str], ...]:
    """The rows of `data/<name>.csv`; lines that start with `#` are remarks."""
    lines = [line for line in _text(f"{name}.csv").splitlines() if not line.startswith("#")]
    return tuple(csv.DictReader(io.StringIO("\n".join(lines)), strict=True))


def credit(name: str) -> str:
    """The remarks at the head of `data/<name>.csv`: what the table is and whom to credit."""
    lines = _text(f"{name}.csv").splitlines()
    return " ".join(line.lstrip("# ") for line in lines if line.startswith("#"))


@cache
def source_text(key: str) -> str:
    """The full citation behind a source key; a text that is no key is itself the citation."""
    return _sources().get(key, key)


@cache
def _sources() -> dict[str, str]:
    return {key: str(text) for key, text in read_yaml("sources").items()}


def _text(name: str) -> str:
    try:
        return (files("stargate.catalog") / "data" / name).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise CatalogError(f"the catalogue has no data file {name}") from error
