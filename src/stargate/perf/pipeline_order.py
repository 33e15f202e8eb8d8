"""In which order each stage of a pipeline runs its passes.

A pass is a kind, a chunk and a micro-batch. GPipe runs all forwards, then all backwards
(arXiv 1811.06965); 1F1B alternates after a warm-up of p - s - 1 forwards, and interleaved takes p
micro-batches through each chunk in turn (arXiv 2104.04473, section 2.2); zero-bubble ZB-H1 runs
weight gradients apart, s of them late on stage s (arXiv 2401.10241, section 2.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, chain

from stargate.spec.workload import Schedule

FORWARD, BACKWARD, WEIGHT_GRADIENT = range(3)
KINDS = ("forward", "backward", "weight gradient")
Pass = tuple[int, int, int]  # kind, chunk, micro-batch


def passes_of_stage(
    schedule: Schedule, stage: int, n_stages: int, n_chunks: int, micro_batches: int
) -> list[Pass]:
    """What one stage runs in one step, in order."""
    if schedule == "gpipe":
        forwards = [(FORWARD, 0, i) for i in range(micro_batches)]
        return forwards + [(BACKWARD, 0, i) for i in reversed(range(micro_batches))]
    if schedule == "zero-bubble":
        return list(_zero_bubble(stage, n_stages, micro_batches))
    sizes = _group_sizes(n_stages, n_chunks, micro_batches)
    forwards = _in_groups(FORWARD, range(n_chunks), sizes)
    backwards = _in_groups(BACKWARD, range(n_chunks)[::-1], sizes)
    warm_up = n_stages - stage - 1
    if n_chunks > 1:
        warm_up = 2 * warm_up + (n_chunks - 1) * sizes[0]
    return _alternating(forwards, backwards, min(warm_up, len(forwards)))


def _group_sizes(n_stages: int, n_chunks: int, micro_batches: int) -> list[int]:
    """Micro-batches that go through a chunk before the next one: p, and what is over at first.

    A group smaller than p would leave the schedule waiting for itself, as Megatron-LM knows
    (its schedules.py asks for a multiple of p, or for a rest of at least p).
    """
    if n_chunks == 1 or micro_batches < n_stages:
        return [micro_batches]
    groups, over = divmod(micro_batches, n_stages)
    return [n_stages + over, *[n_stages] * (groups - 1)]


def _in_groups(kind: int, chunks: range, sizes: list[int]) -> list[Pass]:
    """Every chunk for one group of micro-batches, then for the next."""
    starts = accumulate(sizes, initial=0)
    return [
        (kind, chunk, i)
        for start, size in zip(starts, sizes, strict=False)
        for chunk in chunks
        for i in range(start, start + size)
    ]


def _alternating(forwards: list[Pass], backwards: list[Pass], warm_up: int) -> list[Pass]:
    """Forwards to warm up, then one forward and one backward in turn, then what is left."""
    steady = zip(forwards[warm_up:], backwards, strict=False)
    left = backwards[len(forwards) - warm_up :]
    return [*forwards[:warm_up], *chain.from_iterable(steady), *left]


def _zero_bubble(stage: int, n_stages: int, micro_batches: int) -> Iterator[Pass]:
    """ZB-H1: after each backward the weight gradient of `stage` micro-batches ago, and a forward.

    So every stage holds at most p micro-batches, as the first does under 1F1B.
    """
    warm_up = min(n_stages - stage, micro_batches)
    yield from ((FORWARD, 0, i) for i in range(warm_up))
    for i in range(micro_batches):
        yield BACKWARD, 0, i
        if i >= stage:
            yield WEIGHT_GRADIENT, 0, i - stage
        if i + warm_up < micro_batches:
            yield FORWARD, 0, i + warm_up
    late = max(micro_batches - stage, 0)
    yield from ((WEIGHT_GRADIENT, 0, i) for i in range(late, micro_batches))
