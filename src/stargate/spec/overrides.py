"""`-s programme.phases.P5.target=2029-06-30`: change one value of a file from the command line.

A path is dotted; a step is a key, an index (from 0), or the `id` of an item in a list. Keys and
ids may hold dots themselves (`models.llama-3.1-405b.layers`): the longest that exists counts. The
value is read like a value in a file. A missing key is added; a missing item of a list is not.
"""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import NoReturn

from stargate.errors import Problem, SpecError
from stargate.spec.tree import Node, Place
from stargate.spec.yaml_events import DEPTH_MAX
from stargate.spec.yaml_reader import read_yaml


def override(root: Node, text: str) -> Node:
    """`root` with the change that `text` (`path=value`) asks for; raises `SpecError`."""
    place = Place(f"-s {text}")
    path, equals, value = text.partition("=")
    steps = [step.strip() for step in path.split(".")]
    if not equals or not all(steps) or len(steps) > DEPTH_MAX:
        _refuse(place, "no 'path.to.key=value'", "write it like network.sites.0.pue=1.2")
    return _put(root, steps, _read_value(value, place), "")


def _read_value(text: str, place: Place) -> Node:
    if not text.strip():
        return Node(None, place, place)
    try:
        return _moved(read_yaml(text, place.file), place)
    except SpecError as error:
        problems = [replace(problem, line=0, column=0) for problem in error.problems]
        raise SpecError(problems) from None


def _moved(node: Node, place: Place) -> Node:
    """`node` and all below it, said to stand at `place`."""
    if isinstance(node.value, dict):
        return Node({key: _moved(child, place) for key, child in node.value.items()}, place, place)
    if isinstance(node.value, list):
        return Node([_moved(child, place) for child in node.value], place, place)
    return Node(node.value, place, place)


def _put(node: Node, steps: list[str], value: Node, above: str) -> Node:
    """`node` with `value` at `steps` below it; `above` is the path to it, for messages."""
    if not steps:
        return replace(value, key_place=node.key_place or value.place)
    if isinstance(node.value, list):
        return _put_in_list(node, node.value, steps, value, above)
    if node.value is not None and not isinstance(node.value, dict):
        _refuse(value.place, f"{above!r} is a value, not a mapping", "end the path there")
    entries = node.value or {}
    key, rest = _longest(steps, set(entries))
    child = entries.get(key, Node(None, value.place, value.place))
    changed = _put(child, rest, value, f"{above}.{key}".lstrip("."))
    return replace(node, value={**entries, key: changed})


def _put_in_list(node: Node, items: list[Node], steps: list[str], value: Node, above: str) -> Node:
    names = {item.id or "": index for index, item in enumerate(items)}
    names.update({str(index): index for index in range(len(items))})
    name, rest = _longest(steps, set(names))
    if name not in names:
        ids = [item.id for item in items if item.id]
        known = get_close_matches(name, ids, n=3) or ids or [f"0 to {len(items) - 1}"]
        _refuse(value.place, f"{above!r} has no item {name!r}", f"known: {', '.join(known)}")
    changed = _put(items[names[name]], rest, value, f"{above}.{name}")
    index = names[name]
    return replace(node, value=[*items[:index], changed, *items[index + 1 :]])


def _longest(steps: list[str], known: set[str]) -> tuple[str, list[str]]:
    """The longest run of steps that, joined by dots, is known; else the first; and the rest."""
    for n in range(len(steps), 0, -1):
        if (joined := ".".join(steps[:n])) in known:
            return joined, steps[n:]
    return steps[0], steps[1:]


def _refuse(place: Place, message: str, mend: str) -> NoReturn:
    raise SpecError([Problem(message, file=place.file, mend=mend)])
