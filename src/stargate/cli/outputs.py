"""How a command answers, and the options that say in which form."""

from __future__ import annotations

import json
from pathlib import Path

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
report_option = click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a report (one HTML file that opens without a network).",
)


def answer(content: dict[str, object], as_json: bool, text: str) -> None:
    """One JSON object, or the same for people."""
    if as_json:
        click.echo(json.dumps({"schema_version": 1, **content}, indent=2, allow_nan=False))
    elif text:
        click.echo(text)


def log(line: str) -> None:
    """A line for who waits, beside the answer."""
    click.echo(line, err=True)
