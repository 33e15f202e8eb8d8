"""From files to a `Document`: read, lay upon its bases, override, validate, check.

Every problem is found before any is raised, except that a file which is no YAML is told of at
once, and that what hangs together across the document is checked when each part is sound.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from stargate.errors import Problem, SpecError
from stargate.spec import tree
from stargate.spec.checks import document_faults
from stargate.spec.complaints import problem_at, problem_of, problems_of
from stargate.spec.document import Document
from stargate.spec.names import catalog_references, dangling
from stargate.spec.outline import Outline, Reference
from stargate.spec.overrides import override
from stargate.spec.tree import Node
from stargate.spec.yaml_reader import read_yaml


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document, what its files hold, and the names in it that only the catalogue knows."""

    document: Document
    root: Node
    references: tuple[Reference, ...]

    def problem(self, path: tree.Path, message: str, mend: str = "") -> Problem:
        """A problem at the place where the value at `path` was written."""
        return problem_at(self.root, path, message, mend)


def load_document(path: str | Path, overrides: Sequence[str] = ()) -> Document:
    """The document that a file describes; raises `SpecError` with all its problems."""
    return load(path, overrides).document


def load(path: str | Path, overrides: Sequence[str] = ()) -> Loaded:
    """Like `load_document`, with the places of everything for later complaints."""
    root = _read_with_bases(Path(path), ())
    for text in overrides:
        root = override(root, text)
    return _validated(root)


def _validated(root: Node) -> Loaded:
    if not isinstance(root.value, dict):
        raise SpecError([problem_at(root, (), "wants a mapping", "begin with 'stargate: 1'")])
    outline = Outline.of_document()
    references = outline.references(root)
    problems = [problem_of(fault, root) for fault in dangling(root, references)]
    try:
        # JSON, because strict validation takes a list for a tuple and a text for a day only there.
        document = Document.model_validate_json(json.dumps(tree.plain(root)), strict=True)
    except ValidationError as error:
        raise SpecError([*problems, *problems_of(error.errors(), root, outline)]) from None
    problems += [problem_of(fault, root) for fault in document_faults(document)]
    if problems:
        raise SpecError(problems)
    return Loaded(document, root, tuple(catalog_references(root, references)))


def _read_with_bases(path: Path, chain: tuple[Path, ...]) -> Node:
    """The tree of a file laid upon the file that it extends, and so on down."""
    root = _read_file(path)
    extends = root.child("extends")
    if extends is None or not isinstance(extends.value, str):
        return root
    base, seen = path.parent / extends.value, (*chain, path.resolve())
    if base.resolve() in seen:
        names = " -> ".join(file.name for file in [*seen, base])
        raise SpecError([problem_at(root, ("extends",), f"files extend each other: {names}",
                                    "remove one 'extends'")])  # fmt: skip
    if not base.is_file():
        raise SpecError([problem_at(root, ("extends",), f"no file {str(base)!r}",
                                    "name a file by its path from this one")])  # fmt: skip
    return tree.merge(_read_with_bases(base, seen), root)


def _read_file(path: Path) -> Node:
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise SpecError([Problem(reason, file=str(path), mend="check the name")]) from None
    return read_yaml(content, str(path))
