"""`stargate cancel JOB`: end a job, whether it waits or runs."""

from __future__ import annotations

import time
from pathlib import Path

import click

from stargate.cli.machine_home import found, home_option, opened
from stargate.cli.outputs import answer, json_option


@click.command("cancel")
@click.argument("jobs", metavar="JOB", nargs=-1, required=True)
@home_option
@json_option
def command(jobs: tuple[str, ...], home: Path | None, as_json: bool) -> None:
    """End jobs: all processes of a running one get TERM, and KILL after their grace."""
    from stargate.live.history import stories

    _, machine, book = opened(home)
    known = stories(book, machine)
    chosen = [found(known, job) for job in jobs]
    asked = [story.id for story in chosen if not story.over]
    for job in asked:
        book.ask("cancel", job, time.time())
    over = [f"{story.id} is {story.state} already" for story in chosen if story.over]
    lines = [*(f"{job} will be cancelled" for job in asked), *over]
    answer({"asked": asked}, as_json, "\n".join(lines))
