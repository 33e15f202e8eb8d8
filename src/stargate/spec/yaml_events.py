"""What the parts of a YAML text mean: a strict subset of YAML 1.2.

YAML 1.1, as PyYAML reads it by itself, turns `no` into false, `22:00` into 1320 and `010` into 8,
and silently drops the first of two equal keys. Here:

- `true` and `false` are the booleans, `null`, `~` and nothing the null; numbers are decimal
  (`1e9` too; a number with a whole value is a whole number, as in JSON Schema); all else is text,
  dates included, which become days where a day is wanted;
- keys are texts, each once; one document a file;
- anchors, aliases, merge keys and tags are refused: a value stands in one place, and no few lines
  can stand for a billion. `extends` and ids serve the purpose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import yaml

from stargate.errors import Problem
from stargate.spec.tree import Node, Place, Scalar

DEPTH_MAX = 64

_INTEGER = re.compile(r"[+-]?(0|[1-9]\d*)", re.ASCII)
_NUMBER = re.compile(r"[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WORDS: dict[str, Scalar] = {"": None, "~": None, "null": None, "true": True, "false": False}
_EXACT_INT = 2.0**53
_N_DIGITS_MAX = 300


class StopReading(Exception):  # noqa: N818 - it stops, and the problem is already noted
    """Reading cannot go on."""


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not come yet; `key` is one that waits for its value."""

    value: dict[str, Node] | list[Node]
    place: Place
    key_place: Place | None
    key: tuple[str, Place] | None = None


@dataclass(slots=True)
class TreeBuilder:
    """Makes a tree of parser events, without recursion; notes problems as it goes."""

    file: str
    root: Node | None = None
    problems: list[Problem] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)

    def take(self, event: yaml.Event) -> None:
        """Add the next event; raises `StopReading` where going on would only mislead."""
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_decoration(event)
            self._take_scalar(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._refuse_decoration(event)
            self._open(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            done = self.stack.pop()
            self._attach(Node(done.value, done.place, done.key_place))
        elif isinstance(event, yaml.AliasEvent):
            self._note(event, f"an alias (*{event.anchor})", "write the value out")
            raise StopReading
        elif isinstance(event, yaml.DocumentStartEvent):
            self._begin_document(event)

    def _begin_document(self, event: yaml.DocumentStartEvent) -> None:
        if event.version or event.tags:
            self._note(event, "a YAML directive", "remove the line that begins with '%'")
        if self.root is not None:
            self._note(event, "a second document begins", "one document a file: remove '---'")
            raise StopReading

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        if len(self.stack) >= DEPTH_MAX:
            self._note(event, f"nested more than {DEPTH_MAX} deep", "close some brackets")
            raise StopReading
        if self._awaits_key():
            self._note(event, "a key must be a text, not a list or mapping", "write 'key: value'")
            raise StopReading
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        self.stack.append(_Open({} if is_mapping else [], self._at(event), self._key_place()))

    def _take_scalar(self, event: yaml.ScalarEvent) -> None:
        value = self._resolve(event) if event.implicit[0] else event.value
        if self._awaits_key():
            self._take_key(event, value)
        else:
            self._attach(Node(value, self._at(event), self._key_place()))

    def _take_key(self, event: yaml.ScalarEvent, value: Scalar) -> None:
        mapping, text = self.stack[-1], event.value
        assert isinstance(mapping.value, dict)
        if event.implicit[0] and text == "<<":
            self._note(event, "a merge key (<<)", "write the entries out, or use 'extends'")
        elif not isinstance(value, str):
            what = f"key {text} is no text" if text else "an empty key"
            self._note(event, what, f"write a text before the ':', or quote it: '{text}'")
        elif text in mapping.value:
            first = mapping.value[text].key_place
            where = f", first in line {first.line}" if first else ""
            self._note(event, f"key {text!r} stands twice{where}", "keep one of them")
        mapping.key = (text, self._at(event))

    def _attach(self, node: Node) -> None:
        """Put a finished node where it belongs; of two equal keys the first counts."""
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        if isinstance(parent.value, list):
            parent.value.append(node)
        else:
            assert parent.key is not None
            parent.value.setdefault(parent.key[0], node)
            parent.key = None

    def _awaits_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].value, dict) and self._key() is None

    def _key(self) -> tuple[str, Place] | None:
        return self.stack[-1].key if self.stack else None

    def _key_place(self) -> Place | None:
        key = self._key()
        return key[1] if key else None

    def _resolve(self, event: yaml.ScalarEvent) -> Scalar:
        """What a plain (unquoted) scalar stands for."""
        text = event.value
        if text in _WORDS:
            return _WORDS[text]
        if not _NUMBER.fullmatch(text):
            return text
        number = float(text)
        if len(text) > _N_DIGITS_MAX or abs(number) == float("inf"):
            self._note(event, "a number too long or too large", "write it shorter, such as 1.5e9")
            return 0
        if _INTEGER.fullmatch(text):
            return int(text)
        return int(number) if number.is_integer() and abs(number) < _EXACT_INT else number

    def _refuse_decoration(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.anchor is not None:
            self._note(event, f"an anchor (&{event.anchor})", "remove it; aliases are not read")
        if event.tag is not None:
            self._note(
                event, f"a tag ({event.tag})", "remove it; quote a value that begins with '!'"
            )

    def _note(self, event: yaml.Event, message: str, mend: str) -> None:
        place = self._at(event)
        self.problems.append(
            Problem(message, file=place.file, line=place.line, column=place.column, mend=mend)
        )

    def _at(self, event: yaml.Event) -> Place:
        mark = event.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1) if mark else Place(self.file)
