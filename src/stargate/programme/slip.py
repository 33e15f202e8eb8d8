"""How late a milestone of a site comes: a belief, and how later vintages teach it.

Seen from a vintage, a milestone expected in `r` days comes early, on time or late:

    P(late) = 1 - (1 - q) exp(-rho r)      q: missed on the day it falls due
                                           rho: put off beforehand, for each day that it is away
    lateness ~ exponential with rate h     once late, it is finished at a constant hazard
    the rest: early by a share e, evenly over the last third of the way; else within a week

The three rates are unknown, and each has a conjugate prior: beta for q and e, gamma for rho and
h. Hence the forecast has a closed form (lateness is Pareto II: exponential with a gamma rate),
and milestones that are late and still not there count for as long as they have been late: right
censoring is exact (Lawless, Statistical Models and Methods for Lifetime Data, 2nd ed., 2003,
section 4.1). Sites differ, so a site's own record moves its q away from that of all sites.

Not covered: what the rise consists of, its owner, its size. Three vintages cannot tell.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from stargate.catalog import fact
from stargate.programme.milestone_match import Outcome, name_key, outcomes
from stargate.programme.timelines import Milestone, Vintage, history

FloatArray = NDArray[np.float64]

# Dates come from satellite passes and permits: a week either way is on time.
ON_TIME_DAYS = 7.0
# Assumed: of what is not late, one in four is early, by up to a third of the way.
_EARLY_OF_PUNCTUAL, _EARLIEST = 0.25, 1 / 3
# Assumed weights of the priors, in outcomes of sites that would move them as much.
_PUNCTUALITY_WEIGHT, _LATENESS_WEIGHT, _POSTPONED_WEIGHT = 2.0, 4.0, 1.0
# Assumed: a site's own q is worth doubting until it has about so many outcomes of its own.
_SITE_WEIGHT = 4.0
# Length of the projects of which 8.5 % end on budget and on time; assumed, the source has none.
_PROJECT_DAYS = 5 * 365.25


@dataclass(frozen=True, slots=True)
class Gamma:
    """Belief about a rate: like having seen `events` in `exposure_days`."""

    events: float
    exposure_days: float

    @property
    def mean_per_day(self) -> float:
        """Expected rate."""
        return self.events / self.exposure_days

    def after(self, events: float, exposure_days: float) -> Gamma:
        """The belief once so many events more were seen in so many days."""
        return Gamma(self.events + events, self.exposure_days + exposure_days)


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of slip: pseudo-counts of early, punctual and late, and two rates.

    `record` holds the late and the judged milestones of each site (by the key of its name).
    """

    early: float
    punctual: float
    late: float
    finishing: Gamma
    postponing: Gamma
    record: Mapping[frozenset[str], tuple[float, float]]

    def missed(self, site: str) -> float:
        """q of a site: that of all sites, moved by the site's own record."""
        late, judged = self.record.get(name_key(site), (0.0, 0.0))
        everyone = self.late / (self.early + self.punctual + self.late)
        return (_SITE_WEIGHT * everyone + late) / (_SITE_WEIGHT + judged)


@dataclass(frozen=True, slots=True)
class SlipForecast:
    """Distribution of the slip of one milestone in days, negative if early."""

    remaining_days: float
    p_early: float
    p_late: float
    lateness: Gamma

    @property
    def _week(self) -> float:
        return min(ON_TIME_DAYS, self.remaining_days)

    @property
    def _earliest(self) -> float:
        return max(self.remaining_days * _EARLIEST, self._week)

    def quantile(self, probability: float) -> float:
        """Slip that is not exceeded with this probability."""
        if probability < self.p_early:
            share = probability / self.p_early
            return -self._earliest + share * (self._earliest - self._week)
        if probability < 1 - self.p_late:
            share = (probability - self.p_early) / (1 - self.p_late - self.p_early)
            return self._week * (2 * share - 1)
        survival = (1 - probability) / self.p_late
        a, b = self.lateness.events, self.lateness.exposure_days
        return self._week + b * (survival ** (-1 / a) - 1)

    def probability(self, slip_days: float) -> float:
        """Probability of a slip of so many days at most."""
        if slip_days > self._week:
            a, b = self.lateness.events, self.lateness.exposure_days
            return 1 - self.p_late * (1 + (slip_days - self._week) / b) ** -a
        if slip_days >= -self._week:
            share = (slip_days + self._week) / (2 * self._week)
            return self.p_early + share * (1 - self.p_late - self.p_early)
        span = self._earliest - self._week
        return self.p_early * max(0.0, (slip_days + self._earliest) / span) if span else 0.0


def forecast(belief: Belief, milestone: Milestone, remaining_days: float) -> SlipForecast:
    """Slip of a milestone that is so many days away."""
    kept = math.exp(-belief.postponing.mean_per_day * remaining_days)
    punctual = (1 - belief.missed(milestone.site)) * kept
    early = belief.early / (belief.early + belief.punctual)
    return SlipForecast(remaining_days, punctual * early, 1 - punctual, belief.finishing)


def belief_at(vintages: Sequence[Vintage]) -> Belief:
    """The belief on the day of the last of `vintages`, taught by those before it and by no other.

    What earlier vintages expected is judged by what the last one knows. A milestone that several
    expected for the same day counts once.
    """
    *earlier, latest = sorted(vintages, key=lambda v: v.as_of)
    belief = prior(earlier[0] if earlier else latest)
    return _learn(belief, list(_distinct(earlier, latest)), latest)


def prior(vintage: Vintage) -> Belief:
    """The belief before any milestone was judged.

    Late or not: a coin toss worth two outcomes. Lateness: half of the median time that sites have
    taken from one rise to the next, which is what is left of a step at a random moment of it (the
    median, as halls of the years before 2023 rose at another pace).
    Putting off: what leaves 8.5 % of five-year projects on time (Flyvbjerg and Gardner 2023).
    """
    gaps = [(b - a).days for days in history(vintage) for a, b in pairwise(days)]
    lateness_days = float(np.median(gaps)) / 2 if gaps else 365.25 / 2
    on_time = fact("projects_on_budget_and_time").value
    postponed_per_day = math.log(0.5 / on_time) / _PROJECT_DAYS
    half = _PUNCTUALITY_WEIGHT / 2
    return Belief(
        early=half * _EARLY_OF_PUNCTUAL,
        punctual=half * (1 - _EARLY_OF_PUNCTUAL),
        late=half,
        finishing=Gamma(_LATENESS_WEIGHT, _LATENESS_WEIGHT * lateness_days),
        postponing=Gamma(_POSTPONED_WEIGHT, _POSTPONED_WEIGHT / postponed_per_day),
        record={},
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    """An expectation of a vintage, and what the latest vintage says of it."""

    outcome: Outcome
    seen_for_days: float


def _distinct(earlier: Iterable[Vintage], latest: Vintage) -> Iterator[_Judged]:
    """Each expectation once, watched since the first vintage that held it."""
    seen: set[tuple[frozenset[str], object]] = set()
    for vintage in earlier:
        for outcome in outcomes(vintage, latest):
            m = outcome.milestone
            key = (name_key(m.site), (m.expected, round(m.to_power_w / 5e6)))
            if key not in seen and outcome.standing != "site not followed":
                seen.add(key)
                yield _Judged(outcome, float((latest.as_of - vintage.as_of).days))


def _learn(belief: Belief, judged: Sequence[_Judged], latest: Vintage) -> Belief:
    """Update by what fell due, site by site, and by what did not but was put off."""
    due: dict[frozenset[str], list[Outcome]] = defaultdict(list)
    for item in judged:
        m = item.outcome.milestone
        if m.expected <= latest.as_of:
            due[name_key(m.site)].append(item.outcome)
        else:
            put_off = float(_put_off(item.outcome))
            after = belief.postponing.after(put_off, item.seen_for_days)
            belief = replace(belief, postponing=after)
    for site, of_site in due.items():
        belief = _learn_site(belief, site, of_site, latest)
    return belief


def _put_off(outcome: Outcome) -> bool:
    return outcome.day is None or _slip_days(outcome) > ON_TIME_DAYS


def _learn_site(
    belief: Belief, site: frozenset[str], of_site: list[Outcome], latest: Vintage
) -> Belief:
    """Count the milestones of a site that fell due; all of them together weigh as one site."""
    share = 1 / len(of_site)
    slips = np.array([_slip_days(o) for o in of_site if o.standing == "reached"])
    waits = np.array(
        [(latest.as_of - o.milestone.expected).days for o in of_site if o.standing != "reached"]
    )
    early, late = int((slips < -ON_TIME_DAYS).sum()), int((slips > ON_TIME_DAYS).sum())
    exposure = float(slips[slips > ON_TIME_DAYS].sum() + waits.sum())
    n_late = late + len(waits)
    return replace(
        belief,
        early=belief.early + share * early,
        late=belief.late + share * n_late,
        punctual=belief.punctual + share * (len(of_site) - early - n_late),
        finishing=belief.finishing.after(share * late, share * exposure),
        record={**belief.record, site: (float(n_late), float(len(of_site)))},
    )


def _slip_days(outcome: Outcome) -> float:
    assert outcome.day is not None
    return float((outcome.day - outcome.milestone.expected).days)
