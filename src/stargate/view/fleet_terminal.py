"""A simulation on a terminal: the answer in words, then its tables."""

from __future__ import annotations

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from stargate.fleet.result import FleetResult
from stargate.view.fleet_words import TEXT_COLUMNS, Listing, answers, basis, listings
from stargate.view.terminal import console

_REFUSED_SHOWN = 5


def print_fleet(result: FleetResult, out: Console | None = None) -> None:
    """The verdict first, then sites, pools, tenants, the largest jobs and the services."""
    (out or console()).print(fleet_summary(result))


def fleet_summary(result: FleetResult) -> Group:
    """Everything that is printed."""
    parts: list[RenderableType] = [Text(sentence) for sentence in answers(result)]
    for listing in listings(result):
        if listing.id != "refused":
            parts += [Text(""), _table(listing)]
    for name, why in list(result.refused.items())[:_REFUSED_SHOWN]:
        parts.append(Text(f"refused: {name}: {why}"))
    return Group(*parts, Text(""), Text(basis(result)))


def _table(listing: Listing) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for i, column in enumerate(listing.columns):
        number = i > 0 and column not in TEXT_COLUMNS
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    for row in listing.rows:
        table.add_row(*row)
    return table
