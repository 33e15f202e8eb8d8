"""The timeline of one step: when each stage runs which pass of which micro-batch.

An exact replay of the schedule, pass by pass: a pass starts when its stage is free, its input has
arrived and what the schedule puts before it is done. The closed forms of `pipeline` are its limits
for equal stages; where stages differ or messages lie on a tight loop the replay says more. Not
covered: traffic that shares links with another replica.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stargate.perf.columns import Ints
from stargate.perf.pipeline_order import BACKWARD, FORWARD, Pass, passes_of_stage
from stargate.perf.stages import StagePasses

Times = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Passes as columns, by stage and then by time; `kind` indexes `pipeline_order.KINDS`."""

    stage: Ints
    micro_batch: Ints
    chunk: Ints
    kind: Ints
    start_s: Times
    duration_s: Times

    def __len__(self) -> int:
        return len(self.stage)

    @property
    def end_s(self) -> Times:
        """When each pass ends."""
        return self.start_s + self.duration_s

    @property
    def total_s(self) -> float:
        """From the first pass to the end of the last."""
        return float(self.end_s.max())

    def of_stage(self, stage: int) -> Timeline:
        """The passes of one stage, in the order in which they run."""
        return self.take(np.flatnonzero(self.stage == stage))

    def take(self, rows: Ints) -> Timeline:
        """Only these passes."""
        return Timeline(
            self.stage[rows],
            self.micro_batch[rows],
            self.chunk[rows],
            self.kind[rows],
            self.start_s[rows],
            self.duration_s[rows],
        )


def replay(passes: StagePasses) -> Timeline:
    """Run one step of a pipeline; each stage takes its passes in the order of the schedule."""
    p, v, m = passes.n_stages, passes.n_chunks, passes.micro_batches
    orders = [passes_of_stage(passes.schedule, stage, p, v, m) for stage in range(p)]
    starts = _starts(passes, orders)
    rows = [
        (stage, micro_batch, chunk, kind)
        for stage, order in enumerate(orders)
        for kind, chunk, micro_batch in order
    ]
    stage, micro_batch, chunk, kind = np.array(rows, np.int64).T.copy()
    duration_s = _durations(passes)[kind, stage, chunk]
    return Timeline(stage, micro_batch, chunk, kind, np.concatenate(starts), duration_s)


def _durations(passes: StagePasses) -> NDArray[np.float64]:
    """Seconds by kind, stage and chunk."""
    apart = passes.schedule == "zero-bubble"
    weight_s = passes.weight_gradient_s * apart
    return np.stack([passes.forward_s, passes.backward_s - weight_s, weight_s])


def _starts(passes: StagePasses, orders: list[list[Pass]]) -> list[Times]:
    """Start times by stage: each stage runs on until it waits for a pass of another."""
    p, v = passes.n_stages, passes.n_chunks
    duration = _durations(passes).tolist()
    ends: dict[tuple[int, Pass], float] = {}
    starts = [np.empty(len(order)) for order in orders]
    done, free_s = [0] * p, [0.0] * p
    waiting: dict[tuple[int, Pass], int] = {}
    ready = deque(range(p))
    while ready:
        stage = ready.popleft()
        order, rows = orders[stage], starts[stage]
        while done[stage] < len(order):
            one = order[done[stage]]
            source = _source(stage, one, p, v)
            if source is not None and source not in ends:
                waiting[source] = stage
                break
            hop_s = passes.hop_s if source is not None and source[0] != stage else 0.0
            arrival_s = ends[source] + hop_s if source is not None else 0.0
            start_s = max(free_s[stage], arrival_s)
            rows[done[stage]] = start_s
            free_s[stage] = start_s + duration[one[0]][stage][one[1]]
            ends[stage, one] = free_s[stage]
            done[stage] += 1
            if (stage, one) in waiting:
                ready.append(waiting.pop((stage, one)))
    assert not waiting, "the schedule waits for itself"
    return starts


def _source(stage: int, one: Pass, n_stages: int, n_chunks: int) -> tuple[int, Pass] | None:
    """The pass whose output a pass needs: of the stage before, or after; none for the first."""
    kind, chunk, micro_batch = one
    if kind == FORWARD:
        if stage > 0:
            return stage - 1, (FORWARD, chunk, micro_batch)
        return (n_stages - 1, (FORWARD, chunk - 1, micro_batch)) if chunk > 0 else None
    if kind == BACKWARD:
        if stage < n_stages - 1:
            return stage + 1, (BACKWARD, chunk, micro_batch)
        if chunk < n_chunks - 1:
            return 0, (BACKWARD, chunk + 1, micro_batch)
        return stage, (FORWARD, chunk, micro_batch)
    return stage, (BACKWARD, chunk, micro_batch)


def saved_bytes_over_time(
    timeline: Timeline, passes: StagePasses, stage: int
) -> tuple[Times, Times]:
    """When the activations that a stage holds change, and the bytes from then on.

    A forward begins to hold its chunk's activations; the pass that needs them last lets go: the
    backward, or its weight gradient where that runs apart.
    """
    own = timeline.of_stage(stage)
    last_kind = int(own.kind.max())
    size = passes.saved_bytes[stage, own.chunk]
    begins, ends = own.kind == FORWARD, own.kind == last_kind
    when = np.concatenate([own.end_s[ends], own.start_s[begins]])
    change = np.concatenate([-size[ends], size[begins]])
    order = np.argsort(when, kind="stable")
    return when[order], np.cumsum(change[order])
