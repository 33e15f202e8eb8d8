"""Find how to split a training step: weigh every strategy, keep those that fit, rank them.

`search` goes through the whole space in pieces that fit memory; `predict` takes one strategy as
given. Both answer with a `Prediction`, whose interval widens where the software generation was
not stated, and whose facts name what it rests on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from stargate.catalog import Fact
from stargate.catalog.facts import Confidence
from stargate.errors import InfeasibleError, Problem, SpecError
from stargate.perf.coefficients import Coefficients
from stargate.perf.columns import Array, Ints
from stargate.perf.flop import CONVENTION
from stargate.perf.interval import interval_s
from stargate.perf.machine import Machine
from stargate.perf.space import strategy_space
from stargate.perf.step import StepTable, evaluate
from stargate.perf.strategy import StrategyTable
from stargate.spec.model import Transformer
from stargate.spec.workload import Recompute, Strategy, TrainingWorkload

PIECE_ROWS = 1 << 18
USABLE_MEMORY = 0.98  # of what the driver reports
KEPT = 200
END_CHUNKS = 2  # with interleaving the first and the last chunk may hold embedding or logits alone
ALWAYS_SAID = ("tp", "pp", "dp", "micro_batch", "zero")
SHORT = {"micro_batch": "mb", "sequence_parallel": "sp"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One strategy with what it costs; `interval_s` holds the measured time with 80 %."""

    strategy: Strategy
    step_time_s: float
    interval_s: tuple[float, float]
    mfu: float
    hfu: float
    memory_bytes: float
    memory: Mapping[str, float]
    breakdown_s: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Prediction:
    """The best strategy, the next best of other layouts, and the front of time over memory."""

    best: Candidate
    alternatives: tuple[Candidate, ...]
    pareto: tuple[Candidate, ...]
    n_evaluated: int
    n_feasible: int
    memory_limit_bytes: float
    facts: tuple[Fact, ...]
    flop_convention: str = CONVENTION


def search(
    model: Transformer,
    machine: Machine,
    workload: TrainingWorkload,
    *,
    recompute: Recompute | None = None,
    tp_across_domains: bool = False,
    n_alternatives: int = 5,
) -> Prediction:
    """The best of all strategies; raises `InfeasibleError` when none exists or none fits."""
    tp_max = machine.count if tp_across_domains else machine.network.scaleup_domain
    space = strategy_space(model, workload, machine.count, tp_max=tp_max, recompute=recompute)
    if not len(space):
        raise InfeasibleError(_nothing_divides(machine, workload))
    limit = memory_limit_bytes(machine)
    kept: list[tuple[StrategyTable, StepTable]] = []
    n_feasible, nearest = 0, (math.inf, "")
    for start in range(0, len(space), PIECE_ROWS):
        piece = space.take(slice(start, start + PIECE_ROWS))
        steps = evaluate(model, machine, workload, piece)
        fits = steps.memory_bytes <= limit
        n_feasible += int(fits.sum())
        if n_feasible == 0:
            nearest = min(nearest, _smallest(piece, steps, limit))
        rows = np.flatnonzero(fits)
        chosen = _worth_keeping(steps.step_time_s[rows], steps.memory_bytes[rows])
        kept.append((piece.take(rows[chosen]), steps.take(rows[chosen])))
    if not n_feasible:
        raise InfeasibleError(f"none of {len(space):,} strategies fits; the nearest: {nearest[1]}")
    return _ranked(model, machine, kept, len(space), n_feasible, n_alternatives)


def predict(
    model: Transformer, machine: Machine, workload: TrainingWorkload, strategy: Strategy
) -> Prediction:
    """What one given strategy costs; raises `SpecError` if it cannot be laid out."""
    check_strategy(model, machine, workload, strategy)
    table = StrategyTable.of([strategy], machine.count)
    steps = evaluate(model, machine, workload, table)
    limit = memory_limit_bytes(machine)
    if steps.memory_bytes[0] > limit:
        raise InfeasibleError(_smallest(table, steps, limit)[1])
    return _ranked(model, machine, [(table, steps)], 1, 1, 0)


def memory_limit_bytes(machine: Machine) -> float:
    """Bytes of device memory that a job may fill."""
    return machine.accelerator.visible_memory_bytes * USABLE_MEMORY


def check_strategy(
    model: Transformer, machine: Machine, workload: TrainingWorkload, strategy: Strategy
) -> None:
    """Raise `SpecError` with every reason why a strategy cannot be laid out."""
    faults = [
        Problem(message, f"strategy.{path}", mend=mend)
        for wrong, path, message, mend in _rules(model, machine.count, workload, strategy)
        if wrong
    ]
    if faults:
        raise SpecError(faults)


def _rules(
    model: Transformer, count: int, workload: TrainingWorkload, s: Strategy
) -> list[tuple[bool, str, str, str]]:
    """(broken, field, what is wrong, what would be right)."""
    ranks = s.tp * s.pp * s.cp
    dp = s.dp or max(1, count // ranks)
    product = ranks * dp
    batch = dp * s.micro_batch
    experts = model.moe.experts if model.moe else 1
    replicas = dp * s.cp
    return [
        (
            product != count,
            "dp" if s.dp else "tp",
            f"tp {s.tp} x pp {s.pp} x cp {s.cp} x dp {dp} is {product}, not {count} accelerators",
            f"choose degrees whose product divides {count}",
        ),
        (
            workload.global_batch % batch != 0,
            "micro_batch",
            f"a global batch of {workload.global_batch} is no multiple of dp {dp} x micro-batch "
            f"{s.micro_batch}",
            "choose a micro-batch that divides global batch / dp",
        ),
        (
            model.heads % s.tp != 0,
            "tp",
            f"{model.heads} attention heads do not divide by tp {s.tp}",
            "choose a divisor of the heads",
        ),
        (
            s.pp * s.vp > model.layers + (END_CHUNKS if s.vp > 1 else 0),
            "pp" if s.vp == 1 else "vp",
            f"pp {s.pp} x vp {s.vp} needs {s.pp * s.vp} layers, the model has {model.layers}",
            "choose fewer stages or chunks",
        ),
        (
            s.cp > 1 and workload.seq_len % (2 * s.cp) != 0,
            "cp",
            f"a sequence of {workload.seq_len} does not divide into 2 x cp {s.cp} parts",
            "choose a smaller cp",
        ),
        (
            experts % s.ep != 0 or (s.tp * replicas) % s.ep != 0,
            "ep",
            f"ep {s.ep} must divide {experts} experts and tp x cp x dp = {s.tp * replicas}",
            "choose a common divisor" if model.moe else "leave ep out: the model has no experts",
        ),
        (
            s.shard is not None and replicas % s.shard != 0,
            "shard",
            f"shard {s.shard} does not divide dp x cp = {replicas}",
            "choose a divisor",
        ),
    ]


def _nothing_divides(machine: Machine, workload: TrainingWorkload) -> str:
    return (
        f"no strategy lays a global batch of {workload.global_batch} sequences over "
        f"{machine.count} accelerators: dp must divide the batch, and what is left the heads, "
        "layers and sequence"
    )


def _smallest(table: StrategyTable, steps: StepTable, limit: float) -> tuple[float, str]:
    """The row that needs least memory, and what stands in its way."""
    row = int(steps.memory_bytes.argmin())
    parts = sorted(((float(v[row]), k) for k, v in steps.memory.items()), reverse=True)
    largest = ", ".join(f"{name} {size / 1e9:.1f} GB" for size, name in parts[:3])
    need = float(steps.memory_bytes[row])
    text = (
        f"{describe(table.strategy(row))} needs {need / 1e9:.1f} GB of {limit / 1e9:.1f} GB "
        f"({largest}); take more accelerators, or recompute or shard more"
    )
    return need, text


def describe(strategy: Strategy) -> str:
    """A strategy in the short form of the command line, without what is at its default."""
    plain = Strategy()
    stated = {
        name: value
        for name in type(strategy).model_fields
        if (value := getattr(strategy, name)) != getattr(plain, name) or name in ALWAYS_SAID
    }
    if strategy.dp and strategy.shard == strategy.dp * strategy.cp:
        del stated["shard"]
    return ",".join(f"{SHORT.get(name, name)}={_said(value)}" for name, value in stated.items())


def _said(value: object) -> str:
    if isinstance(value, tuple):
        return "+".join(str(part) for part in value)
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _worth_keeping(time_s: Array, memory_bytes: Array) -> Ints:
    """Rows that are among the fastest, or that no other beats in both time and memory."""
    fastest = np.argsort(time_s, kind="stable")
    lowest = np.minimum.accumulate(memory_bytes[fastest])
    front = fastest[np.r_[True, lowest[1:] < lowest[:-1]][: len(fastest)]]
    return np.unique(np.concatenate([fastest[:KEPT], front]))


def _ranked(
    model: Transformer,
    machine: Machine,
    kept: list[tuple[StrategyTable, StepTable]],
    n_evaluated: int,
    n_feasible: int,
    n_alternatives: int,
) -> Prediction:
    """The kept rows of all pieces as a prediction."""
    rows = [
        (float(s.step_time_s[i]), float(s.memory_bytes[i]), t, s, i)
        for t, s in kept
        for i in range(len(t))
    ]
    rows.sort(key=lambda row: row[:2])
    chosen: list[Candidate] = []
    seen = set[tuple[int, ...]]()
    for _, _, table, steps, row in rows:
        layout = tuple(int(getattr(table, n)[row]) for n in ("tp", "pp", "cp", "ep"))
        if layout not in seen and len(chosen) <= n_alternatives:
            seen.add(layout)
            chosen.append(_candidate(model, machine, table, steps, row))
    front: list[Candidate] = []
    lowest = math.inf
    for _, memory_bytes, table, steps, row in rows:
        if memory_bytes < lowest:
            lowest = memory_bytes
            front.append(_candidate(model, machine, table, steps, row))
    return Prediction(
        chosen[0],
        tuple(chosen[1:]),
        tuple(front),
        n_evaluated,
        n_feasible,
        memory_limit_bytes(machine),
        facts_of(machine),
    )


def _candidate(
    model: Transformer, machine: Machine, table: StrategyTable, steps: StepTable, row: int
) -> Candidate:
    time_s = float(steps.step_time_s[row])
    return Candidate(
        table.strategy(row),
        time_s,
        interval_s(model, machine, time_s),
        float(steps.mfu[row]),
        float(steps.hfu[row]),
        float(steps.memory_bytes[row]),
        {name: float(part[row]) for name, part in steps.memory.items()},
        {name: float(term[row]) for name, term in steps.breakdown_s.items()},
    )


def _confidence(source: str) -> Confidence:
    """Of a coefficient, as its source begins; only those of benchmarks were read somewhere."""
    words: dict[str, Confidence] = {"assumed": "assumed", "fitted": "measured"}
    return words.get(source.partition(" ")[0].rstrip(":"), "read")


def facts_of(machine: Machine) -> tuple[Fact, ...]:
    """What a prediction rests on, assumed facts first: coefficients, then the hardware."""
    software = machine.software
    place = f"coefficients/{software.family}/{software.name}"
    coefficients = [
        Fact(
            id=f"{place}/{f.name}",
            what=f.name.replace("_", " "),
            value=float(getattr(machine.coefficients, f.name)),
            unit="s" if f.name.endswith("_s") else "1",
            text=f"{getattr(machine.coefficients, f.name):g}",
            source=software.sources[f.name],
            confidence=_confidence(software.sources[f.name]),
        )
        for f in fields(Coefficients)
    ]
    wanted = ("peak_", "memory", "scaleup_", "cores")
    hardware = [f for k, f in machine.accelerator.facts.items() if k.startswith(wanted)]
    everything = [*coefficients, *hardware]
    return tuple(sorted(everything, key=lambda fact: fact.confidence != "assumed"))
