from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stargate.engine.step_function import StepFunction

CHANGES = st.lists(st.tuples(st.integers(0, 50), st.integers(-5, 5)), min_size=1, max_size=30)


@given(CHANGES, st.integers(0, 60))
def test_the_integral_is_the_sum_over_every_second(
    changes: list[tuple[int, int]], until: int
) -> None:
    times, amounts = zip(*sorted(changes, key=lambda change: change[0]), strict=True)
    steps = StepFunction.of_changes(times, amounts)
    by_second = sum(sum(n for at, n in changes if at <= second) for second in range(until))
    assert float(steps.integral(float(until))) == pytest.approx(by_second)


def test_a_value_holds_from_its_jump_on() -> None:
    steps = StepFunction.of_changes([1.0, 3.0], [2.0, -1.0])
    assert steps.at([0.0, 1.0, 2.9, 3.0, 9.0]).tolist() == [0.0, 2.0, 2.0, 1.0, 1.0]


def test_spans_that_overlap_add_up() -> None:
    steps = StepFunction.of_spans([0.0, 1.0], [4.0, 2.0])
    assert float(steps.integral(10.0)) == pytest.approx(5.0)
    assert np.allclose(steps.means([0.0, 1.0, 2.0, 4.0]), [1.0, 2.0, 1.0])


def test_nothing_that_happened_is_zero_everywhere() -> None:
    steps = StepFunction.of_changes([], [])
    assert steps.integral([0.0, 5.0]).tolist() == [0.0, 0.0]
    assert steps.at([0.0, 5.0]).tolist() == [0.0, 0.0]
