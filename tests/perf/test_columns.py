"""Structs of columns, groups of rows, and the coefficients' way to a vector and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stargate.errors import CatalogError
from stargate.perf.coefficients import Coefficients, families, generation, generations
from stargate.perf.columns import Groups

columns = st.integers(1, 200).flatmap(
    lambda n: st.lists(
        hnp.arrays(np.int64, n, elements=st.integers(0, 40) | st.integers(0, 10**9)),
        min_size=1,
        max_size=4,
    )
)


@given(columns)
def test_groups_join_exactly_the_rows_that_agree(rows: list[np.ndarray]) -> None:
    groups = Groups.of(rows)
    for column in rows:
        np.testing.assert_array_equal(column[groups.first][groups.inverse], column)
    distinct = np.unique(np.stack(rows), axis=1).shape[1]
    assert len(groups.first) == distinct


@pytest.mark.parametrize("family", families())
def test_every_generation_has_every_coefficient_with_a_source(family: str) -> None:
    for name in generations(family):
        found = generation(family, name)
        assert not found.assumed
        assert set(found.sources) >= set(Coefficients.__slots__)
        assert all(found.sources.values())


@pytest.mark.parametrize("family", families())
def test_coefficients_turn_into_a_vector_and_back(family: str) -> None:
    coefficients = generation(family).coefficients
    assert Coefficients.from_vector(coefficients.to_vector()) == coefficients


@pytest.mark.parametrize("family", families())
def test_shares_lie_between_nothing_and_everything(family: str) -> None:
    for name in generations(family):
        c = generation(family, name).coefficients
        overlaps = (c.tp_overlap, c.cp_overlap, c.ep_overlap, c.p2p_overlap, c.dp_overlap)
        assert all(0 <= share <= 1 for share in (*overlaps, c.shard_overlap, c.expert_dedup))
        assert 0 < c.memory_fraction <= 1
        assert 0 < c.attention_fraction <= 1
        assert c.expert_imbalance >= 1


def test_an_unknown_generation_lists_the_known_ones() -> None:
    with pytest.raises(CatalogError, match=r"known: .*megatron-2022"):
        generation("ampere", "megatron-1999")
