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
from stargate.programme import money
from stargate.programme.bands import Bands, Line
from stargate.programme.capacity import OnLine, PlannedBlock
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
    stands = OnLine.of(online, outcome.shares, grid_s)
    footprint = _footprint(programme.energy, blocks, stands, outcome)
    costs = {
        cost.id: [s for s in outcome.spendings if s.cost == cost.id] for cost in programme.costs
    }
    rates = {
        block.id: sum(
            item.rate_usd_per_w_s * (block.it_w if item.per == "it_power" else block.facility_w)
            for item in programme.running
        )
        for block in blocks
    }
    accelerators = stands.level({block.id: block.accelerators for block in blocks}).T
    embodied = programme.energy.embodied if programme.energy else None
    return Paths(
        grid_s=grid_s,
        it_w=stands.level({block.id: block.it_w for block in blocks}).T,
        facility_w=stands.level({block.id: block.facility_w for block in blocks}).T,
        accelerators=accelerators,
        flop_per_s=stands.level({b.id: b.accelerators * b.peak_flop_per_s for b in blocks}).T,
        capex_usd={
            name: money.cumulative_usd(spendings, grid_s, outcome.schedule.n)
            for name, spendings in costs.items()
        },
        running_usd=footprint.energy_usd + stands.service(rates).T,
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
    said: Energy | None, blocks: Sequence[PlannedBlock], stands: OnLine, outcome: Outcome
) -> _Footprint:
    """All of it goes with the time that blocks are on line: what each has a second, times that."""
    if said is None:
        nothing = np.zeros((outcome.schedule.n, len(stands.time_s)))
        return _Footprint(nothing, nothing, nothing, nothing, nothing)
    it_w = {block.id: block.it_w * said.utilisation for block in blocks}
    drawn_w = {
        block.id: float(mean_facility_draw_w(it_w[block.id], 1.0, block.pue or said.pue))
        for block in blocks
    }
    intensity = {
        block.id: said.carbon_intensity_kg_per_j
        if block.carbon_kg_per_j is None
        else block.carbon_kg_per_j
        for block in blocks
    }

    def total(a_second: Mapping[str, float | FloatArray]) -> FloatArray:
        return stands.service({name: float(amount) for name, amount in a_second.items()}).T

    energy_usd = total({b.id: drawn_w[b.id] * energy_price_usd_per_j(said, b) for b in blocks})
    if said.price_process is not None:
        energy_usd = _priced(energy_usd, outcome.prices[said.price_process])
    water = said.water.intensity_m3_per_j if said.water else 0.0
    return _Footprint(
        energy_j=total(drawn_w),
        energy_usd=energy_usd,
        carbon_kg=total({name: carbon_kg(w, intensity[name]) for name, w in drawn_w.items()}),
        carbon_market_kg=total(
            {name: carbon_kg(w, _by_contract(said, intensity[name])) for name, w in drawn_w.items()}
        ),
        water_m3=total({name: watts * water for name, watts in it_w.items()}),
    )


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
