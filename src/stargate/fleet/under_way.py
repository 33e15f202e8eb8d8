"""A simulation under way: what can happen, what is known of each job, and how a job comes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from stargate.control.admission import refusal
from stargate.control.state import State, submit
from stargate.engine.trace_hash import TraceHash
from stargate.fleet.ledger import Ledger
from stargate.fleet.scenario import Scenario, Task
from stargate.fleet.service import ServiceQueue


class Event(IntEnum):
    """What can happen, in the order in which it counts when it happens at the same moment."""

    FINISH = 0
    RELEASE = 1
    REPAIR = 2
    FAIL = 3
    SUBMIT = 4
    SCALE = 5
    WAKE = 6
    START = 7
    STOP = 8


# What the loop holds: (time, sort, number of the subject, attempt).
_Entry = tuple[float, int, int, int]


@dataclass(slots=True)
class Simulation:
    """A scenario under way."""

    scenario: Scenario
    seed: int
    state: State
    ledger: Ledger
    now_s: float = 0.0
    events: list[_Entry] = field(default_factory=list[_Entry])
    trace: TraceHash = field(default_factory=TraceHash)
    number: dict[str, int] = field(default_factory=dict[str, int])
    attempt: dict[str, int] = field(default_factory=dict[str, int])
    left_s: dict[str, float] = field(default_factory=dict[str, float])
    queues: dict[str, ServiceQueue] = field(default_factory=dict[str, ServiceQueue])
    serves: dict[str, str] = field(default_factory=dict[str, str])
    replicas: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    possible: set[tuple[object, ...]] = field(default_factory=set[tuple[object, ...]])
    failing: dict[int, np.random.Generator] = field(default_factory=dict[int, np.random.Generator])
    wake_s: float = math.inf


def come(it: Simulation, task: Task) -> bool:
    """A job comes: it waits, or is refused (False) if it could never run."""
    job = task.job
    number = it.number[job.id] = it.ledger.arrive(task, it.now_s)
    it.trace.add(it.now_s, Event.SUBMIT, number)
    shape = (job.resource, job.workers, job.slots, job.memory_bytes, job.sites, job.tenant)
    if shape not in it.possible:
        why = refusal(it.state.pools, it.state.policy, job)
        if why:
            it.ledger.refuse(number, why)
            return False
        it.possible.add(shape)
    it.left_s[job.id] = task.work_s
    submit(it.state, job, it.now_s)
    it.ledger.queued(it.now_s, +1)
    return True
