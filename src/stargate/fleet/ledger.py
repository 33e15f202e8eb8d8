"""What happened to every job and every pool, written down as it happens."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field

from stargate.control.state import Running
from stargate.fleet.scenario import Task


def _floats() -> array[float]:
    return array("d")


def _counts() -> array[int]:
    return array("q")


@dataclass(slots=True)
class PoolLog:
    """Changes of what is held and what is down in a pool: moments, and what was added."""

    batch_s: array[float] = field(default_factory=_floats)
    batch: array[int] = field(default_factory=_counts)
    service_s: array[float] = field(default_factory=_floats)
    service: array[int] = field(default_factory=_counts)
    down_s: array[float] = field(default_factory=_floats)
    down_nodes: array[int] = field(default_factory=_counts)

    def hold(self, run: Running, now_s: float, sign: int) -> None:
        """Slots taken (+1) or given back (-1)."""
        if run.job.kind == "service":
            self.service_s.append(now_s)
            self.service.append(sign * run.n_slots)
        else:
            self.batch_s.append(now_s)
            self.batch.append(sign * run.n_slots)

    def down(self, now_s: float, nodes: int) -> None:
        """Nodes that failed, or came back where below 0."""
        self.down_s.append(now_s)
        self.down_nodes.append(nodes)


@dataclass(slots=True)
class Row:
    """One job: what it asked for, and what became of it."""

    task: Task
    name: str
    since_s: float
    slots: int
    first_start_s: float = math.nan
    ended_s: float = math.nan
    waited_s: float = 0.0
    ran_s: float = 0.0
    useful_s: float = 0.0
    failures: int = 0
    preemptions: int = 0
    pool: int = -1
    fate: str = "waiting"
    why: str = ""


@dataclass(slots=True)
class Ledger:
    """A row for each job in the order of arrival; the pools; the length of the queue."""

    pools: list[PoolLog]
    rows: list[Row] = field(default_factory=list[Row])
    queue_s: array[float] = field(default_factory=_floats)
    queue: array[int] = field(default_factory=_counts)
    last_s: float = 0.0
    end_s: float = 0.0

    def arrive(self, task: Task, now_s: float) -> int:
        """A new row; its number."""
        job = task.job
        self.rows.append(Row(task, job.id, now_s, job.workers * job.slots))
        return len(self.rows) - 1

    def queued(self, now_s: float, change: int) -> None:
        """One more in the queue, or one less."""
        self.queue_s.append(now_s)
        self.queue.append(change)

    def refuse(self, number: int, why: str) -> None:
        """A job that could never run is sent away."""
        row = self.rows[number]
        row.fate, row.why = "refused", why

    def start(self, number: int, run: Running, now_s: float) -> None:
        """A job starts, for the first time or again."""
        row = self.rows[number]
        if row.pool < 0:
            row.first_start_s = now_s
        row.waited_s += now_s - row.since_s
        row.pool, row.slots, row.fate = run.pool, run.n_slots, "running"
        self.pools[run.pool].hold(run, now_s, +1)
        self.queued(now_s, -1)

    def end(self, number: int, run: Running, now_s: float, useful_s: float, how: str) -> None:
        """A run ends: done, failed, preempted, or still running at the horizon."""
        row = self.rows[number]
        row.ran_s += now_s - run.start_s
        row.useful_s += useful_s
        row.fate, self.last_s = how, now_s
        if how == "running":
            return
        self.pools[run.pool].hold(run, now_s, -1)
        row.since_s = now_s
        row.failures += how == "failed"
        row.preemptions += how == "preempted"
        if how == "done":
            row.ended_s = now_s

    def withdraw(self, number: int, now_s: float) -> None:
        """A job is withdrawn before it starts."""
        row = self.rows[number]
        row.fate, row.ended_s = "withdrawn", now_s
        self.queued(now_s, -1)
