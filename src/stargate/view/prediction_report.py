"""The report on a prediction: the step and its terms, the memory, the alternatives, the basis."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import stargate
from stargate.perf.search import Candidate, Prediction, describe
from stargate.view.figures.step import StrategyPoint, memory_stack, pareto, step_waterfall
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
from stargate.view.wording import gigabytes, percent, seconds, term, utilisation

_MFU = (
    "MFU counts the FLOP that the model needs (causal attention halved) over the peak of the "
    "linear layers' precision; HFU adds what recomputation repeats."
)


def prediction_report(
    prediction: Prediction, path: Path, *, title: str, command_line: str = ""
) -> None:
    """Write the report as one HTML file that opens without a network."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = prediction_page(prediction, title=title, command_line=command_line)
    path.write_text(text, encoding="utf-8")


def prediction_page(prediction: Prediction, *, title: str, command_line: str = "") -> str:
    """The report as one text; the same prediction gives the same bytes."""
    return page(
        title,
        kicker=f"Training step · {prediction.n_evaluated:,} strategies weighed",
        opening=[lead(_sentences(prediction)), _key_figures(prediction)],
        sections=[section for section in _sections(prediction, command_line) if section.parts],
        footer=f"Stargate {stargate.__version__}",
    )


def _sentences(prediction: Prediction) -> tuple[str, ...]:
    best = prediction.best
    low, high = best.interval_s
    largest, time_s = max(best.breakdown_s.items(), key=lambda item: item[1])
    share = percent(time_s / best.step_time_s)
    assumed = sum(fact.confidence == "assumed" for fact in prediction.facts)
    return (
        f"A step takes {seconds(best.step_time_s)} with {describe(best.strategy)}; the measured "
        f"time lies between {seconds(low)} and {seconds(high)} with 80\u00a0%.",
        f"The largest term is {term(largest)}, {seconds(time_s)} or {share} of the step.",
        f"The fullest accelerator holds {gigabytes(best.memory_bytes)} of the "
        f"{gigabytes(prediction.memory_limit_bytes)} that a job may fill.",
        f"{assumed} of the {len(prediction.facts)} facts under this are assumed.",
    )


def _key_figures(prediction: Prediction) -> Markup:
    best = prediction.best
    low, high = best.interval_s
    limit = gigabytes(prediction.memory_limit_bytes)
    return key_figures(
        [
            (
                "Step time",
                seconds(best.step_time_s),
                f"80\u00a0%: {seconds(low)} to {seconds(high)}",
            ),
            ("MFU", utilisation(best.mfu), f"HFU {utilisation(best.hfu)}"),
            ("Memory, fullest rank", gigabytes(best.memory_bytes), f"of {limit}"),
            ("Strategies that fit", f"{prediction.n_feasible:,}", f"of {prediction.n_evaluated:,}"),
        ]
    )


def _sections(prediction: Prediction, command_line: str) -> list[Section]:
    best, limit = prediction.best, prediction.memory_limit_bytes
    basis = f"Basis: step-time model, {describe(best.strategy)}; see “Facts and sources”."
    waterfall = step_waterfall({term(n): s for n, s in best.breakdown_s.items()}, basis=basis)
    memory = memory_stack(best.memory, limit, basis=basis)
    words = [paragraph(_MFU)]
    return [
        Section("step", "The step", [chart_markup(waterfall), *words]),
        Section("memory", "Memory", [chart_markup(memory)]),
        Section("alternatives", "Alternatives", _alternatives(prediction)),
        Section("facts", "Facts and sources", [facts(prediction.facts)]),
        Section("reproduce", "How to reproduce this", _reproduce(command_line)),
    ]


def _reproduce(command_line: str) -> list[Markup]:
    return [command(command_line)] if command_line else []


def _alternatives(prediction: Prediction) -> list[Markup]:
    if not prediction.alternatives:
        return []
    compared = (prediction.best, *prediction.alternatives)
    chart = pareto(
        _points(prediction.pareto),
        _points(compared),
        prediction.memory_limit_bytes,
        basis=f"Basis: all {prediction.n_evaluated:,} strategies were weighed.",
    )
    return [_comparison(compared), chart_markup(chart)]


def _points(candidates: Sequence[Candidate]) -> list[StrategyPoint]:
    return [StrategyPoint(describe(c.strategy), c.step_time_s, c.memory_bytes) for c in candidates]


def _comparison(candidates: Sequence[Candidate]) -> Markup:
    best_s = candidates[0].step_time_s
    rows = [
        (
            describe(candidate.strategy),
            f"{candidate.step_time_s:,.4g}",
            f"+{percent(candidate.step_time_s / best_s - 1)}",
            utilisation(candidate.mfu),
            f"{candidate.memory_bytes / 1e9:,.1f}",
        )
        for candidate in candidates
    ]
    names = ("Step (s)", "Slower by", "MFU", "Memory (GB)")
    columns = [Column("Strategy"), *(Column(name, number=True) for name in names)]
    return table(columns, rows, "The best strategy of each layout (tp, pp, cp, ep).")
