from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stargate.spec.tree import Node, Place, Plain, locate, merge, plain
from stargate.spec.yaml_reader import read_yaml

NOWHERE = Place("nowhere")


def node_of(value: Plain) -> Node:
    if isinstance(value, dict):
        return Node({key: node_of(child) for key, child in value.items()}, NOWHERE)
    if isinstance(value, list):
        return Node([node_of(child) for child in value], NOWHERE)
    return Node(value, NOWHERE)


PLAIN: st.SearchStrategy[Plain] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["id", "kind", "catalog", "a", "b"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(PLAIN)
def test_a_tree_laid_upon_itself_is_itself(value: Plain) -> None:
    assert plain(merge(node_of(value), node_of(value))) == value


@given(PLAIN, PLAIN)
def test_what_lies_above_is_never_lost(base: Plain, over: Plain) -> None:
    merged = merge(node_of(base), node_of(over))
    assert plain(merge(merged, node_of(over))) == plain(merged)


@pytest.mark.parametrize(
    ("base", "over", "merged"),
    [
        ("{a: 1, b: {c: 2}}", "{b: {d: 3}}", {"a": 1, "b": {"c": 2, "d": 3}}),
        ("{a: [1, 2]}", "{a: [3]}", {"a": [3]}),
        ("{a: [{id: x, n: 1}, {id: y}]}", "{a: [{id: x, m: 2}, {id: z}]}",
         {"a": [{"id": "x", "n": 1, "m": 2}, {"id": "y"}, {"id": "z"}]}),
        ("{a: [{id: x}]}", "{a: []}", {"a": []}),
        ("{a: [{id: x}]}", "{a: [{n: 1}]}", {"a": [{"n": 1}]}),
        ("{a: {kind: p, n: 1}}", "{a: {kind: q}}", {"a": {"kind": "q"}}),
        ("{a: {kind: p, n: 1}}", "{a: {kind: p}}", {"a": {"kind": "p", "n": 1}}),
        ("{a: {layers: 8}}", "{a: {catalog: gpt3}}", {"a": {"catalog": "gpt3"}}),
        ("{a: {catalog: gpt3}}", "{a: {layers: 8}}", {"a": {"layers": 8}}),
        ("{a: {b: 1}}", "{a: null}", {"a": None}),
        ("{a: 1}", "{a: {b: 2}}", {"a": {"b": 2}}),
    ],
)  # fmt: skip
def test_a_file_lies_upon_its_base_as_documented(base: str, over: str, merged: Plain) -> None:
    assert plain(merge(read_yaml(base, "base"), read_yaml(over, "over"))) == merged


def test_a_merged_value_keeps_the_place_it_came_from() -> None:
    merged = merge(read_yaml("a: {b: 1, c: 2}", "base"), read_yaml("a: {c: 3}", "over"))
    assert locate(merged, ("a", "b")).place.file == "base"
    assert locate(merged, ("a", "c")).place.file == "over"


def test_a_path_that_leads_nowhere_ends_at_the_last_thing_that_exists() -> None:
    root = read_yaml("a: {b: 1}", "spec")
    assert locate(root, ("a", "x", "y")) is root.child("a")
