"""No piece of speech goes on before it carries the watermark and the mark was found in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import numpy as np

from stargate.voice.refusals import RefusedError
from stargate.voice.signal.spectrum import Signal

MOST_ROUNDS = 3
SHORTEST_S = 1.0  # a shorter piece waits for the next, so that it can carry the mark


class Marker(Protocol):
    """Puts the watermark into a signal and finds it again."""

    @property
    def name(self) -> str:
        """Which mark it is."""
        ...

    def embed(self, signal: Signal, rate_hz: int) -> Signal:
        """The signal with the mark."""
        ...

    def score(self, signal: Signal, rate_hz: float) -> float:
        """How surely the mark is there, 0 to 1."""
        ...


Lay = Callable[[Signal, int, float], Signal]
"""Lays a clip's payload on a signal of a rate that begins at a time in the clip, s."""


def marked(
    pieces: Iterable[Signal], rate_hz: int, lay: Lay, marker: Marker, least_score: float
) -> Iterator[Signal]:
    """The pieces with payload and mark; one in which the mark is not found again is refused."""
    n_before = 0
    for piece in long_enough(pieces, int(SHORTEST_S * rate_hz)):
        carrying = lay(piece, rate_hz, n_before / rate_hz)
        n_before += len(piece)
        yield _marked(carrying, rate_hz, marker, least_score)


def _marked(piece: Signal, rate_hz: int, marker: Marker, least_score: float) -> Signal:
    """The piece with the mark, laid on again where once is not enough (in sparse, tonal sound).

    It is not laid on at all where the engine did so itself.
    """
    result, score = piece, 0.0
    for _ in range(1 + MOST_ROUNDS):
        score = marker.score(result, rate_hz)
        if score >= least_score:
            return result
        result = np.clip(marker.embed(result, rate_hz), -1, 1)
    raise RefusedError(
        "mark_not_found",
        f"the watermark scores {score:.2f} in what was made; {least_score} is needed",
    )


def long_enough(pieces: Iterable[Signal], n_samples: int) -> Iterator[Signal]:
    """The pieces joined until each is long enough; the last is filled up with silence."""
    waiting = np.empty(0, np.float32)
    for piece in pieces:
        waiting = np.concatenate([waiting, piece])
        if len(waiting) >= n_samples:
            yield waiting
            waiting = np.empty(0, np.float32)
    if waiting.size:
        yield np.pad(waiting, (0, n_samples - len(waiting)))
