"""What moves an outcome most: rank correlation over the samples, and one input at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from stargate.programme.sampled import DriverEffect

FloatArray = NDArray[np.float64]

# Fewer samples in which the outcome happens say nothing about what moves it.
_FEWEST = 100
# Ranks lie between 0 and 1; what spreads less is the same in all samples.
_NO_SPREAD = 1e-6


@dataclass(frozen=True, slots=True)
class Correlations:
    """Rank correlations of an outcome with inputs, and how many samples they rest on."""

    n: int
    by_input: Mapping[str, float]

    @classmethod
    def merged(cls, parts: Sequence[Self]) -> Self:
        """The mean over parts, each as heavy as the samples that it rests on."""
        n = sum(part.n for part in parts)
        telling = [part for part in parts if part.by_input]
        names = telling[0].by_input if telling else ()
        return cls(n, {name: sum(p.n * p.by_input[name] for p in telling) / n for name in names})


@dataclass(frozen=True, slots=True)
class Measure:
    """An outcome: name, unit, what it goes with, and a value a row of the one-at-a-time run."""

    outcome: str
    unit: str
    correlations: Correlations
    moved: FloatArray


def rank_correlations(
    inputs: Mapping[str, FloatArray], outcomes: Mapping[str, FloatArray]
) -> dict[str, Correlations]:
    """Spearman's rank correlation of every input with every outcome, where that is finite.

    Pearson's correlation of the ranks (Spearman 1904). Inputs come as their ranks, on any scale;
    those of the outcomes are found here, ties given their mean rank. Of an outcome that hardly
    happens, or is the same throughout, nothing is said.
    """
    targets = {
        name: _Target.of(outcome)
        for name, outcome in outcomes.items()
        if _varies(outcome[np.isfinite(outcome)])
    }
    told = {name: _with_each(inputs, target) for name, target in targets.items() if inputs}
    return {name: told.get(name, Correlations(0, {})) for name in outcomes}


def _varies(finite: FloatArray) -> bool:
    return len(finite) >= _FEWEST and bool(np.ptp(finite) > 0)


@dataclass(frozen=True, slots=True)
class _Target:
    """The ranks of an outcome, standardised; 0 where it does not happen."""

    n: int
    happens: FloatArray | None
    rank: FloatArray

    @classmethod
    def of(cls, outcome: FloatArray) -> _Target:
        happens = np.isfinite(outcome)
        rank = mean_ranks(outcome[happens])
        rank = (rank - rank.mean()) / rank.std()
        if happens.all():
            return cls(len(rank), None, rank)
        spaced = np.zeros(len(outcome))
        spaced[happens] = rank
        return cls(len(rank), happens.astype(np.float64), spaced)

    def correlation(self, rank: FloatArray) -> float:
        """With an input; what is the same in all samples goes with nothing.

        Sums of products by einsum, which one thread makes in one order on any machine.
        """
        counted = rank if self.happens is None else rank * self.happens
        mean = counted.sum() / self.n
        square = np.einsum("i,i->", counted, counted) / self.n
        spread = float(np.sqrt(max(square - mean * mean, 0.0)))
        if spread <= _NO_SPREAD:
            return 0.0
        return float(np.einsum("i,i->", counted, self.rank) / self.n / spread)


def _with_each(inputs: Mapping[str, FloatArray], target: _Target) -> Correlations:
    return Correlations(target.n, {n: target.correlation(rank) for n, rank in inputs.items()})


def mean_ranks(values: FloatArray) -> FloatArray:
    """Ranks from 1 on; those that tie share their mean."""
    order = np.argsort(values, kind="stable")
    rising = values[order]
    starts = np.flatnonzero(np.concatenate([[True], rising[1:] != rising[:-1]]))
    ends = np.append(starts[1:], len(values))
    ranks = np.empty(len(values))
    ranks[order] = np.repeat(0.5 * (starts + ends + 1), ends - starts)
    return ranks


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
