"""Nodes that are alike, and which of their slots are free.

Free nodes are kept by their number of free slots, as the bits of one integer for each number:
"the first node with three free slots" is the lowest bit of one integer, "how many whole nodes are
free" a count of bits. A node that is down is in none of them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

# What a gang holds of a pool: (node, slots taken on it), each node once.
Nodes = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Pool:
    """Equal nodes of one site. `domain` is how many neighbouring nodes share a scale-up domain.

    `spares` nodes are kept free for jobs that come back from a failure. A pool that spans sites
    has the site of each node in `spans`, and its gangs may stand on several of them.
    """

    id: str
    n_nodes: int
    slots: int
    resource: str = "core"
    site: str = ""
    memory_per_slot_bytes: float = math.inf
    domain: int = 1
    spares: int = 0
    spans: tuple[str, ...] = ()

    @property
    def n_slots(self) -> int:
        """All slots, whether free or not."""
        return self.n_nodes * self.slots

    def reaches(self, sites: Collection[str]) -> bool:
        """Whether any of its nodes is at one of these sites."""
        return self.site in sites or any(site in sites for site in self.spans)

    def elsewhere(self, sites: Collection[str]) -> int:
        """Its nodes that are at none of these sites, as a set; none where any site will do."""
        if not sites or not self.spans:
            return 0
        return sum(1 << node for node, site in enumerate(self.spans) if site not in sites)

    def slots_for(self, slots: int, memory_bytes: float) -> int:
        """Slots that a worker takes: what it asks for, or more when it needs their memory."""
        if memory_bytes <= slots * self.memory_per_slot_bytes:
            return slots
        return math.ceil(memory_bytes / self.memory_per_slot_bytes)


@dataclass(slots=True)
class Room:
    """What is free in one pool: `by_free[k]` has a bit for each node with k free slots."""

    by_free: list[int]
    free: list[int]
    down: int
    n_free: int

    @classmethod
    def of(cls, pool: Pool) -> Room:
        """Everything free."""
        by_free = [0] * pool.slots + [(1 << pool.n_nodes) - 1]
        return cls(by_free, [pool.slots] * pool.n_nodes, 0, pool.n_slots)

    def copy(self) -> Room:
        """The same, to try things on."""
        return Room(self.by_free.copy(), self.free.copy(), self.down, self.n_free)

    def change(self, nodes: Nodes, sign: int) -> None:
        """Give slots back (+1) or take them (-1); on a node that is down they are only noted."""
        for node, slots in nodes:
            before, bit = self.free[node], 1 << node
            after = before + sign * slots
            assert 0 <= after < len(self.by_free), f"node {node} would have {after} slots free"
            self.free[node] = after
            if not self.down & bit:
                self.by_free[before] ^= bit
                self.by_free[after] |= bit
                self.n_free += sign * slots

    def take_down(self, node: int) -> None:
        """A node fails: none of its slots can be given out."""
        bit = 1 << node
        if not self.down & bit:
            self.by_free[self.free[node]] ^= bit
            self.n_free -= self.free[node]
            self.down |= bit

    def bring_up(self, node: int) -> None:
        """A node is back, with what is free on it."""
        bit = 1 << node
        if self.down & bit:
            self.down ^= bit
            self.by_free[self.free[node]] |= bit
            self.n_free += self.free[node]


def lowest(mask: int) -> int:
    """The first node of a set."""
    return (mask & -mask).bit_length() - 1


def members(nodes: Nodes) -> int:
    """The nodes of a placement as a set."""
    mask = 0
    for node, _ in nodes:
        mask |= 1 << node
    return mask


def union(masks: Sequence[int]) -> int:
    """The nodes that are in any of the sets."""
    mask = 0
    for each in masks:
        mask |= each
    return mask
