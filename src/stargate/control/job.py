"""What waits to run: a gang of equal workers that start, stop and fail together.

A worker takes `slots` of one node; a slot is one accelerator with its share of the node's cores and
memory, or one core with its share of the memory. A worker that needs more memory than its slots
bring takes more slots, as on a cloud that sells machines by their largest part.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Kind = Literal["batch", "service"]


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """When a job saves its state and what that takes, all in s.

    `interval_s` is work between two checkpoints, `cost_s` the pause of each, `restart_s` what
    passes from a start out of a checkpoint until work goes on. Without an interval nothing is kept.
    """

    interval_s: float = math.inf
    cost_s: float = 0.0
    restart_s: float = 0.0

    def runtime_s(self, work_s: float, resumed: bool = False) -> float:
        """How long `work_s` of work takes when nothing fails; no checkpoint at the very end."""
        back_s = self.restart_s if resumed else 0.0
        if self.interval_s == math.inf or work_s == math.inf:
            return back_s + work_s
        saves = max(0, math.ceil(work_s / self.interval_s) - 1)
        return back_s + work_s + saves * self.cost_s

    def kept_s(self, ran_s: float, resumed: bool = False) -> float:
        """Work that the last checkpoint holds after a run of `ran_s` that was cut short.

        A checkpoint counts when it is complete: n = floor((t - restart) / (interval + cost)).
        """
        if not math.isfinite(self.interval_s):
            return 0.0
        working_s = max(0.0, ran_s - (self.restart_s if resumed else 0.0))
        return math.floor(working_s / (self.interval_s + self.cost_s)) * self.interval_s


NO_CHECKPOINTS = Checkpoints()


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its owner asks for it.

    `expected_s` is the runtime the scheduler is told; what really happens is the driver's to know.
    `resource` is what a pool must offer (an accelerator of the catalogue, or `core`); `sites` where
    it may run, anywhere when empty. Higher `priority` goes first where the policy looks at it.
    """

    id: str
    workers: int = 1
    slots: int = 1
    expected_s: float = math.inf
    resource: str = "core"
    tenant: str = ""
    priority: int = 0
    memory_bytes: float = 0.0
    sites: tuple[str, ...] = ()
    kind: Kind = "batch"
    preemptible: bool = True
    checkpoints: Checkpoints = NO_CHECKPOINTS


def gang(n: int, slots_of_a_node: int) -> tuple[int, int]:
    """(workers, slots each) for `n` slots in the fewest equal workers that fit a node.

    60 slots on nodes of 8 are 10 workers of 6: the largest divisor of n that a node can hold.
    """
    slots = next(size for size in range(min(n, slots_of_a_node), 0, -1) if n % size == 0)
    return n // slots, slots
