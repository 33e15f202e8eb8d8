"""One tile of samples: simulated, valued, and cut down to what the answer needs of it.

A plan of many samples is made tile by tile. Of a tile stay the columns that are told of sample by
sample (phases, gates, runs, money, options), and counts, bands and correlations of all the rest.
What a tile gives depends on nothing but the document, the seed and its number, so that tiles may
be made in any order, in any process, and the plan is the same to the byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stargate.programme import cashflow, over_time, totals
from stargate.programme.capability import capability_index, sample_loss_law
from stargate.programme.capacity import PlannedBlock
from stargate.programme.cash import CashColumns, cash_columns
from stargate.programme.change import Change
from stargate.programme.columns import joined
from stargate.programme.day_counts import DayCounts
from stargate.programme.draws import Draws, Sampled
from stargate.programme.gates import Decision
from stargate.programme.known import NOTHING_KNOWN, Known
from stargate.programme.options.courses import Baseline, Exercised, exercised
from stargate.programme.sampled import Series
from stargate.programme.schedule import driving_paths
from stargate.programme.sensitivity import Correlations, rank_correlations
from stargate.programme.simulation import Outcome, simulate, surroundings
from stargate.programme.works import SpeedOf
from stargate.spec.activities import Activity
from stargate.spec.gate import Run
from stargate.spec.programme import Programme
from stargate.units import DAY_S

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Setting:
    """What all tiles of a plan share."""

    programme: Programme
    blocks: tuple[PlannedBlock, ...]
    order: tuple[Activity, ...]
    grid_s: FloatArray
    seed: int
    known: Known = NOTHING_KNOWN


@dataclass(frozen=True, slots=True)
class RunColumns:
    """A training run, one value a sample; `nan` where it never took place."""

    accelerators: NDArray[np.int64]
    start_s: FloatArray
    duration_s: FloatArray
    compute_flop: FloatArray
    tokens: FloatArray
    loss_nats: FloatArray
    capability: FloatArray


@dataclass(frozen=True, slots=True)
class Columns:
    """What is told of sample by sample: arrays whose last axis is the samples."""

    online_s: Mapping[str, FloatArray]
    capex_usd: Mapping[str, FloatArray]
    decisions: Mapping[str, Decision]
    runs: Mapping[str, RunColumns]
    finance: Mapping[str, FloatArray]
    cash: CashColumns
    worth_usd: FloatArray
    options: tuple[tuple[Exercised, ...], ...]

    @property
    def n(self) -> int:
        """How many samples."""
        return len(self.worth_usd)


@dataclass(frozen=True, slots=True)
class TaskCounts:
    """On which days an activity starts and ends, how long it takes, how often it drives the end."""

    start: DayCounts
    finish: DayCounts
    duration: DayCounts
    n_driving: int

    def and_those(self, other: TaskCounts) -> TaskCounts:
        """Both together."""
        return TaskCounts(
            self.start.and_those(other.start),
            self.finish.and_those(other.finish),
            self.duration.and_those(other.duration),
            self.n_driving + other.n_driving,
        )


@dataclass(frozen=True, slots=True)
class Tile:
    """What stays of some samples; `inputs` are the names of the uncertain inputs."""

    columns: Columns
    tasks: Mapping[str, TaskCounts]
    series: tuple[Series, ...]
    correlations: Mapping[str, Correlations]
    inputs: tuple[str, ...]


def make_tile(setting: Setting, number: int, n: int, speed_of: SpeedOf) -> Tile:
    """Draw, simulate and value the samples of one tile."""
    programme, blocks, order = setting.programme, setting.blocks, setting.order
    draws = Sampled(setting.seed, n, number)
    around = surroundings(programme, blocks, draws, setting.grid_s, setting.known)

    def run(change: Change | None = None) -> Outcome:
        return simulate(programme, order, blocks, draws, setting.grid_s, speed_of, around, change)

    outcome = run()
    money = cashflow.case(programme, blocks, draws, outcome, setting.grid_s)
    ranks = dict(sorted(draws.ranks.items()))
    found = over_time.paths(programme, blocks, outcome, setting.grid_s)
    plan = Baseline(programme, blocks, order, setting.grid_s, outcome, money, run)
    worth_usd = plan.worth_usd()
    columns = Columns(
        online_s={
            name: outcome.schedule.finish[name]
            for name in (activity.id for activity in order if activity.kind in ("block", "online"))
        },
        capex_usd={phase.id: totals.capex_usd(outcome, phase.id) for phase in programme.phases},
        decisions=outcome.decisions,
        runs={said.id: _run_columns(programme, said, outcome, draws) for said in programme.runs},
        finance=totals.finance_columns(programme, outcome, found),
        cash=cash_columns(programme, money),
        worth_usd=worth_usd,
        options=tuple(exercised(plan, option, worth_usd) for option in programme.options),
    )
    last_s = plan.online_s(outcome)
    moving = {totals.last_online(programme): last_s, "capex": totals.capex_usd(outcome)}
    moving["npv"] = worth_usd
    return Tile(
        columns=columns,
        tasks=_task_counts(programme, order, outcome),
        series=over_time.series(programme, found),
        correlations=rank_correlations(ranks, moving),
        inputs=tuple(ranks),
    )


def _run_columns(programme: Programme, run: Run, outcome: Outcome, draws: Draws) -> RunColumns:
    found = outcome.runs[run.id]
    loss = sample_loss_law(draws).loss_nats(np.full(draws.n, found.parameters), found.tokens)
    index = np.full(draws.n, np.nan)
    if programme.capability is not None:
        when_s = outcome.schedule.finish[run.id]
        index = capability_index(
            programme.capability, draws, found.compute_flop, when_s, programme.data_date
        )
    start_s = outcome.schedule.start[run.id]
    return RunColumns(
        found.accelerators, start_s, found.duration_s, found.compute_flop, found.tokens, loss, index
    )


def _task_counts(
    programme: Programme, order: Sequence[Activity], outcome: Outcome
) -> dict[str, TaskCounts]:
    schedule = outcome.schedule
    driving = driving_paths(order, schedule, f"{programme.phases[-1].id}.online")
    return {
        activity.id: TaskCounts(
            DayCounts.of(schedule.start[activity.id]),
            DayCounts.of(schedule.finish[activity.id]),
            _lengths(activity, outcome),
            int(np.count_nonzero(driving[activity.id])),
        )
        for activity in order
        if activity.kind in ("task", "run", "gate")
    }


def _lengths(activity: Activity, outcome: Outcome) -> DayCounts:
    """Of the samples in which it starts and ends, to the nearest day."""
    start, finish = outcome.schedule.start[activity.id], outcome.schedule.finish[activity.id]
    end = outcome.effort_end_s.get(activity.id, finish)
    which = np.isfinite(start) & np.isfinite(end)
    return DayCounts.of(end[which] - start[which] + 0.5 * DAY_S)


def merged(tiles: Sequence[Tile]) -> Tile:
    """All tiles as one, in their order."""
    first = tiles[0]
    if len(tiles) == 1:
        return first
    tasks = dict(first.tasks)
    for tile in tiles[1:]:
        tasks = {name: counts.and_those(tile.tasks[name]) for name, counts in tasks.items()}
    sizes = [tile.columns.n for tile in tiles]
    return Tile(
        columns=joined([tile.columns for tile in tiles]),
        tasks=tasks,
        series=tuple(
            _mean_bands(bands, sizes) for bands in zip(*(t.series for t in tiles), strict=True)
        ),
        correlations={
            name: _mean_correlations([tile.correlations[name] for tile in tiles])
            for name in first.correlations
        },
        inputs=first.inputs,
    )


def _mean_bands(parts: Sequence[Series], sizes: Sequence[int]) -> Series:
    """Percentiles of a whole as the mean of those of its parts, each as heavy as it is large.

    Tiles are alike: each is a Latin hypercube of the same distribution.
    """
    weights = np.array(sizes) / sum(sizes)

    def mean(name: str) -> FloatArray:
        return np.asarray(weights @ np.stack([getattr(part, name) for part in parts]))

    return replace(parts[0], p10=mean("p10"), p50=mean("p50"), p90=mean("p90"), mean=mean("mean"))


def _mean_correlations(parts: Sequence[Correlations]) -> Correlations:
    """The mean of the tiles' correlations, weighted by the samples that each rests on."""
    n = sum(part.n for part in parts)
    telling = [part for part in parts if part.by_input]
    told = {
        name: sum(part.n * part.by_input[name] for part in telling) / n
        for name in (telling[0].by_input if telling else ())
    }
    return Correlations(n, told)
