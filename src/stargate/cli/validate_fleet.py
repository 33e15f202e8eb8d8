"""`stargate validate fleet`: the simulator against exact theory and published curves."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stargate.cli.exits import Exit
from stargate.cli.outputs import json_option

if TYPE_CHECKING:
    from stargate.fleet.validation import Row


@click.command("fleet")
@click.option(
    "--openb",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder with the tables of the openb cluster; $STARGATE_DATA/traces/openb if there.",
)
@click.option(
    "--orders",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="Random orders of arrival over which openb is averaged.",
)
@json_option
def command(openb: Path | None, orders: int, as_json: bool) -> int:
    """Score the simulator: queues, goodput, bookkeeping, and six rules of placement.

    Exits with 1 if any row lies outside its tolerance.
    """
    from stargate.fleet.validation import score

    rows = score(openb or _shared(), orders)
    if as_json:
        shown = [{**asdict(row), "ok": row.ok} for row in rows]
        suite = {"schema_version": 1, "suite": "fleet", "ok": all(row.ok for row in rows)}
        click.echo(json.dumps({**suite, "rows": shown}, indent=2))
    else:
        click.echo(_text(rows))
    return Exit.YES if all(row.ok for row in rows) else Exit.NO


def _shared() -> Path | None:
    folder = Path(os.environ.get("STARGATE_DATA", "../shared/data")) / "traces" / "openb"
    return folder if folder.is_dir() else None


def _text(rows: list[Row]) -> str:
    held = sum(row.ok for row in rows)
    lines = [f"{held} of {len(rows)} rows within their tolerance"]
    if not any(row.name.startswith("openb") for row in rows):
        lines.append("without the openb cluster: give its folder with --openb")
    width = max(len(row.name) for row in rows)
    lines += ["", f"{'':4}  {'':{width}}  {'ours':>10}  {'reference':>10}  {'within':>9}"]
    lines += [
        f"{'ok' if row.ok else 'MISS':4}  {row.name:{width}}  {row.ours:10.4g}  "
        f"{row.reference:10.4g}  {row.tolerance:9.2g}"
        for row in rows
    ]
    sources = dict.fromkeys(row.source for row in rows)
    return "\n".join([*lines, "", *(f"source: {source}" for source in sources)])
