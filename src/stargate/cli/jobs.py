"""`stargate jobs`: what was submitted, and what became of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stargate.cli.machine_home import found, home_option, opened
from stargate.cli.outputs import answer, json_option

if TYPE_CHECKING:
    from stargate.live.history import Attempt, Story


@click.command("jobs")
@click.argument("job", required=False)
@click.option(
    "--log",
    "log_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the event log of the whole machine: all that happened and was decided.",
)
@home_option
@json_option
def command(job: str | None, log_file: Path | None, home: Path | None, as_json: bool) -> None:
    """List the jobs of a machine, or tell of one: attempts, sites, exit codes, why it waits."""
    from stargate.live.history import log_lines, stories, why_waiting
    from stargate.live.upkeep import controller_pid, nodes_down

    place, machine, book = opened(home)
    known = stories(book, machine)
    chosen = [found(known, job)] if job else list(known.values())
    if job and chosen[0].state == "waiting":
        chosen[0].why = why_waiting(book, chosen[0].id, time.time())
    if log_file is not None:
        log_file.write_text(log_lines(book.happenings()), encoding="utf-8")
    running = controller_pid(place) is not None
    content: dict[str, object] = {
        "controller": running,
        "nodes_down": [machine.node_name(node) for node in sorted(nodes_down(book))],
        "jobs": [_object(story) for story in chosen],
    }
    text = _told(chosen[0]) if job else "\n".join(map(_line, chosen)) or "no jobs"
    answer(content, as_json, text if running else f"{text}\nthe controller is not running")


def _object(story: Story) -> dict[str, object]:
    return {
        "id": story.id,
        "name": story.order.name,
        "state": story.state,
        "submitted": _time(story.submitted_s),
        "argv": list(story.order.argv),
        "members": story.order.members,
        "cores": story.order.cores,
        "exit_code": story.exit_code,
        "why": story.why,
        "attempts": [
            {
                "number": each.number,
                "sites": list(each.sites),
                "start": _time(each.start_s),
                "duration_s": None if each.end_s is None else each.end_s - each.start_s,
                "exit_codes": list(each.codes),
                "lost": each.lost,
                "why": each.why,
            }
            for each in story.attempts
        ],
    }


def _line(story: Story) -> str:
    last = story.attempts[-1] if story.attempts else None
    where = ",".join(dict.fromkeys(last.sites)) if last else "-"
    tries = f"{len(story.attempts)} attempts" if len(story.attempts) > 1 else ""
    words = [story.id.ljust(16), story.state.ljust(10), where.ljust(16), tries, story.why]
    return "  ".join(word for word in words if word).rstrip()


def _told(story: Story) -> str:
    lines = [
        f"{story.id} is {story.state}: {' '.join(story.order.argv)}",
        *map(_row, story.attempts),
    ]
    waits = story.why and (story.state == "waiting" or not story.attempts)
    return "\n".join([*lines, f"  {story.why}"] if waits else lines)


def _row(attempt: Attempt) -> str:
    codes = ", ".join("lost" if code is None else str(code) for code in attempt.codes)
    lasted = "" if attempt.end_s is None else f" for {attempt.end_s - attempt.start_s:.1f} s"
    ended = f": exit {codes}" + (f" ({attempt.why})" if attempt.why else "") if codes else ""
    where = ", ".join(attempt.sites)
    return f"  attempt {attempt.number} on {where} at {_time(attempt.start_s)}{lasted}{ended}"


def _time(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="seconds")
