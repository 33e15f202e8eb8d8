from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.control.fragmentation import Typical, fragmentation_milli
from stargate.control.sharing import Ask, Memory, Nodes, SharingRule, choices, gpus_for

HALF, ONE, FOUR = Ask(1000, 0, 1, 500), Ask(1000, 0, 1, 1000), Ask(1000, 0, 4, 1000)
RULES: tuple[SharingRule, ...] = get_args(SharingRule)


def _nodes() -> Nodes:
    return Nodes.empty([16_000] * 3, [0] * 3, [4] * 3)


def _memory() -> Memory:
    return Memory(Typical.of([HALF, ONE, FOUR]))


def _put(nodes: Nodes, ask: Ask, rule: SharingRule) -> tuple[int, list[int]]:
    memory = _memory()
    node = int(choices(nodes, ask, rule, memory)[0])
    gpus = gpus_for(nodes, node, ask, rule, memory)[0]
    nodes.take(node, gpus, ask)
    return node, gpus


@pytest.mark.parametrize("rule", ["best-fit", "packing", "fgd", "clustering"])
def test_a_share_goes_to_the_accelerator_that_is_shared_already(rule: SharingRule) -> None:
    nodes = _nodes()
    nodes.take(1, [2], HALF)
    assert _put(nodes, HALF, rule) == (1, [2])


def test_clustering_keeps_whole_accelerators_away_from_shares() -> None:
    nodes = _nodes()
    nodes.take(0, [0], HALF)
    nodes.take(1, [0], ONE)
    assert _put(nodes, ONE, "clustering")[0] == 1


def test_random_leaves_every_node_that_can_take_the_work_to_be_drawn_from() -> None:
    nodes = _nodes()
    nodes.take(0, [0], ONE)
    assert choices(nodes, FOUR, "random", _memory()).tolist() == [1, 2]


@pytest.mark.parametrize("rule", RULES)
def test_work_that_fits_nowhere_is_put_nowhere(rule: SharingRule) -> None:
    too_big = Ask(17_000, 0, 1, 1000)
    assert len(choices(_nodes(), too_big, rule, _memory())) == 0


def test_what_is_free_is_all_useless_where_no_typical_work_fits() -> None:
    typical = Typical.of([FOUR])
    free = np.array([[1000, 1000, 1000, 500]])
    assert fragmentation_milli(np.array([9000]), free, typical).tolist() == [3500.0]


def test_only_accelerators_too_full_are_useless_where_work_fits() -> None:
    typical = Typical.of([ONE, HALF])
    free = np.array([[1000, 400]])
    assert fragmentation_milli(np.array([9000]), free, typical).tolist() == [400.0]


ASKS = st.lists(
    st.sampled_from([HALF, ONE, FOUR, Ask(2000, 0, 0, 0), Ask(500, 0, 1, 300)]), max_size=40
)


@settings(max_examples=60, deadline=None)
@given(ASKS, st.sampled_from(RULES))
def test_nothing_is_ever_taken_twice(asks: list[Ask], rule: SharingRule) -> None:
    nodes, memory, given_milli = _nodes(), _memory(), 0
    for ask in asks:
        able = choices(nodes, ask, rule, memory)
        if len(able):
            node = int(able[-1])
            nodes.take(node, gpus_for(nodes, node, ask, rule, memory)[-1], ask)
            given_milli += ask.n_gpus * ask.gpu_milli
    assert nodes.gpu_milli.min() >= 0
    assert nodes.cpu_milli.min() >= 0
    assert 12_000 - nodes.gpu_milli.sum() == given_milli


@settings(max_examples=60, deadline=None)
@given(ASKS)
def test_remembered_scores_are_those_found_anew(asks: list[Ask]) -> None:
    nodes, memory = _nodes(), _memory()
    for ask in asks:
        able = choices(nodes, ask, "fgd", memory)
        assert able.tolist() == choices(nodes, ask, "fgd", _memory()).tolist()
        if len(able):
            node = int(able[0])
            nodes.take(node, gpus_for(nodes, node, ask, "fgd", memory)[0], ask)
