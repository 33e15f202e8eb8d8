"""Every strategy that lays a model over so many accelerators: the rows that a search weighs.

Rules: degrees multiply to the count; heads divide by tp, layers suffice for pp vp chunks, the
sequence divides into 2 cp parts (causal balance), the batch into dp x micro-batch, experts into ep;
interleaving needs a multiple of pp micro-batches. Left out: GPipe, as 1F1B takes the same time and
holds less; ZeRO 3 with deferred weight gradients, which no framework offers. Not covered: uneven
stages chosen by hand, expert tensor parallelism.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from stargate.perf.columns import Ints
from stargate.perf.strategy import (
    FULL,
    NONE,
    ONE_F_ONE_B,
    RECOMPUTE,
    SELECTIVE,
    ZERO_BUBBLE,
    StrategyTable,
)
from stargate.spec.model import Transformer
from stargate.spec.workload import Recompute, TrainingWorkload

Layout = tuple[int, int, int, int, int, int, int]


def divisors(number: int) -> list[int]:
    """All divisors of a positive number, in order."""
    small = [d for d in range(1, int(number**0.5) + 1) if number % d == 0]
    return small + [number // d for d in reversed(small) if d * d != number]


def strategy_space(
    model: Transformer,
    workload: TrainingWorkload,
    count: int,
    *,
    tp_max: int,
    recompute: Recompute | None = None,
) -> StrategyTable:
    """The table of all strategies; `tp_max` keeps tensor parallelism inside a scale-up domain."""
    layouts = list(_layouts(model, workload, count, tp_max))
    bases = np.array(layouts, np.int64).reshape(len(layouts), 7)
    options = _options(recompute)
    tp, pp, vp, cp, _, dp, _ = bases.T[:, :, None]
    zero, local, _, split, schedule = options.T
    replicas, within = dp * cp, np.maximum(tp_max // tp, 1)
    kept = _sensible(tp, pp, vp, replicas, zero, split, schedule)
    kept &= (local == 0) | ((within > 1) & (within < replicas) & (replicas % within == 0))
    base, option = np.nonzero(kept)
    shard = np.where(local > 0, within, replicas)[base, option]
    zero, _, mode, split, schedule = (column[option] for column in options.T)
    tp, pp, vp, cp, ep, dp, micro_batch = (column[base] for column in bases.T.copy())
    ones = np.ones_like(base)
    return StrategyTable(
        *(tp, pp, vp, cp, ep, dp, micro_batch, zero, shard, mode),
        *(0 * ones, 0 * ones, split, -ones, schedule),
    )


def _layouts(
    model: Transformer, workload: TrainingWorkload, count: int, tp_max: int
) -> Iterator[Layout]:
    """(tp, pp, vp, cp, ep, dp, micro-batch) that divide everything they must."""
    for tp in divisors(count):
        if tp > tp_max or model.heads % tp:
            continue
        for pp in divisors(count // tp):
            if pp > model.layers:
                continue
            for cp in divisors(count // (tp * pp)):
                dp = count // (tp * pp * cp)
                if workload.seq_len % (2 * cp) == 0 and workload.global_batch % dp == 0:
                    yield from _with_batches(model, workload, (tp, pp, cp, dp))


def _with_batches(
    model: Transformer, workload: TrainingWorkload, degrees: tuple[int, int, int, int]
) -> Iterator[Layout]:
    tp, pp, cp, dp = degrees
    experts = model.moe.experts if model.moe else 1
    spreads = [ep for ep in divisors(tp * cp * dp) if experts % ep == 0]
    for micro_batch in divisors(workload.global_batch // dp):
        micro_batches = workload.global_batch // (dp * micro_batch)
        for vp in _interleavings(model.layers, pp, micro_batches):
            for ep in spreads:
                yield tp, pp, vp, cp, ep, dp, micro_batch


def _interleavings(layers: int, pp: int, micro_batches: int) -> list[int]:
    """Model chunks a stage may hold: those that divide its layers, 1 without a pipeline."""
    if pp == 1 or micro_batches % pp:
        return [1]
    return divisors(-(-layers // pp))


def _options(recompute: Recompute | None) -> Ints:
    """(zero, shard within the domain, recompute, sequence parallel, schedule), all combined."""
    modes = (NONE, SELECTIVE, FULL) if recompute is None else (RECOMPUTE.index(recompute),)
    return np.array(
        [
            (zero, local, mode, split, schedule)
            for zero, local in ((0, 0), (1, 0), (2, 0), (3, 0), (3, 1))
            for mode in modes
            for split in (0, 1)
            for schedule in (ONE_F_ONE_B, ZERO_BUBBLE)
        ],
        np.int64,
    )


def _sensible(
    tp: Ints, pp: Ints, vp: Ints, replicas: Ints, zero: Ints, split: Ints, schedule: Ints
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Rows that say something: no sharding over one replica, no split without tp, and so on."""
    return (
        ((zero == 0) | (replicas > 1))
        & ((split == 0) | (tp > 1))
        & ((schedule == ONE_F_ONE_B) | ((pp > 1) & (vp == 1) & (zero < 3)))
    )
