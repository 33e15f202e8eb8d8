"""The loop, in one draw of one sample: capacity -> run -> quality -> gate -> next phase -> money.

One pass over the network of activities computes dates, the training runs on the capacity that
then stands, what gates decide on their evidence, and with it when the next phase may start; the
money follows from the dates. Pure: the same document and scores give the same outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from stargate.engine.sampling import correlated
from stargate.programme import capacity, money
from stargate.programme.capability import capability_index, sample_loss_law
from stargate.programme.capacity import PlannedBlock
from stargate.programme.distributions import draw
from stargate.programme.draws import Draws
from stargate.programme.gates import Decision, decide
from stargate.programme.prices import price_paths
from stargate.programme.risks import Impacts, impacts
from stargate.programme.schedule import Schedule, Span, forward
from stargate.programme.training_run import Speed, training_compute_flop, uptime_of
from stargate.spec.activities import Activity
from stargate.spec.gate import Forecast, Run
from stargate.spec.programme import Programme
from stargate.spec.works import Task
from stargate.units import DAY_S

FloatArray = NDArray[np.float64]
SpeedOf = Callable[[str, int], Speed]


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What a training run gave, one value a sample; `nan` where it never took place."""

    accelerators: NDArray[np.int64]
    duration_s: FloatArray
    compute_flop: FloatArray
    tokens: FloatArray
    goodput: FloatArray
    parameters: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that was computed for a set of scores."""

    schedule: Schedule
    effort_end_s: Mapping[str, FloatArray]
    decisions: Mapping[str, Decision]
    runs: Mapping[str, RunOutcome]
    shares: Mapping[str, FloatArray]
    spendings: tuple[money.Spending, ...]
    prices: Mapping[str, FloatArray]


def simulate(
    programme: Programme,
    order: tuple[Activity, ...],
    blocks: tuple[PlannedBlock, ...],
    draws: Draws,
    grid_s: FloatArray,
    speed_of: SpeedOf,
) -> Outcome:
    """One pass over the network and the money that follows from it."""
    factors = {
        driver.id: draws.score(f"driver/{driver.id}")
        for driver in programme.drivers
        if driver.process == "normal"
    }
    struck = impacts(programme.risks, blocks, [cost.id for cost in programme.costs], draws)
    works = _Works(programme, blocks, draws, factors, struck, speed_of)
    schedule = forward(order, draws.n, works.perform)
    prices = price_paths(programme.drivers, draws, grid_s)
    shares = {block.id: works.share_of(block) for block in blocks}
    base_s = (date(programme.price_base, 7, 1) - programme.data_date).days * DAY_S
    given = money.Circumstances(grid_s, base_s, prices, factors, struck.cost_factor, shares)
    spendings = _spendings(programme, blocks, draws, schedule, works.effort_end_s, given)
    return Outcome(
        schedule, works.effort_end_s, works.decisions, works.runs, shares, spendings, prices
    )


class _Works:
    """What each kind of activity does when it may start; holds what later ones build on."""

    def __init__(
        self,
        programme: Programme,
        blocks: tuple[PlannedBlock, ...],
        draws: Draws,
        factors: Mapping[str, FloatArray],
        struck: Impacts,
        speed_of: SpeedOf,
    ) -> None:
        self.programme = programme
        self.phases = {phase.id: phase for phase in programme.phases}
        self.gates = {gate.id: gate for gate in programme.gates}
        self.said_runs = {run.id: run for run in programme.runs}
        self.blocks = {block.id: block for block in blocks}
        self.draws = draws
        self.factors = factors
        self.struck = struck
        self.speed_of = speed_of
        self.effort_end_s: dict[str, FloatArray] = {}
        self.decisions: dict[str, Decision] = {}
        self.runs: dict[str, RunOutcome] = {}
        self.by_kind = {
            "start": self._start,
            "task": self._task,
            "block": self._milestone,
            "online": self._online,
            "run": self._run,
            "gate": self._gate,
        }

    def perform(self, activity: Activity, ready: FloatArray, schedule: Schedule) -> Span:
        """Start and finish of an activity that may start at `ready`."""
        return self.by_kind[activity.kind](activity, ready, schedule)

    def share_of(self, block: PlannedBlock) -> FloatArray:
        """Share of a block's capacity that is built: after descoping gates and events."""
        share = self.struck.capacity_share[block.id]
        for name in self.phases[block.phase].needs:
            if name in self.decisions:
                share = share * self.decisions[name].share
        return share

    def _start(self, activity: Activity, ready: FloatArray, _: Schedule) -> Span:
        phase = self.phases[activity.phase]
        day = phase.online or phase.start
        floor = self._since(day) if day else 0.0
        begun = np.full(self.draws.n, floor) if phase.online else np.maximum(ready, floor)
        return begun, begun

    def _milestone(self, _activity: Activity, ready: FloatArray, _: Schedule) -> Span:
        return ready, ready

    def _online(self, activity: Activity, ready: FloatArray, schedule: Schedule) -> Span:
        phase = self.phases[activity.phase]
        if phase.online or not phase.blocks:
            return ready, ready
        names = [f"{phase.id}.{block.name}" for block in phase.blocks]
        times = [schedule.finish[f"{name}.online"] for name in names]
        weights = [self.blocks[name].it_w for name in names]
        when = capacity.share_online_s(times, weights, phase.online_share)
        return when, when

    def _task(self, activity: Activity, ready: FloatArray, _: Schedule) -> Span:
        task = activity.task
        assert task is not None, "an activity of kind task carries its task"
        phase = self.phases[activity.phase]
        floor = max(
            self._since(phase.start) if phase.start else 0.0,
            self._since(task.not_before) if task.not_before else -np.inf,
        )
        start = np.maximum(ready, floor)
        finish = start + self._duration(activity.id, task, activity)
        self.effort_end_s[activity.id] = finish
        if task.success < 1:
            done = self.draws.event(f"success/{activity.id}", task.success)
            finish = np.where(done, finish, np.inf)
        return start, finish

    def _duration(self, name: str, task: Task, activity: Activity) -> FloatArray:
        score = correlated(self.draws.score(f"task/{name}"), task.loads, self.factors)
        duration = np.maximum(draw(task.duration, score), 0.0)
        if task.rate_accelerators_per_s is not None:
            block = self.blocks[f"{activity.phase}.{activity.block}"]
            installed = block.accelerators * self.share_of(block)
            duration = np.maximum(duration, installed / task.rate_accelerators_per_s)
        late = self.struck.delay_s.get(name)
        return duration if late is None else duration + late

    def _run(self, activity: Activity, ready: FloatArray, schedule: Schedule) -> Span:
        run = self.said_runs[activity.id]
        start = np.maximum(ready, 0.0)
        score = correlated(self.draws.score(f"run/{run.id}"), run.loads, self.factors)
        duration = np.maximum(draw(run.duration, score), 0.0)
        machine = self._machine(run, start, schedule)
        self.runs[run.id] = self._train(run, machine, duration)
        evaluation = draw(run.evaluation, self.draws.score(f"run/{run.id}/evaluation"))
        return start, start + duration + np.maximum(evaluation, 0.0)

    def _machine(self, run: Run, start: FloatArray, schedule: Schedule) -> NDArray[np.int64]:
        """Accelerators of the run: what it asks for, halved until the capacity on line holds it.

        Halving keeps the number divisible by the powers of two that strategies are made of.
        """
        standing = np.zeros(self.draws.n)
        for block in self.blocks.values():
            if block.phase in run.on:
                on_line = schedule.finish[f"{block.id}.online"] <= start
                standing += on_line * self.share_of(block) * block.accelerators
        halvings = np.ceil(np.log2(np.maximum(run.accelerators / np.maximum(standing, 1.0), 1.0)))
        return np.where(
            np.isfinite(start), run.accelerators // 2 ** halvings.astype(np.int64), 0
        ).astype(np.int64)

    def _train(self, run: Run, machine: NDArray[np.int64], duration: FloatArray) -> RunOutcome:
        tokens, share = np.full(self.draws.n, np.nan), np.full(self.draws.n, np.nan)
        parameters, misjudged = np.nan, self.draws.score(f"run/{run.id}/step time")
        for count in np.unique(machine[machine > 0]).tolist():
            speed, uptime = self.speed_of(run.id, count), uptime_of(run.goodput, count)
            rows = machine == count
            share[rows] = uptime.goodput
            rate = speed.tokens_per_s * np.exp(-speed.sigma * misjudged[rows])
            tokens[rows] = rate * uptime.goodput * duration[rows]
            parameters = speed.parameters
        compute = training_compute_flop(parameters, tokens)
        return RunOutcome(machine, duration, compute, tokens, share, parameters)

    def _gate(self, activity: Activity, ready: FloatArray, _: Schedule) -> Span:
        gate = self.gates[activity.id]
        decision = decide(gate, ready, self.draws, self.programme.data_date, self._forecast)
        self.decisions[gate.id] = decision
        return decision.ready_s, decision.time_s

    def _forecast(self, evidence: Forecast, time_s: FloatArray) -> FloatArray:
        run = self.runs[evidence.run]
        if evidence.of == "compute":
            return run.compute_flop
        if evidence.of == "loss":
            return sample_loss_law(self.draws).loss_nats(
                np.full(self.draws.n, run.parameters), run.tokens
            )
        law = self.programme.capability
        assert law is not None, "the check of the file asks for the law of a forecast capability"
        return capability_index(law, self.draws, run.compute_flop, time_s, self.programme.data_date)

    def _since(self, day: date) -> float:
        return (day - self.programme.data_date).days * DAY_S


def _spendings(
    programme: Programme,
    blocks: tuple[PlannedBlock, ...],
    draws: Draws,
    schedule: Schedule,
    effort_end_s: Mapping[str, FloatArray],
    given: money.Circumstances,
) -> tuple[money.Spending, ...]:
    windows: dict[tuple[str, str | None], money.Window] = {}
    found: list[money.Spending] = []
    for cost in programme.costs:
        for block in blocks:
            if cost.phases and block.phase not in cost.phases:
                continue
            key = (block.id, cost.spend.over)
            if key not in windows:
                windows[key] = _window(block, cost.spend.over, schedule, effort_end_s)
            found.append(money.spending(cost, block, windows[key], draws, given))
    return tuple(found)


def _window(
    block: PlannedBlock,
    over: str | None,
    schedule: Schedule,
    effort_end_s: Mapping[str, FloatArray],
) -> money.Window:
    """Over the named task; without one, or where the block has no such task, over all its works.

    Works that lead to nothing still take their time: a task that fails is paid for, and a block
    that never comes on line is paid for up to its last work that was done.
    """
    task = f"{block.id}.{over}"
    if over is not None and task in effort_end_s:
        return money.Window(schedule.start[task], effort_end_s[task])
    ends = [end for name, end in effort_end_s.items() if name.startswith(f"{block.id}.")]
    start = schedule.start[f"{block.phase}.start"]
    finish = schedule.finish[f"{block.id}.online"]
    worked = start
    for end in ends:
        worked = np.where(np.isfinite(end), np.maximum(worked, end), worked)
    return money.Window(start, np.where(np.isfinite(finish), finish, worked))
