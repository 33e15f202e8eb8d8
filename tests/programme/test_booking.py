"""Lines of free capacity: never overbooked, never later than need be, the same by every way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.programme.booking import ARRAYS, LOOPS, Line, Ways, compiler_is_there, quickest

N = 6


@st.composite
def requests(draw):
    """A capacity in steps of whole days, and tasks that want some of it for a while."""
    steps = draw(st.lists(st.integers(1, 40), min_size=0, max_size=3, unique=True))
    since = [-np.inf, *sorted(float(step) for step in steps)]
    amounts = [float(draw(st.integers(0, 4))) for _ in since]
    amounts[-1] = max(amounts[-1], 3.0)
    count = draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    ready = rng.integers(0, 40, (count, N)).astype(float)
    length = rng.integers(1, 15, (count, N)).astype(float)
    amount = rng.integers(1, 4, (count, N)).astype(float)
    return since, amounts, ready, length, amount


def booked(case, ways: Ways) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Every task placed after the other: start, end, amount."""
    since, amounts, ready, length, amount = case
    line, placed = Line(since, amounts, N), []
    times, free = line.times_s, line.free
    for r, d, a in zip(ready, length, amount, strict=True):
        start = ways.earliest(times, free, r, d, a)
        times, free = ways.book(times, free, start, start + d, a)
        placed.append((start, start + d, a))
    return placed


def capacity(case, time: float) -> float:
    since, amounts, *_ = case
    return amounts[int(np.searchsorted(since, time, side="right")) - 1]


def used(placed, sample: int, time: float) -> float:
    return sum(a[sample] for s, e, a in placed if s[sample] <= time < e[sample])


@settings(max_examples=80)
@given(requests())
def test_in_no_sample_is_more_used_than_there_is(case):
    placed = booked(case, ARRAYS)
    for sample in range(N):
        for time in np.arange(0.0, 200.0, 0.5):
            busy = used(placed, sample, time)
            assert busy == 0 or busy <= capacity(case, time)


@settings(max_examples=60)
@given(requests())
def test_no_task_could_start_earlier_without_moving_another(case):
    placed = booked(case, ARRAYS)
    _, _, ready, length, amount = case
    for k, (start, _, _) in enumerate(placed):
        for sample in range(N):
            for earlier in np.arange(ready[k, sample], start[sample]):
                times = np.arange(earlier, earlier + length[k, sample], 0.5)
                assert any(
                    used(placed[:k], sample, t) + amount[k, sample] > capacity(case, t)
                    for t in times
                )


@settings(max_examples=60)
@given(requests())
def test_loops_and_arrays_place_alike_to_the_bit(case):
    loop, array = booked(case, LOOPS), booked(case, ARRAYS)
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(loop, array, strict=True))


@pytest.mark.skipif(not compiler_is_there(), reason="numba, of the extra `fast`, is not installed")
@settings(max_examples=40, deadline=None)
@given(requests())
def test_the_compiled_loops_place_like_their_plain_twin(case):
    compiled, plain = booked(case, quickest()), booked(case, LOOPS)
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(compiled, plain, strict=True))


@settings(max_examples=40)
@given(requests(), st.integers(1, 3))
def test_one_task_alone_is_never_later_with_more_capacity(case, more: int):
    since, amounts, ready, length, amount = case
    line, larger = Line(since, amounts, N), Line(since, [a + more for a in amounts], N)
    times = [x.earliest_s(ready[0], length[0], amount[0]) for x in (line, larger)]
    assert np.all(times[1] <= times[0])


def test_a_supply_is_used_up_and_comes_again_with_the_next_delivery():
    """Ten on day 0, five more on day 100: of three that take five each the last waits."""
    line, five = Line([-np.inf, 0.0, 100.0], [0.0, 10.0, 15.0], 1), np.array([5.0])
    starts = []
    for _ in range(4):
        start = line.earliest_s(np.array([1.0]), np.array([np.inf]), five)
        line.book(start, np.array([np.inf]), five)
        starts.append(float(start[0]))
    assert starts == [1.0, 1.0, 100.0, np.inf]


def test_what_never_starts_holds_nothing():
    line, one = Line([-np.inf], [1.0], 2), np.ones(2)
    line.book(np.array([np.inf, 3.0]), np.array([np.inf, 8.0]), one)
    start = line.earliest_s(np.array([2.0, 2.0]), np.array([4.0, 4.0]), one)
    assert start.tolist() == [2.0, 8.0]
