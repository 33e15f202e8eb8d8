"""The vectorised critical-path method against a plain twin, one sample at a time."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.programme.schedule import Schedule, driving_paths, forward, wait_until
from stargate.spec.activities import Activity, Wait

KINDS = ("FS", "SS", "FF")


@st.composite
def networks(draw) -> tuple[list[Activity], np.ndarray]:
    """Up to twelve activities, each waiting for some before it; durations by task and sample."""
    size = draw(st.integers(1, 12))
    order = []
    for i in range(size):
        links = draw(st.integers(0, min(i, 3)))
        waits = []
        for _ in range(links):
            names = draw(st.lists(st.integers(0, i - 1), min_size=1, max_size=2, unique=True))
            kind = draw(st.sampled_from(KINDS))
            lag = float(draw(st.integers(-3, 3)))
            waits.append(Wait(tuple(f"t{name}" for name in names), kind, lag))
        order.append(Activity(f"t{i}", "task", tuple(waits)))
    seed = draw(st.integers(0, 2**32 - 1))
    durations = np.random.default_rng(seed).integers(0, 20, (size, 5)).astype(float)
    return order, durations


def run(order: list[Activity], durations: np.ndarray) -> Schedule:
    def perform(activity, ready, _):
        start = np.maximum(ready, 0.0)
        return start, start + durations[int(activity.id[1:])]

    return forward(order, durations.shape[1], perform)


def plain_cpm(order: list[Activity], durations: list[float]) -> dict[str, tuple[float, float]]:
    """Early dates by the textbook, for one sample."""
    dates: dict[str, tuple[float, float]] = {}
    for i, activity in enumerate(order):
        start, held = 0.0, -np.inf
        for wait in activity.waits:
            end = 0 if wait.kind == "SS" else 1
            when = min(dates[name][end] for name in wait.of) + wait.lag_s
            if wait.kind == "FF":
                held = max(held, when)
            else:
                start = max(start, when)
        dates[activity.id] = (start, max(start + durations[i], held))
    return dates


@settings(max_examples=150)
@given(networks())
def test_every_sample_is_the_deterministic_critical_path_method(case):
    order, durations = case
    schedule = run(order, durations)
    for sample in range(durations.shape[1]):
        expected = plain_cpm(order, list(durations[:, sample]))
        for name, (start, finish) in expected.items():
            assert schedule.start[name][sample] == start
            assert schedule.finish[name][sample] == finish


@settings(max_examples=60)
@given(networks())
def test_nothing_starts_before_what_it_waits_for(case):
    order, durations = case
    schedule = run(order, durations)
    for activity in order:
        for wait in activity.waits:
            until = wait_until(wait, schedule)
            bound = schedule.finish if wait.kind == "FF" else schedule.start
            assert np.all(bound[activity.id] >= until)


@settings(max_examples=60)
@given(networks(), st.integers(0, 11), st.floats(0.5, 9))
def test_a_longer_task_never_brings_the_end_forward(case, which: int, more: float):
    order, durations = case
    longer = durations.copy()
    longer[which % len(order)] += more
    before, after = run(order, durations), run(order, longer)
    assert all(np.all(after.finish[a.id] >= before.finish[a.id]) for a in order)


def _diamond() -> tuple[list[Activity], np.ndarray]:
    order = [
        Activity("t0", "task"),
        Activity("t1", "task", (Wait(("t0",)),)),
        Activity("t2", "task", (Wait(("t0",)),)),
        Activity("t3", "task", (Wait(("t1",)), Wait(("t2",)))),
    ]
    return order, np.array([[1.0, 1.0], [5.0, 2.0], [3.0, 4.0], [1.0, 1.0]])


def test_criticality_is_on_the_longer_branch():
    order, durations = _diamond()
    driving = driving_paths(order, run(order, durations), "t3")
    assert [driving[f"t{i}"].tolist() for i in range(4)] == [
        [True, True],
        [True, False],
        [False, True],
        [True, True],
    ]


def test_of_alternatives_the_first_to_happen_drives():
    order = [
        Activity("t0", "task"),
        Activity("t1", "task"),
        Activity("t2", "task", (Wait(("t0", "t1")),)),
    ]
    schedule = run(order, np.array([[3.0], [9.0], [1.0]]))
    driving = driving_paths(order, schedule, "t2")
    assert schedule.finish["t2"][0] == 4.0
    assert (driving["t0"][0], driving["t1"][0]) == (True, False)


def test_what_never_happens_has_no_driving_path():
    order = [Activity("t0", "task"), Activity("t1", "task", (Wait(("t0",)),))]
    schedule = run(order, np.array([[np.inf], [1.0]]))
    assert schedule.finish["t1"][0] == np.inf
    assert not driving_paths(order, schedule, "t1")["t0"].any()
