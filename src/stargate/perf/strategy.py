"""Strategies as a table: a struct of integer arrays with one row a strategy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from stargate.perf.columns import Ints
from stargate.spec.workload import Recompute, RecomputeModule, Schedule, Strategy

RECOMPUTE: tuple[Recompute, ...] = ("none", "selective", "full")
SCHEDULES: tuple[Schedule, ...] = ("gpipe", "1f1b", "zero-bubble")
MODULES: tuple[RecomputeModule, ...] = get_args(RecomputeModule)
NONE, SELECTIVE, FULL = range(3)
GPIPE, ONE_F_ONE_B, ZERO_BUBBLE = range(3)


@dataclass(frozen=True, slots=True)
class StrategyTable:
    """`recompute` and `schedule` index the tuples above; flags are 0 or 1.

    `shard` is the number of ranks that weights, gradients and optimiser are spread over, as far
    as `zero` says; `recompute_layers` is 0 where all layers of a stage are recomputed;
    `recompute_modules` is a mask over `MODULES`, 0 where a strategy names none;
    `tp_overlap` is 1, 0, or -1 where the software decides.
    """

    tp: Ints
    pp: Ints
    vp: Ints
    cp: Ints
    ep: Ints
    dp: Ints
    micro_batch: Ints
    zero: Ints
    shard: Ints
    recompute: Ints
    recompute_layers: Ints
    recompute_modules: Ints
    sequence_parallel: Ints
    tp_overlap: Ints
    schedule: Ints

    def __len__(self) -> int:
        return len(self.tp)

    @property
    def ranks(self) -> Ints:
        """Accelerators that each strategy uses."""
        return self.tp * self.pp * self.cp * self.dp

    @classmethod
    def of(cls, strategies: Sequence[Strategy], count: int | Sequence[int]) -> StrategyTable:
        """A row for each strategy; a missing dp takes what the accelerator count leaves over."""
        counts = np.broadcast_to(np.asarray(count), len(strategies))
        rows = [_row(strategy, int(n)) for strategy, n in zip(strategies, counts, strict=True)]
        return cls(*np.array(rows, np.int64).reshape(len(rows), len(fields(cls))).T.copy())

    def take(self, rows: Ints | slice | NDArray[np.bool_]) -> StrategyTable:
        """The same table with only these rows."""
        return StrategyTable(*(getattr(self, f.name)[rows] for f in fields(self)))

    def strategy(self, row: int) -> Strategy:
        """One row as the strategy a person would write, every field said."""
        value = {f.name: int(getattr(self, f.name)[row]) for f in fields(self)}
        named = {
            "recompute": RECOMPUTE[value["recompute"]],
            "schedule": SCHEDULES[value["schedule"]],
            "sequence_parallel": bool(value["sequence_parallel"]),
            "recompute_layers": value["recompute_layers"] or None,
            "recompute_modules": modules_of(value["recompute_modules"]),
            "tp_overlap": None if value["tp_overlap"] < 0 else bool(value["tp_overlap"]),
        }
        return Strategy.model_validate(value | named)


def mask_of(modules: Iterable[RecomputeModule]) -> int:
    """Modules as a sum of powers of two; 0 for none."""
    return sum(1 << MODULES.index(module) for module in set(modules))


def modules_of(mask: int) -> tuple[RecomputeModule, ...]:
    """The modules of a mask."""
    return tuple(module for i, module in enumerate(MODULES) if mask >> i & 1)


def _row(strategy: Strategy, count: int) -> tuple[int, ...]:
    model_ranks = strategy.tp * strategy.pp * strategy.cp
    dp = strategy.dp or max(1, count // model_ranks)
    overlap = -1 if strategy.tp_overlap is None else int(strategy.tp_overlap)
    return (
        strategy.tp,
        strategy.pp,
        strategy.vp,
        strategy.cp,
        strategy.ep,
        dp,
        strategy.micro_batch,
        strategy.zero,
        strategy.shard or dp * strategy.cp,
        RECOMPUTE.index(strategy.recompute),
        strategy.recompute_layers or 0,
        mask_of(strategy.recompute_modules),
        int(strategy.shards_sequence),
        overlap,
        SCHEDULES.index(strategy.schedule),
    )
