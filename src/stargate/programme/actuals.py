"""From the records of a file to what is known on a day, and to the plan as it stands that day.

What is recorded as ended within a block or a phase ends all that stands within it; a phase has
started when the first of its recorded works did. A value takes the place of a gate's evidence.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from stargate.errors import Problem, SpecError
from stargate.programme.calendars import WorkingTime, working_time
from stargate.programme.known import Known
from stargate.programme.learning import NINETIETH, Duration, LogMoments, Revised, learn
from stargate.programme.over_time import quarters_s
from stargate.programme.tracking import ClassRevision, Record, State, Tracking
from stargate.spec.activities import Activity, recorded
from stargate.spec.actuals import Actual
from stargate.spec.distribution import Reference
from stargate.spec.gate import Criterion, Gate, Measured
from stargate.spec.programme import Programme
from stargate.units import DAY_S, MONEY, format_quantity


@dataclass(frozen=True, slots=True)
class Standing:
    """A programme as it stands on a day: moved there, with what is known and what was learnt."""

    programme: Programme
    planned: date
    order: tuple[Activity, ...]
    known: Known
    classes: tuple[ClassRevision, ...]

    def tracking(self) -> Tracking | None:
        """What is told of it; nothing on the data date without records."""
        today = self.programme.data_date
        if today == self.planned and not self.programme.actuals:
            return None
        ended: dict[str, State] = dict.fromkeys(self.known.finish_s, "ended")
        running: dict[str, State] = dict.fromkeys(self.known.start_s, "running")
        return Tracking(
            planned=self.planned,
            states=tuple(sorted({**running, **ended}.items())),
            records=tuple(_records(self.programme.actuals, today)),
            classes=self.classes,
        )

    def warnings(self) -> Iterator[str]:
        """Estimates that have been refuted by how long the works have been running."""
        for activity in self.order:
            age_s = self.known.age_s(activity.id)
            if activity.task is None or age_s is None or activity.task.rate_accelerators_per_s:
                continue
            duration = self.known.durations.get(activity.id, Duration(activity.task.duration))
            if duration.lasting(age_s) is not duration:
                yield (
                    f"{activity.id} has run for {age_s / DAY_S:,.0f} days, longer than its "
                    "duration holds possible; it is taken as longer throughout: restate it"
                )


def standing_on(programme: Programme, day: date | None = None) -> Standing:
    """The programme on a day (its own data date if none), with only what was known then."""
    today = programme.data_date if day is None else day
    _check_day(programme, today)
    counted = [a for a in programme.actuals if _counts(a, today)]
    moved = _moved(programme, today, counted)
    order = moved.activities()
    start_s, finish_s = _dates(order, counted, today)
    durations, classes = _durations(moved, order, _founded(order, counted), start_s, finish_s)
    _end_within(order, finish_s)
    _begin_phases(moved, order, start_s, finish_s)
    known = Known(
        since_s=(today - programme.data_date).days * DAY_S,
        past_s=_past_quarters_s(programme.data_date, today),
        start_s=start_s,
        finish_s=finish_s,
        prices=_prices(programme, counted, today),
        durations=durations,
        failures_s=_failures_s(counted, today),
    )
    return Standing(moved, programme.data_date, _settled(order, known), known, classes)


def _records(counted: Sequence[Actual], today: date) -> Iterator[Record]:
    for actual in _rising(counted):
        words = {"start": "started", "finish": "finished", "failed": "failed", "on": ""}
        for field, what in words.items():
            day = getattr(actual, field)
            if day is None or not actual.counts(day, today):
                continue
            told, known = what or _measured(actual), actual.known or day
            yield Record(*(actual.of, told, day, known), actual.source, actual.trust, actual.note)


def _measured(actual: Actual) -> str:
    if actual.spent_usd is not None:
        return f"spent {format_quantity(actual.spent_usd, MONEY)}"
    return f"{actual.metric or 'price'} {actual.value:g}"


def _check_day(programme: Programme, day: date) -> None:
    if not programme.data_date <= day < programme.horizon:
        first, last = programme.data_date, programme.horizon
        message = f"{day} is not between the data date {first} and the horizon {last}"
        mend = "what the file states was known on its data date and cannot be forgotten"
        raise SpecError([Problem(message, "as-of", mend=mend)])


def _counts(actual: Actual, today: date) -> bool:
    return any(actual.counts(day, today) for day in actual.days)


def _moved(programme: Programme, today: date, counted: Sequence[Actual]) -> Programme:
    """The programme with today as its data date, and what was measured as its gates' evidence."""
    measured: dict[tuple[str, str], Actual] = {
        (a.of, a.metric): a for a in _rising(counted) if a.metric is not None
    }
    gates = tuple(_weighed(gate, measured) for gate in programme.gates)
    return programme.model_copy(
        update={"data_date": today, "gates": gates, "actuals": tuple(counted)}
    )


def _rising(counted: Sequence[Actual]) -> list[Actual]:
    """In the order in which things happened, so that the latest has the last word."""
    return sorted(counted, key=lambda a: a.happened)


def _weighed(gate: Gate, measured: Mapping[tuple[str, str], Actual]) -> Gate:
    criteria = tuple(_judged(c, measured.get((gate.id, c.metric))) for c in gate.criteria)
    return gate.model_copy(update={"criteria": criteria})


def _judged(criterion: Criterion, actual: Actual | None) -> Criterion:
    if actual is None:
        return criterion
    evidence = Measured.model_validate(
        {
            "kind": "measured",
            **{name: getattr(actual, name) for name in ("value", "sd", "on")},
            **{name: getattr(actual, name) for name in ("source", "confidence", "note")},
        }
    )
    return criterion.model_copy(update={"evidence": evidence})


def _dates(
    order: Sequence[Activity], counted: Sequence[Actual], today: date
) -> tuple[dict[str, float], dict[str, float]]:
    """Recorded starts and finishes by activity."""
    ids = {activity.id for activity in order}
    start_s: dict[str, float] = {}
    finish_s: dict[str, float] = {}
    for actual in _rising(counted):
        name = recorded(actual.of, ids)
        if name is not None and actual.value is None:
            for day, known in ((actual.start, start_s), (actual.finish, finish_s)):
                if day is not None and actual.counts(day, today):
                    known[name] = (day - today).days * DAY_S
    return start_s, finish_s


def _founded(order: Sequence[Activity], counted: Sequence[Actual]) -> list[Activity]:
    """The activities but those with an assumed record, from which there is nothing to learn."""
    ids = {activity.id for activity in order}
    assumed = {recorded(actual.of, ids) for actual in counted if actual.trust == "assumed"}
    return [activity for activity in order if activity.id not in assumed]


def _end_within(order: Sequence[Activity], finish_s: dict[str, float]) -> None:
    """What stands within a block or a phase that has ended has ended too, on that day if ever."""
    for kind, inner in (("online", "block"), ("block", "task")):
        ended = {a.id.removesuffix("online"): a.id for a in order if a.kind == kind}
        for stem, name in ended.items():
            if name in finish_s:
                within = (a.id for a in order if a.kind == inner and a.id.startswith(stem))
                for activity in within:
                    finish_s.setdefault(activity, finish_s[name])


def _begin_phases(
    programme: Programme,
    order: Sequence[Activity],
    start_s: dict[str, float],
    finish_s: Mapping[str, float],
) -> None:
    """A phase whose needs are met has begun with its first works; works at risk begin no phase."""
    for phase in programme.phases:
        if not all(need in finish_s or f"{need}.online" in finish_s for need in phase.needs):
            continue
        works = [a for a in order if a.phase == phase.id and a.task and not a.task.early]
        times = [start_s.get(work.id, finish_s.get(work.id)) for work in works]
        begun = [time for time in times if time is not None]
        if begun:
            start_s.setdefault(f"{phase.id}.start", min(begun))


def _past_quarters_s(data_date: date, today: date) -> tuple[float, ...]:
    since_s = (today - data_date).days * DAY_S
    times = quarters_s(data_date, today) - since_s
    return tuple(times[times <= 0].tolist()) if since_s else ()


def _failures_s(counted: Sequence[Actual], today: date) -> dict[str, tuple[float, ...]]:
    """When attempts at gates failed, by gate, in their order."""
    found: dict[str, tuple[float, ...]] = {}
    for actual in _rising(counted):
        if actual.failed is not None:
            failed_s = (actual.failed - today).days * DAY_S
            found[actual.of] = (*found.get(actual.of, ()), failed_s)
    return found


def _prices(
    programme: Programme, counted: Sequence[Actual], today: date
) -> dict[str, tuple[float, float]]:
    drivers = {driver.id for driver in programme.drivers if driver.process != "normal"}
    return {
        a.of: ((a.on - today).days * DAY_S, a.value)
        for a in _rising(counted)
        if a.of in drivers and a.metric is None and a.value is not None and a.on is not None
    }


def _settled(order: Sequence[Activity], known: Known) -> tuple[Activity, ...]:
    """What has ended waits for nothing, and what has begun only for what holds its finish back."""
    return tuple(_freed(activity, known) for activity in order)


def _freed(activity: Activity, known: Known) -> Activity:
    if activity.id in known.finish_s:
        return replace(activity, waits=())
    if activity.id in known.start_s:
        return replace(activity, waits=tuple(w for w in activity.waits if w.kind == "FF"))
    return activity


def _durations(
    programme: Programme,
    order: Sequence[Activity],
    founded: Sequence[Activity],
    start_s: Mapping[str, float],
    finish_s: Mapping[str, float],
) -> tuple[dict[str, Duration], tuple[ClassRevision, ...]]:
    """The durations of tasks as the records of their classes have revised them."""
    calendars = {c.id: working_time(c, programme.data_date) for c in programme.calendars}
    revised: dict[str, Duration] = {}
    revisions: list[ClassRevision] = []
    for name, members in _classes(programme, order).items():
        teaching = [member for member in members if member[0] in founded]
        held = _Records.of(teaching, start_s, finish_s, calendars)
        if held.ended or held.running:
            revisions.append(_revision(name, members[0][1], held, programme.class_correlation))
            revised.update(held.revised(members, programme.class_correlation))
    return revised, tuple(revisions)


def _revision(name: str, moments: LogMoments, held: _Records, correlation: float) -> ClassRevision:
    """What the records of a class say of a task of it that has not begun."""
    learnt = learn(held.ended, list(held.running.values()), correlation)
    by = Revised.by(moments, learnt, correlation)
    ends = (by.shift + side * NINETIETH * learnt.sd * moments.sd for side in (0, -1, 1))
    factor, low, high = (math.exp(end) for end in ends)
    return ClassRevision(name, len(held.ended), len(held.running), factor, low, high, by.stretch)


Member = tuple[Activity, LogMoments]


def _classes(programme: Programme, order: Sequence[Activity]) -> dict[str, list[Member]]:
    """Tasks by class: those of one reference class, or of one task of a template.

    A task whose rate may set its duration says nothing about the rest of it, and is left out.
    """
    templates = {
        (phase.id, block.name): block.template or ""
        for phase in programme.phases
        for block in phase.blocks
    }
    found: dict[str, list[Member]] = defaultdict(list)
    for activity in order:
        if activity.task is None or activity.task.rate_accelerators_per_s is not None:
            continue
        stated = activity.task.duration
        moments = LogMoments.of(stated)
        if moments is not None:
            own = f"{templates[activity.phase, activity.block]} · {activity.task.id}"
            name = stated.reference_class if isinstance(stated, Reference) else own
            found[name].append((activity, moments))
    return found


def _worked_s(
    activity: Activity, start_s: float, end_s: float, calendars: Mapping[str, WorkingTime]
) -> float:
    """How long a task has been at work, by its calendar."""
    calendar = activity.task.calendar if activity.task else None
    return end_s - start_s if calendar is None else calendars[calendar].between_s(start_s, end_s)


@dataclass(frozen=True, slots=True)
class _Records:
    """How the tasks of a class went, as z of their logarithm (see `learning.learn`)."""

    ended: list[float]
    running: dict[str, float]

    @classmethod
    def of(
        cls,
        members: Sequence[Member],
        start_s: Mapping[str, float],
        finish_s: Mapping[str, float],
        calendars: Mapping[str, WorkingTime],
    ) -> _Records:
        ended: list[float] = []
        running: dict[str, float] = {}
        for activity, moments in members:
            start, finish = start_s.get(activity.id), finish_s.get(activity.id)
            if start is None:
                continue
            worked_s = _worked_s(activity, start, finish or 0.0, calendars)
            if worked_s > 0 and finish is not None:
                ended.append(moments.score(worked_s))
            elif worked_s > 0:
                running[activity.id] = moments.score(worked_s)
        return cls(ended, running)

    def revised(
        self, members: Sequence[Member], correlation: float
    ) -> Iterator[tuple[str, Duration]]:
        """Each task's duration by the others' records; its own age counts when it is drawn."""
        for activity, moments in members:
            assert activity.task is not None, "members of a class are tasks"
            others = [z for name, z in self.running.items() if name != activity.id]
            learnt = learn(self.ended, others, correlation)
            by = Revised.by(moments, learnt, correlation)
            yield activity.id, Duration(activity.task.duration, by)
