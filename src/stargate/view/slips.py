"""What has changed since a plan was made, in words and tables: for the terminal and the report."""

from __future__ import annotations

import math
from collections.abc import Sequence

from stargate.programme.result import PlanResult
from stargate.programme.tracking import Slip, Tracking
from stargate.units import MONTH_S
from stargate.view.earned import earned_sentences, earned_table
from stargate.view.figures.slips import slip_chart
from stargate.view.page import Column, Markup, chart_markup, heading, paragraph, table, tag
from stargate.view.page import text as escaped
from stargate.view.wording import long_day, month, months, percent

SLIP_COLUMNS = ("Plan P50", "Now P50", "Slip", "Plan P80", "Now P80")


def told(tracking: Tracking) -> list[Slip]:
    """The slips that a reader is told of first: phases, gates, runs, and what is under way."""
    return [s for s in tracking.slips if s.kind != "task" or s.state != "ahead"]


def slip_cells(result: PlanResult, slip: Slip) -> tuple[str, ...]:
    """The dates of one activity, in the plan and now."""
    return (
        month(result.day(slip.plan_p50_s)),
        month(result.day(slip.forecast_p50_s)),
        slip_text(slip),
        month(result.day(slip.plan_p80_s)),
        month(result.day(slip.forecast_p80_s)),
    )


def slip_text(slip: Slip) -> str:
    """`+7.5 months`; a dash where one of the two never comes."""
    if not math.isfinite(slip.slip_s):
        return "–"
    sign = "+" if slip.slip_s > 0 else "−" if slip.slip_s < 0 else ""
    return f"{sign}{months(abs(slip.slip_s))}" if abs(slip.slip_s) > 0.05 * MONTH_S else "on plan"


def slip_sentences(result: PlanResult, tracking: Tracking) -> list[str]:
    """How the last phase moved, and its odds."""
    last = result.phases[-1]
    slips = {slip.id: slip for slip in tracking.slips if slip.kind == "phase"}
    sentences: list[str] = []
    if (slip := slips.get(last.id)) is not None and math.isfinite(slip.slip_s):
        way = "later" if slip.slip_s > 0 else "earlier"
        sentences.append(
            f"Since the plan of {long_day(tracking.planned)}, {last.name} has moved by "
            f"{months(abs(slip.slip_s))} {way} at even odds"
        )
    odds = {o.phase: o for o in tracking.odds}
    if sentences and (found := odds.get(last.id)) is not None:
        sentences[0] += (
            f"; the odds of its target were {percent(found.planned)} and are {percent(found.now)}"
        )
    return [f"{sentence}." for sentence in sentences]


def slip_section(result: PlanResult, tracking: Tracking) -> Sequence[Markup]:
    """The report's part on what has become of the plan."""
    words = (
        f"The plan of {long_day(tracking.planned)} and the forecast of "
        f"{long_day(result.data_date)} run on the same random numbers: only what is known differs."
    )
    return [
        paragraph(" ".join([*slip_sentences(result, tracking), words])),
        chart_markup(slip_chart(result, tracking, told(tracking))),
        _slips(result, tracking),
        *_earned(result, tracking),
        *([heading("What durations have taught"), _classes(tracking)] if tracking.classes else []),
        heading("What has happened"),
        _records(tracking),
    ]


def _earned(result: PlanResult, tracking: Tracking) -> list[Markup]:
    if not tracking.earned:
        return []
    told = paragraph(" ".join(earned_sentences(tracking)))
    return [heading("Earned value"), told, earned_table(result, tracking)]


def _slips(result: PlanResult, tracking: Tracking) -> Markup:
    rows = [
        (
            slip.name,
            slip.kind,
            slip.state,
            *slip_cells(result, slip),
            "–" if slip.percentile is None else percent(slip.percentile),
        )
        for slip in tracking.slips
    ]
    columns = [Column("Activity"), Column("Kind"), Column("State")]
    numbers = [Column(name, number=True) for name in (*SLIP_COLUMNS, "Planned by then")]
    body = table([*columns, *numbers], rows, "Planned by then: the plan's odds of being so far.")
    return Markup(f"<details><summary>All {len(rows)} dates</summary>{body.html}</details>")


def _classes(tracking: Tracking) -> Markup:
    rows = [
        (
            revision.name.replace("_", " "),
            str(revision.n_ended),
            str(revision.n_running),
            f"× {revision.factor:.2f}",
            f"{revision.factor_low:.2f}–{revision.factor_high:.2f}",
            f"× {revision.spread:.2f}",
        )
        for revision in tracking.classes
    ]
    names = ("Ended", "Running", "Median", "80 % interval", "Spread of the logarithm")
    caption = "A class's stated duration, moved by how its tasks went so far (Bayes)."
    return table([Column("Class"), *(Column(n, number=True) for n in names)], rows, caption)


def _records(tracking: Tracking) -> Markup:
    rows = [
        (
            record.of,
            record.what,
            long_day(record.day),
            long_day(record.known),
            tag(record.confidence),
            Markup(
                escaped(record.source)
                + (f"<br><small>{escaped(record.note)}</small>" if record.note else "")
            ),
        )
        for record in tracking.records
    ]
    dates = (Column("Day", number=True), Column("Known from", number=True))
    columns = [Column("Activity"), Column("What"), *dates, Column("Confidence"), Column("Source")]
    return table(columns, rows)
