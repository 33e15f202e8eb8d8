"""`stargate export FILE -o OUT`: a plan for other tools."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stargate.cli.specification import load_specification, overrides_option, planned

if TYPE_CHECKING:
    from stargate.programme.result import PlanResult
    from stargate.spec.programme import Programme


@click.command("export")
@click.argument("file", type=click.Path())
@overrides_option
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="A file that ends in .xml, .json, .csv or .parquet; or a folder, for all tables.",
)
@click.option("--parquet", is_flag=True, help="In a folder, write Parquet instead of CSV.")
@click.option("--samples", type=click.IntRange(1, 2_000_000), help="Futures; the file's number.")
@click.option("--seed", type=click.IntRange(0), help="Of the draws; the file's if left out.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="As `plan` has it.")
def command(
    file: str,
    overrides: tuple[str, ...],
    output: Path,
    parquet: bool,
    samples: int | None,
    seed: int | None,
    as_of: datetime | None,
) -> None:
    """Write a plan for other tools.

    .xml is MS Project XML, .json the object of `stargate plan --json`, .csv and .parquet the
    samples, a row a future. A folder takes a table each of phases, tasks, gates, series, drivers,
    facts and samples.
    """
    writers: dict[str, Callable[[Programme, PlanResult, Path], None]] = {
        ".xml": _xml,
        ".json": _json,
        ".csv": _samples_csv,
        ".parquet": _samples_parquet,
        "": _parquet_folder if parquet else _csv_folder,
    }
    writer = writers.get(output.suffix.lower())
    if writer is None:
        known = ", ".join(suffix for suffix in writers if suffix)
        raise click.UsageError(f"no format ends in {output.suffix!r}; use {known}, or a folder")
    document = load_specification(file, overrides)
    result = planned(document, samples, seed, as_of)
    assert document.programme is not None, "a document that was planned has a programme"
    output.parent.mkdir(parents=True, exist_ok=True)
    writer(document.programme, result, output)
    click.echo(str(output))


def _xml(programme: Programme, result: PlanResult, output: Path) -> None:
    from stargate.programme.interchange.ms_project_writing import ms_project

    written = ms_project(programme, result)
    output.write_bytes(written.content)
    for line in written.dropped.lines():
        click.echo(f"changed: {line}", err=True)


def _json(_: Programme, result: PlanResult, output: Path) -> None:
    from stargate.cli.plan_object import plan_object

    text = json.dumps(plan_object(result), indent=2, allow_nan=False)
    output.write_text(f"{text}\n", encoding="utf-8")


def _samples_csv(_: Programme, result: PlanResult, output: Path) -> None:
    from stargate.programme.interchange.tables import samples

    output.write_text(samples(result).csv(), encoding="utf-8")


def _samples_parquet(_: Programme, result: PlanResult, output: Path) -> None:
    from stargate.programme.interchange.parquet import write_parquet
    from stargate.programme.interchange.tables import samples

    write_parquet(samples(result), output)


def _csv_folder(_: Programme, result: PlanResult, output: Path) -> None:
    from stargate.programme.interchange.tables import tables

    output.mkdir(exist_ok=True)
    for name, table in tables(result).items():
        (output / f"{name}.csv").write_text(table.csv(), encoding="utf-8")


def _parquet_folder(_: Programme, result: PlanResult, output: Path) -> None:
    from stargate.programme.interchange.parquet import write_parquet
    from stargate.programme.interchange.tables import tables

    output.mkdir(exist_ok=True)
    for name, table in tables(result).items():
        write_parquet(table, output / f"{name}.parquet")
