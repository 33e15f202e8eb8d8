"""`stargate validate training`: the performance model against published measurements."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stargate.cli.outputs import json_option

if TYPE_CHECKING:
    from stargate.perf.coefficients import Coefficients
    from stargate.perf.order import Series
    from stargate.perf.records import Unusable
    from stargate.perf.score_summary import Summary
    from stargate.perf.scoreboard import Score

TERMINAL_ROWS = 40
SERIES = {"layout_sweeps": "Layout sweeps", "scaling_series": "Scaling series"}
WIDE_COLUMNS = 130  # below this the model and the strategy are left out


@click.command("training")
@click.option(
    "--records",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Score this CSV file in place of the records that come with Stargate.",
)
@click.option("--family", help="Only records of this family; mlperf-* takes several.")
@click.option("--grade", help="Only records of this grade of completeness, A to D.")
@click.option(
    "--cross-validate",
    "left_out_by",
    type=click.Choice(
        ["family", "source", "model", "accelerator", "count", "hidden", "fifth", "fold"]
    ),
    help="Score each row under coefficients fitted without its whole group; takes minutes.",
)
@json_option
@click.option("-o", "output", type=click.Path(path_type=Path), help="Write a Markdown page.")
@click.pass_context
def command(
    ctx: click.Context,
    file: Path | None,
    family: str | None,
    grade: str | None,
    left_out_by: str | None,
    as_json: bool,
    output: Path | None,
) -> None:
    """Score the performance model against published measurements.

    Every record is predicted with the strategy that it states and compared with its measured step
    time; what cannot be run is named with the reason. The worst rows come first.
    """
    suite = str(ctx.info_name)
    rows = _scored(suite, file, family, grade, left_out_by)
    if output is not None:
        output.write_text(_page(suite, rows), encoding="utf-8")
        click.echo(f"wrote {output}", err=True)
    if as_json:
        click.echo(json.dumps(_as_object(suite, rows), indent=2))
    elif output is None:
        _print(rows)


def _scored(
    suite: str,
    file: Path | None,
    family: str | None,
    grade: str | None,
    left_out_by: str | None,
) -> Sequence[Score | Unusable]:
    from stargate.perf import records
    from stargate.perf.scoreboard import score

    if file and left_out_by:
        raise click.UsageError("--cross-validate judges the records that come with Stargate")
    everything = records.load(file) if file else records.open_records(suite)
    chosen = [r for r in everything if records.matches(r.origin, family, grade)]
    if everything and not chosen:
        known = ", ".join(sorted({r.origin.family for r in everything}))
        raise click.UsageError(f"no record is of that family and grade; families: {known}")
    if left_out_by is None:
        return score(chosen)
    return score(chosen, _left_out(left_out_by), seen=())


def _left_out(by: str) -> dict[str, Coefficients]:
    """Coefficients by record, each from a fit to the shipped records of all other groups."""
    from stargate.perf.calibration import left_out_coefficients, read_records

    def tell(text: str) -> None:
        click.echo(text, err=True)

    return left_out_coefficients(read_records(()), by, tell)


def _as_object(suite: str, rows: Sequence[Score | Unusable]) -> dict[str, object]:
    from dataclasses import asdict

    from stargate.perf.repeats import known_repeats
    from stargate.perf.score_summary import summarise

    series = {name: [asdict(one) for one in held] for name, held in _series(rows).items()}
    groups = {name: _plain(members) for name, members in _groups(rows).items()}
    return {
        "schema_version": 1,
        "suite": suite,
        **asdict(summarise(rows)),
        **{f"by_{name}": members for name, members in groups.items()},
        **series,
        "repeats": asdict(known_repeats()),
        "rows": [_row_object(row) for row in rows],
    }


def _plain(members: dict[str, Summary]) -> dict[str, object]:
    from dataclasses import asdict

    return {name: asdict(summary) for name, summary in members.items()}


def _row_object(row: Score | Unusable) -> dict[str, object]:
    from stargate.perf.scoreboard import Score

    if isinstance(row, Score):
        return {
            "id": row.origin.id,
            "predicted_s": row.predicted_s,
            "interval_s": list(row.interval_s),
            "measured_s": row.measured_s,
            "error": row.error,
            "skipped": None,
        }
    return {
        "id": row.origin.id,
        "predicted_s": None,
        "interval_s": None,
        "measured_s": row.measured_s,
        "error": None,
        "skipped": row.reason,
    }


def _groups(rows: Sequence[Score | Unusable]) -> dict[str, dict[str, Summary]]:
    from stargate.perf.score_summary import summaries_by

    return {
        "family": summaries_by(rows, lambda row: row.origin.family),
        "accelerator": summaries_by(rows, lambda row: row.origin.accelerator),
        "grade": summaries_by(rows, lambda row: row.origin.grade),
    }


def _page(suite: str, rows: Sequence[Score | Unusable]) -> str:
    from stargate.perf.repeats import known_repeats
    from stargate.perf.score_summary import summarise
    from stargate.view import scoreboard

    series = {SERIES[name]: held for name, held in _series(rows).items()}
    title, repeats = f"Scoreboard: {suite}", known_repeats()
    return scoreboard.page(title, rows, summarise(rows), _groups(rows), series, repeats)


def _series(rows: Sequence[Score | Unusable]) -> dict[str, Sequence[Series]]:
    from stargate.perf.order import layout_sweeps, scaling_series
    from stargate.perf.repeats import known_repeats

    repeats = known_repeats()
    return {
        "layout_sweeps": layout_sweeps(rows, repeats),
        "scaling_series": scaling_series(rows, repeats),
    }


def _print(rows: Sequence[Score | Unusable]) -> None:
    from stargate.perf.score_summary import summarise
    from stargate.view import scoreboard as board
    from stargate.view.terminal import console as console_for

    console = console_for()
    wide = console.width >= WIDE_COLUMNS
    heads, cells_of = (
        (board.ROW_HEADS, board.row_cells) if wide else (board.NARROW_HEADS, board.narrow_cells)
    )
    worst = board.worst_first(rows)
    shown = [cells_of(row) for row in worst[:TERMINAL_ROWS]]
    title = f"Worst first ({len(shown)} of {len(worst)} scored rows; all with --json or -o)"
    tables: list[tuple[str, tuple[str, ...], list[board.Cells]]] = [(title, heads, shown)]
    tables.append(("Not scored", board.SKIPPED_HEADS, board.skipped_cells(rows)))
    for name, members in _groups(rows).items():
        cells = [board.summary_cells(member, summary) for member, summary in members.items()]
        tables.append((f"By {name}", board.SUMMARY_HEADS, cells))
    for name, series in _series(rows).items():
        tables.append(
            (SERIES[name], board.SERIES_HEADS, [board.series_cells(one) for one in series])
        )
    tables.append(("All", board.SUMMARY_HEADS, [board.summary_cells("all", summarise(rows))]))
    for name, columns, cells in tables:
        if cells:
            console.print(board.terminal_table(name, columns, cells))
