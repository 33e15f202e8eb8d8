"""Where the numbers of a plan come from, what is assumed, and what a reader must be told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from stargate import catalog, units
from stargate.catalog.facts import Fact
from stargate.programme.capability import loss_law_facts
from stargate.programme.capacity import PlannedBlock
from stargate.programme.compute_prices import price_facts
from stargate.programme.result import RunResult
from stargate.spec.base import Quantity
from stargate.spec.distribution import Overrun, Reference, Sourced
from stargate.spec.programme import Programme
from stargate.units import Kind

# Above this many accelerators, failures were seen to come more often than in proportion.
INDEPENDENT_AT_MOST = 32_768


def facts(programme: Programme) -> tuple[Fact, ...]:
    """Every number of the programme that may name a source, and the catalogue's that it uses."""
    found = list(_walk(programme, "programme"))
    if programme.runs:
        found.extend(loss_law_facts())
    if any(driver.fit for driver in programme.drivers):
        found.extend(price_facts())
    return tuple(found)


def _walk(node: object, path: str) -> Iterator[Fact]:
    if isinstance(node, BaseModel):
        if isinstance(node, Reference | Overrun):
            yield from catalog.reference_class(node.reference_class).facts.values()
        elif isinstance(node, Sourced):
            yield from _stated(node, path)
        for name in type(node).model_fields:
            yield from _walk(getattr(node, name), f"{path}.{name}")
    elif isinstance(node, (tuple, list)):
        for i, item in enumerate(node):
            name = getattr(item, "id", None) or getattr(item, "name", None)
            yield from _walk(item, f"{path}.{name if isinstance(name, str) and name else i}")


def _stated(node: Sourced, path: str) -> Iterator[Fact]:
    """The quantities of one part of the file as one fact; the first of them is its value."""
    said = [
        (name, getattr(node, name), _kind(field))
        for name, field in type(node).model_fields.items()
        if name in node.model_fields_set and isinstance(getattr(node, name), float)
    ]
    if not said:
        return
    words = ", ".join(f"{_plain(name, kind)} {_text(value, kind)}" for name, value, kind in said)
    _, value, kind = said[0]
    yield Fact(
        id=path,
        what=path.removeprefix("programme."),
        value=value,
        unit=kind.si if kind else "1",
        text=words,
        source=node.source or "assumed in the file",
        confidence=node.trust,
        note=node.note,
    )


def _kind(field: FieldInfo) -> Kind | None:
    """The kind of quantity that a field holds, if it holds one."""
    marks = [*field.metadata, *(m for arg in get_args(field.annotation) for m in get_args(arg))]
    return next((mark.kind for mark in marks if isinstance(mark, Quantity)), None)


def _plain(name: str, kind: Kind | None) -> str:
    """A field's name without its unit."""
    stem = name.split("_usd")[0] if kind else name
    for suffix in ("_s", "_w", "_kg_per_j", "_per_s"):
        stem = stem.removesuffix(suffix) if kind else stem
    return stem.replace("_", " ")


def _text(value: float, kind: Kind | None) -> str:
    if kind is None:
        return f"{value:g}"
    return units.format_quantity(value, kind, unit="months" if _whole_months(value, kind) else "")


def _whole_months(value: float, kind: Kind) -> bool:
    """Whether a planner would have said months: a whole number of them that makes no whole year."""
    n = value / units.MONTH_S
    return kind is units.DURATION and n >= 1 and abs(n - round(n)) < 1e-9 and round(n) % 12 != 0


def assumptions(programme: Programme) -> tuple[str, ...]:
    """What is not covered by a source, in words."""
    said = [
        f"{phase.name or phase.id}: {phase.note}"
        for phase in programme.phases
        if phase.trust == "assumed" and phase.note
    ]
    general = [
        "Amounts are in dollars of the price base; interest during construction is not counted.",
        "Failures of a training run are independent but for the stated correlation.",
    ]
    if programme.capability is not None and programme.capability.note:
        said.append(f"Capability law: {programme.capability.note}")
    return (*said, *general[: 2 if programme.runs else 1])


def warnings(
    programme: Programme, blocks: Sequence[PlannedBlock], runs: Sequence[RunResult]
) -> tuple[str, ...]:
    """What a reader must know before trusting a number."""
    return (*_large_runs(programme, runs), *_scattered_runs(programme, blocks))


def _large_runs(programme: Programme, runs: Sequence[RunResult]) -> Iterator[str]:
    correlation = {run.id: run.goodput.correlation for run in programme.runs}
    for run in runs:
        if run.accelerators > INDEPENDENT_AT_MOST and correlation[run.id] == 1:
            yield (
                f"{run.name} uses {run.accelerators:,} accelerators with failures in proportion; "
                f"above {INDEPENDENT_AT_MOST:,} they were seen to come three times as often "
                "(arXiv 2602.00277): state goodput.correlation"
            )


def _scattered_runs(programme: Programme, blocks: Sequence[PlannedBlock]) -> Iterator[str]:
    for run in programme.runs:
        sites = {block.site for block in blocks if block.phase in run.on}
        if len(sites) > 1:
            yield (
                f"{run.name or run.id} spans {len(sites)} sites; what the links between them cost "
                "is not counted"
            )
