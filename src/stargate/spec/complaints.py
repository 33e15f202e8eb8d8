"""Say in a planner's words, and at the right place, what pydantic found wrong.

A validator's own message may state the mend after a semicolon ("vp is 2 without a pipeline; set
vp=1"), and if it begins with the name of an entry, it is that entry which is pointed at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from difflib import get_close_matches

from pydantic_core import ErrorDetails

from stargate.errors import Problem
from stargate.spec.faults import Fault, FaultsError
from stargate.spec.outline import Outline
from stargate.spec.tree import Node, Path, Place, dotted, locate, plain

_DAY = ("a day", "write it like 2028-12-31")
_WHOLE = ("a whole number", "write it like 8, without quotes or unit")
_FRACTIONAL = ("a number", "write it like 0.5, without quotes or unit")
_LIST = ("a list", "write it like [a, b], or begin each item with '- '")
_MAPPING = ("a mapping", "write its entries as 'key: value'")

# What a field wants, and how that is written, by pydantic's name of the error.
_WANTED = {
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": _WHOLE,
    "float_type": _FRACTIONAL,
    "float_parsing": _FRACTIONAL,
    "finite_number": _FRACTIONAL,
    "string_type": ("a text", "write it in quotes"),
    "bool_type": ("true or false", "write true or false, without quotes"),
    "bool_parsing": ("true or false", "write true or false, without quotes"),
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "none_required": ("nothing", "remove the key"),
}

# Limits, by pydantic's name of the error: the words, and the entry of the context that they hold.
_LIMITS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("at most", "le"),
    "multiple_of": ("a multiple of", "multiple_of"),
}
_SIZES = {
    "too_short": ("at least", "min_length"),
    "too_long": ("at most", "max_length"),
    "string_too_short": ("at least", "min_length"),
    "string_too_long": ("at most", "max_length"),
}

# Keys that leave open whether the power is that of the machines or that of the whole site.
_BASELESS = ("power", "mw", "MW", "power_mw")


def problems_of(errors: Iterable[ErrorDetails], root: Node, outline: Outline) -> list[Problem]:
    """One problem for each error, without repetitions and what only follows from another."""
    found: list[Problem] = []
    for error in errors:
        raised = error.get("ctx", {}).get("error")
        if isinstance(raised, FaultsError):
            above = _path(error["loc"], root)
            found += [problem_of(fault, root, above) for fault in raised.faults]
        elif not _follows(error):
            found.append(_problem(error, root, outline))
    return list(dict.fromkeys(found))


def problem_of(fault: Fault, root: Node, above: Path = ()) -> Problem:
    """A fault found in the part at `above`, with its place in the files."""
    return problem_at(root, (*above, *fault.path), fault.message, fault.mend, key=fault.key)


def problem_at(
    root: Node, path: Path, message: str, mend: str = "", *, key: bool = False
) -> Problem:
    """A problem placed at the value at `path`, or at the key that names it."""
    node = locate(root, path)
    place = (node.key_place if key else None) or node.place
    return _placed(place, path, message, mend)


def _placed(place: Place, path: Path, message: str, mend: str) -> Problem:
    return Problem(message, dotted(path), place.file, place.line, place.column, mend)


def _follows(error: ErrorDetails) -> bool:
    """Whether a list is called too short only because its items were found wrong."""
    limit = error.get("ctx", {}).get("min_length", 0)
    given = error["input"]
    return error["type"] == "too_short" and isinstance(given, list) and len(given) >= limit


def _problem(error: ErrorDetails, root: Node, outline: Outline) -> Problem:
    kind, path = error["type"], _path(error["loc"], root)
    node, key = locate(root, path), str(error["loc"][-1]) if error["loc"] else ""
    if kind == "missing":
        mend = f"add '{key}: ...'{outline.describe(root, path, key)}"
        return _placed(node.key_place or node.place, (*path, key), f"{key!r} is missing", mend)
    if kind == "extra_forbidden":
        mend = _known(key, outline.keys(root, path[:-1]))
        return problem_at(root, path, f"unknown key {key!r}", mend, key=True)
    message, mend = _words(error, node)
    if key == "[key]":
        return problem_at(root, path, message, mend, key=True)
    if isinstance(node.value, dict) and (blamed := _blamed(message, node)):
        path = (*path, blamed)
    return problem_at(root, path, message, mend, key=isinstance(locate(root, path).value, dict))


def _path(loc: tuple[int | str, ...], root: Node) -> Path:
    """The part of pydantic's location that exists in the file.

    Steps that lead nowhere name the branch of a union, or a key that is missing.
    """
    path: list[int | str] = []
    node = root
    for step in loc:
        below = node.child(step)
        if below is not None:
            path.append(step)
            node = below
    return tuple(path)


def _blamed(message: str, node: Node) -> str | None:
    first = re.match(r"\w+", message)
    return first[0] if first and node.child(first[0]) is not None else None


def _words(error: ErrorDetails, node: Node) -> tuple[str, str]:
    """The message and the mend."""
    kind, context, shown = error["type"], error.get("ctx", {}), _shown(node)
    if kind in _WANTED:
        wanted, mend = _WANTED[kind]
        return f"wants {wanted}, not {shown}", mend
    if kind in _LIMITS:
        words, entry = _LIMITS[kind]
        limit = context[entry]
        return f"{shown} is out of range", f"it must be {words} {_number(limit)}"
    if kind in _SIZES:
        words, entry = _SIZES[kind]
        what = "character" if kind.startswith("string") else "item"
        fault = "too short" if entry == "min_length" else "too long"
        return f"{shown} is {fault}", f"it must have {words} {_counted(context[entry], what)}"
    if kind == "string_pattern_mismatch":
        return f"{shown} is no name", "begin with a letter; then letters, digits, '_', '.' and '-'"
    if kind == "literal_error":
        expected = str(context["expected"])
        mend = _nearest(node, re.findall(r"'([^']+)'", expected))
        return f"{shown} is not {expected}", mend or f"write {expected}"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        key = str(context["discriminator"]).strip("'")
        tag = context.get("tag")
        message = f"{key} {tag!r} is unknown" if tag else f"{key!r} is missing"
        known = str(context.get("expected_tags", ""))
        return message, f"write {key}: {known}" if known else f"add '{key}: ...'"
    said = str(context.get("error", "")) or error["msg"]
    message, _, mend = said.partition("; ")
    return message, mend


def _shown(node: Node) -> str:
    """A value as the file writes it, cut short."""
    text = json.dumps(plain(node), ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


def _counted(n: object, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _nearest(node: Node, known: list[str]) -> str:
    close = get_close_matches(node.value, known) if isinstance(node.value, str) else []
    return f"did you mean {close[0]!r}?" if close else ""


def _known(key: str, keys: list[str]) -> str:
    """How to mend an unknown key: those that are nearest, or all that are known."""
    if key in _BASELESS and {"it_power", "facility_power"} <= set(keys):
        return "say of what: 'it_power' or 'facility_power'"
    if close := get_close_matches(key, keys):
        return f"did you mean {' or '.join(repr(name) for name in close)}?"
    return f"known keys: {', '.join(keys)}" if keys else ""
