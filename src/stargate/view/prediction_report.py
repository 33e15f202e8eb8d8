"""The report on a prediction: the step and its terms, the memory, the alternatives, the basis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase

import stargate
from stargate.perf.question import Question
from stargate.perf.sample import Sample
from stargate.perf.search import Candidate, Prediction, describe
from stargate.perf.stages import stage_passes
from stargate.perf.timeline import replay
from stargate.programme.fronts import Front
from stargate.view.figures.front import front_chart, offer_columns, offer_row
from stargate.view.figures.pipeline import pipeline_chart
from stargate.view.figures.search import search_picture
from stargate.view.figures.step import StrategyPoint, memory_stack, pareto, step_waterfall
from stargate.view.page import (
    Column,
    Markup,
    Section,
    bullets,
    chart_markup,
    command,
    key_figures,
    lead,
    page,
    paragraph,
    table,
)
from stargate.view.plan_tables import facts
from stargate.view.trace import once_a_step_s
from stargate.view.wording import count, gigabytes, percent, seconds, term, utilisation

_SLOWEST_SHOWN = 2.0
_FEWEST_LINES = 20


@dataclass(frozen=True, slots=True)
class Beside:
    """What a report may show beside the prediction itself.

    `front` are other machine sizes, `sample` is what the search weighed (at most `slowest` times
    the fastest), `compared` are strategies that were stated, the first of them the one to beat.
    """

    front: Front | None = None
    sample: Sample | None = None
    compared: tuple[Candidate, ...] = ()
    slowest: float = _SLOWEST_SHOWN


def prediction_report(
    question: Question,
    prediction: Prediction,
    path: Path,
    *,
    command_line: str = "",
    beside: Beside | None = None,
) -> None:
    """Write the report as one HTML file that opens without a network."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = prediction_page(question, prediction, command_line, beside)
    path.write_text(content, encoding="utf-8")


def prediction_page(
    question: Question,
    prediction: Prediction,
    command_line: str = "",
    beside: Beside | None = None,
) -> str:
    """The report as one text; the same prediction gives the same bytes."""
    machine, work = question.machine, question.workload
    sections = _sections(question, prediction, command_line, beside or Beside())
    return page(
        f"{question.model.name or work.model} on {machine.count:,} × {machine.accelerator.name}",
        kicker=(
            f"Training step · {work.global_batch:,} sequences of {work.seq_len:,} tokens · "
            f"{work.precision} · {prediction.n_evaluated:,} strategies weighed"
        ),
        opening=[lead(_sentences(question, prediction)), _key_figures(prediction)],
        sections=[section for section in sections if section.parts],
        footer=f"Stargate {stargate.__version__}",
    )


def _sentences(question: Question, prediction: Prediction) -> tuple[str, ...]:
    best = prediction.best
    low, high = best.interval_s
    largest, time_s = max(best.breakdown_s.items(), key=lambda item: item[1])
    share = percent(time_s / best.step_time_s)
    rate = question.workload.global_batch * question.workload.seq_len / best.step_time_s
    software = question.machine.software
    said = "assumed, which widens the interval" if software.assumed else "as stated"
    assumed = sum(fact.confidence == "assumed" for fact in prediction.facts)
    return (
        f"A step takes {seconds(best.step_time_s)}, which is {count(rate)} tokens a second; the "
        f"measured time lies between {seconds(low)} and {seconds(high)} with 80\u00a0%.",
        f"The strategy is {describe(best.strategy)}.",
        f"The largest term is {term(largest)}: {seconds(time_s)}, {share} of the step.",
        f"The fullest accelerator holds {gigabytes(best.memory_bytes)} of the "
        f"{gigabytes(prediction.memory_limit_bytes)} that a job may fill.",
        f"The software is {software.name} ({said}); {assumed} of the {len(prediction.facts)} facts "
        "under this are assumed.",
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


def _sections(
    question: Question, prediction: Prediction, command_line: str, beside: Beside
) -> list[Section]:
    best, limit = prediction.best, prediction.memory_limit_bytes
    basis = f"Basis: step-time model, {describe(best.strategy)}; see “Facts and sources”."
    waterfall = step_waterfall({term(n): s for n, s in best.breakdown_s.items()}, basis=basis)
    memory = memory_stack(best.memory, limit, basis=basis)
    counted = paragraph(f"FLOP are counted as {prediction.flop_convention}.")
    front = beside.front
    known = (*prediction.facts, *(front.facts if front else ()))
    return [
        Section("step", "The step", [chart_markup(waterfall), counted]),
        Section("pipeline", "The pipeline", _pipeline(question, best, basis)),
        Section("memory", "Memory", [chart_markup(memory)]),
        Section("compared", "The strategies compared", _compared(beside.compared)),
        Section("alternatives", "Alternatives", _alternatives(prediction)),
        Section("search", "The search", _search(beside)),
        Section("sizes", "Machine sizes", _sizes(front) if front else []),
        Section("facts", "Facts and sources", [facts(known)]),
        Section("reproduce", "How to reproduce this", _reproduce(command_line)),
    ]


def _pipeline(question: Question, best: Candidate, basis: str) -> list[Markup]:
    if best.strategy.pp == 1:
        return []
    passes = stage_passes(question.model, question.machine, question.workload, best.strategy)
    chart = pipeline_chart(replay(passes), once_a_step_s(best, passes), basis=basis)
    return [chart_markup(chart)]


def _search(beside: Beside) -> list[Markup]:
    sample = beside.sample
    if sample is None or len(sample.table) < _FEWEST_LINES:
        return []
    basis = "Basis: step-time model; strategies drawn at random from the space that was searched."
    return [chart_markup(search_picture(sample, slowest=beside.slowest, basis=basis))]


def _sizes(front: Front) -> list[Markup]:
    basis = (
        f"Basis: {front.n_evaluated:,} strategies weighed by the step-time model; cost and energy "
        "of the accelerators’ time from the facts below, without failures and checkpoints."
    )
    columns = [Column(name, number=name != "Strategy") for name in offer_columns(front)]
    fastest = table(
        columns, [offer_row(front, offer) for offer in front.bests], "The fastest of each count."
    )
    refused = [paragraph(f"{count:,} accelerators: {reason}.") for count, reason in front.refused]
    chart = [chart_markup(front_chart(front, basis=basis))] if front.offers else []
    return [*chart, *([fastest] if front.bests else []), *refused]


def _compared(candidates: Sequence[Candidate]) -> list[Markup]:
    """Strategies side by side, term by term."""
    if len(candidates) < 2:
        return []
    letters = ascii_uppercase[: len(candidates)]
    said = [f"{a}: {describe(c.strategy)}" for a, c in zip(letters, candidates, strict=True)]
    columns = [Column("Term (s)"), *(Column(letter, number=True) for letter in letters)]
    rows = [
        (term(name), *(f"{c.breakdown_s[name]:,.4g}" for c in candidates))
        for name in candidates[0].breakdown_s
        if any(c.breakdown_s[name] for c in candidates)
    ]
    rows += [
        ("step", *(f"{c.step_time_s:,.4g}" for c in candidates)),
        ("MFU", *(utilisation(c.mfu) for c in candidates)),
        ("memory, fullest rank (GB)", *(f"{c.memory_bytes / 1e9:,.1f}" for c in candidates)),
    ]
    return [bullets(said), table(columns, rows, "Terms of the step, side by side.")]


def _reproduce(command_line: str) -> list[Markup]:
    return [command(command_line)] if command_line else []


def _alternatives(prediction: Prediction) -> list[Markup]:
    if not prediction.alternatives:
        return []
    compared = (prediction.best, *prediction.alternatives)
    best_s = prediction.best.step_time_s
    chart = pareto(
        _points([c for c in prediction.pareto if c.step_time_s < _SLOWEST_SHOWN * best_s]),
        _points(prediction.alternatives),
        prediction.memory_limit_bytes,
        basis=(
            f"Basis: all {prediction.n_evaluated:,} strategies were weighed; those that take more "
            f"than {_SLOWEST_SHOWN:g} times the best step are left out of the picture."
        ),
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
