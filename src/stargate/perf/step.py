"""The time and memory of one training step, for one strategy or a million.

`evaluate` is the door. The breakdown's terms sum to the step time. What depends on few columns of
the table is computed once a distinct combination and gathered; rows are worked through in blocks
that fit the cache. Rows are not checked here for memory or divisibility: see `search`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from stargate.perf import recompute, stragglers
from stargate.perf.columns import Array, Groups, Ints
from stargate.perf.flop import hardware_flop, model_flop
from stargate.perf.footprint import footprint
from stargate.perf.layer import LayerCost, layer_cost
from stargate.perf.machine import Machine
from stargate.perf.shape import PEAK_OF, ModelShape, WorkShape
from stargate.perf.state import StateCost, state_cost
from stargate.perf.strategy import StrategyTable
from stargate.perf.terms import step_terms
from stargate.spec.model import Transformer
from stargate.spec.workload import TrainingWorkload

BLOCK_ROWS = 16_384
LAYER_COLUMNS = (
    *("tp", "cp", "ep", "micro_batch", "sequence_parallel", "tp_overlap"),
    "recompute_modules",
)
STATE_COLUMNS = ("tp", "pp", "vp", "cp", "ep", "dp", "zero", "shard")


@dataclass(frozen=True, slots=True)
class StepTable:
    """One entry a strategy. `breakdown_s` sums to `step_time_s`, `memory` to `memory_bytes`.

    `mfu` counts the FLOP that the model needs (causal attention halved) over the peak of the
    linear layers' precision; `hfu` adds what recomputation repeats.
    """

    step_time_s: Array
    breakdown_s: Mapping[str, Array]
    memory_bytes: Array
    memory: Mapping[str, Array]
    mfu: Array
    hfu: Array

    def __len__(self) -> int:
        return len(self.step_time_s)

    def take(self, rows: Ints) -> StepTable:
        """The same table with only these rows."""
        return StepTable(
            self.step_time_s[rows],
            {name: term[rows] for name, term in self.breakdown_s.items()},
            self.memory_bytes[rows],
            {name: part[rows] for name, part in self.memory.items()},
            self.mfu[rows],
            self.hfu[rows],
        )


def evaluate(
    model: Transformer, machine: Machine, workload: TrainingWorkload, table: StrategyTable
) -> StepTable:
    """Step time, its breakdown, memory and utilisation of every strategy of the table."""
    return evaluate_shapes(ModelShape.of(model), machine, work_shape(machine, workload), table)


def work_shape(machine: Machine, workload: TrainingWorkload) -> WorkShape:
    """The workload as columns, with the peak and the habits of this machine's software."""
    kernel, software = workload.attention_kernel, machine.software
    unfused = software.unfused_attention if kernel is None else kernel == "unfused"
    peak = machine.peak_flop_per_s(PEAK_OF[workload.precision])
    return WorkShape.of(workload, peak, unfused=unfused, reduces_16_bit=software.reduces_16_bit)


def evaluate_shapes(
    shape: ModelShape, machine: Machine, work: WorkShape, table: StrategyTable
) -> StepTable:
    """As `evaluate`, with models and workloads that may differ from row to row."""
    same = shape.is_scalar and work.is_scalar
    layers = _groups(table, LAYER_COLUMNS, same)
    states = _groups(table, STATE_COLUMNS, same)
    layer_table = table.take(layers.first)
    cost = layer_cost(shape.take(layers.first), work.take(layers.first), machine, layer_table)
    state_rows = states.first
    state = state_cost(
        shape.take(state_rows),
        work.take(state_rows),
        machine,
        table.take(state_rows),
        cost.take(layers.inverse[state_rows]),
    )
    blocks = []
    for start in range(0, len(table), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        blocks.append(
            _block(
                shape.take(rows),
                machine,
                work.take(rows),
                table.take(rows),
                cost.take(layers.inverse[rows]),
                state.take(states.inverse[rows]),
            )
        )
    return blocks[0] if len(blocks) == 1 else _joined(blocks)


def _groups(table: StrategyTable, names: tuple[str, ...], same: bool) -> Groups:
    if not same:
        return Groups.each(len(table))
    return Groups.of([getattr(table, name) + (name == "tp_overlap") for name in names])


def _joined(blocks: list[StepTable]) -> StepTable:
    def joined(parts: list[Array]) -> Array:
        return np.concatenate(parts)

    return StepTable(
        joined([b.step_time_s for b in blocks]),
        {k: joined([b.breakdown_s[k] for b in blocks]) for k in blocks[0].breakdown_s},
        joined([b.memory_bytes for b in blocks]),
        {k: joined([b.memory[k] for b in blocks]) for k in blocks[0].memory},
        joined([b.mfu for b in blocks]),
        joined([b.hfu for b in blocks]),
    )


def _block(
    shape: ModelShape,
    machine: Machine,
    work: WorkShape,
    t: StrategyTable,
    cost: LayerCost,
    state: StateCost,
) -> StepTable:
    """All terms for one block of rows."""
    micro_batches = work.global_batch / (t.dp * t.micro_batch)
    repeated = recompute.repeated_fraction(t.recompute, t.recompute_layers, state.layers_most)
    terms = step_terms(shape, machine, t, cost, state, repeated, micro_batches)
    running_s = np.sum(list(terms.values()), axis=0)
    factor = stragglers.straggler_factor(t.ranks, machine.coefficients.straggler_sigma)
    terms["stragglers"] = running_s * (factor - 1.0)
    step_s = running_s * factor
    held = footprint(t, cost, state, repeated, micro_batches)
    useful = model_flop(shape, work)
    again = hardware_flop(shape, work, repeated, recompute.is_selective(t.recompute) * work.unfused)
    peak_flop = t.ranks * work.peak_flop_per_s * step_s
    return StepTable(
        step_time_s=step_s,
        breakdown_s=terms,
        memory_bytes=np.sum(list(held.values()), axis=0),
        memory=held,
        mfu=useful / peak_flop,
        hfu=(useful + again) / peak_flop,
    )
