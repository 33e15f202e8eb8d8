"""`stargate import-plan FILE`: a schedule of MS Project or Primavera as a specification."""

from __future__ import annotations

import json
from pathlib import Path

import click

from stargate.cli.outputs import json_option
from stargate.cli.specification import load_specification


@click.command("import-plan")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The specification to write.",
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@json_option
def command(file: Path, output: Path, force: bool, as_json: bool) -> None:
    """Turn a schedule of MS Project (XML) or Primavera P6 (XML, XER) into a specification.

    Keeps tasks, links with lags, durations (three points where the file has them), calendars,
    resources with what tasks hold of them, starts that are not before a day, deadlines, and actual
    dates. Prints everything that was left out.
    """
    from stargate.programme.interchange.reading import read_plan
    from stargate.programme.interchange.specification import STANDING_IN, specification

    if output.exists() and not force:
        raise click.UsageError(f"{output} is there already; add --force to write over it")
    plan = read_plan(file)
    text = specification(plan)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text, encoding="utf-8")
    load_specification(str(output))
    dropped = list(plan.dropped.lines())
    if as_json:
        told = {
            "schema_version": 1,
            "file": str(output),
            "tasks": len(plan.tasks),
            "links": sum(len(task.links) for task in plan.tasks),
            "data_date": plan.data_date.isoformat(),
            "dropped": dropped,
            "standing_in": list(STANDING_IN),
        }
        click.echo(json.dumps(told, indent=2))
        return
    click.echo(f"{output}: {len(plan.tasks)} tasks from {plan.source}, {plan.data_date}")
    for title, lines in (("left out or changed", dropped), ("standing in", STANDING_IN)):
        click.echo(f"{title}:")
        for line in lines or ["nothing"]:
            click.echo(f"  {line}")
