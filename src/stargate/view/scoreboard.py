"""The scoreboard as tables: on the terminal and as a page of the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table

from stargate.perf.order import Series
from stargate.perf.records import Unusable, known_reason
from stargate.perf.repeats import Repeats, Spread
from stargate.perf.score_summary import Summary
from stargate.perf.scoreboard import Score

Cells = tuple[str, ...]
ROW_HEADS = ("record", "model", "accelerators", "strategy", "measured", "predicted", "error")
SUMMARY_HEADS = ("group", "rows", "scored", "median", "mean", "P90", "bias", "in 80 %")
NARROW_HEADS = ("record", "accelerators", "measured", "predicted", "error")
SKIPPED_HEADS = ("family", "reason", "rows")
TEXT_HEADS = {
    *("record", "model", "strategy", "group", "family", "reason", "differing in one thing"),
    *("kernel", "part", "what", "runs of one configuration", "term switched off"),
}
LONG_HEADS = {"model", "accelerators", "strategy", "reason", "differing in one thing", "what"}
SERIES_HEADS = (
    *("differing in one thing", "rows", "rank correlation", "beyond noise", "wrong pairs"),
    "regret",
)
REPEAT_HEADS = ("runs of one configuration", "pairs", "median", "P75", "P90")


def worst_first(rows: Iterable[Score | Unusable]) -> list[Score]:
    """The scored rows by the size of their error."""
    scored = [row for row in rows if isinstance(row, Score)]
    return sorted(scored, key=lambda row: (-abs(row.error), row.origin.id))


def row_cells(row: Score) -> Cells:
    """One line of the scoreboard."""
    return (
        row.origin.id,
        row.origin.model,
        f"{row.n_accelerators:,} {row.origin.accelerator}",
        layout_text(row),
        f"{row.measured_s:.3g} s",
        f"{row.predicted_s:.3g} s",
        f"{row.error:+.1%}",
    )


def narrow_cells(row: Score) -> Cells:
    """The same line for a terminal without room for model and strategy."""
    cells = dict(zip(ROW_HEADS, row_cells(row), strict=True))
    return tuple(cells[head] for head in NARROW_HEADS)


def layout_text(row: Score) -> str:
    """The strategy in the short form of the command line, ones left out."""
    s = row.strategy
    sizes = {"tp": s.tp, "pp": s.pp, "vp": s.vp, "cp": s.cp, "ep": s.ep, "dp": s.dp or 1}
    parts = [f"{name}={size}" for name, size in sizes.items() if size > 1]
    return ",".join([*parts, f"mb={s.micro_batch}", f"zero={s.zero}", f"recompute={s.recompute}"])


def summary_cells(name: str, summary: Summary) -> Cells:
    """One line of the summary."""
    figures = (
        summary.median_abs_error,
        summary.mape,
        summary.p90_abs_error,
        summary.bias,
        summary.coverage_80,
    )
    signs = ("", "", "", "+", "")
    texts = ["-" if f is None else f"{f:{sign}.1%}" for f, sign in zip(figures, signs, strict=True)]
    return (name, str(summary.n), str(summary.n_scored), *texts)


def series_cells(series: Series) -> Cells:
    """One line of the sweeps and scaling series."""
    ranks = series.rank_correlation, series.rank_beyond_noise
    texts = ["-" if rank is None else f"{rank:+.2f}" for rank in ranks]
    wrong = f"{series.pairs_wrong:g} of {series.pairs_beyond_noise}"
    regret = "-" if series.regret is None else f"{series.regret:.1%}"
    return (series.name, str(series.n), *texts, wrong, regret)


def repeat_cells(repeats: Repeats) -> list[Cells]:
    """What repeated runs differ by, of the same release of the software and of two."""
    spreads = {"same release": repeats.same_release, "two releases": repeats.other_release}
    return [(name, str(spread.n_pairs), *_quantiles(spread)) for name, spread in spreads.items()]


def _quantiles(spread: Spread) -> Cells:
    figures = spread.median, spread.p75, spread.p90
    return tuple("-" if figure is None else f"{figure:.1%}" for figure in figures)


def terminal_table(title: str, heads: Sequence[str], rows: Iterable[Cells]) -> Table:
    """A table for the terminal; figures stand to the right, long texts fold."""
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for head in heads:
        text = head in TEXT_HEADS
        table.add_column(head, justify="left" if text else "right", no_wrap=head not in LONG_HEADS)
    for row in rows:
        table.add_row(*row)
    return table


def markdown_table(heads: Sequence[str], rows: Iterable[Cells]) -> str:
    """The same table in Markdown."""
    rule = ["---"] + ["---:"] * (len(heads) - 1)
    lines = [heads, rule, *([cell.replace("|", "/") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def skipped_cells(rows: Iterable[Score | Unusable]) -> list[Cells]:
    """Reasons for which records were not scored, and how many each, the most frequent first."""
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        if isinstance(row, Unusable):
            key = (row.origin.family, row.reason)
            counts[key] = counts.get(key, 0) + 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(family, reason, str(count)) for (family, reason), count in ordered]


def page(
    title: str,
    rows: Sequence[Score | Unusable],
    total: Summary,
    groups: Mapping[str, Mapping[str, Summary]],
    series: Mapping[str, Sequence[Series]],
    repeats: Repeats,
) -> str:
    """The scoreboard as a page of Markdown, worst rows first, with the reasons that are known."""
    parts = [f"# {title}", INTRODUCTION]
    parts += ["## All rows", markdown_table(SUMMARY_HEADS, [summary_cells("all", total)])]
    for name, members in groups.items():
        cells = [summary_cells(member, summary) for member, summary in members.items()]
        parts += [f"## By {name}", markdown_table(SUMMARY_HEADS, cells)]
    for name, members in series.items():
        if members:
            cells = [series_cells(one) for one in members]
            parts += [f"## {name}", markdown_table(SERIES_HEADS, cells)]
    parts += ["## Repeated runs", REPEATED, markdown_table(REPEAT_HEADS, repeat_cells(repeats))]
    cells = [(*row_cells(row), known_reason(row.origin.id)) for row in worst_first(rows)]
    parts += [
        "## Every row, worst first",
        markdown_table((*ROW_HEADS, "why, as far as known"), cells),
    ]
    skipped = markdown_table(SKIPPED_HEADS, skipped_cells(rows))
    parts += ["## Not scored", skipped]
    return "\n\n".join(parts) + "\n"


INTRODUCTION = """\
Predicted against measured step time of published training runs. `error` is predicted over
measured, less one; `bias` is its mean; `P90` the size that nine rows of ten stay under; `in 80 %`
the share of measured times that the 80 % intervals hold. Each row runs with the strategy that its
source states; what a source leaves out is chosen as a search would choose it, the fastest that
fits. Rank correlation (Spearman) is taken over the cost of a sequence within rows that differ in
one thing; regret is the measured cost of the layout that the model would choose over the best
measured, less one. `beyond noise` is Kendall's rank correlation over the pairs of such rows that
differ by more than repeated runs do in the median, `wrong pairs` how many of these the model orders
wrongly.

The records are in `src/stargate/catalog/data/records`, each with its source. This page is written
by `stargate validate`; do not edit it."""
REPEATED = """\
Rows of one source that state the same model, machine, batch and layout, pair by pair: what no model
can foresee from what the records state."""
