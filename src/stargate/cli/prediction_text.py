"""A prediction as text for the terminal: the answer first, then the waterfall, memory, basis."""

from __future__ import annotations

from stargate.perf.question import Question
from stargate.perf.search import Candidate, Prediction, describe

BAR_WIDTH = 36


def prediction_text(question: Question, prediction: Prediction) -> str:
    """The whole answer, section by section."""
    sections = [
        _answer(question, prediction),
        _waterfall(prediction.best),
        _memory(prediction),
        _alternatives(prediction),
        _basis(question, prediction),
    ]
    return "\n\n".join(section for section in sections if section)


def _answer(question: Question, prediction: Prediction) -> str:
    best, machine, work = prediction.best, question.machine, question.workload
    tokens = work.global_batch * work.seq_len
    rate = tokens / best.step_time_s
    lines = [
        f"{question.model.name or work.model} on {machine.count:,} x {machine.accelerator.name}, "
        f"{work.global_batch:,} x {work.seq_len:,} tokens a step, {work.precision}",
        "",
        f"  strategy   {describe(best.strategy)}",
        f"  step       {seconds(best.step_time_s)}   80 % interval "
        f"{seconds(best.interval_s[0])} to {seconds(best.interval_s[1])}",
        f"  rate       {rate:,.0f} tokens/s, {rate / machine.count:,.0f} per accelerator",
        f"  use        MFU {best.mfu:.1%}, HFU {best.hfu:.1%} ({prediction.flop_convention})",
    ]
    if prediction.n_evaluated > 1:
        lines.append(
            f"  searched   {prediction.n_evaluated:,} strategies, {prediction.n_feasible:,} fit"
        )
    return "\n".join(lines)


def _waterfall(best: Candidate) -> str:
    """The terms in order, each bar beginning where the last one ended."""
    lines, start = ["Where the step goes"], 0.0
    for name, time_s in best.breakdown_s.items():
        share = time_s / best.step_time_s
        if abs(share) >= 5e-4:
            bar = _bar(start, start + share)
            label = name.replace("_", " ")
            lines.append(f"  {label:<18} {seconds(time_s):>9} {share:>6.1%}  {bar}")
        start += share
    lines.append(f"  {'step':<18} {seconds(best.step_time_s):>9} {1:>6.1%}")
    return "\n".join(lines)


def _bar(start: float, end: float) -> str:
    left, right = round(min(start, end) * BAR_WIDTH), round(max(start, end) * BAR_WIDTH)
    return " " * left + ("█" * (right - left) or "▏")


def _memory(prediction: Prediction) -> str:
    best, limit = prediction.best, prediction.memory_limit_bytes
    lines = [f"Memory of the fullest accelerator, of {limit / 1e9:.1f} GB usable"]
    for name, size in best.memory.items():
        lines.append(f"  {name:<18} {size / 1e9:>7.1f} GB")
    lines.append(
        f"  {'sum':<18} {best.memory_bytes / 1e9:>7.1f} GB  {best.memory_bytes / limit:.0%}"
    )
    return "\n".join(lines)


def _alternatives(prediction: Prediction) -> str:
    if not prediction.alternatives:
        return ""
    lines = ["Other layouts"]
    for other in prediction.alternatives:
        slower = other.step_time_s / prediction.best.step_time_s - 1.0
        lines.append(
            f"  {seconds(other.step_time_s):>9} {slower:>+6.1%} {other.memory_bytes / 1e9:>6.1f} GB"
            f"  {describe(other.strategy)}"
        )
    return "\n".join(lines)


def _basis(question: Question, prediction: Prediction) -> str:
    software = question.machine.software
    said = "assumed, which widens the interval" if software.assumed else "as stated"
    lines = [f"Basis: {software.family} coefficients, software {software.name} ({said})"]
    guesses = [fact for fact in prediction.facts if fact.confidence == "assumed"]
    if guesses:
        lines.append("  assumed:")
        lines += [f"    {fact.what:<24} {fact.text:>8}  {fact.source}" for fact in guesses]
    lines.append(f"  {len(prediction.facts) - len(guesses)} more facts with sources: --json")
    return "\n".join(lines)


def seconds(time_s: float) -> str:
    """A time with its unit: 18.1 s, 950 ms."""
    return f"{time_s:.4g} s" if abs(time_s) >= 1.0 else f"{time_s * 1e3:.3g} ms"
