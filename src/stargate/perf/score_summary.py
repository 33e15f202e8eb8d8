"""What a scoreboard says as a whole: errors and coverage, of all rows and of groups of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from stargate.perf.records import Unusable
from stargate.perf.scoreboard import Score


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
