"""Forecasts milestones of past vintages with what was known then, and scores them by later ones.

*Which milestones count.* Those that a vintage expected up to the date of the later one: they fell
due, so that the later vintage has something to say of them. The choice rests on the forecast
alone, not on its outcome. Of the others the later vintage mostly repeats the old date.

*What is true*, by kind:

- `observed`: the day of arrival, if the later vintage has it in its past. Else only that it is
  later than H, the later vintage's date. Every forecast is then scored as one of min(T, H), which
  is known for all: quantiles survive a monotone map, so the quantile forecast of min(T, H) is
  min(q, H), and its pinball loss stays proper. Leaving out what has not arrived would keep only
  the punctual. Coverage counts an unresolved milestone by the forecast's own probability that
  it ends in the interval, given that it is later than H (as in D-calibration: Haider et al.,
  JMLR 21, 2020, 85), and as a miss if the later vintage itself expects it after the interval or
  has dropped it.
- `latest`: the later vintage's day whether past or expected. It treats a new expectation as true,
  and leaves out what has been dropped.

*Score.* Pinball loss max(p (y - q), (p - 1)(y - q)) in days, mean over P10, P50 and P90 and over
milestones. A baseline is one date, which stands for each of its quantiles.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargate.programme.milestone_match import Outcome, Standing, match_sites, outcomes
from stargate.programme.slip import Belief, SlipForecast, belief_at, forecast
from stargate.programme.timelines import Vintage

FloatArray = NDArray[np.float64]
TruthKind = Literal["observed", "latest"]
TRUTH_KINDS: tuple[TruthKind, ...] = ("observed", "latest")
PROBABILITIES = (0.1, 0.5, 0.9)
# The planner's rule of thumb that the forecast is measured against.
SCALE = 1.4


@dataclass(frozen=True, slots=True)
class Hindcast:
    """One milestone, forecast at `as_of` and judged by what was known on `judged_at`.

    Days count from `as_of`. `day` is the day of arrival that the later vintage states, if any.
    """

    site: str
    power_w: float
    as_of: date
    judged_at: date
    expected: date
    slip: SlipForecast
    standing: Standing
    day: date | None

    @property
    def remaining_days(self) -> float:
        """Days until the expected day."""
        return float((self.expected - self.as_of).days)

    @property
    def horizon_days(self) -> float:
        """Days until the vintage that judges."""
        return float((self.judged_at - self.as_of).days)

    @property
    def fell_due(self) -> bool:
        """Whether it was expected up to the vintage that judges."""
        return self.expected <= self.judged_at

    def quantile_day(self, probability: float) -> date:
        """The day by which it arrives with this probability."""
        return self.expected + timedelta(days=round(self.slip.quantile(probability)))


@dataclass(frozen=True, slots=True)
class Score:
    """How good the forecasts of a set of milestones were; losses and errors in days."""

    n: int
    n_resolved: int
    coverage_80: float
    pinball: float
    pinball_no_slip: float
    pinball_scaled: float
    median_abs_days: float


def hindcast(known: Sequence[Vintage], truth: Vintage) -> tuple[Hindcast, ...]:
    """Every milestone that the last of `known` expects, on a site that `truth` still follows.

    `known` is all that the forecast may use.
    """
    vintage = max(known, key=lambda v: v.as_of)
    belief = belief_at(known)
    return tuple(
        _hindcast(belief, outcome, vintage, truth)
        for outcome in outcomes(vintage, truth)
        if outcome.standing != "site not followed"
    )


def hindcast_all(vintages: Sequence[Vintage]) -> tuple[Hindcast, ...]:
    """Every ordered pair of vintages, each forecast with the vintages up to its own."""
    ordered = sorted(vintages, key=lambda v: v.as_of)
    return tuple(
        item
        for i in range(len(ordered))
        for truth in ordered[i + 1 :]
        for item in hindcast(ordered[: i + 1], truth)
    )


def unmatched_sites(earlier: Vintage, later: Vintage) -> tuple[str, ...]:
    """Sites of the earlier vintage that the later one does not follow."""
    found = match_sites(earlier, later)
    return tuple(name for name in earlier.sites if name not in found)


def score(hindcasts: Iterable[Hindcast], kind: TruthKind) -> Score | None:
    """The score over the milestones that fell due; None if there are none to score."""
    counted = [h for h in hindcasts if h.fell_due and (kind == "observed" or h.day)]
    if not counted:
        return None
    limit = np.array([h.horizon_days if kind == "observed" else np.inf for h in counted])
    arrived = np.array([_arrival_days(h) for h in counted])
    remaining = np.array([h.remaining_days for h in counted])
    quantiles = np.array([[h.slip.quantile(p) for p in PROBABILITIES] for h in counted])
    truth = np.minimum(arrived, limit)
    days = np.minimum(remaining[:, None] + quantiles, limit[:, None])
    return Score(
        n=len(counted),
        n_resolved=int((arrived <= limit).sum()) if kind == "observed" else len(counted),
        coverage_80=float(np.mean([_covered(h, kind) for h in counted])),
        pinball=pinball(truth, days),
        pinball_no_slip=pinball(truth, _degenerate(np.minimum(remaining, limit))),
        pinball_scaled=pinball(truth, _degenerate(np.minimum(SCALE * remaining, limit))),
        median_abs_days=float(np.median(np.abs(truth - days[:, 1]))),
    )


def pinball(truth: ArrayLike, quantiles: FloatArray) -> float:
    """Mean of max(p (y - q), (p - 1) (y - q)) over `PROBABILITIES` (columns) and rows.

    Source: Koenker and Bassett, Econometrica 46 (1978) 33. In the unit of the truth.
    """
    miss = np.asarray(truth, dtype=np.float64)[:, None] - quantiles
    p = np.array(PROBABILITIES)
    return float(np.maximum(p * miss, (p - 1) * miss).mean())


def _hindcast(belief: Belief, outcome: Outcome, vintage: Vintage, truth: Vintage) -> Hindcast:
    m = outcome.milestone
    slip = forecast(belief, m, float((m.expected - vintage.as_of).days))
    return Hindcast(
        site=m.site,
        power_w=m.to_power_w,
        as_of=vintage.as_of,
        judged_at=truth.as_of,
        expected=m.expected,
        slip=slip,
        standing=outcome.standing,
        day=outcome.day,
    )


def _arrival_days(h: Hindcast) -> float:
    return np.inf if h.day is None else float((h.day - h.as_of).days)


def _degenerate(days: FloatArray) -> FloatArray:
    return np.repeat(days[:, None], len(PROBABILITIES), axis=1)


def _covered(h: Hindcast, kind: TruthKind) -> float:
    """1 or 0 if the day is known; else P(T <= P90 | T > H), or 0 if none expects it by P90."""
    low, high = PROBABILITIES[0], PROBABILITIES[-1]
    if kind == "latest" or h.standing == "reached":
        slip = _arrival_days(h) - h.remaining_days
        return float(h.slip.quantile(low) <= slip <= h.slip.quantile(high))
    if h.day is None or h.day > h.quantile_day(high):
        return 0.0
    gone = h.slip.probability(h.horizon_days - h.remaining_days)
    return max(0.0, high - gone) / (1 - gone)
