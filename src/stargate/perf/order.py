"""Whether the better layout is known: order inside sweeps and series, and regret.

Not every use needs seconds: inside a layout sweep (same model, machine and batch) it matters that
the fastest layout is picked, inside a scaling series that the decline is seen. `rank_correlation`
is Spearman's, over throughput per accelerator, of all rows as they were measured; `regret` is the
measured time of our choice over the best measured, less one.

Half of the runs that were repeated differ by more than `Repeats.noise`. Of two rows that differ by
less nobody knows which is the faster, nor of two rows that are the same question: beside the rank
correlation stands Kendall's over the pairs that differ by more, and how many of these are wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import rankdata

from stargate.perf.records import Unusable
from stargate.perf.repeats import Repeats
from stargate.perf.scoreboard import Score

SERIES_MIN = 3  # fewer rows have no meaningful order
CHOICE_MIN = 2  # but two layouts are a choice
EXACT_DIGITS = 12  # ranks are small numbers: what lies beyond is rounding


@dataclass(frozen=True, slots=True)
class Series:
    """Rows that differ only in the accelerator count (scaling) or only in the layout (sweep).

    `pairs_beyond_noise` of them differ by more than repeated runs do, `pairs_wrong` of these are
    predicted in the wrong order (half a pair where they are predicted equal).
    """

    name: str
    n: int
    rank_correlation: float | None
    rank_beyond_noise: float | None
    pairs_beyond_noise: int
    pairs_wrong: float
    regret: float | None


def layout_sweeps(rows: Sequence[Score | Unusable], repeats: Repeats) -> tuple[Series, ...]:
    """Sets of rows with the same model, accelerators, batch and table but several layouts."""
    groups = _grouped(rows, lambda s: (*_job(s), s.n_accelerators, s.n_sequences))
    return tuple(
        _series(f"{name[0]}: {name[1]} on {group[0].n_accelerators}", group, repeats, choose=True)
        for name, group in groups.items()
        if len({row.strategy for row in group}) >= CHOICE_MIN
    )


def scaling_series(rows: Sequence[Score | Unusable], repeats: Repeats) -> tuple[Series, ...]:
    """Sets of rows with the same job and model split over several accelerator counts."""
    groups = _grouped(rows, lambda s: (*_job(s), _split(s)))
    return tuple(
        _series(f"{name[0]}: {name[1]} (tp={s.tp}, pp={s.pp})", group, repeats)
        for name, group in groups.items()
        for s in (group[0].strategy,)
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


def _series(name: str, rows: Sequence[Score], repeats: Repeats, *, choose: bool = False) -> Series:
    measured = np.array([_cost(row, row.measured_s) for row in rows])
    predicted = np.array([_cost(row, row.predicted_s) for row in rows])
    regret = float(measured[np.argmin(predicted)] / measured.min() - 1.0) if choose else None
    ordered = len(rows) >= SERIES_MIN
    agreements = [_agreement(*pair) for pair in combinations(rows, 2) if _differ(*pair, repeats)]
    return Series(
        name=name,
        n=len(rows),
        rank_correlation=spearman(predicted, measured) if ordered else None,
        rank_beyond_noise=float(np.mean(agreements)) if ordered and agreements else None,
        pairs_beyond_noise=len(agreements),
        pairs_wrong=sum(1.0 - agreement for agreement in agreements) / 2.0,
        regret=regret,
    )


def _differ(left: Score, right: Score, repeats: Repeats) -> bool:
    """Whether two rows are two questions, and their answers further apart than repeated runs."""
    same = left.origin.release == right.origin.release
    apart = np.log(_cost(left, left.measured_s) / _cost(right, right.measured_s))
    one_question = (left.strategy, left.n_accelerators, left.n_sequences) == (
        right.strategy,
        right.n_accelerators,
        right.n_sequences,
    )
    return not (one_question and same) and abs(apart) > repeats.noise(same_release=same)


def _agreement(left: Score, right: Score) -> float:
    """1 where the prediction orders two rows as they were measured, -1 where not, else 0."""
    measured = _cost(left, left.measured_s) - _cost(right, right.measured_s)
    predicted = _cost(left, left.predicted_s) - _cost(right, right.predicted_s)
    return float(np.sign(measured) * np.sign(predicted))


def _cost(row: Score, time_s: float) -> float:
    """Accelerator-seconds for each sequence: what a row pays for its work."""
    return time_s * row.n_accelerators / row.n_sequences


def spearman(left: np.ndarray, right: np.ndarray) -> float | None:
    """Spearman's rank correlation; None where one side is all equal."""
    ranks = rankdata(left), rankdata(right)
    if any(np.ptp(side) == 0 for side in ranks):
        return None
    return round(float(np.corrcoef(*ranks)[0, 1]), ndigits=EXACT_DIGITS)
