"""How fast a programme is sampled, against what no way of sampling it could save.

    python benchmarks/programme_samples.py [--tasks 300] [--samples 50000]

Prints CPU seconds of the whole process up to the finished plan, as `stargate plan` would take,
imports included; the bound of 3 s; what drawing the scores alone takes in the same run, which is
the least that any way needs, and the ratio to it; the rate of drawing, schedule and criticality,
and the ratio of a plain Python critical-path method to that. Machines differ and are busy: the
ratios say more than the seconds. Set OPENBLAS_NUM_THREADS=1 to compare across numbers of cores.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from stargate.engine.memory import keep_freed_memory
from stargate.programme.capacity import planned_blocks
from stargate.programme.draws import TILE, Sampled
from stargate.programme.over_time import quarters_s
from stargate.programme.plan import plan
from stargate.programme.schedule import driving_paths
from stargate.programme.simulation import Outcome, simulate
from stargate.spec.activities import Activity
from stargate.spec.document import Document

TWIN_SAMPLES = 20
BOUND_S = 3.0
FUNDS = {"kind": "judgement", "value": {"dist": "uniform", "low": 0, "high": 1}}
GATE = {
    "id": "G",
    "kind": "finance",
    "decide": "2026-01-01",
    "retry_every": "6 months",
    "retries": 3,
    "criteria": [{"metric": "funds", "at_least": 0.4, "evidence": FUNDS}],
}
OPTIONS = [
    {"id": "wait", "kind": "defer", "phase": "P5", "decide": "2026-01-01", "by": "1 year"},
    {"id": "stop", "kind": "abandon", "phase": "P5", "decide": "2030-01-01", "penalty": "10 %"},
]


def programme(n_tasks: int) -> Document:
    """Six phases of one block each, one after the other, tasks with one to three predecessors."""
    rng = np.random.default_rng(1)
    phases, templates = [], []
    for p in range(6):
        tasks = [_task(i, rng) for i in range(n_tasks // 6)]
        templates.append({"id": f"works-{p}", "tasks": tasks})
        block = {"site": f"site-{p}", "template": f"works-{p}", "it_power": "100 MW"}
        block |= {"accelerator": "h100-sxm", "it_power_per_accelerator": "1.39 kW"}
        phases.append({"id": f"P{p}", "needs": [f"P{p - 1}"] if p else [], "blocks": [block]})
    said = {
        "price_base": 2025,
        "data_date": "2024-01-01",
        "horizon": "2040-12-31",
        "discount_rate": "8 %",
        "drivers": [{"id": "heat"}],
        "phases": phases,
        "templates": templates,
        "costs": [{"id": "c", "per": "it_power", "rate": "$38M/MW"}],
        "gates": [GATE],
        "finance": {
            "parties": [{"id": "us"}],
            "capital": {"us": 1.0},
            "revenues": [{"id": "r", "payee": "us", "per": "it_power", "price": "$13M/MW/year"}],
        },
        "options": OPTIONS,
    }
    phases[-1]["needs"].append("G")
    return Document.model_validate({"stargate": 1, "programme": said})


def _task(i: int, rng: np.random.Generator) -> dict[str, object]:
    count = min(i, int(rng.integers(1, 4)))
    after = sorted({f"t{j}" for j in rng.integers(max(0, i - 8), max(1, i), count).tolist()})
    low = float(rng.uniform(0.2, 2.0))
    points = {"low": f"{low:.2f} mo", "mode": f"{1.5 * low:.2f} mo", "high": f"{4 * low:.2f} mo"}
    duration = {"dist": "pert", **points}
    return {"id": f"t{i}", "after": after, "duration": duration, "loads": {"heat": 0.5}}


def cpu_s(work: Callable[[], object], repeats: int = 3) -> float:
    """The least CPU time of a few runs."""
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return min(spent)


def twin(order: tuple[Activity, ...], outcome: Outcome, sample: int) -> float:
    """One sample by the textbook, with the durations that the engine drew."""
    start, finish = outcome.schedule.start, outcome.schedule.finish
    ends: dict[str, float] = {}
    for activity in order:
        ready = max((min(ends[n] for n in w.of) + w.lag_s for w in activity.waits), default=0.0)
        length = float(finish[activity.id][sample] - start[activity.id][sample])
        ends[activity.id] = max(ready, 0.0) + length
    return ends[order[-1].id]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=300)
    parser.add_argument("--samples", type=int, default=50_000)
    chosen = parser.parse_args()
    keep_freed_memory()
    document = programme(chosen.tasks)
    plan(document, samples=chosen.samples, seed=1)
    whole_s = time.process_time()
    said = document.programme
    assert said is not None
    order, (blocks, _) = said.activities(), planned_blocks(said, None)
    grid_s = quarters_s(said.data_date, said.horizon)
    n_tasks = sum(activity.kind == "task" for activity in order)
    n = min(chosen.samples, TILE)

    def speed(_run: str, _accelerators: int) -> None:
        raise AssertionError("the programme has no run")

    def engine() -> Outcome:
        outcome = simulate(said, order, blocks, Sampled(1, n), grid_s, speed)
        driving_paths(order, outcome.schedule, f"{said.phases[-1].id}.online")
        return outcome

    def draw_only() -> None:
        draws = Sampled(1, n)
        for activity in order:
            draws.score(f"task/{activity.id}")

    outcome = engine()
    engine_s = cpu_s(engine) * chosen.samples / n
    draws_s = cpu_s(draw_only) * chosen.samples / n
    twin_s = cpu_s(lambda: [twin(order, outcome, k) for k in range(TWIN_SAMPLES)]) / TWIN_SAMPLES
    print(f"{n_tasks} tasks x {chosen.samples:,} samples, with gate, money and two options")
    print(f"the whole, imports too   {whole_s:6.2f} s of CPU, bound {BOUND_S:.0f} s")
    print(f"drawing alone            {draws_s:6.2f} s, the whole is {whole_s / draws_s:.1f} times")
    print(
        f"with schedule, criticality {engine_s:4.2f} s, "
        f"{n_tasks * chosen.samples / engine_s:,.0f} task samples/s"
    )
    ratio = twin_s * chosen.samples / engine_s
    print(f"plain twin (no draws)    {twin_s * 1e3:6.2f} ms a sample, {ratio:.1f} times as long")


if __name__ == "__main__":
    main()
