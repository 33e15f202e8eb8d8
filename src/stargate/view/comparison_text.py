"""Two plans side by side on a terminal."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.text import Text

from stargate.programme.compare import Comparison
from stargate.view.differences import cost_cells, date_cells, odds_cells, sentences
from stargate.view.terminal import console, plain_table

_MOVED = ("A", "B", "B less A P50", "P10", "P90", "mean, 95 %")
_CHANGES_SHOWN = 12


def print_comparison(
    found: Comparison, labels: tuple[str, str], out: Console | None = None
) -> None:
    """What B changes, as tables and in words."""
    (out or console()).print(comparison_summary(found, labels))


def comparison_summary(found: Comparison, labels: tuple[str, str]) -> RenderableType:
    """Everything that `stargate compare` shows."""
    same = f"{found.a.n_samples:,} futures, the same for both · seed {found.a.seed}"
    parts: list[RenderableType] = [
        Text(f"A  {labels[0]}", style="bold"),
        Text(f"B  {labels[1]}", style="bold"),
        Text(same, style="dim"),
        _changes(found),
        _dates(found),
        _costs(found),
        _odds(found),
        *(Text(f"{sentence}\n") for sentence in sentences(found, labels)),
        *(Text(line) for line in _alone(found)),
    ]
    return Group(*parts)


def _changes(found: Comparison) -> RenderableType:
    table = plain_table("What differs in the files", "Path", "A", "B")
    for path, a, b in found.changes[:_CHANGES_SHOWN]:
        table.add_row(path, a or "–", b or "–")
    if (more := len(found.changes) - _CHANGES_SHOWN) > 0:
        table.add_row(f"and {more} more", "", "")
    return table


def _dates(found: Comparison) -> RenderableType:
    table = plain_table("On line, and gates open", "Phase or gate", *_MOVED)
    for phase in found.phases:
        table.add_row(phase.name, *date_cells(found, phase.online))
    for gate in found.gates:
        table.add_row(gate.name, *date_cells(found, gate.opens))
    return table


def _costs(found: Comparison) -> RenderableType:
    table = plain_table("Capital ($B)", "Phase", *_MOVED)
    for phase in found.phases:
        table.add_row(phase.name, *cost_cells(phase.capex))
    table.add_row("whole programme", *cost_cells(found.capex))
    return table


def _odds(found: Comparison) -> RenderableType:
    table = plain_table("Odds", "Of", "A", "B", "B less A (95 %)")
    for phase in found.phases:
        for odds in phase.odds:
            table.add_row(f"{phase.name} {odds.name}", *odds_cells(odds))
    for gate in found.gates:
        table.add_row(f"{gate.name} {gate.odds.name}", *odds_cells(gate.odds))
    return table


def _alone(found: Comparison) -> list[str]:
    held = (("A", found.only_in_a), ("B", found.only_in_b))
    return [f"only in {name}: {', '.join(ids)}" for name, ids in held if ids]
