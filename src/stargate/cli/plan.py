"""`stargate plan FILE`: when each phase is on line, what it costs, and whether its gate opens."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stargate.cli.outputs import json_option, report_option
from stargate.cli.specification import load_specification, overrides_option, planned

if TYPE_CHECKING:
    from stargate.spec.document import Document


@click.command("plan")
@click.argument("file", type=click.Path())
@overrides_option
@click.option(
    "--samples", type=click.IntRange(1, 2_000_000), help="How many futures; the file's if left out."
)
@click.option("--seed", type=click.IntRange(0), help="Of the draws; the file's if left out.")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="Forecast with what was known on that day; on the data date if left out.",
)
@click.option(
    "--workers",
    default="1",
    metavar="N|ADDRESS",
    show_default=True,
    help="Processes that share the futures, or a Ray cluster: ray://host:10001, auto.",
)
@json_option
@report_option
def command(
    file: str,
    overrides: tuple[str, ...],
    samples: int | None,
    seed: int | None,
    as_of: datetime | None,
    workers: str,
    as_json: bool,
    output: Path | None,
) -> None:
    """Say when each phase is on line, what it costs, and whether its gate opens, with the odds.

    Prints P10, P50, P80 and P90 of dates and costs, the chance to meet the target, IT and facility
    power, the odds of gates, and what moves the answer most. With --as-of, the actuals of the file
    that were known on that day count, and what has changed since the plan is told.
    """
    from stargate.cli.plan_object import plan_object

    document = load_specification(file, overrides)
    _say_what_is_slow(document)
    result = planned(document, samples, seed, as_of, workers)
    if as_json:
        click.echo(json.dumps(plan_object(result), indent=2, allow_nan=False))
    else:
        from stargate.view.terminal import print_plan

        print_plan(result)
    if output is not None:
        from stargate.view.plan_report import plan_report

        plan_report(result, output, command_line=_same_again(file, overrides, samples, seed, as_of))
        click.echo(f"report: {output}", err=as_json)


def _say_what_is_slow(document: Document) -> None:
    from stargate.programme.limits import slow_notice

    notice = slow_notice(document.programme) if document.programme else None
    if notice:
        click.echo(notice, err=True)


def _same_again(
    file: str,
    overrides: tuple[str, ...],
    samples: int | None,
    seed: int | None,
    as_of: datetime | None,
) -> str:
    """The command that gives the same report."""
    parts = ["stargate plan", file, *(f"-s {text}" for text in overrides)]
    if samples is not None:
        parts.append(f"--samples {samples}")
    if seed is not None:
        parts.append(f"--seed {seed}")
    if as_of is not None:
        parts.append(f"--as-of {as_of:%Y-%m-%d}")
    return " ".join(parts)
