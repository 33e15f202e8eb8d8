"""What happened to a machine, as lines that can be kept and told again.

A state is the fold of its happenings: a driver that keeps them as they come can die and be resumed
without loss, and what went wrong on a real machine is played again in the simulator, decision by
decision. `play` decides anew at each decision of the record and says where it decides otherwise;
it goes on as recorded, because that is what happened.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from stargate.control import state as become
from stargate.control.decide import decide
from stargate.control.job import Checkpoints, Job
from stargate.control.policy import Policy
from stargate.control.pool import Pool
from stargate.control.recovery import Retry
from stargate.control.state import Decision, Start, State, Stop
from stargate.errors import StargateError

MACHINE = "machine"


@dataclass(frozen=True, slots=True)
class Happening:
    """One line. `kind` is `machine` (the first), `decide`, a key of `_TOLD` or `ASIDE`."""

    time_s: float
    kind: str
    job: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def line(self) -> str:
        """As one line of JSON."""
        return json.dumps(asdict(self), sort_keys=True, allow_nan=False)

    @classmethod
    def of_line(cls, line: str, number: int) -> Happening:
        """What `line` wrote, as the line of that number."""
        try:
            return cls(**json.loads(line))
        except (TypeError, ValueError):
            message = f"line {number} is none of an event log: {line[:60]!r}"
            raise StargateError(message) from None


@dataclass(frozen=True, slots=True)
class Difference:
    """A decision that comes out otherwise than it was recorded."""

    time_s: float
    recorded: tuple[tuple[Start, ...], tuple[Stop, ...]]
    decided: tuple[tuple[Start, ...], tuple[Stop, ...]]


def machine(pools: Iterable[Pool], policy: Policy, now_s: float) -> Happening:
    """The first line: what there is, and by which policy it is given out."""
    detail = {"pools": [_written(pool) for pool in pools], "policy": _written(policy)}
    return Happening(now_s, MACHINE, detail=detail)


def submitted(job: Job, now_s: float) -> Happening:
    """A job came."""
    return Happening(now_s, "submit", job.id, {"job": _written(job)})


def decided(decision: Decision, now_s: float) -> Happening:
    """Somebody was started or stopped, or it was found who is next."""
    starts = [
        [each.job, each.pool, [list(node) for node in each.nodes]] for each in decision.starts
    ]
    stops = [[stop.job, stop.makes_room_for] for stop in decision.stops]
    return Happening(now_s, "decide", detail={"starts": starts, "stops": stops})


def begin(first: Happening) -> State:
    """The empty state of the machine that the first line describes."""
    if first.kind != MACHINE:
        raise StargateError(f"an event log begins with the machine, not with {first.kind!r}")
    try:
        policy = dict(first.detail["policy"])
        retry = Retry(**policy.pop("retry", {}))
        pools = [Pool(**_tuples(pool)) for pool in first.detail["pools"]]
        return State.of(pools, Policy(**policy, retry=retry))
    except (KeyError, TypeError, ValueError):
        raise StargateError("the machine of the event log lacks its pools or policy") from None


def tell(state: State, happening: Happening) -> Difference | None:
    """Let the state become what it was after this; the difference, if it would decide otherwise."""
    if happening.kind == "decide":
        return _decide_again(state, happening)
    if happening.kind not in ASIDE:
        _TOLD[happening.kind](state, happening)
    return None


def play(happenings: Iterable[Happening]) -> tuple[State, list[Difference]]:
    """The state after a whole record, and each decision that would come out otherwise."""
    lines = iter(happenings)
    first = next(lines, None)
    if first is None:
        raise StargateError("the event log is empty")
    state = begin(first)
    found = [_fitting(state, number, each) for number, each in enumerate(lines, 2)]
    return state, [each for each in found if each is not None]


def _fitting(state: State, number: int, happening: Happening) -> Difference | None:
    """`tell`, for a record that may be broken."""
    try:
        return tell(state, happening)
    except (KeyError, TypeError, ValueError, IndexError):
        message = (
            f"happening {number} of the event log, {happening.kind!r} of {happening.job!r}, does "
            "not follow from those before it; give the whole log of one machine"
        )
        raise StargateError(message) from None


def read(text: str) -> Iterator[Happening]:
    """The happenings of a log, a line each."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield Happening.of_line(line, number)


def _decide_again(state: State, happening: Happening) -> Difference | None:
    anew = decide(state, happening.time_s)
    starts = tuple(Start(j, p, _nodes(n)) for j, p, n in happening.detail["starts"])
    stops = tuple(Stop(job, other) for job, other in happening.detail["stops"])
    if (anew.starts, anew.stops) == (starts, stops):
        become.carry_out(state, anew, happening.time_s)
        return None
    become.carry_out(state, Decision(starts, stops), happening.time_s)
    return Difference(happening.time_s, (starts, stops), (anew.starts, anew.stops))


def _nodes(written: Iterable[Iterable[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((node, slots) for node, slots in written)


def _job(written: Mapping[str, Any]) -> Job:
    values = _tuples(written)
    values["checkpoints"] = Checkpoints(**values.get("checkpoints", {}))
    return Job(**values)


def _tuples(written: Mapping[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in written.items()}


def _written(thing: Pool | Policy | Job | Retry | Checkpoints) -> dict[str, Any]:
    """The fields that differ from what they are when left out; so infinity is never written."""
    written: dict[str, Any] = {}
    for each in fields(thing):
        value = getattr(thing, each.name)
        if isinstance(value, Retry | Checkpoints):
            value = _written(value)
        if value != each.default and value != {}:
            assert not (isinstance(value, float) and math.isinf(value)), each.name
            written[each.name] = list(value) if isinstance(value, tuple) else value
    return written


_TOLD: dict[str, Callable[[State, Happening], object]] = {
    "submit": lambda state, it: become.submit(state, _job(it.detail["job"]), it.time_s),
    "finish": lambda state, it: become.finish(state, it.job, it.time_s),
    "fail": lambda state, it: become.fail_job(state, it.job, it.time_s),
    "stopped": lambda state, it: become.stopped(state, it.job, it.time_s),
    "cancel": lambda state, it: become.cancel(state, it.job, it.time_s),
    "node_down": lambda state, it: become.fail_node(state, it.detail["pool"], it.detail["node"]),
    "node_up": lambda state, it: become.repair_node(state, it.detail["pool"], it.detail["node"]),
    "wake": lambda state, _: become.wake(state),
}
ASIDE = ("began", "cancelling", "refused")
"""Told for people and for drivers; no decision rests on them."""
