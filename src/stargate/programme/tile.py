"""One tile of samples: simulated, valued, and cut down to what the answer needs of it.

A plan of many samples is made tile by tile. What a tile gives depends on nothing but the document,
the seed, its number and the rules that the first tile taught, so that tiles may be made in any
order, in any process, and the plan is the same to the byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from stargate.programme import cashflow, over_time, totals
from stargate.programme.bands import Bands, Line
from stargate.programme.capability import capability_index, sample_loss_law
from stargate.programme.capacity import PlannedBlock
from stargate.programme.cash_columns import cash_columns
from stargate.programme.change import Change
from stargate.programme.columns import Tally, joined
from stargate.programme.day_counts import DayCounts
from stargate.programme.draws import Draws, Sampled
from stargate.programme.kept import Columns, RunColumns, TaskCounts, gate_columns
from stargate.programme.known import NOTHING_KNOWN, Known
from stargate.programme.options.courses import Baseline
from stargate.programme.options.decided import Rules, decided
from stargate.programme.schedule import driving_paths
from stargate.programme.sensitivity import Correlations, rank_correlations
from stargate.programme.simulation import Outcome, simulate, surroundings
from stargate.programme.works import SpeedOf
from stargate.spec.activities import Activity
from stargate.spec.gate import Run
from stargate.spec.programme import Programme

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
class Tile:
    """What stays of some samples; `inputs` are the names of the uncertain inputs.

    `rules` are by option what the first tile teaches about when to exercise it.
    """

    columns: Columns
    bands: tuple[tuple[Line, Bands], ...]
    correlations: Mapping[str, Correlations]
    inputs: tuple[str, ...]
    rules: Rules


@dataclass(frozen=True, slots=True)
class Tiles:
    """Tiles in their order; what is counted of tasks is added up as they are made."""

    parts: tuple[Tile, ...]
    tasks: Mapping[str, TaskCounts]

    @classmethod
    def of(cls, made: Iterable[tuple[Tile, Mapping[str, TaskCounts]]]) -> Self:
        """Tiles with their counts, one after the other."""
        parts: list[Tile] = []
        tasks: Mapping[str, TaskCounts] | None = None
        for tile, counts in made:
            parts.append(tile)
            tasks = counts if tasks is None else joined([tasks, counts])
        return cls(tuple(parts), tasks or {})

    def as_one(self) -> Tile:
        """All of them as one."""
        first = self.parts[0]
        return Tile(
            columns=joined([part.columns for part in self.parts]),
            bands=tuple(
                (line, Bands.merged([part.bands[i][1] for part in self.parts]))
                for i, (line, _) in enumerate(first.bands)
            ),
            correlations=joined([part.correlations for part in self.parts]),
            inputs=first.inputs,
            rules=first.rules,
        )


def all_tiles(parts: Sequence[Tiles]) -> Tiles:
    """Runs of tiles, in their order, as one run."""
    tiles = tuple(tile for part in parts for tile in part.parts)
    return Tiles(tiles, joined([part.tasks for part in parts if part.parts]))


def make_tile(
    setting: Setting, number: int, n: int, speed_of: SpeedOf, rules: Rules | None = None
) -> tuple[Tile, Mapping[str, TaskCounts]]:
    """Draw, simulate and value the samples of one tile; without rules it teaches them."""
    programme, blocks, order = setting.programme, setting.blocks, setting.order
    draws = Sampled(setting.seed, n, number)
    around = surroundings(programme, blocks, draws, setting.grid_s, setting.known)
    given = (programme, order, blocks, draws, setting.grid_s, speed_of, around)
    outcome = simulate(*given)

    def run_again(changes: tuple[Change, ...]) -> Outcome:
        return simulate(*given, changes, outcome)

    money = cashflow.case(programme, blocks, draws, outcome, setting.grid_s)
    ranks = dict(sorted(draws.ranks.items()))
    plan = Baseline(programme, blocks, order, setting.grid_s, outcome, money, run_again)
    worth_usd = plan.worth_usd()
    found = over_time.paths(programme, blocks, outcome, setting.grid_s)
    taken, taught = decided(plan, worth_usd, rules)
    moving = {
        totals.last_online(programme): plan.online_s(outcome),
        "capex": totals.capex_usd(outcome),
        "npv": worth_usd,
    }
    online_s = outcome.schedule.finish
    columns = Columns(
        online_s={phase.id: online_s[f"{phase.id}.online"] for phase in programme.phases},
        first_online=dict(_first_online(blocks, outcome)),
        capex_usd={phase.id: totals.capex_usd(outcome, phase.id) for phase in programme.phases},
        gates={name: gate_columns(made) for name, made in outcome.decisions.items()},
        runs={said.id: _run_columns(programme, said, outcome, draws) for said in programme.runs},
        finance=totals.finance_columns(programme, outcome, found),
        cash=cash_columns(programme, money),
        worth_usd=worth_usd,
        decided=taken,
    )
    tile = Tile(
        columns=columns,
        bands=over_time.told(programme, found),
        correlations=rank_correlations(ranks, moving),
        inputs=tuple(ranks),
        rules=taught,
    )
    return tile, _task_counts(programme, order, outcome)


def _first_online(
    blocks: Sequence[PlannedBlock], outcome: Outcome
) -> Iterator[tuple[str, DayCounts]]:
    """When the first block of each phase is on line."""
    times: dict[str, list[FloatArray]] = {}
    for block in blocks:
        times.setdefault(block.phase, []).append(outcome.schedule.finish[f"{block.id}.online"])
    for phase, of_blocks in times.items():
        yield phase, DayCounts.of(np.minimum.reduce(of_blocks))


def _run_columns(programme: Programme, run: Run, outcome: Outcome, draws: Draws) -> RunColumns:
    found = outcome.runs[run.id]
    loss = sample_loss_law(draws).loss_nats(np.full(draws.n, found.parameters), found.tokens)
    index = np.full(draws.n, np.nan)
    if programme.capability is not None:
        when_s = outcome.schedule.finish[run.id]
        index = capability_index(
            programme.capability, draws, found.compute_flop, when_s, programme.data_date
        )
    held = found.accelerators > 0
    told = (found.duration_s, found.compute_flop, found.tokens, loss, index)
    return RunColumns(
        found.accelerators.astype(np.int32),
        DayCounts.of(outcome.schedule.start[run.id][held]),
        *(column.astype(np.float32) for column in told),
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
            Tally.of(driving[activity.id]),
        )
        for activity in order
        if activity.kind in ("task", "run", "gate")
    }


def _lengths(activity: Activity, outcome: Outcome) -> DayCounts:
    """Of the samples in which it starts and ends, to the nearest day."""
    start, finish = outcome.schedule.start[activity.id], outcome.schedule.finish[activity.id]
    end = outcome.effort_end_s.get(activity.id, finish)
    which = np.isfinite(start) & np.isfinite(end)
    return DayCounts.of(end[which] - start[which], nearest=True)
