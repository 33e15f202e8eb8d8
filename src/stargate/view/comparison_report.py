"""The report on two plans: what B changes, with its charts, its tables and what differs."""

from __future__ import annotations

from collections.abc import Sequence

from stargate.programme.compare import Comparison
from stargate.view.differences import cost_cells, date_cells, odds_cells, sentences
from stargate.view.figures.differences import difference_chart, online_chart
from stargate.view.page import (
    Column,
    Markup,
    Section,
    bullets,
    chart_markup,
    lead,
    page,
    paragraph,
    table,
)
from stargate.view.wording import long_day

_MOVED = ("A, P50", "B, P50", "B less A, P50", "P10", "P90", "Mean, 95 % interval")


def comparison_page(found: Comparison, labels: tuple[str, str]) -> str:
    """The report as one text; the same comparison gives the same bytes."""
    a, b = found.a, found.b
    return page(
        f"{a.name}: A against B",
        kicker=(
            f"Two plans on the same random numbers · known to {long_day(a.data_date)} · "
            f"{a.n_samples:,} sampled futures"
        ),
        opening=[lead(sentences(found, labels)), bullets([f"A: {labels[0]}", f"B: {labels[1]}"])],
        sections=[
            Section("dates", "Dates", _dates(found, labels)),
            Section("money", "Money", _money(found)),
            Section("odds", "Odds", [_odds(found)]),
            Section("changes", "What differs in the files", _changes(found)),
        ],
        footer=(
            f"Stargate {a.version} · A {a.spec_hash[:12]} · B {b.spec_hash[:12]} · seed {a.seed}"
        ),
    )


def _dates(found: Comparison, labels: tuple[str, str]) -> list[Markup]:
    parts = [online_chart(found, labels), difference_chart(found, "s")]
    rows = [(phase.name, *date_cells(found, phase.online)) for phase in found.phases]
    rows += [(gate.name, *date_cells(found, gate.opens)) for gate in found.gates]
    caption = "Differences are those within one future, in the futures in which both come."
    return [
        *(chart_markup(c) for c in parts if c is not None),
        _table("Phase or gate", rows, caption),
    ]


def _money(found: Comparison) -> list[Markup]:
    chart = difference_chart(found, "USD")
    rows = [(phase.name, *cost_cells(phase.capex)) for phase in found.phases]
    rows.append(("whole programme", *cost_cells(found.capex)))
    caption = f"Capital, billions of {found.a.price_base} dollars."
    return [*([chart_markup(chart)] if chart else []), _table("Phase", rows, caption)]


def _table(first: str, rows: Sequence[Sequence[str]], caption: str) -> Markup:
    return table([Column(first), *(Column(name, number=True) for name in _MOVED)], rows, caption)


def _odds(found: Comparison) -> Markup:
    rows = [
        (f"{phase.name} {odds.name}", *odds_cells(odds))
        for phase in found.phases
        for odds in phase.odds
    ]
    rows += [(f"{gate.name} {gate.odds.name}", *odds_cells(gate.odds)) for gate in found.gates]
    columns = [Column("Of"), *(Column(n, number=True) for n in ("A", "B", "B less A (95 %)"))]
    return table(columns, rows, "Each with half of the 95 % interval of the paired difference.")


def _changes(found: Comparison) -> list[Markup]:
    if not found.changes:
        return [paragraph("Nothing: the two are the same.")]
    rows = [(path, a or "–", b or "–") for path, a, b in found.changes]
    alone = [f"only in A: {', '.join(found.only_in_a)}"] if found.only_in_a else []
    alone += [f"only in B: {', '.join(found.only_in_b)}"] if found.only_in_b else []
    columns = [Column("Path"), Column("A", number=True), Column("B", number=True)]
    told = table(columns, rows, "Quantities in SI units, as the path's last word says.")
    return [told, *([bullets(alone)] if alone else [])]
