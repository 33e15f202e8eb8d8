"""From files to a `Document`: read, lay upon its bases, override, validate, check.

Every problem is found before any is raised, except that a file which is no YAML is told of at
once, and that what hangs together across the document is checked when each part is sound.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from stargate.errors import Problem, SpecError
from stargate.spec.checks import document_faults
from stargate.spec.complaints import problem_at, problem_of, problems_of
from stargate.spec.document import Document
from stargate.spec.names import Lookups, dangling, not_found
from stargate.spec.outline import Outline
from stargate.spec.overrides import override
from stargate.spec.tree import Node, merge, plain
from stargate.spec.yaml_reader import read_yaml


def load_document(
    path: str | Path, overrides: Sequence[str] = (), lookups: Lookups | None = None
) -> Document:
    """The document that a file describes; raises `SpecError` with all its problems.

    `lookups` find the names of things that stand outside the document, by their kind; without
    them such names are not checked.
    """
    root = _read_with_bases(Path(path), ())
    for text in overrides:
        root = override(root, text)
    if not isinstance(root.value, dict):
        raise SpecError([problem_at(root, (), "wants a mapping", "begin with 'stargate: 1'")])
    return _document(root, lookups or {})


def _document(root: Node, lookups: Lookups) -> Document:
    outline = Outline.of_document()
    names = outline.references(root)
    faults = [*dangling(root, names), *not_found(root, names, lookups)]
    problems = [problem_of(fault, root) for fault in faults]
    try:
        # JSON, because strict validation takes a list for a tuple and a text for a day only there.
        document = Document.model_validate_json(json.dumps(plain(root)), strict=True)
    except ValidationError as error:
        raise SpecError([*problems, *problems_of(error.errors(), root, outline)]) from None
    problems += [problem_of(fault, root) for fault in document_faults(document)]
    if problems:
        raise SpecError(problems)
    return document


def _read_with_bases(path: Path, chain: tuple[Path, ...]) -> Node:
    """The tree of a file laid upon the file that it extends, and so on down."""
    root = _read_file(path)
    extends = root.child("extends")
    if extends is None or not isinstance(extends.value, str):
        return root
    base, seen = path.parent / extends.value, (*chain, path)
    if any(_is_same_file(base, file) for file in seen):
        names = " -> ".join(file.name for file in [*seen, base])
        message, mend = f"files extend each other: {names}", "remove one 'extends'"
        raise SpecError([problem_at(root, ("extends",), message, mend)])
    if not _is_file(base):
        message, mend = f"no file {extends.value!r}", "name a file by its path from this one"
        raise SpecError([problem_at(root, ("extends",), message, mend)])
    return merge(_read_with_bases(base, seen), root)


def _is_file(path: Path) -> bool:
    """Whether there is such a file; a name that cannot be one is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _is_same_file(one: Path, other: Path) -> bool:
    return _is_file(one) and one.samefile(other)


def _read_file(path: Path) -> Node:
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise SpecError([Problem(reason, file=str(path), mend="check the name")]) from None
    return read_yaml(content, str(path))
