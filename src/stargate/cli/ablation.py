"""What `stargate calibrate --ablate` shows: the errors with each physical term switched off."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from stargate.perf.calibration.ablation import Ablated
    from stargate.perf.records import Record
    from stargate.perf.score_summary import Summary

USUAL_GROUPING = "fifth"
FITTED_HEADS = ("median", "P90")
UNSEEN_HEADS = ("unseen", "P90", "bias", "dense", "experts")


def show(
    records: Sequence[Record],
    groupings: Sequence[str],
    tell: Callable[[str], None],
    *,
    as_json: bool,
) -> None:
    """Fit without each term in turn and print the errors, one line a term."""
    from stargate.perf.calibration import known_priors
    from stargate.perf.calibration.ablation import ablate

    if len(groupings) > 1:
        raise click.UsageError("--ablate takes one --cross-validate")
    by = groupings[0] if groupings else USUAL_GROUPING
    found = list(ablate(records, known_priors(), by, tell))
    if as_json:
        rows = [asdict(one) for one in found]
        click.echo(json.dumps({"schema_version": 1, "left_out_by": by, "terms": rows}, indent=2))
    else:
        _print(found, by)


def _print(found: Sequence[Ablated], by: str) -> None:
    from stargate.view import scoreboard as board
    from stargate.view.terminal import console as console_for

    title = f"errors in sample, and of records left out by {by}"
    heads = ("term switched off", *FITTED_HEADS, *UNSEEN_HEADS)
    console_for().print(board.terminal_table(title, heads, [_cells(one) for one in found]))


def _cells(one: Ablated) -> tuple[str, ...]:
    inside, outside = one.in_sample, one.left_out
    figures = (inside.median_abs_error, inside.p90_abs_error, outside.median_abs_error)
    texts = [_percent(figure) for figure in (*figures, outside.p90_abs_error)]
    bias = _percent(outside.bias, "+")
    return (one.name, *texts, bias, *map(_median, (one.left_out_dense, one.left_out_experts)))


def _median(summary: Summary) -> str:
    return _percent(summary.median_abs_error)


def _percent(figure: float | None, sign: str = "") -> str:
    return "-" if figure is None else f"{figure:{sign}.1%}"
