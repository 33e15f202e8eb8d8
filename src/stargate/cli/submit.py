"""`stargate submit`: have a command run on the live machine, or a voice workload of a file."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stargate.cli.exits import Exit
from stargate.cli.job_options import job_options, orders_of
from stargate.cli.machine_home import home_option, opened
from stargate.cli.outputs import answer, json_option
from stargate.errors import InfeasibleError

if TYPE_CHECKING:
    from stargate.live.history import Story
    from stargate.live.machine import Machine
    from stargate.live.order import Order
    from stargate.store.jobs import JobBook

LOOK_EVERY_S = 0.5


@click.command("submit")
@click.argument("words", nargs=-1, metavar="[FILE] [-- COMMAND ...]", type=click.UNPROCESSED)
@click.option("--workload", help="Which voice workload of FILE, instead of a command.")
@job_options
@click.option("--wait", is_flag=True, help="Until it is over; exit code 3 if it failed.")
@home_option
@json_option
@click.pass_context
def command(
    context: click.Context,
    words: tuple[str, ...],
    workload: str | None,
    wait: bool,
    home: Path | None,
    as_json: bool,
    **wishes: Any,
) -> None:
    """Have a command run on the machine: `stargate submit --cores 2 -- python train.py`.

    It finds $STARGATE_JOB, $STARGATE_ATTEMPT, $STARGATE_RANK, $STARGATE_WORLD_SIZE, $STARGATE_SITE
    and $STARGATE_CHECKPOINT, a directory that stays from attempt to attempt. What a failing machine
    cuts short is started again, on another site if need be.

    With FILE and --workload a workload of `kind: voice` runs: workers that learn voices as batch
    jobs, and replicas that speak as services, as many as `stargate voice capacity` says.
    """
    _, machine, book = opened(home)
    orders = _orders(words, workload, wishes)
    _refuse_the_impossible(machine, orders)
    jobs = [book.submit(order.name, order.written(), time.time()) for order in orders]
    if not wait:
        answer({"jobs": jobs}, as_json, "\n".join(jobs))
        return
    ended = _awaited(book, machine, jobs)
    content: dict[str, object] = {"jobs": jobs, "states": [story.state for story in ended]}
    answer(content, as_json, "\n".join(f"{story.id} {story.state}" for story in ended))
    context.exit(Exit.YES if all(story.state == "done" for story in ended) else Exit.FAILED)


def _orders(words: Sequence[str], workload: str | None, wishes: dict[str, Any]) -> list[Order]:
    if not words:
        raise click.UsageError("give a command after --, or FILE and --workload")
    if workload is None:
        return orders_of(words, wishes)
    if len(words) > 1:
        raise click.UsageError("a workload of FILE brings its own commands; leave yours out")
    from stargate.cli.voice_jobs import voice_orders

    (common,) = orders_of(words, {**wishes, "replicas": 1})
    return voice_orders(words[0], workload, common)


def _refuse_the_impossible(machine: Machine, orders: Sequence[Order]) -> None:
    """What could never start, however long it waited, is not even kept."""
    from stargate.control.admission import refusal

    for order in orders:
        why = refusal([machine.pool], machine.policy, order.job(order.name))
        if why is not None:
            raise InfeasibleError(f"{order.name} can never run here: {why}")


def _awaited(book: JobBook, machine: Machine, jobs: Sequence[str]) -> list[Story]:
    from stargate.live.history import watched

    told = watched(book, machine, LOOK_EVERY_S)
    found = next(found for found in told if all(found[job].over for job in jobs))
    return [found[job] for job in jobs]
