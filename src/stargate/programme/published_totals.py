"""Totals that others published, computed again from their inputs with the product's formulas.

Every input is a fact of the catalogue, and none is derived from the total that it serves: a
model card's carbon intensity is read off one row and serves the others; Epoch's cost of ownership
is computed at a bond yield, not at the rate that would hit it. A miss is shown like a hit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from stargate import catalog
from stargate.catalog import fact
from stargate.plant.amortised_cost import RunCost, run_cost, value_after_progress_usd
from stargate.plant.capital import annual_cost_of_ownership
from stargate.plant.power import carbon_kg, facility_power_w
from stargate.programme import llama_405b
from stargate.programme.timelines import Milestone, catalogued_vintages, rises
from stargate.units import DAY_S, HOUR_S, YEAR_S

TOLERANCE = 0.03
_MWH, _TONNE, _GW = 3.6e9, 1e3, 1e9


@dataclass(frozen=True, slots=True)
class Total:
    """A published total and ours, in `unit`; `source` is that of the published one."""

    id: str
    published: float
    ours: float
    unit: str
    source: str
    how: str
    tolerance: float = TOLERANCE

    @property
    def error(self) -> float:
        """Ours over published, less one."""
        return self.ours / self.published - 1.0

    @property
    def ok(self) -> bool:
        """Whether the error is within the tolerance."""
        return abs(self.error) <= self.tolerance


@dataclass(frozen=True, slots=True)
class Flag:
    """A published figure that cannot be right, and why."""

    id: str
    published: float
    unit: str
    why: str
    source: str


def totals() -> tuple[Total, ...]:
    """Every published total."""
    parts = (_cards(), _gpt3(), _bloom(), _run_costs(), _ownership(), _sites(), _llama_405b())
    return tuple(total for part in parts for total in part)


def flagged() -> tuple[Flag, ...]:
    """Figures of model cards that imply a grid cleaner than any that is catalogued."""
    cleanest = fact("ci_norway").value
    models = ("llama2_70b", "llama3_70b", "llama31_70b", "llama33_70b", "llama4_scout")
    return tuple(
        Flag(
            id=f"{model}_carbon",
            published=fact(f"{model}_carbon").value / _TONNE,
            unit="t",
            why=f"{fact(f'{model}_carbon').text} over {_energy_j(model) / _MWH:,.0f} MWh is "
            f"{_intensity(model) * _MWH:.1f} g/kWh; the cleanest catalogued grid has "
            f"{cleanest * _MWH:.0f}",
            source=fact(f"{model}_carbon").source,
        )
        for model in models
        if _intensity(model) < cleanest
    )


def _total(
    id_: str, published: str, ours: float, how: str, unit: str = "", worth: float = 1.0
) -> Total:
    """A total whose published value is the fact `published`; `worth` is the unit's in SI."""
    said = fact(published)
    return Total(id_, said.value / worth, ours / worth, unit or said.unit, said.source, how)


def _energy_j(run: str) -> float:
    """Energy of a run: device time x power for each device."""
    return fact(f"{run}_device_time").value * fact(f"{run}_device_power").value


def _intensity(run: str) -> float:
    """Carbon intensity that a model card's row implies, kg/J."""
    return fact(f"{run}_carbon").value / _energy_j(run)


_CARDS = {
    "llama2": ("llama2_7b", "llama2_13b", "llama2_34b", "llama2_70b"),
    "llama3": ("llama3_8b", "llama3_70b"),
    "llama31": ("llama31_8b", "llama31_70b", "llama31_405b"),
    "llama4": ("llama4_maverick", "llama4_scout"),
}


def _cards() -> Iterator[Total]:
    """Carbon of Meta's models: hours x watts x the intensity of the card's first row."""
    hours = sum(fact(f"{model}_device_time").value for model in _CARDS["llama2"])
    how = "sum of 7B, 13B, 34B and 70B; the card leaves the 34B out of its rows"
    yield _total("llama2-gpu-hours", "llama2_device_time_total", hours, how, "h", HOUR_S)
    for family, (first, *others) in _CARDS.items():
        intensity, how = _intensity(first), f"hours x watts x g/kWh of the row {first}"
        for model in others:
            ours = float(carbon_kg(_energy_j(model), intensity))
            id_ = f"{model.replace('_', '-')}-carbon"
            yield _total(id_, f"{model}_carbon", ours, how, "t", _TONNE)
        everything = sum(_energy_j(model) for model in (first, *others))
        ours = float(carbon_kg(everything, intensity))
        yield _total(f"{family}-carbon", f"{family}_carbon_total", ours, how, "t", _TONNE)


def _gpt3() -> Iterator[Total]:
    """Days, energy and carbon of GPT-3 (Patterson et al., arXiv 2104.10350)."""
    n, rate = fact("gpt3_accelerators").value, fact("gpt3_achieved_rate").value
    time_s = fact("compute_gpt3").value / (n * rate)
    site_w = facility_power_w(n * fact("gpt3_system_power").value, fact("gpt3_site_pue").value)
    carbon = float(carbon_kg(time_s * site_w, fact("gpt3_grid_carbon").value))
    yield _total("gpt3-days", "gpt3_days", time_s, "FLOP / (V100s x rate)", "days", DAY_S)
    yield _total("gpt3-energy", "gpt3_energy", time_s * site_w, "days x W x PUE", "MWh", _MWH)
    yield _total("gpt3-carbon", "gpt3_carbon", carbon, "energy x US grid", "t", _TONNE)


def _bloom() -> Iterator[Total]:
    """The lines of BLOOM's account, kept apart (Luccioni et al., JMLR 24:253)."""
    grid, dynamic_j = fact("bloom_grid_carbon").value, _energy_j("bloom")
    dynamic, idle = (
        float(carbon_kg(joules, grid)) for joules in (dynamic_j, fact("bloom_idle_energy").value)
    )
    total = dynamic + idle + fact("embodied_bloom").value
    yield _total("bloom-energy", "bloom_dynamic_energy", dynamic_j, "hours x watts", "MWh", _MWH)
    how = "energy x French grid"
    yield _total("bloom-dynamic-carbon", "bloom_dynamic_carbon", dynamic, how, "t", _TONNE)
    yield _total("bloom-idle-carbon", "bloom_idle_carbon", idle, how, "t", _TONNE)
    how = "dynamic + idle + embodied"
    yield _total("bloom-carbon", "bloom_total_carbon", total, how, "t", _TONNE)


# The run, its published cost, the year of its electricity, and the month of its dollars.
_COSTED = {
    "gpt4": ("traincost_gpt4", 2023, "2023_03"),
    "gpt3": ("traincost_gpt3", 2020, "2020_05"),
    "gemini_ultra": ("traincost_gemini_ultra", 2023, "2023_12"),
    "palm540b": ("traincost_palm540b", 2022, "2022_04"),
    "llama31_405b": ("traincost_llama31_405b", 2024, "2024_07"),
}


def cost_of_run(run: str, year: int) -> RunCost:
    """Amortised cost of a catalogued run in dollars of its time (Cottier et al. 2024)."""

    def said(key: str) -> float:
        return fact(f"{run}_{key}").value

    progress = fact("growth_price_perf").value
    server_usd = said("chip_price") * said("price_overhead")
    power_w = said("device_tdp") * said("server_power_ratio") * said("server_load")
    return run_cost(
        value_usd=value_after_progress_usd(server_usd, progress, said("price_age")),
        decades_per_year=progress,
        device_time_s=said("chip_time"),
        interconnect_share=fact("network_share_cluster").value,
        power_w=power_w * said("cost_pue"),
        electricity_usd_per_j=fact(f"elec_us_industrial_{year}").value,
    )


def _run_costs() -> Iterator[Total]:
    """Amortised cost of frontier runs; Epoch's script states it in dollars of June 2025."""
    for run, (published, year, month) in _COSTED.items():
        index = fact("price_index_2025_06").value / fact(f"price_index_{month}").value
        ours = cost_of_run(run, year).total_usd * index
        how = "value lost + interconnect + energy, price index to 2025-06"
        yield _total(f"cost-{run.replace('_', '-')}", published, ours, how, "$M", 1e6)
    cost = cost_of_run("gpt4", 2023)
    chips = cost.hardware_usd / fact("server_overhead_a100").value
    parts = {
        "paper": cost.total_usd,
        "chips": chips,
        "servers": cost.hardware_usd - chips,
        "interconnect": cost.interconnect_usd,
        "energy": cost.energy_usd,
    }
    for part, ours in parts.items():
        yield _total(f"cost-gpt4-{part}", f"gpt4_cost_{part}", ours, "nominal dollars", "$M", 1e6)


def _ownership() -> Iterator[Total]:
    """Epoch's yearly cost of 1 GW of IT at three lives, at the yield of a data-centre bond."""
    rate = fact("debt_hyperion_yield").value * YEAR_S
    facility_years = fact("life_facility_epoch").value / YEAR_S
    lives = fact("life_it_epoch")
    published = {
        lives.value: "tco_1gw_epoch",
        lives.low or 0.0: "tco_1gw_epoch_3y",
        lives.high or 0.0: "tco_1gw_epoch_7y",
    }
    for life_s, name in published.items():
        ours_usd_per_w = annual_cost_of_ownership(
            {
                life_s / YEAR_S: fact("capex_it_per_mw_it").value,
                facility_years: fact("capex_facility_per_mw_it").value,
            },
            fact("opex_per_mw_it").value * YEAR_S,
            rate,
        )
        how = f"annuities at {rate:.2%} (Hyperion bonds), IT life {life_s / YEAR_S:.0f} years"
        id_, worth = f"ownership-{life_s / YEAR_S:.0f}y", 1e9 / (_GW * YEAR_S)
        yield _total(id_, name, ours_usd_per_w / YEAR_S, how, "$B/GW/year", worth)


def _sites() -> Iterator[Total]:
    """Dates, power and accelerators of Colossus 1 and Abilene."""
    sites = catalogued_vintages()[-1].sites
    colossus, abilene = sites["Colossus 1"], sites["OpenAI Stargate Abilene"]
    start = colossus.readings[0].day
    first, full = list(rises(colossus))[:2]
    days = [(rise.expected - start).days for rise in (first, full)]
    how = "first works to first power, by the timeline"
    yield _total("colossus1-first", "colossus1_first_power_days", days[0] * DAY_S, how, "d", DAY_S)
    how = "first works to 100,000 accelerators, by the timeline"
    yield _total("colossus1-full", "colossus1_full_power_days", days[1] * DAY_S, how, "d", DAY_S)
    how = "midway between first power and 100,000 accelerators"
    middle = sum(days) / 2 * DAY_S
    yield _total("colossus1-claim", "colossus1_build_claim", middle, how, "d", DAY_S)
    each_w = facility_power_w(fact("kw_it_per_h100").value, fact("peak_pue_frontier").value)
    how = "IT power of an H100 x median facility ratio of 67 sites; published: timeline / 100,000"
    yield _total("colossus1-power-per-gpu", "kw_facility_per_h100", each_w, how, "kW", 1e3)
    yield from _abilene(list(rises(abilene)))


def _abilene(steps: list[Milestone]) -> Iterator[Total]:
    """The eight buildings of Abilene as announced in March 2025, by the timeline of April 2026."""
    built = steps[-1]
    how = "the timeline's last step"
    yield _total("abilene-power", "abilene_power_announced", built.to_power_w, how, "MW", 1e6)
    equivalents = _h100_equivalents("OpenAI Stargate Abilene", built.expected)
    how = "H100 equivalents of the last step / those of a GB200"
    ours = equivalents / fact("h100e_per_gb200").value
    yield _total("abilene-accelerators", "abilene_accelerators_announced", ours, how)


def _h100_equivalents(site: str, day: date) -> float:
    table = catalog.table("epoch_timelines")
    vintage = str(catalogued_vintages()[-1].as_of)
    return float(table.where(vintage=vintage, site=site, date=str(day)).rows[0]["h100_equivalents"])


def _llama_405b() -> Iterator[Total]:
    """Compute of Llama 3.1 405B, and its GPU-hours by speed x goodput."""
    how = "6 x multiplying weights x 15.6 T tokens"
    flop = llama_405b.compute_flop()
    yield _total("llama31-405b-compute", "compute_llama31_405b", flop, how, "FLOP")
    share = llama_405b.goodput_on_16k()
    how = f"model FLOP / published in-run rate / goodput {share:.3f} (Young, Daly)"
    hours = llama_405b.time_by_rate_s() / share
    yield _total("llama31-405b-hours-rate", "llama31_405b_device_time", hours, how, "h", HOUR_S)
    stages = llama_405b.stages()
    hours = sum(stage.device_time_s for stage in stages) / share
    told = ", ".join(
        f"{stage.tokens / 1e12:.1f} T tokens at {stage.seq_len:,} by {stage.step_s:.2f} s"
        for stage in stages
    )
    how = f"predicted steps of the published split ({told}) x 16,384 / goodput {share:.3f}"
    yield _total("llama31-405b-hours-step", "llama31_405b_device_time", hours, how, "h", HOUR_S)
