"""`stargate logs JOB`: what a job printed, attempt by attempt."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stargate.cli.machine_home import found, home_option, opened
from stargate.errors import StargateError

if TYPE_CHECKING:
    from stargate.live.history import Story
    from stargate.live.home import LiveHome, MemberFiles

LOOK_EVERY_S = 0.2


@click.command("logs")
@click.argument("job")
@click.option("--attempt", type=click.IntRange(1), help="Which; the last if left out.")
@click.option("--member", type=click.IntRange(0), default=0, show_default=True, help="Of a gang.")
@click.option("-f", "--follow", is_flag=True, help="Go on until the attempt ends.")
@home_option
def command(job: str, attempt: int | None, member: int, follow: bool, home: Path | None) -> None:
    """Print what a job printed, standard output and error as they came."""
    from stargate.live.history import watched

    place, machine, book = opened(home)
    told = watched(book, machine, LOOK_EVERY_S)
    files = _files(place, found(next(told), job), attempt, member)
    at = 0
    for stories in told:
        over = not follow or files.exit.exists() or _ended(files, stories, job)
        at = _print_from(files.log, at)
        if over:
            return


def _files(home: LiveHome, story: Story, attempt: int | None, member: int) -> MemberFiles:
    from stargate.live.executor import Run

    number = attempt or len(story.attempts)
    if not 1 <= number <= len(story.attempts):
        raise StargateError(f"{story.id} has had {len(story.attempts)} attempts")
    if member >= story.order.members:
        raise StargateError(f"{story.id} has members 0 to {story.order.members - 1}")
    return home.member(Run(story.id, number, ()), member)


def _ended(files: MemberFiles, stories: dict[str, Story], job: str) -> bool:
    return found(stories, job).attempts[files.attempt - 1].end_s is not None


def _print_from(log: Path, at: int) -> int:
    """Print a log from a byte on; where it ends now."""
    if not log.exists():
        return at
    with log.open("rb") as file:
        file.seek(at)
        text = file.read()
    sys.stdout.buffer.write(text)
    sys.stdout.flush()
    return at + len(text)
