"""What is known on a day, for the simulation: what has ended, what runs, what was measured.

Times are seconds from the day that the plan is known to. What is not recorded as begun by then has
not begun, as in any schedule that is kept. On the file's own data date nothing is pushed: there,
the file says itself since when works are under way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from stargate.programme.gates import Decision
from stargate.programme.learning import Duration
from stargate.programme.prices import price_at
from stargate.programme.survival import outlasting, success_of_the_unfinished
from stargate.spec.activities import Activity
from stargate.spec.distribution import DurationDistribution
from stargate.spec.programme import Driver

FloatArray = NDArray[np.float64]

# Kinds of activity that do not begin in the past without a record of it.
_PUSHED = ("start", "task", "run", "gate")
_INSTANTS = ("start", "block", "online")


@dataclass(frozen=True, slots=True)
class Known:
    """What has happened by a day; nothing of it is above 0.

    `since_s` is the time from the file's data date to that day. `start_s` and `finish_s` are by
    activity, `prices` by driver: when it was seen, and at how many times its level of the data
    date. `durations` are those that the records of their class have revised, `past_s` the steps
    of prices from the data date to today, `failures_s` the attempts at gates that did not pass.
    """

    since_s: float = 0.0
    past_s: tuple[float, ...] = ()
    start_s: Mapping[str, float] = field(default_factory=dict)
    finish_s: Mapping[str, float] = field(default_factory=dict)
    prices: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    durations: Mapping[str, Duration] = field(default_factory=dict)
    failures_s: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def ready_s(self, activity: Activity, ready_s: FloatArray) -> FloatArray:
        """When an activity may begin: not before today, unless it is recorded to have begun."""
        pushed = self.since_s > 0 and activity.kind in _PUSHED
        return np.maximum(ready_s, 0.0) if pushed else ready_s

    def age_s(self, name: str) -> float | None:
        """How long an activity has been running; None if it is not."""
        if name in self.finish_s or name not in self.start_s:
            return None
        return -self.start_s[name]

    def draw_s(
        self,
        name: str,
        stated: DurationDistribution,
        scores: FloatArray,
        besides_s: FloatArray | float = 0.0,
        least_s: FloatArray | float = 0.0,
        rested_s: float = 0.0,
    ) -> FloatArray:
        """Durations at the probabilities Phi(scores), given that it is not over if it runs.

        `besides_s` is the part of the whole that something else takes, such as an event's delay;
        `least_s` what it takes anyway, so that an age below that says nothing; `rested_s` how
        much of its age its calendar left it at rest.
        """
        duration, age_s = self.durations.get(name, Duration(stated)), self.age_s(name)
        if age_s is None or np.all(np.greater(least_s, age_s - rested_s)):
            return duration.draw(scores)
        age_s = max(age_s - rested_s, 0.0)
        lasting = duration.lasting(age_s)
        own_s = np.where(np.greater(least_s, age_s), 0.0, np.maximum(age_s - besides_s, 0.0))
        return lasting.draw(outlasting(scores, lasting.survival(own_s)))

    def success(self, name: str, stated: DurationDistribution, chance: float) -> float:
        """The chance that it ever ends, given that it has not, or has."""
        age_s = self.age_s(name)
        if name in self.finish_s or age_s is None:
            return 1.0 if name in self.finish_s else chance
        lasting = self.durations.get(name, Duration(stated)).lasting(age_s)
        return success_of_the_unfinished(chance, float(lasting.survival(np.array([age_s]))[0]))

    def span_s(
        self, name: str, begun_s: FloatArray, duration_s: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Start and finish: as recorded, else from `begun_s` on; what runs ends after today."""
        begun, end_s = self.start_s.get(name), self.finish_s.get(name)
        if end_s is not None:
            finish_s = np.full_like(duration_s, end_s)
            return finish_s - duration_s if begun is None else np.full_like(
                finish_s, begun
            ), finish_s
        if begun is None:
            return begun_s, begun_s + duration_s
        start_s = np.full_like(duration_s, begun)
        return start_s, np.maximum(start_s + duration_s, 0.0)

    def milestone_s(self, activity: Activity, n: int) -> FloatArray | None:
        """When a start or a milestone is recorded to have been, in all of `n` samples."""
        times = self.start_s if activity.kind == "start" else self.finish_s
        recorded = activity.kind in _INSTANTS and activity.id in times
        return np.full(n, times[activity.id]) if recorded else None

    def price_grid_s(self, grid_s: FloatArray) -> FloatArray:
        """The grid with the plan's own steps before it; the last of them stands for today."""
        return np.concatenate([self.past_s, grid_s[1:]]) if self.past_s else grid_s

    def prices_seen(
        self, drivers: Sequence[Driver], paths: Mapping[str, FloatArray], grid_s: FloatArray
    ) -> Mapping[str, FloatArray]:
        """Paths of prices moved through what was seen of them."""
        said = {driver.id: driver for driver in drivers}
        return {
            name: through(path, grid_s, self.prices[name], said[name].reversion_per_s)
            if name in self.prices
            else path
            for name, path in paths.items()
        }


def through(
    path: FloatArray, grid_s: FloatArray, seen: tuple[float, float], reversion_per_s: float
) -> FloatArray:
    """A path of prices given its value at a time; it forgets that as it reverts.

    P(t) (seen / P(t0))^exp(-k (t - t0)) from t0 on, k the rate of reversion (0 for gbm): the path
    with the same later steps from what was seen. Before t0 it is scaled alike.
    """
    seen_s, level = seen
    was = price_at(path, grid_s, np.full(len(path), seen_s))
    fading = np.exp(-reversion_per_s * np.maximum(grid_s - seen_s, 0.0))
    return np.asarray(path * (level / was)[:, None] ** fading)


NOTHING_KNOWN = Known()


def passed_on(decision: Decision, time_s: float) -> Decision:
    """A gate that is recorded to have opened: on that day, at its first attempt, in all samples."""
    n, first = decision.attempt_s.shape[1], np.zeros(decision.attempt_s.shape, dtype=np.bool_)
    first[0] = True
    when = np.full(n, time_s)
    return replace(
        decision,
        ready_s=when,
        attempt_s=np.where(first, time_s, np.inf),
        held=first,
        passed=first,
        time_s=when,
        share=np.ones(n),
        cancelled_s=np.full(n, np.inf),
    )
