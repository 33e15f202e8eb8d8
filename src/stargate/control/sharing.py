"""Where to put work that asks for a share of an accelerator: six rules, on arrays of nodes.

Each rule but `random` scores every node that can take the work with a whole number from 0 to 100,
and takes the first of the best. Shares are thousandths of an accelerator, `milli`. The rules are
those compared by Weng et al., Beware of Fragmentation (USENIX ATC 2023), section 6.1, with the
scales of their published simulator: whole numbers make ties, and taking the first matters much
(drawing among the best instead costs `fgd` five points of allocation).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stargate.control.fragmentation import Typical, fragmentation_milli

Ints = NDArray[np.int64]
SharingRule = Literal["random", "dot-product", "clustering", "packing", "best-fit", "fgd"]
WHOLE = 1000
# The largest node of the published cluster, which scales the scores.
CPU_MILLI_MAX, GPU_MILLI_MAX = 128_000, 8_000


@dataclass(frozen=True, slots=True)
class Ask:
    """What one piece of work asks for: `n_gpus` of `gpu_milli` each, on one node."""

    cpu_milli: int
    memory_mib: int
    n_gpus: int
    gpu_milli: int

    @property
    def shares(self) -> bool:
        """Whether it is content with a part of one accelerator."""
        return self.n_gpus == 1 and self.gpu_milli < WHOLE

    @property
    def flavour(self) -> int:
        """Work of one flavour is put together by `clustering`: shares are 0, else the number."""
        return 0 if self.shares else self.n_gpus


@dataclass(slots=True)
class Nodes:
    """What is left on each node; `gpu_milli` has a column for each accelerator, absent ones at 0.

    `flavours` counts the work of each flavour on a node, `changed` when a node changed last.
    """

    cpu_milli: Ints
    memory_mib: Ints
    n_gpus: Ints
    gpu_milli: Ints
    flavours: Ints
    changed: Ints
    now: int = 0

    @classmethod
    def empty(
        cls, cpu_milli: Sequence[int], memory_mib: Sequence[int], gpus: Sequence[int]
    ) -> Nodes:
        """Nothing is taken yet."""
        n_gpus = np.asarray(gpus, dtype=np.int64)
        columns = int(n_gpus.max())
        gpu_milli = np.where(np.arange(columns) < n_gpus[:, None], WHOLE, 0)
        return cls(
            np.array(cpu_milli, np.int64),
            np.array(memory_mib, np.int64),
            n_gpus,
            gpu_milli.astype(np.int64),
            np.zeros((len(n_gpus), columns + 1), np.int64),
            np.zeros(len(n_gpus), np.int64),
        )

    def take(self, node: int, gpus: Sequence[int], ask: Ask) -> None:
        """Work is put on a node, on these of its accelerators."""
        self.now += 1
        self.cpu_milli[node] -= ask.cpu_milli
        self.memory_mib[node] -= ask.memory_mib
        self.gpu_milli[node, list(gpus)] -= ask.gpu_milli
        self.flavours[node, ask.flavour] += ask.n_gpus > 0
        self.changed[node] = self.now


def able(nodes: Nodes, ask: Ask) -> Ints:
    """The nodes that can take the work."""
    fits = (nodes.cpu_milli >= ask.cpu_milli) & (nodes.memory_mib >= ask.memory_mib)
    if ask.n_gpus:
        fits &= (nodes.gpu_milli >= ask.gpu_milli).sum(axis=1) >= ask.n_gpus
    return np.flatnonzero(fits)


@dataclass(slots=True)
class Memory:
    """Scores of `fgd` that still hold: for each ask, of the nodes that have not changed since."""

    typical: Typical
    scores: dict[Ask, tuple[Ints, Ints, int]] = field(
        default_factory=dict[Ask, tuple[Ints, Ints, int]]
    )


def choices(nodes: Nodes, ask: Ask, rule: SharingRule, memory: Memory) -> Ints:
    """The node that a rule chooses, none if none can take the work; for `random` all that can."""
    rows = able(nodes, ask)
    if not len(rows) or rule == "random":
        return rows
    scores = _fgd(nodes, ask, memory)[0][rows] if rule == "fgd" else _SCORES[rule](nodes, ask, rows)
    return rows[scores.argmax()][None]


def gpus_for(
    nodes: Nodes, node: int, ask: Ask, rule: SharingRule, memory: Memory
) -> list[list[int]]:
    """The accelerators of a node that may be taken: whole ones in order, a share by the rule.

    `random` leaves all that can take a share to be drawn from, `fgd` takes the one that its score
    is of, the other rules the fullest.
    """
    left = nodes.gpu_milli[node]
    if not ask.n_gpus:
        return [[]]
    fits = np.flatnonzero(left >= ask.gpu_milli)
    if not ask.shares:
        return [fits[: ask.n_gpus].tolist()]
    if rule == "random":
        return [[gpu] for gpu in fits.tolist()]
    if rule == "fgd":
        return [[int(_fgd(nodes, ask, memory)[1][node])]]
    return [[int(fits[left[fits].argmin()])]]


def _best_fit(nodes: Nodes, ask: Ask, rows: Ints) -> Ints:
    """The least left over: 100 (1 - sum_r (free_r - asked_r) / (2 max_r)), r in CPU, GPU."""
    cpu = (nodes.cpu_milli[rows] - ask.cpu_milli) / CPU_MILLI_MAX
    gpu = (nodes.gpu_milli[rows].sum(axis=1) - ask.n_gpus * ask.gpu_milli) / GPU_MILLI_MAX
    return (100.0 * (1.0 - (0.5 * cpu + 0.5 * gpu))).astype(np.int64)


def _dot_product(nodes: Nodes, ask: Ask, rows: Ints) -> Ints:
    """The least alignment of free with asked: 100 (1 - free . asked / 2), over the largest node."""
    cpu = nodes.cpu_milli[rows] / CPU_MILLI_MAX * (ask.cpu_milli / CPU_MILLI_MAX)
    asked = ask.n_gpus * ask.gpu_milli / GPU_MILLI_MAX
    gpu = nodes.gpu_milli[rows].sum(axis=1) / GPU_MILLI_MAX * asked
    return (100.0 * (1.0 - (cpu + gpu) / 2.0)).astype(np.int64)


def _clustering(nodes: Nodes, ask: Ask, rows: Ints) -> Ints:
    """Nodes with work of the same flavour alone, then with it among others, then empty ones.

    Within each the fullest, in 25 steps. Work without accelerators scores 0 everywhere.
    """
    if not ask.n_gpus:
        return np.zeros(len(rows), np.int64)
    here = nodes.flavours[rows] > 0
    n_flavours, same = here.sum(axis=1), here[:, ask.flavour]
    tier = np.select([same & (n_flavours == 1), same, n_flavours == 0], [75, 50, 25], 0)
    return tier + 25 * (GPU_MILLI_MAX - nodes.gpu_milli[rows].sum(axis=1)) // GPU_MILLI_MAX


def _packing(nodes: Nodes, ask: Ask, rows: Ints) -> Ints:
    """Accelerators in use first, then idle ones of nodes in use, then those of idle nodes.

    100 less a tenth of the per cent left on those taken, not below 50; 50 less the idle ones
    taken, not below 33; 33 less the accelerators of the node.
    """
    if not ask.n_gpus:
        return np.zeros(len(rows), np.int64)
    left = np.where(
        np.arange(nodes.gpu_milli.shape[1]) < nodes.n_gpus[rows, None], nodes.gpu_milli[rows], -1
    )
    idle = (left == WHOLE).sum(axis=1)
    fitting = np.sort(np.where(left >= ask.gpu_milli, left, WHOLE + 1), axis=1)[:, : ask.n_gpus]
    idle_taken = (fitting == WHOLE).sum(axis=1)
    in_use = np.maximum(100 - (fitting * 100 // WHOLE).sum(axis=1) // 10, 50)
    some_idle = np.maximum(50 - idle_taken, 33)
    all_idle = np.maximum(33 - idle, idle)
    return np.select([idle == nodes.n_gpus[rows], idle_taken > 0], [all_idle, some_idle], in_use)


def _fgd(nodes: Nodes, ask: Ask, memory: Memory) -> tuple[Ints, Ints]:
    """The least growth of fragmentation: 100 / (1 + exp((F_after - F_before) / 1000)).

    Returns the scores of all nodes, and the accelerator that each is of. Only nodes that changed
    since the ask was last seen are scored anew.
    """
    kept = memory.scores.get(ask)
    if kept is None:
        n = len(nodes.changed)
        kept = np.zeros(n, np.int64), np.zeros(n, np.int64), -1
    scores, gpus, seen = kept
    rows = np.flatnonzero(nodes.changed > seen)
    if len(rows):
        scores[rows], gpus[rows] = _descent(nodes, ask, memory.typical, rows)
        memory.scores[ask] = scores, gpus, nodes.now
    return scores, gpus


def _descent(nodes: Nodes, ask: Ask, typical: Typical, rows: Ints) -> tuple[Ints, Ints]:
    """Scores of some nodes; -1 where the work does not fit."""
    cpu, gpu = nodes.cpu_milli[rows], nodes.gpu_milli[rows]
    before = fragmentation_milli(cpu, gpu, typical)
    options = _after(gpu, ask)
    scores = np.full((len(options), len(rows)), -1, np.int64)
    for i, (fits, left) in enumerate(options):
        after = fragmentation_milli(cpu - ask.cpu_milli, left, typical)
        gain = 1.0 / (1.0 + np.exp(-(before - after) / WHOLE))
        scores[i] = np.where(fits, (100.0 * gain).astype(np.int64), -1)
    best = scores.argmax(axis=0)
    return scores[best, np.arange(len(rows))], best


def _after(gpu: Ints, ask: Ask) -> list[tuple[NDArray[np.bool_], Ints]]:
    """What would be left: for a share one choice for each accelerator, otherwise one in all."""
    if ask.shares:
        columns = range(gpu.shape[1])
        return [
            (gpu[:, i] >= ask.gpu_milli, gpu - ask.gpu_milli * (np.arange(gpu.shape[1]) == i))
            for i in columns
        ]
    fits = gpu >= max(1, ask.gpu_milli)
    taken = fits & (np.cumsum(fits, axis=1) <= ask.n_gpus)
    return [(taken.sum(axis=1) >= ask.n_gpus, gpu - ask.gpu_milli * taken)]


_SCORES: dict[str, Callable[[Nodes, Ask, Ints], Ints]] = {
    "best-fit": _best_fit,
    "dot-product": _dot_product,
    "clustering": _clustering,
    "packing": _packing,
}
