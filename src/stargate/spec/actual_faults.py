"""Whether what is recorded to have happened belongs to the programme: its names and its days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from stargate.spec.activities import Activity, recorded
from stargate.spec.faults import Fault, unknown

if TYPE_CHECKING:
    from stargate.spec.actuals import Actual
    from stargate.spec.programme import Programme


def actual_faults(programme: Programme, nodes: Sequence[Activity]) -> Iterator[Fault]:
    """Records of what the programme does not have, and days beyond its horizon.

    `nodes` are its activities; none if they could not be expanded, which is told of elsewhere.
    """
    ids = {node.id for node in nodes}
    names = [node.id.removesuffix(".online") for node in nodes if node.kind != "start"]
    for i, actual in enumerate(programme.actuals):
        path = ("actuals", i)
        if actual.value is not None:
            yield from _value(programme, actual, i)
        elif actual.spent_usd is not None:
            yield from _named(i, "phase", actual.of, [phase.id for phase in programme.phases])
        elif actual.failed is not None:
            yield from _named(i, "gate", actual.of, [gate.id for gate in programme.gates])
        elif nodes and recorded(actual.of, ids) is None:
            yield unknown((*path, "of"), "task, block, phase, gate or run", actual.of, names)
        for name in ("start", "finish", "failed", "on", "known"):
            day = getattr(actual, name)
            if day is not None and day > programme.horizon:
                message = f"{day} is beyond the horizon, {programme.horizon}"
                yield Fault((*path, name), message, "set an earlier day, or a later horizon")


def _named(i: int, what: str, name: str, known: Sequence[str]) -> Iterator[Fault]:
    if name not in known:
        yield unknown(("actuals", i, "of"), what, name, known)


def _value(programme: Programme, actual: Actual, i: int) -> Iterator[Fault]:
    """A value is that of a gate's metric or of a price."""
    gates = {gate.id: [c.metric for c in gate.criteria] for gate in programme.gates}
    prices = [driver.id for driver in programme.drivers if driver.process != "normal"]
    if actual.of in gates and actual.metric is None:
        mend = f"add metric: {' or '.join(gates[actual.of])}"
        yield Fault(("actuals", i), f"a value of {actual.of} without its metric", mend)
    elif actual.of in gates and actual.metric not in gates[actual.of]:
        yield unknown(("actuals", i, "metric"), "metric", str(actual.metric), gates[actual.of])
    elif actual.of not in gates and actual.of not in prices:
        yield unknown(("actuals", i, "of"), "gate or price", actual.of, [*gates, *prices])
    elif actual.of in prices and (actual.value or 0.0) <= 0:
        message, mend = "a price that is not above 0", "state it relative to the data date's"
        yield Fault(("actuals", i, "value"), message, mend)
