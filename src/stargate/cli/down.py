"""`stargate down`: stop a machine; its jobs go on when it is up again."""

from __future__ import annotations

from pathlib import Path

import click

from stargate.cli.machine_home import home_option, opened
from stargate.cli.outputs import answer, json_option, log


@click.command("down")
@home_option
@json_option
def command(home: Path | None, as_json: bool) -> None:
    """Stop a machine; its jobs are asked to end, are kept, and go on at the next `up`."""
    from stargate.live.upkeep import down

    place, _, _ = opened(home)
    down(place, log)
    answer({"home": str(place.directory)}, as_json, f"down: {place.directory} keeps the jobs")
