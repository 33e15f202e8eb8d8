"""Named streams and correlated scores."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.engine.sampling import correlated, latin_hypercube, normal_scores
from stargate.engine.streams import stream


def test_the_same_name_and_seed_give_the_same_draws():
    assert np.array_equal(stream(7, "task", "a").random(9), stream(7, "task", "a").random(9))


def test_other_names_and_other_seeds_give_other_draws():
    draws = [stream(*key).random() for key in ((7, "a"), (7, "b"), (8, "a"), (7, "a", "b"))]
    assert len(set(draws)) == 4


def test_names_are_not_run_together():
    assert stream(7, "ab", "c").random() != stream(7, "a", "bc").random()


@settings(max_examples=20)
@given(st.integers(1, 500), st.integers(0, 2**31))
def test_every_stratum_holds_one_score(n: int, seed: int):
    from scipy.special import ndtr

    strata = np.floor(ndtr(normal_scores(latin_hypercube(stream(seed, "x"), n))) * n)
    assert sorted(np.clip(strata, 0, n - 1)) == list(range(n))


def test_scores_that_share_a_factor_correlate_by_the_product_of_their_loads():
    n = 200_000
    factor = {"heat": normal_scores(latin_hypercube(stream(1, "f"), n))}
    a = correlated(normal_scores(latin_hypercube(stream(1, "a"), n)), {"heat": 0.6}, factor)
    b = correlated(normal_scores(latin_hypercube(stream(1, "b"), n)), {"heat": -0.8}, factor)
    assert np.isclose(np.corrcoef(a, b)[0, 1], -0.48, atol=0.005)
    assert np.isclose(a.std(), 1.0, atol=0.005)


def test_loads_that_explain_all_leave_nothing_of_its_own():
    factor = {"f": normal_scores(latin_hypercube(stream(1, "f"), 100))}
    own = normal_scores(latin_hypercube(stream(1, "a"), 100))
    assert np.allclose(correlated(own, {"f": 1.0}, factor), factor["f"])
