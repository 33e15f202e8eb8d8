"""What moves an outcome most: rank correlation over the samples, and one input at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import rankdata

from stargate.programme.sampled import DriverEffect

FloatArray = NDArray[np.float64]

# Fewer samples in which the outcome happens say nothing about what moves it.
_FEWEST = 100


@dataclass(frozen=True, slots=True)
class Correlations:
    """Rank correlations of an outcome with inputs, and how many samples they rest on."""

    n: int
    by_input: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Measure:
    """An outcome: name, unit, what it goes with, and a value a row of the one-at-a-time run."""

    outcome: str
    unit: str
    correlations: Correlations
    moved: FloatArray


@dataclass(frozen=True, slots=True)
class Ranks:
    """The ranks of inputs, one row an input: an input's scores are normal, so Phi ranks them.

    Of an event any two values serve as ranks.
    """

    names: tuple[str, ...]
    rank: FloatArray
    spread: FloatArray

    @classmethod
    def of(cls, inputs: Mapping[str, FloatArray]) -> Ranks:
        """Ranks between 0 and 1."""
        rank = np.zeros((len(inputs), max(map(len, inputs.values()), default=0)))
        for row, scores in zip(rank, inputs.values(), strict=True):
            ndtr(scores, out=row)
        return cls(tuple(inputs), rank, _spread(rank))

    def where(self, happens: NDArray[np.bool_]) -> Ranks:
        """Those of some samples."""
        if happens.all():
            return self
        rank = self.rank[:, happens]
        return Ranks(self.names, rank, _spread(rank))


def _spread(rank: FloatArray) -> FloatArray:
    """Standard deviation of each row."""
    if not rank.size:
        return np.zeros(len(rank))
    square = np.einsum("ij,ij->i", rank, rank) / rank.shape[1]
    return np.sqrt(np.maximum(square - rank.mean(axis=1) ** 2, 0.0))


def rank_correlations(inputs: Ranks, outcome: FloatArray) -> Correlations:
    """Spearman's rank correlation of every input with an outcome, where the outcome is finite.

    Pearson's correlation of the ranks (Spearman 1904), ties of the outcome given their mean rank.
    """
    happens = np.isfinite(outcome)
    n = int(happens.sum())
    if not inputs.names or n < _FEWEST or np.ptp(outcome[happens]) == 0:
        return Correlations(0, {})
    ranks = inputs.where(happens)
    target = rankdata(outcome[happens])
    target = (target - target.mean()) / target.std()
    # What is the same in all samples goes with nothing.
    along = ranks.rank @ target / n
    told = np.where(ranks.spread > 1e-6, along / np.maximum(ranks.spread, 1e-6), 0.0)
    return Correlations(n, dict(zip(inputs.names, told.tolist(), strict=True)))


def effects(
    rows: Mapping[str, int],
    labels: Mapping[str, str],
    measure: Measure,
    n_most: int,
) -> list[DriverEffect]:
    """The inputs that go most with an outcome, with what each does alone.

    `rows` says at which row of the one-at-a-time run an input is low; the next row is high, and
    row 0 has all at their median.
    """
    correlations = measure.correlations.by_input
    strongest = sorted(correlations, key=lambda name: (-abs(correlations[name]), name))[:n_most]
    return [
        DriverEffect(
            id=name,
            label=labels[name],
            outcome=measure.outcome,
            unit=measure.unit,
            rank_correlation=correlations[name],
            low=float(measure.moved[rows[name]]),
            high=float(measure.moved[rows[name] + 1]),
            base=float(measure.moved[0]),
        )
        for name in strongest
    ]


def label(name: str, titles: Mapping[str, str]) -> str:
    """What an input is called in a chart: `task/P5.campus-a.grid` is `duration of ... grid`."""
    kind, _, rest = name.partition("/")
    words = {
        "task": "duration of {}",
        "success": "{} succeeds",
        "driver": "{}",
        "price": "{}",
        "cost": "cost rate: {}",
        "revenue": "sale: {}",
        "risk": "event: {}",
        "run": "training run: {}",
        "loss": "scaling law: {}",
        "capability": "capability law: {}",
        "gate": "evidence: {}",
    }
    head, _, tail = rest.partition("/")
    detail = tail.replace("/", ", attempt " if kind == "gate" else ": ")
    between = ", " if kind == "gate" else " "
    told = between.join(filter(None, (titles.get(head, head), detail)))
    return words[kind].format(titles.get(rest, told))
