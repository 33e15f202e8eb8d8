"""The forecast of a day beside the plan: on the same scores, so that only knowledge differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import numpy as np

from stargate.errors import Problem, SpecError
from stargate.programme.earned_value import earned_values
from stargate.programme.plan import plan, searched_speeds
from stargate.programme.result import PlanResult
from stargate.programme.sampled import Quantiles
from stargate.programme.tracking import Odds, Slip, State, Tracking
from stargate.programme.workers import ALONE
from stargate.programme.works import SpeedOf
from stargate.spec.document import Document
from stargate.units import DAY_S


def reforecast(
    document: Document,
    as_of: date,
    *,
    samples: int | None = None,
    seed: int | None = None,
    speeds: SpeedOf | None = None,
    workers: str = ALONE,
) -> PlanResult:
    """The plan with what was known on a day; its `tracking` says what has changed since.

    On the data date itself it is the plan.
    """
    programme = document.programme
    if programme is None:
        raise SpecError([Problem("nothing to plan", "programme", mend="add a programme")])
    find = speeds if speeds or workers != ALONE else searched_speeds(document)
    given = {"samples": samples, "seed": seed}
    now = plan(document, **given, speeds=find, as_of=as_of, workers=workers)
    if now.tracking is None or as_of == programme.data_date:
        return now
    planned = plan(document, **given, speeds=find, workers=workers)
    tracking = replace(
        now.tracking,
        slips=tuple(_slips(planned, now, now.tracking)),
        odds=tuple(_odds(planned, now)),
        earned=earned_values(document, as_of, speeds or searched_speeds(document)),
    )
    warnings = (*now.warnings, *_unrecorded(planned, now))
    return replace(now, tracking=tracking, warnings=warnings)


def _since_s(planned: PlanResult, now: PlanResult) -> float:
    return (now.data_date - planned.data_date).days * DAY_S


def _slips(planned: PlanResult, now: PlanResult, tracking: Tracking) -> Iterator[Slip]:
    """Phases first, then gates and runs, then tasks."""
    since_s, states = _since_s(planned, now), dict(tracking.states)
    for was, phase in zip(planned.phases, now.phases, strict=True):
        name = f"{phase.id}.online"
        slip = _slip(phase.id, phase.name, "phase", was.online, phase.online, since_s)
        on_line = states.get(name) == "ended" or phase.online.p90 <= 0
        by_then = np.mean(was.online_s - since_s <= phase.online.p50) if on_line else None
        state: State = "ended" if on_line else "ahead"
        yield replace(slip, state=state, percentile=None if by_then is None else float(by_then))
    gates, runs = ({part.id for part in parts} for parts in (now.gates, now.runs))
    plans = {task.id: task.finish for task in planned.tasks}
    for task in sorted(now.tasks, key=lambda task: bool(task.phase)):
        kind = "gate" if task.id in gates else "run" if task.id in runs else "task"
        slip = _slip(task.id, task.name, kind, plans[task.id], task.finish, since_s)
        yield replace(slip, state=states.get(task.id, "ahead"))


def _slip(name: str, title: str, kind: str, was: Quantiles, now: Quantiles, since_s: float) -> Slip:
    return Slip(name, title, kind, "ahead", was.p50 - since_s, was.p80 - since_s, now.p50, now.p80)


def _odds(planned: PlanResult, now: PlanResult) -> Iterator[Odds]:
    for was, phase in zip(planned.phases, now.phases, strict=True):
        if was.probability_by_target is not None and phase.probability_by_target is not None:
            yield Odds(phase.id, was.probability_by_target, phase.probability_by_target)


def _unrecorded(planned: PlanResult, now: PlanResult) -> Iterator[str]:
    """What the plan expected to have begun, and of which there is no record."""
    assert now.tracking is not None, "a forecast of a later day is tracked"
    since_s, states = _since_s(planned, now), dict(now.tracking.states)
    decisions = {gate.id for gate in planned.gates}
    late = [
        task.name
        for task in planned.tasks
        if task.start.p50 < since_s and task.id not in states and task.id not in decisions
    ]
    if late:
        yield (
            f"no record of {len(late)} activities that were planned to have begun by now, so they "
            f"are taken as not begun: {', '.join(late)}"
        )
