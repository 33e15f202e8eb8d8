from __future__ import annotations

import pytest

from stargate.errors import SpecError
from stargate.spec.tree import locate, plain
from stargate.spec.yaml_events import DEPTH_MAX
from stargate.spec.yaml_reader import N_BYTES_MAX, read_yaml


def value_of(text: str) -> object:
    held = plain(read_yaml(f"key: {text}\n", "spec.yaml"))
    assert isinstance(held, dict)
    return held["key"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e9", 1_000_000_000),
        ("1e-3", 0.001),
        ("1.5", 1.5),
        ("8.0", 8),
        ("-7", -7),
        (".5", 0.5),
        ("1e17", 1e17),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("no", "no"),
        ("on", "on"),
        ("True", "True"),
        ("yes", "yes"),
        ("010", "010"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("22:00", "22:00"),
        ("12:30:45", "12:30:45"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("2028-12-31", "2028-12-31"),
        ("400 Gb/s", "400 Gb/s"),
        ("$100B", "$100B"),
        ("12 %", "12 %"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("|\n  two\n  lines", "two\nlines\n"),
        ("[1, a, null]", [1, "a", None]),
        ("{a: 1}", {"a": 1}),
    ],
)
def test_scalars_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    found = value_of(text)
    assert found == value
    assert type(found) is type(value)


def test_every_key_and_value_knows_its_place() -> None:
    root = read_yaml("a: 1\nb:\n  - x: 2\n    é: three\n", "spec.yaml")
    node = locate(root, ("b", 0, "é"))
    assert (node.place.line, node.place.column) == (4, 8)
    assert node.key_place is not None
    assert (node.key_place.line, node.key_place.column) == (4, 5)
    assert node.place.file == "spec.yaml"


def test_problems_of_meaning_are_all_told_at_once() -> None:
    with pytest.raises(SpecError) as caught:
        read_yaml("a: 1\na: 2\n7: x\nb: !t y\nc: 'open\n", "spec.yaml")
    assert [problem.line for problem in caught.value.problems] == [2, 3, 4, 6]


@pytest.mark.parametrize(
    ("content", "line", "column", "message", "mend"),
    [
        (b"", 0, 0, "holds nothing", "stargate: 1"),
        (b"# only a comment\n", 0, 0, "holds nothing", "stargate: 1"),
        (b"a: 1\nb: \xff\n", 2, 4, "byte 0xff is not UTF-8", "UTF-8"),
        (b"\xef\xbb\xbfa: 1\n", 1, 1, "byte-order mark", "without it"),
        (b"\xff\xfea\x00", 1, 1, "byte 0xff is not UTF-8", "UTF-8"),
        (b"a: 1\nb: x\x00y\n", 2, 5, "U+0000", "without it"),
        (b"a: x\x07\n", 1, 5, "U+0007", "without it"),
        (b"a: " + b"[" * (DEPTH_MAX + 1), 1, 3 + DEPTH_MAX, "deep", "close some brackets"),
        (b"[" * 100_000, 1, 1001, "deep", "close some brackets"),
        (b"- " * 5_000, 1, 2 * DEPTH_MAX + 1, "deep", "close some brackets"),
        (b'a: "\\ud800"\n', 1, 7, "not YAML", "check the quotes"),
        (b"a: &a [*a]\n", 1, 4, "an anchor (&a)", "remove it"),
        (b"? {a: 1}\n: b\n", 1, 3, "a key must be a text", "key: value"),
        (b"*a : 1\n", 1, 1, "an alias (*a)", "write the value out"),
        (b"null: 1\n", 1, 1, "key null is no text", "'null'"),
        (b"true: 1\n", 1, 1, "key true is no text", "'true'"),
        (b"{a: 1, ? }\n", 1, 10, "an empty key", "quote it"),
    ],
)
def test_texts_that_cannot_be_read_are_told(
    content: bytes, line: int, column: int, message: str, mend: str
) -> None:
    with pytest.raises(SpecError) as caught:
        read_yaml(content, "spec.yaml")
    problem = caught.value.problems[0]
    assert problem.file == "spec.yaml"
    assert (problem.line, problem.column) == (line, column)
    assert message in problem.message
    assert mend in problem.mend


def test_a_file_without_end_is_not_read() -> None:
    with pytest.raises(SpecError, match="more than the 16,000,000"):
        read_yaml(b"#" * (N_BYTES_MAX + 1), "spec.yaml")


def test_few_lines_cannot_stand_for_many() -> None:
    laughs = "a: &a [x, x]\n" + "".join(f"b{i}: &b{i} [*a, *a]\n" for i in range(30))
    with pytest.raises(SpecError, match="an anchor"):
        read_yaml(laughs, "spec.yaml")
