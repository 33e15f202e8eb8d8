"""The JSON Schema of a document, walked beside what a file holds.

It knows which keys may stand in a place and which texts are names of things elsewhere, and knows
both even where the file is wrong in other ways: nothing here needs a valid document.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from stargate.spec.document import Document
from stargate.spec.tree import Node, Path

Schema = dict[str, object]


@dataclass(frozen=True, slots=True)
class Reference:
    """A name of a `kind` of thing, such as "site" or "catalog accelerator", and where it stands."""

    path: Path
    kind: str
    name: str


@cache
def document_schema() -> Schema:
    """The JSON Schema of a whole file."""
    schema: Schema = Document.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Stargate specification",
    }


@dataclass(frozen=True, slots=True)
class Outline:
    """Walks a schema; `definitions` are its `$defs`."""

    schema: Schema
    definitions: dict[str, Schema] = field(repr=False)

    @classmethod
    def of_document(cls) -> Outline:
        """The outline of a whole file."""
        schema = document_schema()
        definitions = schema.get("$defs", {})
        assert isinstance(definitions, dict)
        return cls(schema, definitions)

    def keys(self, root: Node, path: Path) -> list[str]:
        """Every key that may stand in the mapping at `path`."""
        shapes = self._at(root, path)
        return list(dict.fromkeys(key for shape in shapes for key in _properties(shape)))

    def describe(self, root: Node, path: Path, key: str) -> str:
        """What the key of a mapping is for, in parentheses; empty if the schema does not say."""
        shapes = [s for shape in self._at(root, path) for s in [_properties(shape).get(key)] if s]
        said = [str(shape["description"]) for shape in shapes if "description" in shape]
        return f" ({said[0]})" if said else ""

    def references(self, root: Node) -> list[Reference]:
        """Every text that is marked as the name of a thing elsewhere, in file order."""
        return list(dict.fromkeys(self._references(root, self._shapes(self.schema, root), ())))

    def _at(self, root: Node, path: Path) -> list[Schema]:
        """The shapes that the value at `path` may have."""
        node, shapes = root, self._shapes(self.schema, root)
        for step in path:
            below = node.child(step)
            if below is None:
                return []
            node = below
            shapes = [s for shape in shapes for s in self._below(shape, step, below)]
        return shapes

    def _references(self, node: Node, shapes: list[Schema], path: Path) -> Iterator[Reference]:
        if isinstance(node.value, str):
            for shape in shapes:
                if "x-refers-to" in shape:
                    yield Reference(path, str(shape["x-refers-to"]), node.value)
        for step, child in node.items():
            if isinstance(step, str):
                yield from (Reference((*path, step), kind, step) for kind in _key_kinds(shapes))
            below = [s for shape in shapes for s in self._below(shape, step, child)]
            yield from self._references(child, below, (*path, step))

    def _below(self, shape: Schema, step: str | int, child: Node) -> list[Schema]:
        """The shapes that `child` may have under `step`."""
        found = _under_key(shape, step) if isinstance(step, str) else _under_index(shape, step)
        return self._shapes(found, child) if isinstance(found, dict) else []

    def _shapes(self, schema: Schema, node: Node) -> list[Schema]:
        """`schema` without its alternatives and references: the plain shapes that fit `node`."""
        if "$ref" in schema:
            name = str(schema["$ref"]).rpartition("/")[2]
            return self._shapes(self.definitions[name], node)
        for word in ("anyOf", "oneOf", "allOf"):
            options = schema.get(word)
            if isinstance(options, list):
                return [shape for option in options for shape in self._shapes(option, node)]
        return [schema] if _fits(schema, node) else []


def _properties(shape: Schema) -> dict[str, Schema]:
    found = shape.get("properties", {})
    assert isinstance(found, dict)
    return found


def _under_key(shape: Schema, key: str) -> object:
    if key in _properties(shape):
        return _properties(shape)[key]
    patterns = shape.get("patternProperties")
    if isinstance(patterns, dict):
        return next(iter(patterns.values()))
    return shape.get("additionalProperties")


def _key_kinds(shapes: list[Schema]) -> Iterator[str]:
    """The kinds of thing that the keys of a mapping are names of."""
    for shape in shapes:
        names = shape.get("propertyNames")
        if isinstance(names, dict) and "x-refers-to" in names:
            yield str(names["x-refers-to"])


def _under_index(shape: Schema, index: int) -> object:
    first = shape.get("prefixItems")
    if isinstance(first, list) and index < len(first):
        return first[index]
    return shape.get("items")


def _fits(shape: Schema, node: Node) -> bool:
    """Whether a mapping may have this shape: its constants (`kind: training`) are those asked.

    A constant that is left out is as asked, unless the shape requires it.
    """
    if not isinstance(node.value, dict):
        return True
    constants = {key: p["const"] for key, p in _properties(shape).items() if "const" in p}
    given = {key: child.value for key, child in node.value.items()}
    required = shape.get("required", [])
    assert isinstance(required, list)
    usual = {key: value for key, value in constants.items() if key not in required}
    return all({**usual, **given}.get(key) == value for key, value in constants.items())
