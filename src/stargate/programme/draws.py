"""Where the uncertainty comes from: one named normal score per uncertain input.

Everything that `programme` computes is a function of named scores. `Sampled` draws them, one
Latin hypercube column a name; `OneAtATime` holds all at their median and moves one after the
other to its 10th and 90th percentile, one row each. Both go through the same formulas.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from stargate.engine.sampling import latin_hypercube, normal_scores
from stargate.engine.streams import stream

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_TENTH = 1.2815515655446004  # normal score of the 90th percentile


class Draws(Protocol):
    """A source of named scores, `n` each."""

    n: int

    def score(self, name: str) -> FloatArray:
        """The standard normal scores of an input."""
        ...

    def event(self, name: str, probability: float) -> BoolArray:
        """In which samples an event of that probability happens: at the high scores."""
        ...

    def steps(self, name: str, k: int) -> FloatArray:
        """`k` independent scores a sample, for the steps of a path: shape (n, k)."""
        ...


class Sampled:
    """Scores drawn from named streams; kept is what ranks them, for a sensitivity analysis.

    `ranks` are the inputs so far: the probability of each score, whether an event happens. The
    samples of a tile are one Latin hypercube, independent of all other tiles, so that many samples
    can be drawn tile by tile, in any order and anywhere, and are always the same.
    """

    def __init__(self, seed: int, n: int, tile: int = 0) -> None:
        self.seed = seed
        self.n = n
        self.tile = tile
        self.ranks: dict[str, FloatArray] = {}

    def score(self, name: str) -> FloatArray:
        """The scores of that name under the seed; the same at every call."""
        if name not in self.ranks:
            self.ranks[name] = self._drawn(name)
        return normal_scores(self.ranks[name])

    def event(self, name: str, probability: float) -> BoolArray:
        """Whether the event happens; what counts for sensitivity is that, not by how much."""
        if name not in self.ranks:
            self.ranks[name] = (self._drawn(name) > 1.0 - probability).astype(np.float64)
        return self.ranks[name] > 0

    def steps(self, name: str, k: int) -> FloatArray:
        """Columns of scores; the input that counts for sensitivity is where they add up to."""
        steps = np.stack([normal_scores(self._drawn(name, str(i))) for i in range(k)], axis=1)
        self.ranks[name] = ndtr(steps.sum(axis=1) / np.sqrt(k))
        return steps

    def _drawn(self, *names: str) -> FloatArray:
        names = (*names, f"tile {self.tile}") if self.tile else names
        return latin_hypercube(stream(self.seed, *names), self.n)


# Samples of one Latin hypercube: enough for its strata to even out what they can, few enough for
# a variable of all of them to stay in a core's cache.
TILE = 10_000


def tiles(n: int) -> list[tuple[int, int]]:
    """Number and size of the tiles that `n` samples come in; all are full but the last."""
    return [(i, min(TILE, n - first)) for i, first in enumerate(range(0, n, TILE))]


class OneAtATime:
    """Row 0: everything at its median. Rows 2i+1 and 2i+2: input i low and high."""

    def __init__(self, names: Sequence[str]) -> None:
        self.row = {name: 2 * i + 1 for i, name in enumerate(names)}
        self.n = 2 * len(names) + 1

    def score(self, name: str) -> FloatArray:
        """Zero but for the two rows in which the input is moved."""
        scores = np.zeros(self.n)
        if name in self.row:
            scores[self.row[name]] = -_TENTH
            scores[self.row[name] + 1] = _TENTH
        return scores

    def event(self, name: str, probability: float) -> BoolArray:
        """What is likelier, but for the two rows in which it does not happen, and does."""
        happens = np.full(self.n, probability > 0.5)
        if name in self.row:
            happens[self.row[name]] = False
            happens[self.row[name] + 1] = True
        return happens

    def steps(self, name: str, k: int) -> FloatArray:
        """A steady drift that ends at the moved percentile."""
        return np.repeat(self.score(name)[:, None], k, axis=1) / np.sqrt(k)
