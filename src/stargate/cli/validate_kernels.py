"""`stargate validate kernels`: the formulas of a step against kernels that were timed alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stargate.cli.outputs import json_option

if TYPE_CHECKING:
    from stargate.perf.kernels import Kernels, KernelScore, Skipped

TERMINAL_ROWS = 40
HEADS = ("kernel", "part", "what", "measured", "predicted", "error")


@click.command("kernels")
@click.argument(
    "files",
    nargs=-1,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="[CSV]...",
)
@click.option(
    "--kernels",
    "package",
    type=click.Choice(["aiconfigurator"]),
    help="Take the tables of aiconfigurator-core, where it is installed.",
)
@click.option("--system", "systems", multiple=True, help="Only this system of it; may be repeated.")
@click.option(
    "--calibration",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of `stargate calibrate`, in place of the one that ships.",
)
@json_option
def command(
    files: tuple[Path, ...],
    package: str | None,
    systems: tuple[str, ...],
    calibration: Path | None,
    as_json: bool,
) -> None:
    """Score the formulas of a step against kernels that were timed on their own.

    Products, attention, expert blocks and collectives, each row beside its prediction under the
    coefficients of its part's usual software, the worst first. Takes CSV files, or the tables that
    come with Stargate.
    """
    from stargate.perf.kernels import Kernels, Skipped, score

    read = _read(files, package, systems)
    rows = score([one for one in read if isinstance(one, Kernels)], calibration=calibration)
    rows.sort(key=lambda row: (-abs(row.error), row.name))
    skipped = [one for one in read if isinstance(one, Skipped)]
    if as_json:
        click.echo(json.dumps(_as_object(rows, skipped), indent=2))
    else:
        _print(rows, skipped)


def _read(
    files: Sequence[Path], package: str | None, systems: Sequence[str]
) -> Sequence[Kernels | Skipped]:
    from stargate.perf.kernels import aiconfigurator, load, shipped

    if systems and not package:
        raise click.UsageError("--system chooses among the systems of --kernels aiconfigurator")
    read = [answer for file in files for answer in load(file)]
    if package:
        return [*read, *aiconfigurator.load(systems)]
    return read if files else shipped()


def _as_object(rows: Sequence[KernelScore], skipped: Sequence[Skipped]) -> dict[str, object]:
    from dataclasses import asdict

    from stargate.perf.kernels.scores import summaries_by, summarise

    return {
        "schema_version": 1,
        "suite": "kernels",
        **asdict(summarise(row.error for row in rows)),
        "by_kind": {
            name: asdict(one) for name, one in summaries_by(rows, lambda row: row.kind).items()
        },
        "by_accelerator": {
            name: asdict(one)
            for name, one in summaries_by(rows, lambda row: row.accelerator).items()
        },
        "rows": [asdict(row) | {"error": row.error} for row in rows],
        "skipped": [asdict(one) for one in skipped],
    }


def _print(rows: Sequence[KernelScore], skipped: Sequence[Skipped]) -> None:
    from stargate.perf.kernels.scores import summaries_by, summarise
    from stargate.view import scoreboard as board
    from stargate.view.terminal import console as console_for

    console = console_for()
    shown = [_cells(row) for row in rows[:TERMINAL_ROWS]]
    title = f"Worst first ({len(shown)} of {len(rows)} kernels; all with --json)"
    console.print(board.terminal_table(title, HEADS, shown))
    groups = {
        "By kind and accelerator": summaries_by(rows, lambda row: f"{row.kind} {row.accelerator}"),
        "By kind": summaries_by(rows, lambda row: row.kind),
        "All": {"all": summarise(row.error for row in rows)},
    }
    for name, members in groups.items():
        cells = [board.summary_cells(member, summary) for member, summary in members.items()]
        console.print(board.terminal_table(name, board.SUMMARY_HEADS, cells))
    reasons: dict[str, int] = {}
    for one in skipped:
        reasons[one.reason] = reasons.get(one.reason, 0) + 1
    for reason, count in sorted(reasons.items(), key=lambda item: -item[1]):
        console.print(f"skipped {count}: {reason}", highlight=False)


def _cells(row: KernelScore) -> tuple[str, ...]:
    return (
        row.name,
        row.accelerator,
        f"{row.kind} {row.what}",
        _time_text(row.measured_s),
        _time_text(row.predicted_s),
        f"{row.error:+.1%}",
    )


def _time_text(time_s: float) -> str:
    return f"{time_s * 1e3:.3g} ms" if time_s >= 1e-3 else f"{time_s * 1e6:.3g} us"
