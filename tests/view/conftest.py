"""A small plan result made by hand: two phases, one gate, three tasks, known numbers."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from stargate.catalog.facts import Fact
from stargate.programme.result import (
    Attempt,
    CriterionResult,
    Finance,
    GateResult,
    PhaseResult,
    PlanResult,
    RunResult,
    TaskResult,
)
from stargate.programme.sampled import DriverEffect, Quantiles, Series
from stargate.units import DAY_S, MONTH_S, YEAR_S

DATA_DATE = date(2024, 3, 29)
N = 1000


def _spread(rng: np.random.Generator, low: float, scale: float, never: float = 0.0):
    samples = low + scale * rng.gamma(3.0, 0.5, N)
    return np.where(rng.random(N) < never, np.inf, samples)


def _phase(rng: np.random.Generator, name: str, **fields: object) -> PhaseResult:
    online_s = _spread(rng, fields.pop("from_s"), 0.6 * YEAR_S, fields.pop("never"))
    capex_usd = rng.lognormal(np.log(fields.pop("cost_usd")), 0.12, N)
    defaults = {
        "id": name,
        "name": f"Phase {name}",
        "status": "planned",
        "assumed": False,
        "online_s": online_s,
        "online": Quantiles.of(online_s),
        "probability_online": float(np.isfinite(online_s).mean()),
        "capex_usd": capex_usd,
        "capex": Quantiles.of(capex_usd),
        "capex_if_built": Quantiles.of(capex_usd[np.isfinite(online_s)]),
        "probability_within_budget": 0.08,
        "joint_probability": 0.001,
        "budget_source": "a newspaper of March 2024",
        "note": "",
    }
    return PhaseResult(**(defaults | fields))


def _phases(rng: np.random.Generator) -> tuple[PhaseResult, ...]:
    four = _phase(
        *(rng, "four"),
        from_s=2.3 * YEAR_S,
        never=0.0,
        cost_usd=14e9,
        target=date(2026, 12, 31),
        probability_by_target=0.31,
        budget_low_usd=None,
        budget_high_usd=None,
        it_w=369e6,
        facility_w=442e6,
        accelerators=175_000,
        assumed=True,
    )
    five = _phase(
        *(rng, "five"),
        from_s=5.0 * YEAR_S,
        never=0.12,
        cost_usd=131e9,
        target=date(2028, 12, 31),
        probability_by_target=0.004,
        budget_low_usd=100e9,
        budget_high_usd=115e9,
        it_w=3.85e9,
        facility_w=5e9,
        accelerators=1_830_000,
    )
    return four, five


def _task(task_id: str, start: float, end: float, criticality: float) -> TaskResult:
    def around(middle: float) -> Quantiles:
        return Quantiles(*(middle * f * YEAR_S for f in (0.9, 1.0, 1.1, 1.2, 1.02)))

    name = f"campus-a · {task_id}"
    return TaskResult(
        *(f"five.a.{task_id}", name, "campus-a", "five"),
        *(around(start), around(end), around(end - start), criticality),
    )


def _gate() -> GateResult:
    def attempt(number: int, held: float, passing: float, by_now: float) -> Attempt:
        on = Quantiles(*[(1.25 + 0.5 * (number - 1)) * YEAR_S] * 5)
        middle = 140.0 + 5 * number
        evidence = Quantiles(middle - 7, middle, middle + 5, middle + 8, middle)
        return Attempt(number, on, held, passing, by_now, evidence)

    return GateResult(
        id="G5",
        name="The next model is good enough",
        kind="capability",
        on_fail="hold",
        criteria=(CriterionResult("eci", ">=", 145.0, "forecast", 0.42),),
        attempts=(attempt(1, 1.0, 0.42, 0.42), attempt(2, 0.58, 0.5, 0.71)),
        probability_pass=0.71,
        wait=Quantiles(0.0, 6 * MONTH_S, 6 * MONTH_S, np.inf, np.inf),
        opens=("five",),
    )


def _run() -> RunResult:
    def around(middle: float, sd: float) -> Quantiles:
        return Quantiles(middle - sd, middle, middle + 0.7 * sd, middle + sd, middle)

    return RunResult(
        *("next", "The next model", "llama-3.1-405b", "h100-sxm", 100_000, "tp=8,pp=16"),
        *(12.5, 0.38, 9 * 3600.0, 1800.0, 0.91),
        *(around(1.0 * YEAR_S, 30 * DAY_S), around(90.0, 12.0)),
        *(Quantiles(1e26, 2e26, 3e26, 4e26, 2.2e26), around(2e13, 3e12)),
        *(around(1.92, 0.02), around(146.0, 7.0), 0.97),
    )


def _series() -> tuple[Series, ...]:
    ends = np.array([(date(y, 1, 1) - DATA_DATE).days * DAY_S for y in range(2025, 2034)])
    rise = 1 / (1 + np.exp(-(np.arange(9.0) - 5)))

    def levels(series_id: str, label: str, unit: str, top: float) -> Series:
        middle = top * rise
        return Series(series_id, label, unit, ends, 0.8 * middle, middle, 1.1 * middle, middle)

    return (
        levels("it_w", "IT load", "W", 4.2e9),
        levels("facility_w", "facility", "W", 5.4e9),
        levels("accelerators", "accelerators", "1", 2e6),
        levels("capex_cumulative_usd", "capital", "USD", 145e9),
        levels("spend_usd:it", "accelerators and IT", "USD", 20e9),
        levels("running_usd", "running cost a year", "USD", 4e9),
        levels("energy_j", "energy a year", "J", 1.2e17),
        levels("carbon_kg", "carbon a year, location based", "kg", 1.3e10),
        levels("spend_usd:facility", "buildings and power", "USD", 9e9),
    )


def _drivers() -> tuple[DriverEffect, ...]:
    def effect(name: str, unit: str, rank: float, low: float, high: float, base: float):
        outcome = "online:five" if unit == "s" else "capex"
        return DriverEffect(name, name, outcome, unit, rank, low, high, base)

    base_s = 6 * YEAR_S
    return (
        effect("supply heat", "s", 0.41, base_s - 5 * MONTH_S, base_s + 7 * MONTH_S, base_s),
        effect("method progress", "s", -0.62, base_s + 9 * MONTH_S, base_s - 6 * MONTH_S, base_s),
        effect("accelerator price", "USD", 0.74, 121e9, 168e9, 143e9),
    )


@pytest.fixture(scope="session")
def plan() -> PlanResult:
    rng = np.random.default_rng(5)
    phases = _phases(rng)
    total = Quantiles.of(phases[0].capex_usd + phases[1].capex_usd)
    return PlanResult(
        name="Two phases <of> a plan",
        data_date=DATA_DATE,
        horizon=date(2033, 12, 31),
        price_base=2025,
        currency="USD",
        n_samples=N,
        seed=7,
        version="0.1.0",
        spec_hash="9f86d081884c7d659a2feaa0c55ad015",
        phases=phases,
        tasks=(
            _task("land", 1.0, 1.5, 0.02),
            _task("transformer", 1.5, 4.0, 0.71),
            _task("racks & <rails>", 4.0, 5.2, 0.98),
        ),
        gates=(_gate(),),
        runs=(_run(),),
        drivers=_drivers(),
        series=_series(),
        finance=Finance(total, total, total, total, 0.0653),
        facts=(
            Fact("price", "price of IT", 26.1, "USD/W", "$26.1M/MW", "judgement", "assumed"),
            Fact(
                *("pue", "PUE", 1.12, "1", "1.12", "https://epoch.ai/data", "read"),
                *(2025, 1.08, 1.2),
            ),
        ),
        assumptions=("Phases one and two are without public detail.",),
        warnings=(),
    )
