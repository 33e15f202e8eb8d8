"""What a scheduler is told to do: in which order, on which nodes, who may be sent away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from stargate.control.placement import Rule
from stargate.control.recovery import AT_ONCE, Retry
from stargate.units import DAY_S

Order = Literal["fifo", "shortest", "priority", "fair"]


@dataclass(frozen=True, slots=True)
class Policy:
    """How a queue is worked off.

    `backfill` lets a job pass the head of the queue if the head is not delayed by it (EASY).
    `preempt` lets the head send away jobs of lower priority. `quotas` holds the most slots of one
    resource that a tenant may hold, `shares` the weight of a tenant under `fair`, whose past use
    counts half after `half_life_s`.
    """

    order: Order = "fifo"
    backfill: bool = False
    place: Rule = "best"
    preempt: bool = False
    quotas: Mapping[str, int] = field(default_factory=dict[str, int])
    shares: Mapping[str, float] = field(default_factory=dict[str, float])
    half_life_s: float = 7 * DAY_S
    retry: Retry = AT_ONCE


POLICIES = {
    "fifo": Policy(),
    "easy": Policy(backfill=True),
    "shortest": Policy(order="shortest"),
    "priority": Policy(order="priority", backfill=True, preempt=True),
    "fair": Policy(order="fair", backfill=True),
}
