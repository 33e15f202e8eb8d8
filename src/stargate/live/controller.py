"""The loop of the live machine: hear, write down, decide, write down, do.

Everything is in the book before it is done, so the loop can be cut off anywhere. What was decided
and not done is found by the next controller as an attempt that is not there, and tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stargate.control import happenings as control
from stargate.control.admission import refusal
from stargate.control.decide import decide
from stargate.control.happenings import Happening
from stargate.control.state import NOTHING, State
from stargate.live.executor import Began, Ended, Executor, NodeDown, NodeUp, Report, Run
from stargate.live.machine import Machine
from stargate.live.order import Order
from stargate.store.jobs import Ask, JobBook

MOST_LOSSES = 10
"""A job that has gone down with so many nodes or workers is not tried again."""


@dataclass(slots=True)
class Memory:
    """What a controller knows beyond `control`; like it, a fold of the happenings."""

    attempts: dict[str, int] = field(default_factory=dict[str, int])
    failures: dict[str, int] = field(default_factory=dict[str, int])
    losses: dict[str, int] = field(default_factory=dict[str, int])
    runs: dict[str, Run] = field(default_factory=dict[str, Run])
    cancelling: set[str] = field(default_factory=set[str])
    down: set[int] = field(default_factory=set[int])
    last_s: float = 0.0

    def note(self, happening: Happening) -> None:
        """Remember what matters of a happening."""
        job, detail = happening.job, happening.detail
        self.last_s = happening.time_s
        match happening.kind:
            case "decide":
                for name, _, nodes in detail["starts"]:
                    self._start(name, detail["cores"][name], nodes)
            case "cancelling":
                self.cancelling.add(job)
            case "fail":
                counted = self.losses if detail["lost"] else self.failures
                counted[job] = counted.get(job, 0) + 1
                del self.runs[job]
            case "finish" | "stopped" | "cancel":
                self.runs.pop(job, None)
                self.cancelling.discard(job)
            case "node_down":
                self.down.add(detail["node"])
            case "node_up":
                self.down.discard(detail["node"])
            case _:
                pass

    def _start(self, job: str, slots: int, nodes: Sequence[tuple[int, int]]) -> None:
        self.attempts[job] = self.attempts.get(job, 0) + 1
        where = tuple(node for node, held in nodes for _ in range(held // slots))
        self.runs[job] = Run(job, self.attempts[job], where)


class Controller:
    """Runs the jobs of a book on a machine, through an executor."""

    def __init__(
        self, book: JobBook, machine: Machine, executor: Executor, clock: Callable[[], float]
    ) -> None:
        self._book, self._executor, self._clock = book, executor, clock
        self._machine = machine
        self._orders: dict[str, Order] = {}
        self._wake_s = float("inf")
        self.leaving = False
        self.memory = Memory()
        self.state = self._recalled()
        for report in executor.reports(0.0):  # which nodes answer, before it is said to be awake
            self._hear(report)
        self._happened("wake")
        for run in self.memory.runs.values():
            executor.adopt(run, self._order(run.job))
        for job in sorted(self.memory.cancelling & self.memory.runs.keys()):
            executor.stop(self.memory.runs[job])

    @property
    def idle(self) -> bool:
        """Whether nothing runs."""
        return not self.memory.runs

    def step(self, timeout_s: float = 0.0) -> None:
        """Deal with what was asked and reported, and do what follows."""
        for ask in self._book.unanswered():
            self._answer(ask)
        for report in self._executor.reports(timeout_s):
            self._hear(report)
        if self._now() >= self._wake_s:
            self._wake_s = float("inf")
            self._happened("wake")
        if not self.leaving:
            self._decide()

    def _recalled(self) -> State:
        """The state that the book adds up to; the machine is its first line."""
        rows = [Happening(r.time_s, r.kind, r.job, r.detail) for r in self._book.happenings()]
        if not rows:
            rows = [control.machine([self._machine.pool], self._machine.policy, self._clock())]
            self._write(rows)
        state = control.begin(rows[0])
        for row in rows[1:]:
            control.tell(state, row)
            self.memory.note(row)
        return state

    def _answer(self, ask: Ask) -> None:
        job = ask.job
        match ask.kind:
            case "submit":
                wanted = self._order(job).job(job)
                why = refusal(self.state.pools, self.state.policy, wanted)
                come = control.submitted(wanted, self._now())
                self._tell(come if why is None else self._refused(job, why), [ask.number])
            case "cancel" if job in self.memory.runs:
                self._happened("cancelling", job, answers=[ask.number])
                self._executor.stop(self.memory.runs[job])
            case "cancel" if job in self.state.lane_of:
                self._happened("cancel", job, answers=[ask.number])
            case "down":
                self.leaving = True
                self._book.write([], [ask.number])
                for run in self.memory.runs.values():
                    self._executor.stop(run)
            case _:
                self._book.write([], [ask.number])

    def _refused(self, job: str, why: str) -> Happening:
        return Happening(self._now(), "refused", job, {"why": why})

    def _hear(self, report: Report) -> None:
        match report:
            case Began(run):
                if self.memory.runs.get(run.job) == run:
                    self._happened("began", run.job, {"attempt": run.attempt})
            case Ended(run):
                if self.memory.runs.get(run.job) == run:
                    self._ended(report)
            case NodeDown(node) if node not in self.memory.down:
                self._happened("node_down", detail={"pool": 0, "node": node})
            case NodeUp(node) if node in self.memory.down:
                self._happened("node_up", detail={"pool": 0, "node": node})
            case _:
                pass

    def _ended(self, end: Ended) -> None:
        """What an end means: done, to be tried again, given up, or as somebody wished."""
        job, codes = end.run.job, list(end.codes)
        detail = {"attempt": end.run.attempt, "codes": codes, "why": end.why, "lost": end.lost}
        if job in self.memory.cancelling:
            self._happened("cancel", job, detail)
        elif set(codes) == {0} and not self._order(job).service:
            self._happened("finish", job, {**detail, "outcome": "done"})
        elif self.leaving or self.state.running[job].stopping:
            self._happened("stopped", job, detail)
        elif self._may_try_again(job, end.lost):
            self._happened("fail", job, detail)
            self._wake_s = min(self._wake_s, self._next_start_s(job))
        else:
            self._happened("finish", job, {**detail, "outcome": "failed"})

    def _may_try_again(self, job: str, lost: bool) -> bool:
        order = self._order(job)
        if order.service:
            return True
        if lost:
            return self.memory.losses.get(job, 0) < MOST_LOSSES
        return self.memory.failures.get(job, 0) < order.retries

    def _next_start_s(self, job: str) -> float:
        return self.state.lane_of[job].queue[job].not_before_s

    def _decide(self) -> None:
        now_s = self._now()
        decision = decide(self.state, now_s)
        self._wake_s = min(self._wake_s, decision.wake_s)
        if decision == NOTHING or not (decision.starts or decision.stops or decision.heads):
            return
        told = control.decided(decision, now_s)
        cores = {start.job: self._order(start.job).cores for start in decision.starts}
        self._tell(Happening(now_s, told.kind, "", {**told.detail, "cores": cores}))
        for start in decision.starts:
            self._executor.start(self.memory.runs[start.job], self._order(start.job))
        for stop in decision.stops:
            self._executor.stop(self.memory.runs[stop.job])

    def _happened(
        self,
        kind: str,
        job: str = "",
        detail: Mapping[str, Any] | None = None,
        answers: Sequence[int] = (),
    ) -> None:
        self._tell(Happening(self._now(), kind, job, detail or {}), answers)

    def _tell(self, happening: Happening, answers: Sequence[int] = ()) -> None:
        """First to the book, then to the state: what is not written has not happened."""
        self._write([happening], answers)
        control.tell(self.state, happening)
        self.memory.note(happening)

    def _write(self, happenings: Sequence[Happening], answers: Sequence[int] = ()) -> None:
        rows = [(each.time_s, each.kind, each.job, each.detail) for each in happenings]
        self._book.write(rows, answers)

    def _order(self, job: str) -> Order:
        if job not in self._orders:
            content = self._book.order(job)
            assert content is not None, f"{job} was never ordered"
            self._orders[job] = Order.read(content)
        return self._orders[job]

    def _now(self) -> float:
        """The clock, which may be set back while the record may not."""
        return max(self._clock(), self.memory.last_s)
