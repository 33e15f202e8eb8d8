"""Finds the milestones of one vintage in a later one, which may tell the same story differently.

Between vintages sites are renamed, old buildings leave a site's count, powers are estimated anew
and steps are merged. Found by the same rules for every site: the site by its name or by the days
of its history, its level after the shift of the count, the day by the first reading that comes up
to four fifths of the expected rise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from stargate.programme.timelines import Milestone, Site, Vintage, milestones

# A rise counts as made when this share of it is there: powers are estimated anew by some percent.
SHARE_OF_RISE = 0.8
# Sites of different names are the same one if they share this many days of history, and this share.
_SHARED_DAYS, _SHARED_SHARE = 2, 0.5
_FILLER = {"the", "data", "center", "centre", "datacenter", "campus", "site", "project", "ai"}

Standing = Literal["reached", "expected", "dropped", "site not followed"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a later vintage says of a milestone: reached, expected on a day still to come, or none.

    `dropped`: the later plan of the site ends below the level. No day is known then.
    """

    milestone: Milestone
    standing: Standing
    day: date | None
    found_as: str | None


def outcomes(earlier: Vintage, later: Vintage) -> tuple[Outcome, ...]:
    """What `later` says of every milestone that `earlier` expects."""
    names = match_sites(earlier, later)
    return tuple(
        _outcome(milestone, earlier, later, names.get(milestone.site))
        for milestone in milestones(earlier)
    )


def match_sites(earlier: Vintage, later: Vintage) -> Mapping[str, str]:
    """The name in `later` of each site of `earlier` that can be found there, one to one.

    First by name without case, punctuation and filler words; then, among the sites left over on
    both sides, by the days of history that they share.
    """
    by_key = {name_key(name): name for name in later.sites}
    found = {n: by_key[name_key(n)] for n in earlier.sites if name_key(n) in by_key}
    free = [site for name, site in later.sites.items() if name not in found.values()]
    for name, site in earlier.sites.items():
        if name in found or not free:
            continue
        best = max(free, key=lambda other: _shared_history(site, other, earlier.as_of))
        if _shared_history(site, best, earlier.as_of) >= _SHARED_SHARE:
            found[name] = best.name
            free.remove(best)
    return found


def name_key(name: str) -> frozenset[str]:
    """The words of a name that tell sites apart, in any order."""
    return frozenset(re.findall(r"[a-z0-9]+", name.lower())) - _FILLER


def arrival(milestone: Milestone, shift_w: float, site: Site) -> date | None:
    """First day on which a site has `SHARE_OF_RISE` of a rise, its count shifted by `shift_w`."""
    rise = milestone.to_power_w - milestone.from_power_w
    level = milestone.to_power_w + shift_w - (1 - SHARE_OF_RISE) * rise
    return next((r.day for r in site.readings if r.power_w >= level), None)


def _outcome(m: Milestone, earlier: Vintage, later: Vintage, name: str | None) -> Outcome:
    if name is None:
        return Outcome(m, "site not followed", None, None)
    before, after = earlier.sites[m.site], later.sites[name]
    for shift_w in _shifts_w(before, after, earlier.as_of):
        day = arrival(m, shift_w, after)
        if day is not None:
            standing: Standing = "reached" if day <= later.as_of else "expected"
            return Outcome(m, standing, max(day, earlier.as_of), name)
    return Outcome(m, "dropped", None, name)


def _shifts_w(before: Site, after: Site, as_of: date) -> list[float]:
    """By how much the later count of a site stands above the earlier one, in two readings.

    On the first day that both timelines cover a difference can only mean that buildings were left
    out or taken in. On the earlier vintage's own day it may also mean that the site was behind
    what was believed, so this is used only for a level which the later plan never reaches else.
    """
    first = min(max(before.readings[0].day, after.readings[0].day), as_of)
    return [after.power_w_on(day) - before.power_w_on(day) for day in (first, as_of)]


def _shared_history(one: Site, other: Site, as_of: date) -> float:
    """Share of the days of `one` up to a date that `other` has too; 0 if they are too few."""
    days = {r.day for r in one.readings if r.day <= as_of}
    shared = days & {r.day for r in other.readings}
    return len(shared) / len(days) if len(shared) >= _SHARED_DAYS else 0.0
