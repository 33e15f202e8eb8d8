"""The event log of a live machine, told to the scheduler again."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stargate.cli.exits import Exit
from stargate.errors import Problem, SpecError

if TYPE_CHECKING:
    from stargate.control.happenings import Difference


def replayed(log: Path, as_json: bool) -> int:
    """Say how many decisions come out as they were recorded, and which do not."""
    from stargate.control.happenings import play, read

    try:
        happenings = list(read(log.read_text(encoding="utf-8")))
    except UnicodeDecodeError as error:
        mend = "give what `stargate jobs --log` printed"
        raise SpecError([Problem(f"no text: {error}", file=str(log), mend=mend)]) from None
    _, differences = play(happenings)
    kinds = Counter(each.kind for each in happenings)
    if as_json:
        content = {
            "n_happenings": len(happenings),
            "n_decisions": kinds["decide"],
            "differences": [asdict(each) for each in differences],
        }
        click.echo(json.dumps({"schema_version": 1, **content}, indent=2))
    else:
        said = ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items()))
        click.echo(f"{len(happenings)} happenings: {said}")
        click.echo(_verdict(kinds["decide"], differences))
    return Exit.NO if differences else Exit.YES


def _verdict(n_decisions: int, differences: list[Difference]) -> str:
    if not differences:
        return f"all {n_decisions} decisions come out as they were recorded"
    lines = [
        f"  at {each.time_s:.3f} s: recorded {_names(each.recorded)}, now {_names(each.decided)}"
        for each in differences
    ]
    return "\n".join([f"{len(lines)} of {n_decisions} decisions come out otherwise:", *lines])


def _names(decision: tuple[tuple[object, ...], tuple[object, ...]]) -> str:
    starts, stops = decision
    words = [f"start {getattr(each, 'job', each)}" for each in starts]
    words += [f"stop {getattr(each, 'job', each)}" for each in stops]
    return ", ".join(words) or "nothing"
