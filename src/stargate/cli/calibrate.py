"""`stargate calibrate`: fit the performance model's coefficients to measured step times."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from stargate.perf.calibration import Calibrated
    from stargate.perf.calibration.artefact import Trial


@click.command("calibrate")
@click.argument(
    "files",
    nargs=-1,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="[CSV]...",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the calibration here.")
@click.option(
    "--cross-validate",
    "groupings",
    multiple=True,
    type=click.Choice(["family", "model", "accelerator", "count", "hidden", "fold"]),
    help="Refit with each whole group left out, and score it on that group; may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    files: tuple[Path, ...], output: Path | None, groupings: tuple[str, ...], as_json: bool
) -> None:
    """Fit the coefficients of the performance model to measured step times.

    Takes CSV files with the columns of the training records, or those that come with Stargate.
    Each coefficient has a prior from a benchmark or a data sheet; about two dozen are fitted for
    each accelerator family and software generation, none for a record or a model.

    \b
        stargate calibrate -o mine.yaml --cross-validate family
        stargate predict --calibration mine.yaml ...
    """
    from stargate.perf.calibration import calibrate, read_records

    def tell(text: str) -> None:
        click.echo(text, err=True)

    done = calibrate(read_records(files), groupings, tell)
    if output is not None:
        output.write_text(done.text, encoding="utf-8")
        tell(f"wrote {output}")
    if as_json:
        click.echo(json.dumps(_as_object(done), indent=2))
    else:
        _print(done.trials)


def _as_object(done: Calibrated) -> dict[str, object]:
    from dataclasses import asdict

    trials = {
        trial.name: {name: asdict(summary) for name, summary in trial.summaries.items()}
        for trial in done.trials
    }
    return {"schema_version": 1, "errors": trials, "coefficients": done.coefficients}


def _print(trials: tuple[Trial, ...]) -> None:
    from stargate.view import scoreboard as board
    from stargate.view.terminal import console as console_for

    console = console_for()
    for trial in trials:
        cells = [board.summary_cells(name, summary) for name, summary in trial.summaries.items()]
        console.print(board.terminal_table(trial.name, board.SUMMARY_HEADS, cells))
