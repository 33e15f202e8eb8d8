"""A prediction as text for the terminal: the answer first, then the waterfall, memory, basis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stargate.perf.question import Question
from stargate.perf.search import Candidate, Prediction, describe
from stargate.programme.fronts import Front, Offer
from stargate.units import DAY_S

BAR_WIDTH = 36
SHOWN_BELOW = 5e-4  # terms under this share of a step are left out


def prediction_text(
    question: Question,
    prediction: Prediction,
    compared: Sequence[Candidate] = (),
    front: Front | None = None,
) -> str:
    """The whole answer, section by section."""
    sections = [
        _answer(question, prediction),
        _waterfall(prediction.best),
        _compared(compared),
        _memory(prediction),
        _alternatives(prediction),
        _sizes(front) if front else "",
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
        if abs(share) >= SHOWN_BELOW:
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
    usable = f"{limit / 1e9:.1f} GB ({limit / 2**30:.1f} GiB)"
    lines = [f"Memory of the fullest accelerator, of {usable} usable"]
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


def _compared(candidates: Sequence[Candidate]) -> str:
    """Strategies side by side, the first of them the one that others are set against."""
    if not candidates:
        return ""
    first_s = candidates[0].step_time_s
    letters = [chr(ord("A") + i) for i in range(len(candidates))]
    lines = ["Side by side, in seconds"]
    lines += [f"  {a}  {describe(c.strategy)}" for a, c in zip(letters, candidates, strict=True)]
    lines.append(f"  {'':<18}" + "".join(f"{letter:>11}" for letter in letters))
    for name in candidates[0].breakdown_s:
        times = [c.breakdown_s[name] for c in candidates]
        if any(abs(time) >= SHOWN_BELOW * first_s for time in times):
            lines.append(_columns(name.replace("_", " "), (f"{time:.4g}" for time in times)))
    slower = [f"{c.step_time_s / first_s - 1.0:+.1%}" for c in candidates[1:]]
    return "\n".join(
        [
            *lines,
            _columns("step", (f"{c.step_time_s:.4g}" for c in candidates)),
            _columns("against A", ["", *slower]),
            _columns("MFU", (f"{c.mfu:.1%}" for c in candidates)),
            _columns("memory (GB)", (f"{c.memory_bytes / 1e9:.1f}" for c in candidates)),
        ]
    )


def _columns(name: str, cells: Iterable[str]) -> str:
    return f"  {name:<18}" + "".join(f"{cell:>11}" for cell in cells)


def _sizes(front: Front) -> str:
    """The fastest strategy of each machine size, with what its time costs and draws."""
    run = front.tokens is not None
    head = ("step", "MFU", "memory", *(("days", "M$", "GWh") if run else ("$/step", "kWh/step")))
    lines = ["Machine sizes, the fastest of each", _size_line("count", head, "strategy")]
    lines += [
        _size_line(f"{o.accelerators:,}", _size_cells(front, o), describe(o.candidate.strategy))
        for o in front.bests
    ]
    lines += [f"  {count:>9,}  {reason}" for count, reason in front.refused]
    lines.append(
        f"  {len(front.offers)} offers are beaten by none in time, memory, accelerators, cost and "
        "energy at once: --json"
    )
    return "\n".join(lines)


def _size_line(count: str, cells: Sequence[str], strategy: str) -> str:
    return f"  {count:>9}" + "".join(f"{cell:>10}" for cell in cells) + f"  {strategy}"


def _size_cells(front: Front, offer: Offer) -> tuple[str, ...]:
    c = offer.candidate
    cells = (seconds(c.step_time_s), f"{c.mfu:.1%}", f"{c.memory_bytes / 1e9:.1f} GB")
    if front.tokens is None:
        return *cells, _or_dash(offer.usd_per_step, 1.0), _or_dash(offer.energy_j_per_step, 3.6e6)
    steps = front.tokens / front.tokens_per_step
    return (
        *cells,
        f"{steps * c.step_time_s / DAY_S:,.1f}",
        _or_dash(offer.usd_per_step, 1e6 / steps),
        _or_dash(offer.energy_j_per_step, 3.6e12 / steps),
    )


def _or_dash(value: float | None, unit: float) -> str:
    return "-" if value is None else f"{value / unit:,.4g}"


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
