"""The answer of `stargate validate programme` as text, from the object that `--json` prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Answer = Mapping[str, Any]

_CREDIT = "Site timelines: Epoch AI, Frontier Data Centers, CC BY 4.0."


def page(answer: Answer) -> str:
    """The whole answer."""
    lines: list[str] = []
    if "milestones" in answer:
        lines += [*_hindcast(answer), ""]
    if "totals" in answer:
        lines += [*_totals(answer["totals"]), "", *_flags(answer["flagged"]), ""]
    return "\n".join([*lines, _CREDIT])


def _hindcast(answer: Answer) -> Iterator[str]:
    yield f"Hindcast of milestones that fell due, truth: {answer['truth_kind']}"
    yield ""
    scores = {kind: score for kind, score in answer["by_truth_kind"].items() if score}
    heads = ("truth", "n", "resolved", "coverage", "pinball", "no slip", "x 1.4", "median error")
    rows = [(kind, *_score_cells(score)) for kind, score in scores.items()]
    yield from _table(heads, rows)
    yield "coverage: of P10 to P90; losses and errors in days; pinball over P10, P50 and P90"
    yield ""
    heads = ("site", "MW", "as of", "expected", "P10", "P50", "P90", "it came")
    yield from _table(heads, [_milestone_cells(m) for m in answer["milestones"] if m["scored"]])
    for key in ("sites_not_followed", "sites_new"):
        if answer.get(key):
            yield f"{key.replace('_', ' ')}: {', '.join(answer[key])}"


def _score_cells(score: Answer) -> tuple[str, ...]:
    losses = (score[f"pinball{of}"] for of in ("", "_no_slip", "_scaled"))
    return (
        str(score["n"]),
        str(score["n_resolved"]),
        f"{score['coverage_80']:.0%}",
        *(f"{loss:.1f}" for loss in losses),
        f"{score['median_abs_days']:.0f}",
    )


def _milestone_cells(m: Answer) -> tuple[str, ...]:
    came = m["day"] if m["standing"] == "reached" else f"after {m['truth']}"
    if m["standing"] == "expected":
        came += f", now {m['day']}"
    days = (m[key] for key in ("as_of", "expected", "p10", "p50", "p90"))
    return (m["site"], f"{m['facility_mw']:,.0f}", *days, came)


def _totals(totals: Sequence[Answer]) -> Iterator[str]:
    missed = sum(not total["ok"] for total in totals)
    yield f"Published totals: {len(totals) - missed} of {len(totals)} within tolerance"
    yield ""
    heads = ("total", "published", "ours", "unit", "error", "", "how")
    rows = [
        (
            t["id"],
            f"{t['published']:,.6g}",
            f"{t['ours']:,.6g}",
            t["unit"],
            f"{t['error']:+.2%}",
            "ok" if t["ok"] else "MISS",
            t["how"],
        )
        for t in totals
    ]
    yield from _table(heads, rows)


def _flags(flags: Sequence[Answer]) -> Iterator[str]:
    for flag in flags:
        yield f"Cannot be right: {flag['id']} = {flag['published']:g} {flag['unit']}: {flag['why']}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[i]) for row in (heads, *rows)) for i in range(len(heads))]
    for row in (heads, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
