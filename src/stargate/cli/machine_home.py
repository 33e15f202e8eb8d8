"""What the commands of a live machine share: where it is kept, and how they print."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from stargate.errors import StargateError

if TYPE_CHECKING:
    from stargate.live.history import Story
    from stargate.live.home import LiveHome
    from stargate.live.machine import Machine
    from stargate.store.jobs import JobBook

Command = TypeVar("Command", bound=Callable[..., object])


def home_option(command: Command) -> Command:
    """The option `--home`."""
    option = click.option(
        "--home",
        type=click.Path(file_okay=False, path_type=Path),
        help="Where the machine is kept; $STARGATE_LIVE_HOME or the user's data if left out.",
    )
    return option(command)


def home_at(directory: Path | None) -> LiveHome:
    """The home that was named, or the usual one."""
    from stargate.live.home import LiveHome, home_directory

    return LiveHome((directory or home_directory()).absolute())


def opened(directory: Path | None) -> tuple[LiveHome, Machine, JobBook]:
    """A home in which there is a machine, up or not; the book is closed with the command."""
    from stargate.live.machine import Machine
    from stargate.store.jobs import JobBook

    home = home_at(directory)
    if not home.machine.exists():
        message = f"no machine in {home.directory}; start one with `stargate up --sites here`"
        raise StargateError(message)
    book = JobBook(home.book)
    click.get_current_context().call_on_close(book.close)
    return home, Machine.read(home.machine), book


def found(stories: dict[str, Story], job: str) -> Story:
    """The job of that id, or the only one of that name."""
    named = [story for story in stories.values() if job in (story.id, story.order.name)]
    exact = [story for story in named if story.id == job]
    if len(exact or named) == 1:
        return (exact or named)[0]
    if named:
        which = ", ".join(story.id for story in named)
        raise StargateError(f"{job} names {len(named)} jobs: {which}; name one")
    raise StargateError(f"no job {job}; `stargate jobs` lists them")
