from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.control.placement import Rule, place
from stargate.control.pool import Nodes, Pool, Room, members

POOL = Pool("p", n_nodes=6, slots=4, domain=3)
RULES: tuple[Rule, ...] = get_args(Rule)


def _room(*free: int) -> Room:
    room = Room.of(POOL)
    room.change(tuple((i, 4 - n) for i, n in enumerate(free) if n < 4), -1)
    return room


@pytest.mark.parametrize(
    ("rule", "node"), [("first", 1), ("best", 3), ("worst", 0), ("consolidate", 3)]
)
def test_each_rule_chooses_its_node_for_a_single_worker(rule: Rule, node: int) -> None:
    room = _room(4, 3, 1, 2, 4, 4) if rule == "worst" else _room(1, 3, 1, 2, 4, 4)
    assert place(room, POOL, 1, 2, rule) == ((node, 2),)


def test_a_gang_is_kept_in_the_domain_that_fits_it_best() -> None:
    room = _room(4, 4, 4, 0, 4, 4)
    assert place(room, POOL, 2, 4, "consolidate") == ((4, 4), (5, 4))


def test_a_gang_too_large_for_one_domain_takes_the_fewest_nodes() -> None:
    room = _room(4, 2, 4, 4, 2, 4)
    found = place(room, POOL, 8, 2, "consolidate")
    assert found is not None
    assert {node for node, _ in found} == {0, 2, 3, 5}


def test_several_workers_share_a_node_but_none_is_split() -> None:
    assert place(_room(3, 3, 3, 0, 0, 0), POOL, 3, 2, "first") == ((0, 2), (1, 2), (2, 2))


def test_barred_nodes_are_not_taken() -> None:
    assert place(_room(4, 4, 4, 4, 4, 4), POOL, 1, 4, "first", barred=0b11) == ((2, 4),)


def test_what_is_free_on_a_node_that_is_down_cannot_be_taken_until_it_is_back() -> None:
    room = Room.of(replace(POOL, n_nodes=1, domain=1))
    room.take_down(0)
    assert place(room, POOL, 1, 1, "best") is None
    room.bring_up(0)
    assert place(room, POOL, 1, 1, "best") == ((0, 1),)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(0, 4), min_size=6, max_size=6),
    st.integers(1, 8),
    st.integers(1, 4),
    st.integers(0, 63),
)
def test_all_rules_find_nodes_whenever_there_are_enough(
    free: list[int], workers: int, slots: int, barred: int
) -> None:
    able = sum(n // slots for i, n in enumerate(free) if not barred >> i & 1)
    for rule in RULES:
        found = place(_room(*free), POOL, workers, slots, rule, barred)
        assert (found is not None) == (able >= workers)
        if found is not None:
            _is_sound(found, free, workers, slots, barred)


def _is_sound(found: Nodes, free: list[int], workers: int, slots: int, barred: int) -> None:
    assert members(found) & barred == 0
    assert len({node for node, _ in found}) == len(found)
    assert all(taken % slots == 0 and taken <= free[node] for node, taken in found)
    assert sum(taken for _, taken in found) == workers * slots
