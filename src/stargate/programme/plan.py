"""The door: a document becomes a plan with its odds.

Draw scores, simulate, and once more with one input moved at a time; then summarise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache

import numpy as np
from numpy.typing import NDArray

from stargate import __version__, catalog
from stargate.catalog.facts import Fact
from stargate.errors import InfeasibleError, Problem, SpecError
from stargate.programme import over_time, provenance, summary
from stargate.programme.actuals import standing_on
from stargate.programme.capacity import planned_blocks
from stargate.programme.draws import OneAtATime, Sampled
from stargate.programme.result import DriverEffect, PlanResult, RunResult
from stargate.programme.sensitivity import Measure, effects, label
from stargate.programme.simulation import Outcome, SpeedOf, simulate, surroundings
from stargate.programme.training_run import Speed, speed_of
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
) -> PlanResult:
    """When each phase is on line, what it costs, and whether its gates open.

    `samples` and `seed` take the place of the file's. `speeds(run, accelerators)` takes the place
    of the performance model. What is known is what was known on `as_of`, the data date if left
    out. Raises `SpecError` for a document without a programme.
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

    draws = Sampled(chosen_seed, n)
    around = surroundings(programme, blocks, draws, grid_s, known)
    outcome = simulate(programme, order, blocks, draws, grid_s, find_speed, around)
    inputs = dict(sorted(draws.inputs.items()))
    one = OneAtATime(list(inputs))
    around = surroundings(programme, blocks, one, grid_s, known)
    moved = simulate(programme, order, blocks, one, grid_s, find_speed, around)
    found = over_time.paths(programme, blocks, outcome, grid_s)
    runs = summary.run_results(document, programme, outcome, draws, find_speed)
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
        phases=summary.phase_results(programme, blocks, outcome),
        tasks=summary.task_results(programme, order, outcome),
        gates=summary.gate_results(programme, outcome),
        runs=runs,
        drivers=_drivers(programme, inputs, one.row, outcome, moved),
        series=over_time.series(programme, found),
        finance=summary.finance(programme, outcome, found),
        facts=catalog.weakest_first(
            (*provenance.facts(programme), *facts, *_speed_facts(runs, find_speed))
        ),
        assumptions=provenance.assumptions(programme),
        warnings=(*provenance.warnings(programme, blocks, runs), *standing.warnings()),
        tracking=standing.tracking(),
    )


def _speed_facts(runs: Sequence[RunResult], speed_of: SpeedOf) -> Iterator[Fact]:
    for run in runs:
        yield from speed_of(run.id, run.accelerators).facts


def _grid_s(programme: Programme) -> FloatArray:
    return over_time.quarters_s(programme.data_date, programme.horizon)


def _drivers(
    programme: Programme,
    inputs: Mapping[str, FloatArray],
    rows: Mapping[str, int],
    outcome: Outcome,
    moved: Outcome,
) -> tuple[DriverEffect, ...]:
    titles = summary.titles(programme)
    last = programme.phases[-1].id
    measures = (
        Measure(
            f"online:{last}",
            "s",
            outcome.schedule.finish[f"{last}.online"],
            moved.schedule.finish[f"{last}.online"],
        ),
        Measure("capex", "USD", summary.capex_usd(outcome), summary.capex_usd(moved)),
    )
    labels = {name: label(name, titles) for name in inputs}
    return tuple(
        effect
        for measure in measures
        for effect in effects(inputs, rows, labels, measure, N_DRIVERS)
    )


def searched_speeds(document: Document) -> SpeedOf:
    """Speeds by the performance model, each distinct machine searched once."""
    programme = document.programme
    assert programme is not None, "only called for documents with a programme"
    runs = {run.id: run for run in programme.runs}
    phases = {phase.id: phase for phase in programme.phases}

    @cache
    def find(run_id: str, accelerators: int) -> Speed:
        run = runs[run_id]
        workload = document.workloads[run.workload]
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
