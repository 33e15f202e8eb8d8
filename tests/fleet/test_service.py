from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.control.job import Job
from stargate.fleet.scenario import Service
from stargate.fleet.service import ServiceQueue

REQUESTS = st.lists(st.tuples(st.integers(0, 200), st.integers(1, 30)), min_size=1, max_size=40)


def _queue(requests: list[tuple[float, float]]) -> ServiceQueue:
    queue = ServiceQueue(iter(requests))
    queue.advance(0.0)
    queue._next = next(queue.arrivals, (float("inf"), 0.0))
    return queue


@settings(max_examples=100, deadline=None)
@given(REQUESTS, st.integers(1, 4))
def test_starts_are_those_of_kiefer_and_wolfowitz(
    rows: list[tuple[int, int]], n_replicas: int
) -> None:
    requests = sorted((float(at), float(needs)) for at, needs in rows)
    queue = _queue(requests)
    for i in range(n_replicas):
        queue.add(f"r{i}", 0, 0.0)
    queue.advance(1e9)
    free = np.zeros(n_replicas)
    for (at, needs), start in zip(requests, queue.started_s, strict=True):
        first = int(free.argmin())
        assert start == max(at, free[first])
        free[first] = start + needs


def test_a_request_whose_replica_is_lost_starts_anew_before_others() -> None:
    queue = _queue([(0.0, 10.0), (1.0, 10.0)])
    queue.add("a", 0, 0.0)
    queue.lose("a", 5.0)
    queue.add("b", 0, 7.0)
    queue.advance(100.0)
    assert queue.n_restarted == 1
    assert queue.started_s == [0.0, 7.0, 17.0]
    assert queue.ended_s[0] == 5.0


def test_a_replica_that_is_let_go_ends_its_request_first() -> None:
    queue = _queue([(0.0, 10.0)])
    queue.add("a", 0, 0.0)
    assert queue.first_to_go(4.0) == ("a", 10.0)


def test_requests_that_find_no_replica_wait_for_one() -> None:
    queue = _queue([(0.0, 1.0), (1.0, 1.0)])
    queue.advance(50.0)
    queue.add("a", 0, 50.0)
    queue.advance(100.0)
    assert queue.started_s == [50.0, 51.0]


def test_a_service_follows_the_hours_of_the_day() -> None:
    service = Service("web", Job("web", kind="service"), (0.0, 2.0), 1.0)
    queue = ServiceQueue.of(service, np.random.default_rng(1), 4 * 3600.0)
    for i in range(8):
        queue.add(f"r{i}", 0, 0.0)
    queue.advance(4 * 3600.0)
    hours = np.asarray(queue.arrived_s) // 3600
    assert set(hours.tolist()) == {1.0, 3.0}
    assert len(hours) == pytest.approx(2 * 7200, rel=0.03)
