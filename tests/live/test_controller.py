"""The controller on a made-up machine and clock, through every fault that the machine knows."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stargate.control.happenings import Happening, play
from stargate.live.controller import MOST_LOSSES
from stargate.live.history import Story, stories


def story(world: Any, job: str) -> Story:
    return stories(world.book, world.machine)[job]


def test_a_job_runs_and_ends(world: Any) -> None:
    job = world.submit("3 0")
    world.pass_time(1)
    assert story(world, job).state == "running"
    world.pass_time(4)
    assert (story(world, job).state, story(world, job).exit_code) == ("done", 0)


def test_a_job_that_fails_is_tried_as_often_as_asked_and_then_failed(world: Any) -> None:
    job = world.submit("2 3", retries=2)
    world.pass_time(60)
    told = story(world, job)
    assert told.state == "failed"
    assert [attempt.codes for attempt in told.attempts] == [(3,)] * 3


def test_between_attempts_the_wait_doubles(world: Any) -> None:
    job = world.submit("0 3", retries=3)
    world.pass_time(30)
    attempts = story(world, job).attempts
    assert [b.start_s - a.end_s for a, b in pairwise(attempts)] == [1, 2, 4]


def test_what_a_failing_node_cuts_short_runs_again_elsewhere_without_counting(world: Any) -> None:
    job = world.submit("10 0")
    world.pass_time(1)
    assert story(world, job).attempts[0].sites == ("abilene",)
    world.executor.fail_node(0)
    world.executor.fail_node(1)
    world.pass_time(20)
    told = story(world, job)
    assert told.state == "done"
    assert told.attempts[0].lost
    assert told.attempts[1].sites == ("atlanta",)


def test_who_sees_a_controller_wake_has_been_told_which_nodes_answer(world: Any) -> None:
    world.executor.fail_node(2)
    world.step()
    kinds = [row.kind for row in world.book.happenings()]
    assert kinds[: kinds.index("wake")] == ["machine", "node_down"]


def test_a_job_that_always_takes_its_node_along_is_given_up(world: Any) -> None:
    job = world.submit("100 0")
    for _ in range(MOST_LOSSES + 1):
        while not world.executor.runs:
            world.pass_time(1)
        world.executor.lose(next(iter(world.executor.runs)))
        world.pass_time(1)
    assert story(world, job).state == "failed"


def test_a_gang_starts_whole_or_not_at_all(world: Any) -> None:
    blocks = world.submit("5 0", cores=2, sites=("atlanta",))
    gang = world.submit("5 0", members=3, cores=2)
    world.pass_time(3)
    assert [story(world, name).state for name in (blocks, gang)] == ["running", "waiting"]
    world.pass_time(5)
    assert story(world, gang).attempts[0].sites == ("abilene", "abilene", "atlanta")


def test_a_job_stays_on_the_sites_that_it_names(world: Any) -> None:
    jobs = [world.submit("5 0", sites=("atlanta",)) for _ in range(4)]
    world.pass_time(20)
    assert {site for job in jobs for a in story(world, job).attempts for site in a.sites} == {
        "atlanta"
    }


def test_a_job_that_can_never_run_is_refused_with_the_reason(world: Any) -> None:
    job = world.submit("5 0", members=4, cores=2)
    world.pass_time(1)
    assert story(world, job).state == "refused"
    assert "more than machine holds" in story(world, job).why


def test_a_waiting_and_a_running_job_can_be_cancelled(world: Any) -> None:
    runs, waits = world.submit("50 0", members=3, cores=2), world.submit("50 0")
    world.pass_time(2)
    world.cancel(runs)
    world.cancel(waits)
    world.pass_time(2)
    assert [story(world, job).state for job in (runs, waits)] == ["cancelled", "cancelled"]


def test_cancelling_what_is_over_or_unknown_changes_nothing(world: Any) -> None:
    job = world.submit("1 0")
    world.pass_time(3)
    world.cancel(job)
    world.cancel("nobody")
    world.pass_time(1)
    assert story(world, job).state == "done"
    assert world.book.unanswered() == []


def test_a_service_is_started_again_however_it_ends(world: Any) -> None:
    job = world.submit("2 0", service=True)
    world.pass_time(20)
    assert len(story(world, job).attempts) >= 4
    assert not story(world, job).over


def test_leaving_keeps_the_jobs_for_the_next_time(world: Any) -> None:
    job = world.submit("10 0")
    world.pass_time(2)
    world.book.ask("down", "", world.executor.now_s)
    world.pass_time(2)
    assert world.controller.idle
    assert story(world, job).state == "waiting"
    world.controller = None
    world.pass_time(12)
    assert story(world, job).state == "done"


@pytest.mark.parametrize("die_in", range(14))
def test_wherever_the_controller_dies_nothing_is_lost(world: Any, die_in: int) -> None:
    jobs = [world.submit("3 0"), world.submit("3 0", members=3), world.submit("2 1", retries=1)]
    world.executor.die_in = die_in
    world.pass_time(40)
    assert world.n_deaths == 1
    assert [story(world, job).state for job in jobs] == ["done", "done", "failed"]


ORDERS = st.fixed_dictionaries(
    {
        "argv": st.sampled_from(["1 0", "4 0", "9 0", "3 2"]),
        "members": st.integers(1, 3),
        "cores": st.integers(1, 2),
        "retries": st.integers(0, 2),
        "priority": st.integers(0, 2),
        "sites": st.sampled_from([(), ("atlanta",), ("abilene",), ("atlanta", "abilene")]),
    }
)
FAULTS = st.one_of(
    st.tuples(st.just("submit"), ORDERS),
    st.tuples(st.just("cancel"), st.integers(1, 6)),
    st.tuples(st.just("fail"), st.integers(0, 2)),
    st.tuples(st.just("repair"), st.integers(0, 2)),
    st.tuples(st.just("lose"), st.integers(0, 5)),
    st.tuples(st.just("die"), st.integers(0, 12)),
    st.tuples(st.just("forget"), st.none()),
    st.tuples(st.just("leave"), st.none()),
)


def inflict(world: Any, kind: str, what: Any) -> None:
    executor = world.executor
    match kind:
        case "submit":
            world.submit(**what)
        case "cancel":
            world.cancel(f"job-{what}")
        case "fail":
            executor.fail_node(what)
        case "repair":
            executor.down.discard(what)
        case "lose" if executor.runs:
            executor.lose(list(executor.runs)[what % len(executor.runs)])
        case "die":
            executor.die_in = what
        case "forget":
            world.controller = None
        case "leave":
            world.book.ask("down", "", executor.now_s)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(schedule=st.lists(st.tuples(st.integers(0, 4), FAULTS), max_size=25))
def test_under_any_faults_every_job_comes_to_an_end_that_is_deserved(
    new_world: Callable[[], Any], schedule: list[tuple[int, tuple[str, Any]]]
) -> None:
    world = new_world()
    for wait_s, (kind, what) in schedule:
        inflict(world, kind, what)
        world.pass_time(wait_s)
    world.executor.down.clear()
    world.executor.die_in = None
    for _ in range(60):
        if world.controller is not None and world.controller.leaving and world.controller.idle:
            world.controller = None
        world.pass_time(10)
        if all(told.over for told in stories(world.book, world.machine).values()):
            break
    for told in stories(world.book, world.machine).values():
        deserved = told.order.argv[1] == "0"
        assert told.over
        if told.state in ("done", "failed"):
            assert (told.state == "done") == deserved
            own = [
                a
                for a in told.attempts
                if not a.lost and a.codes not in ((), (-15,) * len(a.codes))
            ]
            assert len(own) <= told.order.retries + 1
    assert not world.executor.runs
    rows = [Happening(r.time_s, r.kind, r.job, r.detail) for r in world.book.happenings()]
    if rows:
        state, differences = play(rows)
        assert differences == []
        assert not state.running
        assert state.rooms[0].n_free == world.machine.pool.n_slots
    world.book.close()
