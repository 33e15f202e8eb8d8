"""The report on a simulation: the answer, power, use, the queue, tables, and the basis."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import stargate
from stargate.fleet.result import FleetResult
from stargate.fleet.summary import summary
from stargate.view.figures.fleet import power_chart, queue_chart, use_chart
from stargate.view.fleet_words import MWH_J, TEXT_COLUMNS, answers, basis, duration, listings
from stargate.view.page import (
    Column,
    Markup,
    Section,
    chart_markup,
    command,
    key_figures,
    lead,
    page,
    paragraph,
    table,
)
from stargate.view.plan_tables import facts
from stargate.view.wording import count, utilisation


def fleet_report(result: FleetResult, path: Path, *, command_line: str = "") -> None:
    """Write the report as one HTML file that opens without a network."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(fleet_page(result, command_line), encoding="utf-8")


def fleet_page(result: FleetResult, command_line: str = "") -> str:
    """The report as one text; the same result gives the same bytes."""
    sections = [*_charts(result), *_tables(result), *_basis(result, command_line)]
    return page(
        result.name or "Simulation",
        kicker=f"Simulation · {duration(result.span_s)} · {result.policy} · seed {result.seed}",
        opening=[lead(answers(result)), _key_figures(result)],
        sections=sections,
        footer=f"Stargate {stargate.__version__}",
    )


def _key_figures(result: FleetResult) -> Markup:
    found = summary(result.jobs)
    energy_mwh = sum(site.facility_energy_j for site in result.sites) / MWH_J
    return key_figures(
        [
            ("Jobs done", count(found.fates["done"]), f"of {count(found.n_jobs)}"),
            ("Mean wait", duration(found.mean_wait_s), f"95 %: {duration(found.p95_wait_s)}"),
            ("Goodput", utilisation(found.goodput), "progress over time on nodes"),
            ("Energy", f"{energy_mwh:,.0f} MWh", "from the grid"),
        ]
    )


def _charts(result: FleetResult) -> list[Section]:
    said = f"Basis: {basis(result)}."
    charts = [
        power_chart(result.sites, result.edges_s, basis=said),
        *(use_chart(pool, result.edges_s, basis=said) for pool in result.pools),
        queue_chart(result.queue, result.edges_s, basis=said),
    ]
    return [Section("over-time", "Over time", [chart_markup(chart) for chart in charts])]


def _tables(result: FleetResult) -> list[Section]:
    return [
        Section(each.id, each.title, [table(_columns(each.columns), each.rows)])
        for each in listings(result)
    ]


def _columns(names: Sequence[str]) -> list[Column]:
    return [Column(name, number=i > 0 and name not in TEXT_COLUMNS) for i, name in enumerate(names)]


def _basis(result: FleetResult, command_line: str) -> list[Section]:
    again = [paragraph("The same again:"), command(command_line)] if command_line else []
    rests = Section("facts", "Facts and sources", [facts(result.facts)])
    return [rests, Section("basis", "Basis", [paragraph(basis(result)), *again])]
