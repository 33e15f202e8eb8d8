"""What projects of the same kind took and cost, fitted so that those still unfinished count.

A class is a list of durations, each ended (observed) or not yet (right-censored at its age).
Leaving the unfinished out would keep only the quick ones. Fitted as a Weibull distribution by
maximum likelihood; Kaplan-Meier gives the same data without a shape, to look at beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from stargate import catalog
from stargate.errors import CatalogError
from stargate.spec.distribution import Beta, Pert, Weibull

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class WeibullFit:
    """Scale (in the unit of the durations) and shape, with what they were fitted on."""

    scale: float
    shape: float
    n_observed: int
    n_censored: int


def fit_weibull(durations: FloatArray, observed: BoolArray) -> WeibullFit:
    """Maximum likelihood of a Weibull distribution under right censoring.

    The shape k solves  sum t^k ln t / sum t^k - 1/k = mean of ln t over the observed;  the scale
    is (sum t^k / n_observed)^(1/k), sums over all durations. Source: Lawless, Statistical Models
    and Methods for Lifetime Data, 2nd ed. (2003), section 5.2. Needs two distinct observed values.
    """
    from scipy.optimize import root_scalar  # slow to import, and only fits need it

    if len(np.unique(durations[observed])) < 2 or np.any(durations <= 0):
        raise ValueError("a Weibull fit needs positive durations, two distinct ones observed")
    relative = durations / durations.max()
    logs = np.log(relative)
    mean_log = float(logs[observed].mean())

    def score(k: float) -> float:
        weights = relative**k
        return float((weights * logs).sum() / weights.sum()) - 1 / k - mean_log

    shape = float(root_scalar(score, bracket=(1e-3, 1e3)).root)
    scale = float(durations.max() * ((relative**shape).sum() / observed.sum()) ** (1 / shape))
    return WeibullFit(scale, shape, int(observed.sum()), int((~observed).sum()))


def kaplan_meier(durations: FloatArray, observed: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Distinct ends t_i and the share still running after each: S = prod (1 - d_i / n_i).

    d_i projects end at t_i, n_i had not ended before. Source: Kaplan and Meier (1958).
    """
    times, counts = np.unique(durations[observed], return_counts=True)
    at_risk = np.array([(durations >= time).sum() for time in times])
    return times, np.cumprod(1.0 - counts / at_risk, dtype=np.float64)


def first_power_durations(
    rows: Sequence[Mapping[str, str]], vintage: str
) -> tuple[FloatArray, BoolArray]:
    """Days from the first works on a site to its first power, as known at a vintage.

    A row gives a site's power on a day, of the past or expected. A site whose first powered day
    lies beyond the vintage has run, unfinished, from its first day to the vintage. Sites whose
    first row has power already are left out: their start is not known.
    """
    as_of = date.fromisoformat(vintage)
    sites: dict[str, list[tuple[date, float]]] = {}
    for row in rows:
        if row["vintage"] == vintage:
            day = date.fromisoformat(row["date"])
            sites.setdefault(row["site"], []).append((day, float(row["facility_power"] or 0)))
    spans = [_span(sorted(site), as_of) for site in sites.values()]
    known = [span for span in spans if span is not None]
    return (
        np.array([days for days, _ in known], dtype=np.float64),
        np.array([ended for _, ended in known], dtype=np.bool_),
    )


def _span(rows: list[tuple[date, float]], as_of: date) -> tuple[int, bool] | None:
    start, power = rows[0]
    if power > 0 or start >= as_of:
        return None
    first = next((day for day, megawatts in rows if megawatts > 0), None)
    ended = first is not None and first <= as_of
    return ((first if ended and first else as_of) - start).days, ended


def reference_shape(name: str) -> Weibull[float] | Pert[float]:
    """The distribution of a reference class of durations in the catalogue, in seconds."""
    found = catalog.duration_class(name)
    of = found.parameters
    match found.distribution:
        case "weibull":
            return Weibull[float](scale=of["scale"], shape=of["shape"])
        case "pert" if {"low", "mode", "high"} <= of.keys():
            return Pert[float](low=of["low"], mode=of["mode"], high=of["high"])
    raise CatalogError(
        f"the reference class {name} states no full distribution of durations; write one out"
    )


@dataclass(frozen=True, slots=True)
class Spliced:
    """Cost over budget: a body below `knee` budgets, and with `p_tail` a Pareto tail above it.

    Overruns of 50 % and more are the tail (Flyvbjerg and Gardner, How Big Things Get Done, 2023,
    appendix A). They publish its share and the means of both parts. That the tail is Pareto, with
    the exponent that its mean asks for, alpha = m / (m - knee), and the body a beta of the
    concentration of a PERT between `least` and `knee`, is assumed here. The variance of a tail with
    alpha of 2 or less is infinite: quantiles settle, means of samples hardly do.
    """

    p_tail: float
    tail_mean: float
    body_mean: float
    least: float = 0.5
    knee: float = 1.5

    @property
    def alpha(self) -> float:
        """Exponent of the tail; `inf` where all of it is at the knee."""
        if self.tail_mean <= self.knee:
            return np.inf
        return self.tail_mean / (self.tail_mean - self.knee)

    @property
    def body(self) -> Beta[float]:
        """The body, of the mean that it has."""
        place = (self.body_mean - self.least) / (self.knee - self.least)
        return Beta[float](low=self.least, high=self.knee, alpha=6 * place, beta=6 * (1 - place))


def overrun_shape(name: str) -> Spliced:
    """The ratio of cost to budget of a class of cost overruns in the catalogue."""
    found = catalog.overrun_class(name)
    of = found.parameters
    if not {"p_tail", "tail_mean", "body_mean"} <= of.keys():
        raise CatalogError(
            f"the reference class {name} states no body and tail of its overruns; write one out"
        )
    shape = Spliced(of["p_tail"], 1.0 + of["tail_mean"], 1.0 + of["body_mean"])
    if not shape.least < shape.body_mean < shape.knee:
        raise CatalogError(
            f"the reference class {name} states a body of overruns below 50 % with a mean of "
            f"{of['body_mean']:.0%}, which cannot be; write a distribution out"
        )
    return shape
