"""What a scoreboard says as a whole: errors, coverage, and whether the better layout is known.

Not every use needs seconds: inside a layout sweep (same model, machine and batch) it matters that
the fastest layout is picked, inside a scaling series that the decline is seen. `rank_correlation`
is Spearman's, over throughput per accelerator; `regret` is the measured time of our choice over
the best measured, less one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from stargate.perf.records import Unusable
from stargate.perf.scoreboard import Score

SERIES_MIN = 3  # fewer rows have no meaningful order
CHOICE_MIN = 2  # but two layouts are a choice


@dataclass(frozen=True, slots=True)
class Summary:
    """Error statistics of some rows; None where nothing was scored.

    `bias` is the mean of the signed errors, `coverage_80` the share of measured times that the
    80 % intervals hold.
    """

    n: int
    n_scored: int
    median_abs_error: float | None
    mape: float | None
    p90_abs_error: float | None
    bias: float | None
    coverage_80: float | None


@dataclass(frozen=True, slots=True)
class Series:
    """Rows that differ only in the accelerator count (scaling) or only in the layout (sweep)."""

    name: str
    n: int
    rank_correlation: float | None
    regret: float | None


def summarise(rows: Sequence[Score | Unusable]) -> Summary:
    """Statistics over all rows."""
    scored = [row for row in rows if isinstance(row, Score)]
    covered = float(np.mean([row.is_covered for row in scored])) if scored else None
    return of_errors([row.error for row in scored], len(rows), covered)


def of_errors(errors: Sequence[float], n: int, coverage_80: float | None = None) -> Summary:
    """Statistics of the errors of those of `n` rows that were scored."""
    if not errors:
        return Summary(n, 0, None, None, None, None, None)
    error = np.array(errors)
    size = np.abs(error)
    return Summary(
        n=n,
        n_scored=len(error),
        median_abs_error=float(np.median(size)),
        mape=float(np.mean(size)),
        p90_abs_error=float(np.quantile(size, 0.9)),
        bias=float(np.mean(error)),
        coverage_80=coverage_80,
    )


def summaries_by(
    rows: Sequence[Score | Unusable], key: Callable[[Score | Unusable], str]
) -> dict[str, Summary]:
    """Statistics of each group of rows, by name."""
    groups: dict[str, list[Score | Unusable]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return {name: summarise(groups[name]) for name in sorted(groups)}


def layout_sweeps(rows: Sequence[Score | Unusable]) -> tuple[Series, ...]:
    """Sets of rows with the same model, accelerators, batch and table but several layouts."""
    groups = _grouped(rows, lambda s: (*_job(s), s.n_accelerators, s.n_sequences))
    return tuple(
        _series(f"{name[0]}: {name[1]} on {group[0].n_accelerators}", group, choose=True)
        for name, group in groups.items()
        if len({row.strategy for row in group}) >= CHOICE_MIN
    )


def scaling_series(rows: Sequence[Score | Unusable]) -> tuple[Series, ...]:
    """Sets of rows with the same job and model split over several accelerator counts."""
    groups = _grouped(rows, lambda s: (*_job(s), _split(s)))
    return tuple(
        _series(
            f"{name[0]}: {name[1]} (tp={group[0].strategy.tp}, pp={group[0].strategy.pp})", group
        )
        for name, group in groups.items()
        if len({row.n_accelerators for row in group}) >= SERIES_MIN
    )


def _job(row: Score) -> tuple[object, ...]:
    origin = row.origin
    return origin.family, origin.model, row.table, origin.accelerator, row.precision, row.seq_len


def _split(row: Score) -> tuple[object, ...]:
    s = row.strategy
    return s.tp, s.pp, s.vp, s.cp, s.ep, s.micro_batch, s.recompute


def _grouped(
    rows: Sequence[Score | Unusable], key: Callable[[Score], tuple[object, ...]]
) -> dict[tuple[object, ...], list[Score]]:
    groups: dict[tuple[object, ...], list[Score]] = defaultdict(list)
    for row in rows:
        if isinstance(row, Score):
            groups[key(row)].append(row)
    return groups


def _series(name: str, rows: Sequence[Score], *, choose: bool = False) -> Series:
    measured = np.array([_cost(row, row.measured_s) for row in rows])
    predicted = np.array([_cost(row, row.predicted_s) for row in rows])
    regret = float(measured[np.argmin(predicted)] / measured.min() - 1.0) if choose else None
    rank = spearman(predicted, measured) if len(rows) >= SERIES_MIN else None
    return Series(name, len(rows), rank, regret)


def _cost(row: Score, time_s: float) -> float:
    """Accelerator-seconds for each sequence: what a row pays for its work."""
    return time_s * row.n_accelerators / row.n_sequences


def spearman(left: np.ndarray, right: np.ndarray) -> float | None:
    """Spearman's rank correlation; None where one side is all equal."""
    ranks = rankdata(left), rankdata(right)
    if any(np.ptp(side) == 0 for side in ranks):
        return None
    return float(np.corrcoef(*ranks)[0, 1])
