"""The catalogue for people: rich tables on a terminal, plain columns when piped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from stargate.catalog.comparison import COMPARED, header, row
from stargate.catalog.facts import Fact
from stargate.catalog.index import Item
from stargate.catalog.quantities import written_range


def overview(held: Mapping[str, Mapping[str, Item]]) -> None:
    """Every kind with its number of entries and the first few of them."""
    rows = [[kind, f"{len(found)}", _some(list(found))] for kind, found in held.items()]
    _print(["kind", "entries", "such as"], rows)


def listing(kind: str, found: Sequence[Item]) -> None:
    """One line an entry of a kind, with the values that tell them apart."""
    if kind in COMPARED:
        _print(header(kind), [row(item) for item in found])
    else:
        _print(["id", "name", "what"], [[item.id, item.name, _gist(item)] for item in found])


def mixed_listing(found: Sequence[Item]) -> None:
    """One line an entry of any kind."""
    rows = [[item.kind, item.id, item.name, _gist(item)] for item in found]
    _print(["kind", "id", "name", "what"], rows)


def page(item: Item) -> None:
    """One entry: labels, every value with its source, notes, and the rows of a table."""
    click.echo(f"{item.id}: {item.name} ({item.kind})")
    for key, text in item.labels:
        if text:
            click.echo(f"  {key}: {text}")
    if item.aliases:
        click.echo(f"  also called: {', '.join(item.aliases)}")
    if item.note:
        click.echo(f"  note: {item.note}")
    if item.facts:
        sources = list(dict.fromkeys(fact.source for fact in item.facts))
        _print(
            ["value", "of", "range", "year", "confidence", "source", "note"],
            [_fact_row(fact, item, sources.index(fact.source) + 1) for fact in item.facts],
        )
        for number, source in enumerate(sources, 1):
            click.echo(f"[{number}] {source}")
    if item.table is not None:
        click.echo(item.table.about)
        heads = [_with_unit(column, item.table.units) for column in item.table.columns]
        _print(heads, [list(cells.values()) for cells in item.table])


def _fact_row(fact: Fact, item: Item, source: int) -> list[str]:
    note = "" if fact.note == item.note else fact.note
    year = "" if fact.year is None else str(fact.year)
    key = fact.id.removeprefix(f"{item.id}.")
    what = fact.what if key == fact.id else f"{key}: {fact.what}"
    return [fact.text, what, written_range(fact), year, fact.confidence, f"[{source}]", note]


def _gist(item: Item) -> str:
    """What tells an entry apart in a listing: the value of a lone fact, else the first labels."""
    if item.kind == "fact":
        fact = item.facts[0]
        return f"{fact.text} ({fact.confidence})"
    return ", ".join(text for _, text in item.labels[:3] if text)


def _some(ids: list[str]) -> str:
    return ", ".join(ids[:4]) + (", …" if len(ids) > 4 else "")


def _with_unit(column: str, units: Mapping[str, str]) -> str:
    return f"{column} [{units[column]}]" if column in units else column


def _print(heads: list[str], lines: list[list[str]]) -> None:
    console = Console()
    if not console.is_terminal:
        _print_plain(heads, lines)
        return
    table = RichTable(*heads)
    for cells in lines:
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)


def _print_plain(heads: list[str], lines: list[list[str]]) -> None:
    widths = [max(len(cell) for cell in column) for column in zip(heads, *lines, strict=True)]
    for cells in [heads, *lines]:
        line = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        click.echo(line.rstrip())
