"""A plan as plain tables: phases, tasks, gates, series, facts and the samples themselves.

Times are days (2028-12-31, empty for never), money is in dollars, power in MW.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stargate.programme.result import PlanResult
from stargate.programme.sampled import Quantiles
from stargate.units import DAY_S

Cell = str | float | int | None
_PERCENTILES = ("p10", "p50", "p80", "p90")


@dataclass(frozen=True, slots=True)
class Table:
    """Named columns of equal length."""

    columns: Mapping[str, Sequence[Cell]]

    def csv(self) -> str:
        """RFC 4180, a header first, `\\n` at line ends; a number in its shortest exact form."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(zip(*map(_texts, self.columns.values()), strict=True))
        return out.getvalue()


def _texts(column: Sequence[Cell]) -> list[str]:
    return ["" if cell is None else _safe(str(cell)) for cell in column]


def _safe(text: str) -> str:
    """A text that a spreadsheet would take for a formula, with a quote before it."""
    signed = text[:1] in ("+", "-") and text[1:2].isdigit()
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) and not signed else text


def tables(result: PlanResult) -> dict[str, Table]:
    """Every table of a plan by name."""
    return {
        "phases": _phases(result),
        "tasks": _tasks(result),
        "gates": _gates(result),
        "series": _series(result),
        "drivers": _drivers(result),
        "facts": _facts(result),
        "samples": samples(result),
    }


def _rows(names: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Table:
    columns = zip(*rows, strict=True) if rows else ((),) * len(names)
    return Table(dict(zip(names, map(list, columns), strict=True)))


def _day(result: PlanResult, time_s: float) -> str | None:
    day = result.day(time_s)
    return day.isoformat() if day else None


def _days(result: PlanResult, times: Quantiles) -> list[Cell]:
    return [_day(result, getattr(times, name)) for name in _PERCENTILES]


def _named(stem: str) -> list[str]:
    return [f"{stem}_{name}" for name in _PERCENTILES]


def _phases(result: PlanResult) -> Table:
    names = ("id", "name", "status", "target", *_named("online"), "probability_online")
    names += ("probability_by_target", *(f"capex_usd_{name}" for name in _PERCENTILES))
    names += ("it_mw", "facility_mw", "accelerators")
    rows = [
        (
            *(phase.id, phase.name, phase.status),
            phase.target.isoformat() if phase.target else None,
            *_days(result, phase.online),
            phase.probability_online,
            phase.probability_by_target,
            *(getattr(phase.capex, name) for name in _PERCENTILES),
            *(phase.it_w / 1e6, phase.facility_w / 1e6, phase.accelerators),
        )
        for phase in result.phases
    ]
    return _rows(names, rows)


def _tasks(result: PlanResult) -> Table:
    names = ("id", "name", "phase", "site", *_named("start"), *_named("finish"), "criticality")
    rows = [
        (
            *(task.id, task.name, task.phase, task.site),
            *_days(result, task.start),
            *_days(result, task.finish),
            task.criticality,
        )
        for task in result.tasks
    ]
    return _rows(names, rows)


def _gates(result: PlanResult) -> Table:
    names = ("gate", "attempt", *_named("on"), "probability_held", "probability_pass")
    rows = [
        (
            *(gate.id, attempt.number),
            *_days(result, attempt.on),
            *(attempt.probability_held, attempt.probability_pass),
        )
        for gate in result.gates
        for attempt in gate.attempts
    ]
    return _rows(names, rows)


def _series(result: PlanResult) -> Table:
    names = ("series", "unit", "date", "p10", "p50", "p90", "mean")
    rows = [
        (series.id, series.unit, _day(result, at), *values)
        for series in result.series
        for at, *values in zip(
            *(series.time_s.tolist(), series.p10.tolist(), series.p50.tolist()),
            *(series.p90.tolist(), series.mean.tolist()),
            strict=True,
        )
    ]
    return _rows(names, rows)


def _drivers(result: PlanResult) -> Table:
    names = ("id", "label", "outcome", "rank_correlation")
    return _rows(names, [(d.id, d.label, d.outcome, d.rank_correlation) for d in result.drivers])


def _facts(result: PlanResult) -> Table:
    names = ("id", "what", "value", "unit", "source", "confidence", "year", "note")
    rows = [tuple(getattr(fact, name) for name in names) for fact in result.facts]
    return _rows(names, rows)


def samples(result: PlanResult) -> Table:
    """One row a future: on-line day (in days from the data date; empty for never) and capital."""
    columns: dict[str, Sequence[Cell]] = {"sample": list(range(result.n_samples))}
    for phase in result.phases:
        days = np.floor(np.where(np.isfinite(phase.online_s), phase.online_s, 0.0) / DAY_S)
        reached = np.isfinite(phase.online_s).tolist()
        columns[f"{phase.id}_online_day"] = [
            int(day) if held else None for day, held in zip(days.tolist(), reached, strict=True)
        ]
        columns[f"{phase.id}_capex_usd"] = phase.capex_usd.tolist()
    return Table(columns)
