"""The event loop: what happens in a scenario, in the order of time.

Between two events nothing changes. At each moment everything that happens then is told to the
state of `control`, which is then asked what to do; so the code that decides here is the code that
decides on a real machine. Everything random is drawn from named streams of one seed.

Left out: the time that starting and stopping take (state it as `restart_s`), failures of anything
larger than a node, work that goes on while a failure is not yet noticed (count it as restart).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable

from stargate.control.decide import decide
from stargate.control.recovery import kept_after_failure_s, kept_on_request_s
from stargate.control.state import (
    Decision,
    Running,
    State,
    carry_out,
    fail_job,
    fail_node,
    finish,
    repair_node,
    stopped,
    wake,
)
from stargate.engine.streams import stream
from stargate.fleet.ledger import Ledger, PoolLog
from stargate.fleet.replicas import scale_services
from stargate.fleet.scenario import Hardware, Scenario
from stargate.fleet.service import ServiceQueue
from stargate.fleet.under_way import Event, Simulation, come


def simulate(scenario: Scenario, seed: int = 1) -> Simulation:
    """Run a scenario to its horizon, or until all work is done; same seed, same trace.

    Raises `RuntimeError` that names the seed and the moment if one of our own checks breaks.
    """
    pools = tuple(hardware.pool for hardware in scenario.hardware)
    logs = [PoolLog() for _ in pools]
    it = Simulation(scenario, seed, State.of(pools, scenario.policy), Ledger(logs))
    try:
        _begin(it)
        _run(it)
    except AssertionError as broken:
        where = f"seed {seed}, at {it.now_s!r} s, event {it.trace.n_events}"
        raise RuntimeError(f"the simulation broke ({where}): {broken}") from broken
    return it


def _begin(it: Simulation) -> None:
    for service in it.scenario.services:
        rng = stream(it.seed, "requests", service.id)
        it.queues[service.id] = ServiceQueue.of(service, rng, it.scenario.horizon_s)
        it.replicas[service.id] = []
    if it.scenario.services:
        it.events.append((0.0, Event.SCALE, 0, 0))
    for i, hardware in enumerate(it.scenario.hardware):
        if hardware.failures_per_node_s > 0:
            it.failing[i] = stream(it.seed, "failures", hardware.pool.id)
            it.events.append((_next_failure_s(it, i, hardware), Event.FAIL, i, 0))
    heapq.heapify(it.events)


def _run(it: Simulation) -> None:
    """Events and arrivals merged by time; a decision after each moment at which any happened."""
    tasks = sorted(it.scenario.tasks, key=lambda task: task.at_s)
    events, horizon_s, coming = it.events, it.scenario.horizon_s, 0
    while True:
        next_s = tasks[coming].at_s if coming < len(tasks) else math.inf
        it.now_s = now_s = min(next_s, events[0][0] if events else math.inf)
        if now_s > horizon_s or now_s == math.inf or (next_s == math.inf and _all_done(it)):
            break
        while events and events[0][0] <= now_s and events[0][1] < Event.SUBMIT:
            _, sort, subject, attempt = heapq.heappop(events)
            _HANDLERS[sort](it, subject, attempt)
        while coming < len(tasks) and tasks[coming].at_s <= now_s:
            come(it, tasks[coming])
            coming += 1
        while events and events[0][0] <= now_s:
            _, sort, subject, attempt = heapq.heappop(events)
            _HANDLERS[sort](it, subject, attempt)
        _decide(it)
    it.now_s = it.ledger.end_s = horizon_s if math.isfinite(horizon_s) else it.ledger.last_s
    for queue in it.queues.values():
        queue.advance(it.now_s)
    _count_what_runs(it)


def _all_done(it: Simulation) -> bool:
    """Whether only failures and repairs of idle nodes are left to happen."""
    return not it.state.lane_of and math.isinf(it.scenario.horizon_s)


def _decide(it: Simulation) -> None:
    """Ask and carry out; who is asked to stop is gone at once, and makes room for somebody."""
    again = True
    while again and (decision := decide(it.state, it.now_s)).heads:
        carry_out(it.state, decision, it.now_s)
        again = bool(decision.stops)
        if decision.wake_s < it.wake_s:
            it.wake_s = decision.wake_s
            heapq.heappush(it.events, (decision.wake_s, Event.WAKE, 0, 0))
        _started(it, decision)
        for stop in decision.stops:
            _send_away(it, stop.job)


def _started(it: Simulation, decision: Decision) -> None:
    now_s = it.now_s
    for start in decision.starts:
        run = it.state.running[start.job]
        number = it.number[start.job]
        it.trace.add(now_s, Event.START, number)
        it.ledger.start(number, run, now_s)
        attempt = it.attempt[start.job] = it.attempt.get(start.job, 0) + 1
        if start.job in it.serves:
            it.queues[it.serves[start.job]].add(start.job, start.pool, now_s)
            continue
        waited = run.waited
        long_s = run.job.checkpoints.runtime_s(it.left_s[start.job], waited.resumed)
        heapq.heappush(it.events, (now_s + long_s, Event.FINISH, number, attempt))


def _finish(it: Simulation, number: int, attempt: int) -> None:
    """A job is done, or a replica has served its last request, unless cut short since foreseen."""
    name = it.ledger.rows[number].name
    if it.attempt.get(name) != attempt or name not in it.state.running:
        return
    run = finish(it.state, name, it.now_s)
    batch = run.job.kind == "batch"
    it.trace.add(it.now_s, Event.FINISH if batch else Event.RELEASE, number)
    it.ledger.end(number, run, it.now_s, it.left_s.pop(name) if batch else 0.0, "done")


def _send_away(it: Simulation, name: str) -> None:
    """A job saves its work and makes room."""
    run = it.state.running[name]
    number, before_s = it.number[name], it.left_s[name]
    it.trace.add(it.now_s, Event.STOP, number)
    left_s = _left(it, run, on_request=True)
    it.left_s[name] = left_s
    stopped(it.state, name, it.now_s)
    it.ledger.end(number, run, it.now_s, before_s - left_s, "preempted")
    it.ledger.queued(it.now_s, +1)


def _left(it: Simulation, run: Running, *, on_request: bool) -> float:
    """True work left of a job that is cut short now."""
    kept = kept_on_request_s if on_request else kept_after_failure_s
    kept_s = kept(run.job, it.now_s - run.start_s, run.waited.resumed)
    return max(0.0, it.left_s[run.job.id] - kept_s)


def _fail(it: Simulation, index: int, attempt: int) -> None:
    """Some node of a pool fails: one that is down already makes the moment pass for nothing."""
    del attempt
    hardware, rng = it.scenario.hardware[index], it.failing[index]
    heapq.heappush(it.events, (_next_failure_s(it, index, hardware), Event.FAIL, index, 0))
    node = int(rng.integers(hardware.pool.n_nodes))
    repair_s = float(rng.exponential(hardware.repair_s))
    if it.state.rooms[index].down >> node & 1:
        return
    it.trace.add(it.now_s, Event.FAIL, node)
    it.ledger.pools[index].down(it.now_s, +1)
    heapq.heappush(it.events, (it.now_s + repair_s, Event.REPAIR, index, node))
    for name in fail_node(it.state, index, node):
        _cut_short(it, name)


def _next_failure_s(it: Simulation, index: int, hardware: Hardware) -> float:
    """Failures of n nodes, each at the rate r: the next after Exp(n r)."""
    rate = hardware.failures_per_node_s * hardware.pool.n_nodes
    return it.now_s + float(it.failing[index].exponential(1.0 / rate))


def _cut_short(it: Simulation, name: str) -> None:
    """A job lost a node; it goes back to its last checkpoint, a replica gives its request back."""
    run, number = it.state.running[name], it.number[name]
    if run.job.kind == "service":
        it.queues[name.rpartition("/")[0]].lose(name, it.now_s)
        if name not in it.serves:
            _finish(it, number, it.attempt[name])
            return
    before_s = it.left_s[name]
    left_s = _left(it, run, on_request=False)
    again = fail_job(it.state, name, it.now_s)
    it.left_s[name] = left_s
    done_s = 0.0 if math.isinf(before_s) else before_s - left_s
    it.ledger.end(number, run, it.now_s, done_s, "failed")
    if again is not None:
        it.ledger.queued(it.now_s, +1)
    elif name in it.serves:
        it.replicas[it.serves.pop(name)].remove(name)


def _repair(it: Simulation, index: int, node: int) -> None:
    it.trace.add(it.now_s, Event.REPAIR, node)
    it.ledger.pools[index].down(it.now_s, -1)
    repair_node(it.state, index, node)


def _wake(it: Simulation, subject: int, attempt: int) -> None:
    del subject, attempt
    it.wake_s = math.inf
    wake(it.state)


def _count_what_runs(it: Simulation) -> None:
    """At the horizon: what the jobs that still run have done so far."""
    for name, run in it.state.running.items():
        done_s = 0.0
        if math.isfinite(it.left_s[name]):
            done_s = it.left_s[name] - _left(it, run, on_request=True)
        it.ledger.end(it.number[name], run, it.now_s, done_s, "running")


_HANDLERS: dict[int, Callable[[Simulation, int, int], None]] = {
    Event.FINISH: _finish,
    Event.RELEASE: _finish,
    Event.REPAIR: _repair,
    Event.FAIL: _fail,
    Event.SCALE: scale_services,
    Event.WAKE: _wake,
}
