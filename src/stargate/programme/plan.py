"""The door: a document becomes a plan with its odds.

Draw scores, simulate, and once more with one input moved at a time; then summarise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

import numpy as np
from numpy.typing import NDArray

from stargate import __version__, catalog
from stargate.catalog.facts import Fact
from stargate.errors import InfeasibleError, Problem, SpecError
from stargate.programme import cashflow, over_time, provenance, summary, totals
from stargate.programme.actuals import standing_on
from stargate.programme.capacity import planned_blocks
from stargate.programme.cash import assumed_revenue, cash
from stargate.programme.cashflow import Case, net_present_value_usd
from stargate.programme.draws import OneAtATime, tiles
from stargate.programme.options.decided import Rules
from stargate.programme.options.value import option_results
from stargate.programme.result import PlanResult, RunResult
from stargate.programme.sampled import DriverEffect
from stargate.programme.sensitivity import Measure, effects, label
from stargate.programme.simulation import Outcome, simulate, surroundings
from stargate.programme.tile import Setting, Tile, Tiles, all_tiles, make_tile
from stargate.programme.training_run import Speed, speed_of
from stargate.programme.workers import ALONE, Numbers, make_all
from stargate.programme.works import SpeedOf
from stargate.spec.document import Document, ModelReference
from stargate.spec.model import Transformer
from stargate.spec.programme import Programme

FloatArray = NDArray[np.float64]

N_DRIVERS = 15


def plan(
    document: Document,
    *,
    samples: int | None = None,
    seed: int | None = None,
    speeds: SpeedOf | None = None,
    as_of: date | None = None,
    workers: str = ALONE,
) -> PlanResult:
    """When each phase is on line, what it costs, and whether its gates open.

    `samples` and `seed` take the place of the file's. `speeds(run, accelerators)` takes the place
    of the performance model. What is known is what was known on `as_of`, the data date if left
    out. `workers` says who makes the samples (see `workers.make_all`); the plan is the same.
    Raises `SpecError` for a document without a programme.
    """
    programme = document.programme
    if programme is None:
        mend = "add a programme with phases, costs and gates"
        raise SpecError([Problem("nothing to plan", "programme", mend=mend)])
    n = programme.simulation.samples if samples is None else samples
    chosen_seed = programme.simulation.seed if seed is None else seed
    standing = standing_on(programme, as_of)
    programme, order, known = standing.programme, standing.order, standing.known
    blocks, facts = planned_blocks(programme, document.network)
    grid_s = _grid_s(programme)
    find_speed = speeds or searched_speeds(document)

    setting = Setting(programme, blocks, order, grid_s, chosen_seed, known)
    made = _all_tiles(_TileMaker(setting, document, speeds), n, find_speed, workers)
    tile = made.as_one()
    columns = tile.columns
    one = OneAtATime(tile.inputs)
    around = surroundings(programme, blocks, one, grid_s, known)
    moved = simulate(programme, order, blocks, one, grid_s, find_speed, around)
    base = cashflow.case(programme, blocks, one, moved, grid_s)
    worth = _worth_drivers(programme, tile, one.row, base)
    runs = summary.run_results(document, programme, columns, find_speed)
    options, together, courses = option_results(programme, columns.decided, columns.worth_usd)
    finance = summary.finance(programme, columns.finance)
    return PlanResult(
        name=document.name or "programme",
        data_date=programme.data_date,
        horizon=programme.horizon,
        price_base=programme.price_base,
        currency=programme.currency,
        n_samples=n,
        seed=chosen_seed,
        version=__version__,
        spec_hash=document.fingerprint,
        phases=summary.phase_results(programme, blocks, columns),
        tasks=summary.task_results(programme, order, made.tasks, n),
        gates=summary.gate_results(programme, columns),
        runs=runs,
        drivers=_drivers(programme, tile, one.row, moved),
        series=tuple(line.series(bands) for line, bands in tile.bands),
        finance=finance,
        facts=catalog.weakest_first(
            (*provenance.facts(programme), *facts, *_speed_facts(runs, find_speed))
        ),
        assumptions=provenance.assumptions(programme),
        warnings=(
            *assumed_revenue(programme),
            *provenance.warnings(programme, blocks, runs),
            *standing.warnings(),
        ),
        cash=cash(programme, columns.cash, base, worth, finance.capex),
        tracking=standing.tracking(),
        options=options,
        together=together,
        courses=courses,
    )


@dataclass(frozen=True, slots=True)
class _TileMaker:
    """Makes tiles, here or in another process, which then searches speeds for itself."""

    setting: Setting
    document: Document
    speeds: SpeedOf | None
    rules: Rules | None = None

    def __call__(self, numbers: Numbers) -> list[Tiles]:
        speeds = self.speeds or searched_speeds(self.document)
        made = (make_tile(self.setting, number, n, speeds, self.rules) for number, n in numbers)
        return [Tiles.of(made)]


def _all_tiles(make: _TileMaker, n: int, find_speed: SpeedOf, workers: str) -> Tiles:
    """All tiles; where there are options the first teaches when to exercise them, before the rest.

    It is made here, and the rest by the workers.
    """
    here = replace(make, speeds=find_speed)
    make = here if workers == ALONE else make
    numbers = tiles(n)
    if not make.setting.programme.options:
        return all_tiles(make_all(make, numbers, workers))
    first = here(numbers[:1])
    taught = replace(make, rules=first[0].parts[0].rules)
    return all_tiles(first + make_all(taught, numbers[1:], workers))


def _speed_facts(runs: Sequence[RunResult], speed_of: SpeedOf) -> Iterator[Fact]:
    for run in runs:
        yield from speed_of(run.id, run.accelerators).facts


def _grid_s(programme: Programme) -> FloatArray:
    return over_time.quarters_s(programme.data_date, programme.horizon)


def _drivers(
    programme: Programme, tile: Tile, rows: Mapping[str, int], moved: Outcome
) -> tuple[DriverEffect, ...]:
    titles = summary.titles(programme)
    online = totals.last_online(programme)
    last_s = moved.schedule.finish[f"{programme.phases[-1].id}.online"]
    measures = (
        Measure(online, "s", tile.correlations[online], last_s),
        Measure("capex", "USD", tile.correlations["capex"], totals.capex_usd(moved)),
    )
    labels = {name: label(name, titles) for name in tile.inputs}
    return tuple(
        effect for measure in measures for effect in effects(rows, labels, measure, N_DRIVERS)
    )


def _worth_drivers(
    programme: Programme, tile: Tile, rows: Mapping[str, int], base: Case
) -> list[DriverEffect]:
    """What moves the net present value of the whole."""
    titles = summary.titles(programme)
    labels = {name: label(name, titles) for name in tile.inputs}
    measure = Measure("npv", "USD", tile.correlations["npv"], net_present_value_usd(base))
    return effects(rows, labels, measure, N_DRIVERS)


def searched_speeds(document: Document) -> SpeedOf:
    """Speeds by the performance model, each distinct machine searched once."""
    programme = document.programme
    assert programme is not None, "only called for documents with a programme"
    runs = {run.id: run for run in programme.runs}
    phases = {phase.id: phase for phase in programme.phases}

    @cache
    def find(run_id: str, accelerators: int) -> Speed:
        run = runs[run_id]
        workload = document.training_jobs[run.workload]
        kinds = sorted({block.accelerator for name in run.on for block in phases[name].blocks})
        if len(kinds) != 1:
            raise InfeasibleError(
                f"{run_id}: a run needs accelerators of one kind, its phases have {kinds or 'none'}"
            )
        return speed_of(model_of(document, workload.model), workload, kinds[0], accelerators)

    return find


def model_of(document: Document, said: str | Transformer) -> Transformer:
    """The architecture that a workload names: its own, the document's, or the catalogue's."""
    if isinstance(said, Transformer):
        return said
    held = document.models.get(said)
    if isinstance(held, Transformer):
        return held
    return catalog.model(held.catalog if isinstance(held, ModelReference) else said)
