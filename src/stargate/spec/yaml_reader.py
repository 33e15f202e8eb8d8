"""Read a strict subset of YAML 1.2 into a tree that knows line and column of everything.

PyYAML's C parser splits the text into events; `yaml_events` decides what they mean. Here stands
what is wrong with a text as a whole: its bytes, its characters, its syntax. Every fault is a
`Problem`; a fault of syntax ends the reading, faults of meaning before it are reported too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from stargate.errors import Problem, SpecError
from stargate.spec.tree import Node
from stargate.spec.yaml_events import StopReading, TreeBuilder

N_BYTES_MAX = 16_000_000

_PRINTABLE = r"\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff"
_FORBIDDEN = re.compile(f"[^{_PRINTABLE}]")

# What the parser says, what that means, and how to mend it.
_SYNTAX = (
    (
        "mapping values are not allowed",
        "a ':' where no key can stand",
        "check the indentation, or quote the value",
    ),
    (
        "could not find expected ':'",
        "a key without its ':'",
        "write 'key: value'",
    ),
    (
        "found unexpected end of stream",
        "the text ends inside quotes",
        "close the quotes",
    ),
    (
        "did not find expected key",
        "this line does not fit the block above it",
        "check the indentation, or quote the value",
    ),
    (
        "did not find expected '-' indicator",
        "this line does not fit the list above it",
        "begin it with '- ', or check the indentation",
    ),
    (
        "did not find expected node content",
        "a value is missing, or a bracket is left open",
        "close the bracket, or quote the value",
    ),
    (
        "did not find expected ',' or ']'",
        "a list in brackets goes wrong here",
        "separate its items with ',' and close it with ']'",
    ),
    (
        "did not find expected ',' or '}'",
        "a mapping in braces goes wrong here",
        "separate its entries with ',' and close it with '}'",
    ),
    (
        "found unknown escape character",
        "an unknown escape in double quotes",
        "use single quotes, or double the backslash",
    ),
    (
        "found undefined tag handle",
        "a tag",
        "remove it; quote the value if it begins with '!'",
    ),
    (
        "exceeded maximum nesting depth",
        "nested too deep",
        "close some brackets",
    ),
)


def read_yaml(content: bytes | str, file: str) -> Node:
    """The tree that `content` holds; raises `SpecError` with every problem found."""
    text = _decode(content, file) if isinstance(content, bytes) else content
    _refuse_control_characters(text, file)
    builder = TreeBuilder(file)
    problems = builder.problems
    try:
        for event in _events(text):
            builder.take(event)
    except StopReading:
        pass
    except yaml.YAMLError as error:
        problems.append(_syntax_problem(error, text, file))
    if builder.root is None and not problems:
        problems.append(
            Problem("the text holds nothing", file=file, mend="begin with 'stargate: 1'")
        )
    if builder.root is None or problems:
        raise SpecError(problems)
    return builder.root


def _events(text: str) -> Iterator[yaml.Event]:
    loader = yaml.CLoader(text)
    try:
        while loader.check_event():
            event = loader.get_event()
            assert event is not None
            yield event
    finally:
        loader.dispose()


def _decode(content: bytes, file: str) -> str:
    if len(content) > N_BYTES_MAX:
        message = f"{len(content):,} bytes are more than the {N_BYTES_MAX:,} that are read"
        raise SpecError([Problem(message, file=file, mend="split the file with 'extends'")])
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        message = f"byte 0x{content[error.start]:02x} is not UTF-8"
        mend = "save the file as UTF-8"
        raise SpecError([_problem_at(before, len(before), file, message, mend)]) from None


def _refuse_control_characters(text: str, file: str) -> None:
    found = _FORBIDDEN.search(text)
    if found is None:
        return
    what = "a byte-order mark" if found[0] == "\ufeff" else f"character U+{ord(found[0]):04X}"
    message = f"{what} cannot stand in a specification"
    mend = "save the file as plain UTF-8 without it"
    raise SpecError([_problem_at(text, found.start(), file, message, mend)])


def _problem_at(text: str, offset: int, file: str, message: str, mend: str) -> Problem:
    line = text.count("\n", 0, offset) + 1
    column = offset - text.rfind("\n", 0, offset)
    return Problem(message, file=file, line=line, column=column, mend=mend)


def _syntax_problem(error: yaml.YAMLError, text: str, file: str) -> Problem:
    if not isinstance(error, yaml.MarkedYAMLError):
        return Problem(f"not YAML: {error}", file=file, mend="save the file as plain UTF-8 text")
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark is not None else (0, 0)
    message, mend = _explain(error.problem or error.context or "", text, line, column)
    return Problem(message, file=file, line=line + 1, column=column + 1, mend=mend)


def _explain(said: str, text: str, line: int, column: int) -> tuple[str, str]:
    """What is wrong and how to mend it, given the parser's words and place (from 0)."""
    if "cannot start any token" in said:
        lines = text.splitlines()
        character = lines[line][column : column + 1] if line < len(lines) else ""
        if character == "\t":
            return "a tab where indentation or a value belongs", "indent with spaces"
        return f"{character!r} cannot begin a value", "quote the value"
    for fragment, message, mend in _SYNTAX:
        if fragment in said:
            return message, mend
    return f"not YAML: {said}", "check the quotes, brackets and indentation here"
