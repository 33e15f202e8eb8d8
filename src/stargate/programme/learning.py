"""What durations that have ended say about those of their class that are to come.

A duration is D = M exp(theta + e): theta is common to a class, e belongs to the task. The stated
distribution is the spread of both together, of which `correlation` is theta's share. Records of
the class move theta, by Bayes, and the spread shrinks by what is now known; without records all
stays as stated. Unfinished tasks count as longer than their age: to leave them out would be to
learn from the quick ones alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtri

from stargate.programme.distributions import Shape, draw
from stargate.programme.survival import survival

FloatArray = NDArray[np.float64]

# Fewer chances than this to have lasted so long say that the estimate was wrong.
_HARDLY = 1e-3
NINETIETH = 1.2815515655446004  # normal score of the 90th percentile

# The middles of equally likely strata, at which the moments of a logarithm are taken.
_STRATA = np.asarray(ndtri((np.arange(1000) + 0.5) / 1000), dtype=np.float64)
_GRID_SD = np.linspace(-8.0, 8.0, 1601)


@dataclass(frozen=True, slots=True)
class LogMoments:
    """Mean and standard deviation of the logarithm of a duration, seconds."""

    mean: float
    sd: float

    @classmethod
    def of(cls, shape: Shape) -> LogMoments | None:
        """Those of a distribution; None where there is no spread, or times that are not above 0."""
        times = draw(shape, _STRATA)
        if times[0] <= 0 or times[0] == times[-1]:
            return None
        logs = np.log(times)
        return cls(float(logs.mean()), float(logs.std()))

    def score(self, duration_s: float) -> float:
        """How many standard deviations a duration's logarithm lies above the mean."""
        return (math.log(duration_s) - self.mean) / self.sd


@dataclass(frozen=True, slots=True)
class Learnt:
    """How a class differs from what was stated: exp(mean) as long at the median.

    In units of the stated standard deviation of the logarithm: `mean` and `sd` of theta.
    """

    mean: float
    sd: float


def learn(ended: Sequence[float], running: Sequence[float], correlation: float) -> Learnt:
    """Theta of a class, given how its tasks went.

    `ended` holds z = (ln d - mean) / sd of each finished task, `running` the same of the age of
    each unfinished one. Prior theta ~ N(0, r), likelihood N(z; theta, 1 - r) for the ended and
    P(Z > z) for the running, r the correlation; on a grid, as the latter has no conjugate. With
    ended ones alone: mean r sum(z) / (1 - r + n r), variance r (1 - r) / (1 - r + n r).
    """
    if correlation in (0.0, 1.0) or not (ended or running):
        return Learnt(0.0, math.sqrt(correlation))
    theta = _GRID_SD * math.sqrt(correlation)
    within = math.sqrt(1.0 - correlation)
    logs = -0.5 * _GRID_SD**2
    for z in ended:
        logs = logs - 0.5 * ((z - theta) / within) ** 2
    for z in running:
        logs = logs + log_ndtr((theta - z) / within)
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    mean = float(weights @ theta)
    return Learnt(mean, math.sqrt(float(weights @ (theta - mean) ** 2)))


@dataclass(frozen=True, slots=True)
class Revised:
    """A stated duration as its class makes it: ln D' = mu + shift + stretch (ln D - mu)."""

    mean: float
    shift: float
    stretch: float

    @classmethod
    def by(cls, moments: LogMoments, learnt: Learnt, correlation: float) -> Revised:
        """Median moved by theta; spread that of the task itself and of what is left of theta's."""
        left = math.sqrt(1.0 - correlation + learnt.sd**2)
        return cls(moments.mean, learnt.mean * moments.sd, left)

    def later(self, duration_s: FloatArray) -> FloatArray:
        """The revised duration for a stated one."""
        logs = np.log(np.maximum(duration_s, 1e-300)) - self.mean
        return np.asarray(np.exp(self.mean + self.shift + self.stretch * logs))

    def earlier(self, duration_s: FloatArray) -> FloatArray:
        """The stated duration for a revised one."""
        logs = np.log(np.maximum(duration_s, 1e-300)) - self.mean - self.shift
        return np.asarray(np.exp(self.mean + logs / self.stretch))


@dataclass(frozen=True, slots=True)
class Duration:
    """A distribution of durations, as stated or as its class has been revised."""

    shape: Shape
    revised: Revised | None = None

    def draw(self, scores: FloatArray) -> FloatArray:
        """Durations in seconds at the probabilities Phi(scores)."""
        stated = draw(self.shape, scores)
        return stated if self.revised is None else self.revised.later(stated)

    def survival(self, duration_s: FloatArray) -> FloatArray:
        """The chance that it takes longer."""
        asked = duration_s if self.revised is None else self.revised.earlier(duration_s)
        return survival(self.shape, asked)

    def lasting(self, age_s: float) -> Duration:
        """Itself, or, where it holds such an age for impossible, longer throughout.

        The scale then is such that the age is its 90th percentile: a judgement, told as a warning,
        in place of an estimate that has been refuted.
        """
        if age_s <= 0 or self.survival(np.array([age_s]))[0] >= _HARDLY:
            return self
        factor = age_s / max(float(self.draw(np.array([NINETIETH]))[0]), 1.0)
        was = self.revised or Revised(0.0, 0.0, 1.0)
        return Duration(self.shape, Revised(was.mean, was.shift + math.log(factor), was.stretch))
