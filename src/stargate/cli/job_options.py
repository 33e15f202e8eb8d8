"""What can be said of a job on the command line, and the order that it comes to."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from stargate.live.order import Order

Command = TypeVar("Command", bound=Callable[..., object])

OPTIONS = (
    click.option("--name", help="Of the job; its id adds a number. The command's if left out."),
    click.option(
        "--members",
        type=click.IntRange(1),
        default=1,
        help="Equal processes that start, stop and fail together.",
        show_default=True,
    ),
    click.option(
        "--cores", type=click.IntRange(1), default=1, help="Of each member.", show_default=True
    ),
    click.option("--memory", metavar="SIZE", help="Of each member, such as '3 GiB'."),
    click.option("--site", "sites", multiple=True, help="Where it may run; may be repeated."),
    click.option(
        "--retries",
        type=click.IntRange(0),
        default=0,
        help="Starts after failures of its own; those of the machine do not count.",
        show_default=True,
    ),
    click.option(
        "--priority",
        type=int,
        default=0,
        help="Higher goes first under the policy `priority`.",
        show_default=True,
    ),
    click.option("--tenant", default="local", help="On whose behalf.", show_default=True),
    click.option(
        "--expected", metavar="TIME", help="How long it runs, such as '2 h', for backfill."
    ),
    click.option("--checkpoint-every", metavar="TIME", help="How often it saves what it did."),
    click.option(
        "--grace",
        metavar="TIME",
        default="10 s",
        help="From TERM to KILL when it is stopped.",
        show_default=True,
    ),
    click.option("--service", is_flag=True, help="Start it again whenever it ends."),
    click.option(
        "--replicas",
        type=click.IntRange(1),
        default=1,
        help="Jobs of the same command; {replica} in it is the number, from 0.",
        show_default=True,
    ),
    click.option(
        "--port",
        type=click.IntRange(1, 65_535),
        help="Of the first replica, one more for each next; {port} in the command.",
    ),
    click.option(
        "--health",
        metavar="URL",
        help="Asked every 5 s; a service that stays silent is started again.",
    ),
    click.option(
        "--env", "variables", multiple=True, metavar="NAME=VALUE", help="May be repeated."
    ),
    click.option(
        "--cwd",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="Where the command runs; here if left out.",
    ),
)


def job_options(command: Command) -> Command:
    """Every option of a job, in the order of `OPTIONS`."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def orders_of(argv: Sequence[str], wishes: Mapping[str, Any]) -> list[Order]:
    """An order for each replica."""
    if wishes["health"] and not wishes["service"]:
        raise click.UsageError("--health watches over a --service")
    return [_order(argv, wishes, replica) for replica in range(wishes["replicas"])]


def _order(argv: Sequence[str], wishes: Mapping[str, Any], replica: int) -> Order:
    from stargate.live.order import Order

    port = wishes["port"] + replica if wishes["port"] else None
    put = {"{replica}": str(replica), **({"{port}": str(port)} if port else {})}
    return Order(
        name=wishes["name"] or _plain(Path(argv[0]).name),
        argv=tuple(_filled(word, put) for word in argv),
        cwd=str((wishes["cwd"] or Path()).absolute()),
        env=_variables(wishes["variables"]),
        members=wishes["members"],
        cores=wishes["cores"],
        memory_bytes=_memory_bytes(wishes["memory"]),
        sites=tuple(wishes["sites"]),
        tenant=wishes["tenant"],
        priority=wishes["priority"],
        retries=wishes["retries"],
        service=wishes["service"],
        health=_filled(wishes["health"] or "", put),
        expected_s=_duration_s(wishes["expected"]),
        checkpoint_every_s=_duration_s(wishes["checkpoint_every"]),
        grace_s=_duration_s(wishes["grace"]) or 0.0,
    )


def _plain(name: str) -> str:
    """A name that a directory may have."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip(".-") or "job"


def _filled(word: str, put: Mapping[str, str]) -> str:
    for mark, value in put.items():
        word = word.replace(mark, value)
    return word


def _variables(texts: Sequence[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    wrong = [name for name, mark, _ in pairs if not mark or not name]
    if wrong:
        raise click.UsageError(f"--env {wrong[0]!r} is not NAME=VALUE")
    return {name: value for name, _, value in pairs}


def _memory_bytes(text: str | None) -> float:
    from stargate import units

    return units.parse(text, units.SIZE) if text else 0.0


def _duration_s(text: str | None) -> float | None:
    from stargate import units

    return units.parse(text, units.DURATION) if text else None
