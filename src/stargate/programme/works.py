"""What each kind of activity does when it may start: tasks, phases, training runs, gates.

One object goes through one pass over the network and holds what later activities build on: the
capacity that stands, what runs gave, what gates decided.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from stargate.engine.sampling import correlated
from stargate.programme import capacity
from stargate.programme.capability import capability_index, sample_loss_law
from stargate.programme.capacity import PlannedBlock
from stargate.programme.change import Change
from stargate.programme.distributions import draw
from stargate.programme.draws import Draws
from stargate.programme.gates import Decision, decide
from stargate.programme.known import NOTHING_KNOWN, Known, passed_on
from stargate.programme.limits import Limits
from stargate.programme.risks import Impacts
from stargate.programme.schedule import Schedule, Span
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


class Works:
    """What each kind of activity does when it may start; holds what later ones build on."""

    def __init__(
        self,
        programme: Programme,
        blocks: tuple[PlannedBlock, ...],
        draws: Draws,
        factors: Mapping[str, FloatArray],
        struck: Impacts,
        speed_of: SpeedOf,
        changes: Sequence[Change] = (),
        known: Known = NOTHING_KNOWN,
    ) -> None:
        self.programme = programme
        self.known = known
        self.changes = changes
        self.phases = {phase.id: phase for phase in programme.phases}
        self.gates = {gate.id: gate for gate in programme.gates}
        self.said_runs = {run.id: run for run in programme.runs}
        self.blocks = {block.id: block for block in blocks}
        self.draws = draws
        self.factors = factors
        self.struck = struck
        self.speed_of = speed_of
        self.limits = Limits(programme, draws.n)
        self.durations_s: dict[str, FloatArray] = {}
        self.begun_s: dict[str, FloatArray] = {}
        self.effort_end_s: dict[str, FloatArray] = {}
        self.stop_s: dict[str, FloatArray] = {}
        self.decisions: dict[str, Decision] = {}
        self.runs: dict[str, RunOutcome] = {}

    def perform(self, activity: Activity, ready: FloatArray, schedule: Schedule) -> Span:
        """Start and finish of an activity that may start at `ready`."""
        recorded = self.known.milestone_s(activity, self.draws.n)
        if recorded is None:
            may_s = self.known.ready_s(activity, ready)
            return _BY_KIND[activity.kind](self, activity, may_s, schedule)
        if activity.kind == "start":
            self.begun_s[activity.phase] = recorded
        return recorded, recorded

    def repeat(self, activity: Activity, before: Works, start_s: FloatArray) -> None:
        """Take over what an activity did before, from its start on; what it uses is booked."""
        name, task = activity.id, activity.task
        match activity.kind:
            case "start":
                self.begun_s[activity.phase] = before.begun_s[activity.phase]
            case "task":
                self.effort_end_s[name] = before.effort_end_s[name]
            case "run":
                self.runs[name] = before.runs[name]
            case "gate":
                self.decisions[name] = before.decisions[name]
        if task is not None and task.uses:
            block = self.blocks[f"{activity.phase}.{activity.block}"]
            wanted = block.accelerators * self.share_of(block)
            self.limits.book(task, start_s, self.effort_end_s[name], wanted)

    def share_of(self, block: PlannedBlock) -> FloatArray:
        """Share of a block's capacity that is built: after descoping gates, events, decisions."""
        share = self.struck.capacity_share[block.id]
        if block.phase in self.begun_s:
            for change in self.changes_of(block.phase):
                share = share * change.share_of(self.begun_s[block.phase])
        for name in self.phases[block.phase].needs:
            if name in self.decisions:
                share = share * self.decisions[name].share
        return share

    def _start(self, activity: Activity, ready: FloatArray, _: Schedule) -> Span:
        phase = self.phases[activity.phase]
        day = phase.online or phase.start
        floor = self._since(day) if day else 0.0
        begun = np.full(self.draws.n, floor) if phase.online else np.maximum(ready, floor)
        self.begun_s[phase.id] = begun
        for change in self.changes_of(phase.id):
            begun = change.begin(begun)
        return begun, begun

    def changes_of(self, phase: str) -> Sequence[Change]:
        """The decisions about a phase."""
        return [change for change in self.changes if change.phase == phase]

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
        duration = self._duration(activity.id, task, activity)
        start, effort_end = self._span(activity, task, np.maximum(ready, floor), duration)
        finish = effort_end
        if task.success < 1:
            chance = self.known.success(activity.id, task.duration, task.success)
            done = self.draws.event(f"success/{activity.id}", chance)
            finish = np.where(done, finish, np.inf)
        for change in self.changes_of(phase.id):
            finish = self._replaced(change, activity.id, task, start, finish)
            start, finish = change.not_yet(start), change.not_yet(finish)
            effort_end = np.where(np.isfinite(start), effort_end, np.inf)
        self.effort_end_s[activity.id] = effort_end
        return start, finish

    def _span(
        self, activity: Activity, task: Task, may_s: FloatArray, length_s: FloatArray
    ) -> Span:
        """Start and end of the effort; what has begun by today goes on as it does."""
        if not self.limits.concern(task):
            return self.known.span_s(activity.id, may_s, length_s)
        block = self.blocks[f"{activity.phase}.{activity.block}"]
        wanted = block.accelerators * self.share_of(block)
        if activity.id not in self.known.start_s and activity.id not in self.known.finish_s:
            return self.limits.span_s(task, may_s, length_s, wanted)
        start, end = self.known.span_s(activity.id, may_s, length_s)
        if activity.id not in self.known.finish_s:
            end = np.maximum(self.limits.end_s(task, start, length_s), 0.0)
        self.limits.book(task, start, end, wanted)
        return start, end

    def _replaced(
        self, change: Change, name: str, task: Task, start: FloatArray, finish: FloatArray
    ) -> FloatArray:
        """The finish of a task by another way, where it is not done on the day of the change."""
        other = change.replacement
        if other is None or other.task != task.id:
            return finish
        length = np.maximum(draw(other.duration, self.draws.score(f"{other.score}/{name}")), 0.0)
        dropped = finish > change.at_s
        stopped = np.where(dropped, change.at_s, np.inf)
        self.stop_s[name] = np.minimum(self.stop_s.get(name, np.inf), stopped)
        return np.where(dropped, np.maximum(start, change.at_s) + length, finish)

    def _duration(self, name: str, task: Task, activity: Activity) -> FloatArray:
        """How long a task takes; drawn once, unless it goes by the capacity to be installed."""
        if name in self.durations_s:
            return self.durations_s[name]
        duration = self._drawn_duration(name, task, activity)
        if task.rate_accelerators_per_s is None:
            self.durations_s[name] = duration
        return duration

    def _drawn_duration(self, name: str, task: Task, activity: Activity) -> FloatArray:
        score = correlated(self.draws.score(f"task/{name}"), task.loads, self.factors)
        late, least = self.struck.delay_s.get(name), 0.0
        if task.rate_accelerators_per_s is not None:
            block = self.blocks[f"{activity.phase}.{activity.block}"]
            installed = block.accelerators * self.share_of(block)
            least = installed / task.rate_accelerators_per_s
        rested = self.limits.rested_s(task, self.known.start_s.get(name, 0.0))
        besides = 0.0 if late is None else late
        drawn = self.known.draw_s(name, task.duration, score, besides, least, rested)
        lasting = np.maximum(drawn, least)
        return lasting if late is None else lasting + late

    def _run(self, activity: Activity, ready: FloatArray, schedule: Schedule) -> Span:
        run = self.said_runs[activity.id]
        score = correlated(self.draws.score(f"run/{run.id}"), run.loads, self.factors)
        evaluation = draw(run.evaluation, self.draws.score(f"run/{run.id}/evaluation"))
        evaluation = np.maximum(evaluation, 0.0)
        duration = np.maximum(self.known.draw_s(run.id, run.duration, score, evaluation), 0.0)
        may_s = np.maximum(ready, 0.0)
        start, finish = self.known.span_s(run.id, may_s, duration + evaluation)
        if run.id in self.known.finish_s:
            on_line = [schedule.finish[f"{name}.online"] for name in run.on]
            start = np.minimum(np.maximum(start, np.max(on_line, axis=0)), finish)
            duration = duration * (finish - start) / (duration + evaluation)
        machine = self._machine(run, start, schedule)
        self.runs[run.id] = self._train(run, machine, duration)
        return start, finish

    def _machine(self, run: Run, start: FloatArray, schedule: Schedule) -> NDArray[np.int64]:
        """Accelerators of the run: what it asks for, halved until the capacity on line holds it.

        Halving keeps the number divisible by the powers of two that strategies are made of.
        """
        standing = np.zeros(self.draws.n)
        for block in self.blocks.values():
            if block.phase in run.on:
                on_line = schedule.finish[f"{block.id}.online"] <= start
                for change in self.changes_of(block.phase):
                    if change.sells:
                        on_line &= start < change.at_s
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
        failed_s = self.known.failures_s.get(gate.id, ())
        today = self.programme.data_date
        decision = decide(gate, ready, self.draws, today, self._forecast, failed_s)
        if (passed_s := self.known.finish_s.get(gate.id)) is not None:
            decision = passed_on(decision, passed_s)
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


# Not in each object: bound methods would tie it, and all its arrays, into a circle of references.
_BY_KIND: Mapping[str, Callable[[Works, Activity, FloatArray, Schedule], Span]] = {
    "start": Works._start,
    "task": Works._task,
    "block": Works._milestone,
    "online": Works._online,
    "run": Works._run,
    "gate": Works._gate,
}
