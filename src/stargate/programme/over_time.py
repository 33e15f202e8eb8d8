"""Capacity, money, energy and carbon over time: every sample's path, summarised into bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from stargate.plant.capital import discount_factor
from stargate.plant.power import carbon_kg, mean_facility_draw_w
from stargate.plant.tariff import market_based_intensity
from stargate.programme import capacity, money
from stargate.programme.bands import Bands, Line
from stargate.programme.capacity import PlannedBlock
from stargate.programme.simulation import Outcome
from stargate.programme.streams import energy_price_usd_per_j
from stargate.spec.cost import Energy
from stargate.spec.programme import Programme
from stargate.units import DAY_S, YEAR_S

FloatArray = NDArray[np.float64]


def quarters_s(start: date, end: date) -> FloatArray:
    """The start day, and the first day of every quarter after it up to the end of the horizon."""
    days = [
        date(year, month, 1)
        for year in range(start.year, end.year + 2)
        for month in (1, 4, 7, 10)
        if start < date(year, month, 1) <= date(end.year + 1, 1, 1)
    ]
    return np.array([(day - start).days * DAY_S for day in (start, *days)], dtype=np.float64)


def new_years(start: date, grid_s: FloatArray) -> NDArray[np.int64]:
    """Columns of the grid that are a first of January."""
    firsts = {
        (date(start.year + k, 1, 1) - start).days * DAY_S for k in range(1, len(grid_s) // 4 + 2)
    }
    return np.array([i for i, time in enumerate(grid_s.tolist()) if time in firsts])


@dataclass(frozen=True, slots=True)
class Paths:
    """Arrays of (n, times) on the grid; flows belong to the step that ends at their time.

    `capex_usd` and `running_usd` are cumulative (capital from before the data date is in the first
    column), as are energy, carbon and water; running cost includes energy. Embodied carbon is that
    of all accelerators that are on line so far.
    """

    grid_s: FloatArray
    it_w: FloatArray
    facility_w: FloatArray
    accelerators: FloatArray
    flop_per_s: FloatArray
    capex_usd: Mapping[str, FloatArray]
    running_usd: FloatArray
    energy_j: FloatArray
    carbon_kg: FloatArray
    carbon_market_kg: FloatArray
    water_m3: FloatArray
    embodied_kg: FloatArray

    def capex_total_usd(self) -> FloatArray:
        """Cumulative capital over all costs."""
        total = np.zeros_like(self.it_w)
        for path in self.capex_usd.values():
            total += path
        return total


def paths(
    programme: Programme, blocks: Sequence[PlannedBlock], outcome: Outcome, grid_s: FloatArray
) -> Paths:
    """What is on line, spent, drawn and emitted by every time of the grid, in every sample."""
    online = {block.id: outcome.schedule.finish[f"{block.id}.online"] for block in blocks}
    built = capacity.built_share(online, outcome.shares, grid_s)
    it_w = capacity.level(built, {block.id: block.it_w for block in blocks})
    facility_w = capacity.level(built, {block.id: block.facility_w for block in blocks})
    service = {
        block.id: capacity.service_time_s(online[block.id], outcome.shares[block.id], grid_s)
        for block in blocks
    }
    footprint = _footprint(programme.energy, blocks, service, outcome, grid_s)
    costs = {
        cost.id: [s for s in outcome.spendings if s.cost == cost.id] for cost in programme.costs
    }
    watts_of = {
        "it_power": {block.id: block.it_w for block in blocks},
        "facility_power": {block.id: block.facility_w for block in blocks},
    }
    running = sum(
        (
            item.rate_usd_per_w_s * capacity.level(service, watts_of[item.per])
            for item in programme.running
        ),
        start=footprint.energy_usd,
    )
    counts = {block.id: float(block.accelerators) for block in blocks}
    accelerators = capacity.level(built, counts)
    embodied = programme.energy.embodied if programme.energy else None
    return Paths(
        grid_s=grid_s,
        it_w=it_w,
        facility_w=facility_w,
        accelerators=accelerators,
        flop_per_s=capacity.level(
            built, {b.id: b.accelerators * b.peak_flop_per_s for b in blocks}
        ),
        capex_usd={
            name: money.cumulative_usd(spendings, grid_s, outcome.schedule.n)
            for name, spendings in costs.items()
        },
        running_usd=running,
        energy_j=footprint.energy_j,
        carbon_kg=footprint.carbon_kg,
        carbon_market_kg=footprint.carbon_market_kg,
        water_m3=footprint.water_m3,
        embodied_kg=accelerators * (embodied.per_accelerator_kg if embodied else 0.0),
    )


@dataclass(frozen=True, slots=True)
class _Footprint:
    """Cumulative energy, what it costs, emits by location and by contract, and evaporates."""

    energy_j: FloatArray
    energy_usd: FloatArray
    carbon_kg: FloatArray
    carbon_market_kg: FloatArray
    water_m3: FloatArray


def _footprint(
    said: Energy | None,
    blocks: Sequence[PlannedBlock],
    service_s: Mapping[str, FloatArray],
    outcome: Outcome,
    grid_s: FloatArray,
) -> _Footprint:
    total = _Footprint(*(np.zeros((outcome.schedule.n, len(grid_s))) for _ in range(5)))
    if said is None:
        return total
    for block in blocks:
        it_j = block.it_w * said.utilisation * service_s[block.id]
        drawn_j = mean_facility_draw_w(it_j, 1.0, block.pue or said.pue)
        own = block.carbon_kg_per_j
        intensity = said.carbon_intensity_kg_per_j if own is None else own
        total.energy_j[:] += drawn_j
        total.energy_usd[:] += drawn_j * energy_price_usd_per_j(said, block)
        total.carbon_kg[:] += carbon_kg(drawn_j, intensity)
        total.carbon_market_kg[:] += carbon_kg(drawn_j, _by_contract(said, intensity))
        total.water_m3[:] += it_j * (said.water.intensity_m3_per_j if said.water else 0.0)
    if said.price_process is not None:
        total.energy_usd[:] = _priced(total.energy_usd, outcome.prices[said.price_process])
    return total


def _by_contract(said: Energy, location_kg_per_j: float) -> float:
    clean = said.clean
    if clean is None:
        return location_kg_per_j
    return market_based_intensity(location_kg_per_j, clean.carbon_intensity_kg_per_j, clean.share)


def _priced(cumulative: FloatArray, price: FloatArray) -> FloatArray:
    """A cumulative flow, each step of it at the relative price that holds at its start."""
    steps = np.diff(cumulative, axis=1) * price[:, :-1]
    return np.concatenate([cumulative[:, :1], np.cumsum(steps, axis=1)], axis=1)


def present_value_usd(found: Paths, rate_per_year: float) -> FloatArray:
    """Capital and running cost from the data date to the horizon, discounted to the data date.

    Each step's money counts at the middle of the step.
    """
    middles = 0.5 * (found.grid_s[1:] + found.grid_s[:-1]) / YEAR_S
    flows = np.diff(found.capex_total_usd() + found.running_usd, axis=1)
    return np.asarray(flows @ discount_factor(rate_per_year, middles))


def told(programme: Programme, found: Paths) -> tuple[tuple[Line, Bands], ...]:
    """The bands that a report draws: levels by quarter, flows by calendar year."""
    years = new_years(programme.data_date, found.grid_s)
    names = {cost.id: cost.name or cost.id for cost in programme.costs}
    levels = (
        ("it_w", "IT power on line", "W", found.it_w),
        ("facility_w", "facility power on line", "W", found.facility_w),
        ("accelerators", "accelerators on line", "1", found.accelerators),
        ("flop_per_s", "dense 16-bit peak on line", "FLOP/s", found.flop_per_s),
        ("capex_cumulative_usd", "cumulative capital", "USD", found.capex_total_usd()),
        ("embodied_kg", "embodied carbon of accelerators on line", "kg", found.embodied_kg),
    )
    flows = (
        ("running_usd", "running cost a year", "USD", found.running_usd),
        ("energy_j", "energy a year", "J", found.energy_j),
        ("carbon_kg", "carbon a year, location based", "kg", found.carbon_kg),
        ("carbon_market_kg", "carbon a year, market based", "kg", found.carbon_market_kg),
        ("water_m3", "water a year", "m3", found.water_m3),
        ("capex_usd", "capital a year", "USD", found.capex_total_usd()),
        *(
            (f"spend_usd:{name}", names[name], "USD", path)
            for name, path in found.capex_usd.items()
        ),
    )
    ends_s = found.grid_s[years]
    return (
        *(
            (Line(name, label, unit, found.grid_s), Bands.of(path.T))
            for name, label, unit, path in levels
        ),
        *(
            (Line(name, label, unit, ends_s), Bands.of(_by_year(path, years).T))
            for name, label, unit, path in flows
        ),
    )


def _by_year(cumulative: FloatArray, years: NDArray[np.int64]) -> FloatArray:
    """Flow of every calendar year; the first runs from the data date."""
    return np.diff(cumulative[:, years], axis=1, prepend=cumulative[:, :1])
