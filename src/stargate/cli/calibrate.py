"""`stargate calibrate`: fit the performance model's coefficients to steps and kernels."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stargate.cli.outputs import json_option

if TYPE_CHECKING:
    from stargate.perf.calibration import Calibrated
    from stargate.perf.calibration.artefact import Trial
    from stargate.perf.kernels import Kernels, Skipped

SKIPPED_SHOWN = 20


@click.command("calibrate")
@click.argument(
    "files",
    nargs=-1,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="[CSV]...",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the calibration here.")
@click.option(
    "--kernels",
    "packages",
    multiple=True,
    type=click.Choice(["shipped", "aiconfigurator"]),
    help="Also take the kernels that come with Stargate, or those of aiconfigurator-core.",
)
@click.option(
    "--system",
    "systems",
    multiple=True,
    help="Only this system of aiconfigurator-core, such as h100_sxm; may be repeated.",
)
@click.option(
    "--no-records",
    is_flag=True,
    help="Fit to kernels alone; what they do not determine keeps its prior.",
)
@click.option(
    "--cross-validate",
    "groupings",
    multiple=True,
    type=click.Choice(
        ["family", "source", "model", "accelerator", "count", "hidden", "fifth", "fold"]
    ),
    help="Refit with each whole group left out, and score it on that group; may be repeated.",
)
@click.option(
    "--ablate",
    is_flag=True,
    help="Refit with each physical term switched off in turn, and print what it explains.",
)
@json_option
def command(
    files: tuple[Path, ...],
    output: Path | None,
    packages: tuple[str, ...],
    systems: tuple[str, ...],
    no_records: bool,
    groupings: tuple[str, ...],
    ablate: bool,
    as_json: bool,
) -> None:
    """Fit the coefficients of the performance model to measured step times and kernels.

    Takes CSV files with the columns of the training records, and tables of kernels (products,
    attention, collectives) that are recognised by their columns. Without a file of records, those
    that come with Stargate are taken. Each coefficient has a prior from a benchmark or a data
    sheet; about two dozen are fitted for each accelerator family and software generation, none for
    a record or a model.

    \b
        stargate calibrate -o mine.yaml --cross-validate family
        stargate calibrate gemm.csv attention.csv -o mine.yaml
        stargate predict --calibration mine.yaml ...
        stargate calibrate --ablate --cross-validate fifth
    """
    from stargate.cli import ablation
    from stargate.perf.calibration import calibrate, read_records
    from stargate.perf.kernels import Kernels, Skipped, is_kernels

    if systems and "aiconfigurator" not in packages:
        raise click.UsageError("--system chooses among the systems of --kernels aiconfigurator")
    tables = [file for file in files if is_kernels(file)]
    of_steps = [file for file in files if file not in tables]
    if no_records and (of_steps or not (tables or packages)):
        raise click.UsageError("--no-records wants tables of kernels, and no others")
    if ablate:
        if output or tables or packages:
            raise click.UsageError("--ablate compares fits to records; it writes no calibration")
        ablation.show(read_records(of_steps), groupings, _tell, as_json=as_json)
        return
    read = _kernels(tables, packages, systems)
    kernels = [one for one in read if isinstance(one, Kernels)]
    skipped = [one for one in read if isinstance(one, Skipped)]
    _tell_skipped(skipped)
    records = () if no_records else read_records(of_steps)
    done = calibrate(records, groupings, _tell, kernels)
    if output is not None:
        output.write_text(done.text, encoding="utf-8")
        _tell(f"wrote {output}")
    if as_json:
        click.echo(json.dumps(_as_object(done, skipped), indent=2))
    else:
        _print((*(done.trials if records else ()), *done.kernel_trials))


def _tell(text: str) -> None:
    click.echo(text, err=True)


def _kernels(
    files: Sequence[Path], packages: Sequence[str], systems: Sequence[str]
) -> list[Kernels | Skipped]:
    from stargate.perf.kernels import aiconfigurator, load, shipped

    read = [answer for file in files for answer in load(file)]
    if "shipped" in packages:
        read += shipped()
    if "aiconfigurator" in packages:
        read += aiconfigurator.load(systems)
    return read


def _tell_skipped(skipped: Sequence[Skipped]) -> None:
    for one in skipped[:SKIPPED_SHOWN]:
        _tell(f"skipped {one.name}: {one.reason}")
    if len(skipped) > SKIPPED_SHOWN:
        _tell(f"skipped {len(skipped) - SKIPPED_SHOWN} more rows; all with --json")


def _as_object(done: Calibrated, skipped: Sequence[Skipped]) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "schema_version": 1,
        "errors": _errors(done.trials),
        "kernel_errors": _errors(done.kernel_trials),
        "coefficients": done.coefficients,
        "skipped": [asdict(one) for one in skipped],
    }


def _errors(trials: Sequence[Trial]) -> dict[str, dict[str, object]]:
    from dataclasses import asdict

    return {
        trial.name: {name: asdict(summary) for name, summary in trial.summaries.items()}
        for trial in trials
    }


def _print(trials: Sequence[Trial]) -> None:
    from stargate.view import scoreboard as board
    from stargate.view.terminal import console as console_for

    console = console_for()
    for trial in trials:
        cells = [board.summary_cells(name, summary) for name, summary in trial.summaries.items()]
        console.print(board.terminal_table(trial.name, board.SUMMARY_HEADS, cells))
