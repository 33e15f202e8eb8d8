"""What is on line when: IT power, facility power, accelerators, by block and over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from stargate import catalog
from stargate.catalog.facts import Fact
from stargate.errors import Problem, SpecError
from stargate.plant.power import facility_power_w, it_power_w
from stargate.spec.network import CarbonIntensity, ElectricityPrice, FactReference, Network, Site
from stargate.spec.programme import Programme
from stargate.spec.works import Block

FloatArray = NDArray[np.float64]

# The median ratio over 67 AI sites: used where neither block nor site states one.
PEAK_RATIO_FACT = "peak_pue_frontier"


@dataclass(frozen=True, slots=True)
class PlannedBlock:
    """A block with everything that the file leaves to the site or the catalogue filled in."""

    id: str
    phase: str
    site: str
    it_w: float
    facility_w: float
    accelerators: int
    accelerator: str
    peak_flop_per_s: float
    pue: float | None
    price_usd_per_j: float | None
    carbon_kg_per_j: float | None


def planned_blocks(
    programme: Programme, network: Network | None
) -> tuple[tuple[PlannedBlock, ...], tuple[Fact, ...]]:
    """Every block of every phase, and the facts that filled them; at least one block."""
    sites = {site.id: site for site in network.sites} if network else {}
    facts: list[Fact] = []
    planned = [
        _planned(phase.id, block, sites.get(block.site), facts)
        for phase in programme.phases
        for block in phase.blocks
    ]
    if not planned:
        mend = "give a phase blocks: a site, an accelerator, and how much of it"
        raise SpecError(
            [Problem("nothing to plan: no phase has blocks", "programme.phases", mend=mend)]
        )
    return tuple(planned), tuple(facts)


def _planned(phase: str, block: Block, site: Site | None, facts: list[Fact]) -> PlannedBlock:
    ratio = block.peak_ratio or (site.peak_ratio if site else None)
    if ratio is None:
        ratio = _fact(PEAK_RATIO_FACT, facts)
    part = catalog.accelerator(block.accelerator)
    it_w, accelerators = _size(block, ratio)
    grid = site.grid if site else None
    carbon = grid.carbon_intensity_kg_per_j if grid else None
    if carbon is None and grid is not None and grid.region is not None:
        carbon = FactReference(catalog=grid.region)
    return PlannedBlock(
        id=f"{phase}.{block.name}",
        phase=phase,
        site=block.site,
        it_w=it_w,
        facility_w=block.facility_power_w or facility_power_w(it_w, ratio),
        accelerators=accelerators,
        accelerator=part.id,
        peak_flop_per_s=max(part.peak_flop_per_s.get(dtype, 0.0) for dtype in ("bf16", "fp16")),
        pue=site.pue if site else None,
        price_usd_per_j=_value(grid.electricity_price_usd_per_j if grid else None, facts),
        carbon_kg_per_j=_value(carbon, facts),
    )


def _size(block: Block, ratio: float) -> tuple[float, int]:
    """IT power and accelerators: the two that are stated give the third."""
    each_w = block.it_power_per_accelerator_w
    it_w = block.it_power_w
    if block.facility_power_w is not None:
        it_w = it_power_w(block.facility_power_w, ratio)
    if it_w is None:
        assert block.accelerators is not None, "the check of the file asks for two of the three"
        assert each_w is not None, "the check of the file asks for two of the three"
        return block.accelerators * each_w, block.accelerators
    if block.accelerators is None:
        assert each_w is not None, "the check of the file asks for two of the three"
        return it_w, int(it_w / each_w)
    return it_w, block.accelerators


def _value(
    said: CarbonIntensity | ElectricityPrice | float | None, facts: list[Fact]
) -> float | None:
    return _fact(said.catalog, facts) if isinstance(said, FactReference) else said


def _fact(name: str, facts: list[Fact]) -> float:
    facts.append(catalog.fact(name))
    return facts[-1].value


def share_online_s(
    online_s: Sequence[FloatArray], weights: Sequence[float], share: float
) -> FloatArray:
    """When a share of the whole weight is on line: the weighted order statistic of the times."""
    times = np.stack(online_s, axis=1)
    order = np.argsort(times, axis=1, kind="stable")
    total = np.cumsum(np.asarray(weights)[order], axis=1)
    enough = total >= share * sum(weights) * (1 - 1e-12)
    column = np.argmax(enough, axis=1)
    rows = np.arange(len(times))
    return times[rows, order[rows, column]]


@dataclass(frozen=True, slots=True)
class OnLine:
    """What is on line by the times of a grid, of blocks that come on line once.

    A sum over blocks of what jumps on a day is made by adding each jump at the first time of the
    grid that is not before it, and adding up along the grid: one pass, however many blocks.
    """

    time_s: FloatArray
    online_s: Mapping[str, FloatArray]
    shares: Mapping[str, FloatArray]
    first: Mapping[str, NDArray[np.int64]]

    @classmethod
    def of(
        cls,
        online_s: Mapping[str, FloatArray],
        shares: Mapping[str, FloatArray],
        time_s: FloatArray,
    ) -> OnLine:
        """When blocks come on line, and what share of each is built."""
        first = {name: np.searchsorted(time_s, times) for name, times in online_s.items()}
        return cls(time_s, online_s, shares, first)

    def level(self, amounts: Mapping[str, float]) -> FloatArray:
        """Sum over blocks of amount x share on line: (times, n)."""
        return self._added_up({name: x * self.shares[name] for name, x in amounts.items()})

    def service(self, amounts: Mapping[str, float]) -> FloatArray:
        """Sum over blocks of amount x share x time on line from the data date (time 0) on.

        t x what is on line, less amount x share x the time at which it came: (times, n).
        """
        since = {name: x * self.shares[name] * self._came_s(name) for name, x in amounts.items()}
        total = self.level(amounts)
        total *= self.time_s[:, None]
        total -= self._added_up(since)
        return np.maximum(total, 0.0, out=total)

    def _came_s(self, name: str) -> FloatArray:
        online = self.online_s[name]
        return np.where(np.isfinite(online), np.maximum(online, 0.0), 0.0)

    def _added_up(self, jumps: Mapping[str, FloatArray]) -> FloatArray:
        samples = np.arange(len(next(iter(self.online_s.values()))))
        total = np.zeros((len(self.time_s) + 1, len(samples)))
        for name, jump in jumps.items():
            total[self.first[name], samples] += jump
        for before, row in pairwise(total):
            row += before
        return total[:-1]
