from __future__ import annotations

import math

from stargate.control.admission import refusal, replicas_for, scale
from stargate.control.decide import decide
from stargate.control.explain import explain
from stargate.control.job import Checkpoints, Job
from stargate.control.policy import POLICIES, Policy
from stargate.control.pool import Pool
from stargate.control.recovery import Retry, kept_on_request_s
from stargate.control.state import State, carry_out, fail_job, fail_node, submit
from stargate.perf.voice_capacity import erlang_c

POOL = Pool("pod", n_nodes=2, slots=4)


def _state(*jobs: Job, policy: Policy = POLICIES["easy"]) -> State:
    state = State.of([POOL], policy)
    for job in jobs:
        submit(state, job, 0.0)
        carry_out(state, decide(state, 0.0), 0.0)
    return state


def test_too_few_slots_are_told_with_who_frees_them_and_when() -> None:
    state = _state(Job("a", 1, 4, 10.0), Job("b", 1, 4, 20.0), Job("c", 1, 4, 5.0))
    found = explain(state, "c", 1.0)
    assert (found.reason, found.frees, found.at_s) == ("slots", ("a",), 10.0)
    assert "pod has 0 of 8 free" in found.why


def test_slots_that_lie_apart_are_told_as_fragments() -> None:
    state = _state(Job("a", 2, 3, 10.0), Job("b", 1, 2, 5.0), policy=Policy(place="worst"))
    found = explain(state, "b", 1.0)
    assert (found.reason, found.frees) == ("fragments", ("a",))
    assert "2 free, but they lie apart: only 0 nodes have 2 or more free" in found.why


def test_who_would_fit_but_waits_behind_others_is_told_behind_whom() -> None:
    state = _state(Job("a", 1, 4, 10.0), Job("b", 2, 4, 5.0), Job("c", 1, 4, 99.0))
    found = explain(state, "c", 1.0)
    assert (found.reason, found.ahead) == ("order", ("b",))
    assert found.why.endswith("the first of them is b, which it would delay")


def test_a_quota_is_told_with_the_tenants_own_jobs() -> None:
    policy = Policy(quotas={"x": 4})
    state = _state(Job("a", 1, 4, 10.0, tenant="x"), Job("b", 1, 1, 5.0, tenant="x"), policy=policy)
    found = explain(state, "b", 1.0)
    assert (found.reason, found.frees) == ("quota", ("a",))


def test_a_job_that_backs_off_is_told_until_when() -> None:
    state = _state(Job("a", 1, 4, 10.0), policy=Policy(retry=Retry(backoff_s=30.0)))
    fail_job(state, "a", 2.0)
    found = explain(state, "a", 4.0)
    assert (found.reason, found.at_s) == ("backoff", 32.0)


def test_nodes_that_are_down_are_told() -> None:
    state = _state()
    fail_node(state, 0, 0)
    submit(state, Job("a", 2, 4, 10.0), 0.0)
    found = explain(state, "a", 1.0)
    assert found.reason == "down"
    assert "1 nodes are down" in found.why


def test_what_can_never_run_is_refused_with_what_there_is() -> None:
    def why(job: Job) -> str:
        return refusal([POOL], Policy(quotas={"x": 2}), job) or ""

    assert "no pool offers h100; there are core" in why(Job("a", resource="h100"))
    assert "3 x 4 core are more than pod holds" in why(Job("a", 3, 4))
    assert "above the 2 of x" in why(Job("a", 1, 4, tenant="x"))
    assert "none of its sites (mars)" in why(Job("a", sites=("mars",)))
    assert why(Job("a", 2, 4)) == ""


def test_replicas_are_the_fewest_that_keep_the_share_that_waits() -> None:
    n = replicas_for(2.0, 3.5, 0.05, 100)
    assert erlang_c(n, 7.0) <= 0.05 < erlang_c(n - 1, 7.0)
    assert replicas_for(0.0, 3.5, 0.05, 100) == 0
    assert replicas_for(50.0, 3.5, 0.05, 100) == 100


def test_a_load_that_trembles_starts_and_stops_nothing() -> None:
    assert [scale(20, wanted) for wanted in (23, 20, 18, 17, 0)] == [3, 0, 0, -3, -20]


def test_the_pause_doubles_with_each_failure_up_to_its_limit() -> None:
    retry = Retry(n_max=3, backoff_s=10.0, backoff_s_max=25.0)
    assert [retry.wait_s(n) for n in range(5)] == [0.0, 10.0, 20.0, 25.0, 25.0]
    assert [retry.allows(n) for n in (3, 4)] == [True, False]


def test_who_is_asked_to_stop_keeps_all_but_the_pauses() -> None:
    job = Job("a", checkpoints=Checkpoints(100.0, 10.0, 50.0))
    assert kept_on_request_s(job, 50.0 + 110.0 + 30.0, resumed=True) == 130.0
    assert kept_on_request_s(job, 105.0, resumed=False) == 100.0
    assert kept_on_request_s(Job("b"), 105.0, resumed=False) == 0.0


def test_checkpoints_are_saved_between_intervals_and_not_at_the_end() -> None:
    marks = Checkpoints(100.0, 10.0, 50.0)
    assert marks.runtime_s(300.0) == 320.0
    assert marks.runtime_s(300.0, resumed=True) == 370.0
    assert [marks.kept_s(t) for t in (109.0, 110.0, 325.0)] == [0.0, 100.0, 200.0]
    assert Checkpoints().kept_s(math.inf) == 0.0


def test_spare_nodes_are_told_where_only_they_are_free() -> None:
    state = State.of([Pool("pod", 2, 4, spares=1)], POLICIES["easy"])
    for name in ("a", "b"):
        submit(state, Job(name, 1, 4, 10.0), 0.0)
    carry_out(state, decide(state, 0.0), 0.0)
    found = explain(state, "b", 1.0)
    assert (found.reason, found.frees, found.at_s) == ("spares", ("a",), 10.0)
    assert found.why.endswith("pod has 4 free, of which 1 nodes are kept for jobs that failed")
