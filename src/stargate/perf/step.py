"""The time and memory of one training step, for one strategy or a million.

`evaluate` is the door. The breakdown's terms sum to the step time. What depends on few columns of
the table is computed once a distinct combination and gathered; rows are worked through in blocks
that fit the cache. Rows are not checked here for memory or divisibility: see `search`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from stargate.perf import memory, memory_bound, pipeline, recompute, sharding, stragglers
from stargate.perf.collectives import all_gather_time_s, all_reduce_time_s, reduce_scatter_time_s
from stargate.perf.columns import Array, Column, Columns, Groups, Ints
from stargate.perf.flop import hardware_flop, model_flop
from stargate.perf.layer import LayerCost, layer_cost
from stargate.perf.machine import Machine
from stargate.perf.shape import PEAK_OF, ModelShape, WorkShape
from stargate.perf.strategy import StrategyTable
from stargate.spec.model import Transformer
from stargate.spec.workload import TrainingWorkload

BLOCK_ROWS = 16_384
LAYER_COLUMNS = ("tp", "cp", "ep", "micro_batch", "sequence_parallel", "tp_overlap")
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


@dataclass(frozen=True)
class StateCost(Columns):
    """What weights, gradients and optimiser cost on a rank, by how they are split."""

    layers_most: Column
    layers_first: Column
    layers_last: Column
    weights: Column
    gradients: Column
    optimizer: Column
    optimizer_s: Column
    reduce_s: Column
    gather_s: Column
    unit_gather_s: Column
    unit_reduce_s: Column
    units: Column


def evaluate(
    model: Transformer, machine: Machine, workload: TrainingWorkload, table: StrategyTable
) -> StepTable:
    """Step time, its breakdown, memory and utilisation of every strategy of the table."""
    unfused = (
        machine.software.unfused_attention
        if workload.attention_kernel is None
        else workload.attention_kernel == "unfused"
    )
    peak = machine.peak_flop_per_s(PEAK_OF[workload.precision])
    work = WorkShape.of(workload, peak, unfused=unfused)
    return evaluate_shapes(ModelShape.of(model), machine, work, table)


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


def state_cost(
    shape: ModelShape, work: WorkShape, machine: Machine, table: StrategyTable, cost: LayerCost
) -> StateCost:
    """Sizes and traffic of the weights, gradients and optimiser of the fullest stage."""
    t = table
    stage = pipeline.stage_layers(shape.layers, t.pp)
    head = shape.vocabulary * shape.hidden / t.tp
    tables = np.where(t.pp > 1, 1.0, 2.0 - shape.tied)
    dense = stage.most * cost.dense_parameters + tables * head
    expert = stage.most * cost.expert_parameters
    trained = 1.0 - work.frozen
    replicas, expert_replicas = (
        t.dp * t.cp,
        np.maximum(t.dp * t.cp * np.where(t.ep > 1, t.tp, 1) / t.ep, 1.0),
    )
    shard = np.minimum(t.shard, replicas)
    expert_shard = np.minimum(shard, expert_replicas)
    sizes = [
        memory.state_bytes_per_parameter(
            t.zero,
            s,
            work.weight_bytes,
            work.gradient_bytes * trained,
            work.optimizer_bytes * trained,
        )
        for s in (shard, expert_shard)
    ]
    weights, gradients, optimizer = (
        dense * one + expert * two for one, two in zip(*sizes, strict=True)
    )
    updated = trained * (
        dense / np.where(t.zero > 0, shard, 1) + expert / np.where(t.zero > 0, expert_shard, 1)
    )
    moved = memory_bound.optimizer_bytes(
        work.optimizer_bytes, work.gradient_bytes, work.weight_bytes
    )
    reduce_s, gather_s = _replica_traffic(work, machine, t, dense * trained, expert * trained)
    unit = _unit_traffic(work, machine, t, cost, trained)
    return StateCost(
        stage.most,
        stage.first,
        stage.last,
        weights,
        gradients,
        optimizer,
        updated * moved / machine.stream_bytes_per_s,
        reduce_s,
        gather_s,
        unit[0],
        unit[1],
        stage.most + tables * head / (cost.dense_parameters + cost.expert_parameters),
    )


def _replica_traffic(
    work: WorkShape, machine: Machine, t: StrategyTable, dense: Array, expert: Array
) -> tuple[Array, Array]:
    """Seconds to reduce gradients and to gather updated weights over replicas, once a step.

    ZeRO 0 all-reduces; 1 and 2 reduce-scatter and gather; 3 does both a layer at a time (see
    `_unit_traffic`) and here only across the replicas of a shard group.
    """
    network = machine.network
    slow = machine.coefficients.collective_slowdown
    reduce_s, gather_s = np.zeros(len(t)), np.zeros(len(t))
    expert_stride = np.where(t.ep > 1, t.ep, t.tp)
    replicas = t.dp * t.cp
    sides = (
        (dense, replicas, t.tp),
        (expert, np.maximum(replicas * np.where(t.ep > 1, t.tp, 1) // t.ep, 1), expert_stride),
    )
    for weights, ranks, stride in sides:
        if not np.any(weights):
            continue
        span, near = ranks * stride, machine.ranks_per_domain(ranks, stride)
        size, back = weights * work.gradient_bytes, weights * work.weight_bytes
        reduce = all_reduce_time_s(size, ranks, near, network, span=span)
        scatter = reduce_scatter_time_s(size, ranks, near, network, span=span)
        gather = all_gather_time_s(back, ranks, near, network, span=span)
        shard = np.minimum(t.shard, ranks)
        copies = np.maximum(ranks // shard, 1)
        across = all_reduce_time_s(
            size / shard,
            copies,
            machine.ranks_per_domain(copies, stride * shard),
            network,
            span=span,
        )
        reduce_s += np.select([t.zero == 0, t.zero < 3], [reduce, scatter], across)
        gather_s += np.where((t.zero == 1) | (t.zero == 2), gather, 0.0)
    return reduce_s * slow, gather_s * slow


def _unit_traffic(
    work: WorkShape, machine: Machine, t: StrategyTable, cost: LayerCost, trained: Array | float
) -> tuple[Array, Array]:
    """Seconds to gather one layer's weights and to reduce its gradients under ZeRO 3."""
    if not np.any(t.zero == 3):
        return np.zeros(len(t)), np.zeros(len(t))
    network, slow = machine.network, machine.coefficients.collective_slowdown
    shard = np.minimum(t.shard, t.dp * t.cp)
    near, span = machine.ranks_per_domain(shard, t.tp), shard * t.tp
    weights = cost.dense_parameters + cost.expert_parameters
    gather = all_gather_time_s(weights * work.weight_bytes, shard, near, network, span=span)
    reduce = reduce_scatter_time_s(
        weights * work.gradient_bytes * trained, shard, near, network, span=span
    )
    sharded = t.zero == 3
    return np.where(sharded, gather, 0.0) * slow, np.where(sharded, reduce, 0.0) * slow


def _block(
    shape: ModelShape,
    machine: Machine,
    work: WorkShape,
    t: StrategyTable,
    cost: LayerCost,
    state: StateCost,
) -> StepTable:
    """All terms for one block of rows."""
    c = machine.coefficients
    micro_batches = work.global_batch / (t.dp * t.micro_batch)
    most = state.layers_most
    repeated = recompute.repeated_fraction(t.recompute, t.recompute_layers, most)
    repeat = repeated * cost.forward + recompute.core_repeated(t.recompute) * cost.selective_repeat
    contention = sharding.contention_time_s(cost.hidden_traffic, c.interference)
    layer_s = cost.forward + cost.backward + repeat + contention
    runs = micro_batches * most
    first_s = state.layers_first * layer_s + cost.first_extra
    last_s = (
        state.layers_last * layer_s + cost.last_extra + np.where(t.pp > 1, 0.0, cost.first_extra)
    )
    pace_s = np.maximum(
        np.maximum(most * layer_s * (t.pp > 2), last_s), np.where(t.pp > 1, first_s, 0.0)
    )
    whole_s = shape.layers * layer_s + cost.first_extra + cost.last_extra
    bubble = pipeline.bubble_time_s(
        whole_s - pace_s, most * cost.weight_gradient, t.pp, t.vp, t.schedule
    )
    crosses = t.tp * t.cp * t.dp >= machine.network.scaleup_domain
    message = np.where(crosses, cost.message_outside, cost.message_inside)
    terms = {
        name: runs * (getattr(cost, f"{name}_forward") + getattr(cost, f"{name}_backward"))
        for name in (
            *("linear", "attention", "memory_bound", "launch"),
            *("tensor_parallel", "context_parallel", "expert_parallel"),
        )
    }
    terms["recompute"] = runs * repeat
    terms["vocabulary"] = micro_batches * (pace_s - most * layer_s)
    terms["contention"] = runs * contention
    terms["pipeline_bubble"] = bubble
    terms["pipeline_messages"] = pipeline.message_time_s(
        message, micro_batches, t.pp, t.vp, c.p2p_overlap
    )
    terms["data_parallel"] = _data_parallel(machine, t, cost, state, repeat, micro_batches)
    terms["optimizer"] = state.optimizer_s
    terms["fixed"] = micro_batches * c.micro_batch_s + c.step_s
    total = sum(terms.values())
    factor = stragglers.straggler_factor(t.ranks, c.straggler_sigma)
    terms["stragglers"] = total * (factor - 1.0)
    step_s = total * factor
    held = _memory(t, cost, state, repeated, micro_batches)
    useful = model_flop(shape, work)
    spent = useful + hardware_flop(shape, work, repeated, recompute.core_repeated(t.recompute))
    per_second = t.ranks * work.peak_flop_per_s * step_s
    return StepTable(
        step_s,
        terms,
        np.sum(list(held.values()), axis=0),
        held,
        useful / per_second,
        spent / per_second,
    )


def _data_parallel(
    machine: Machine,
    t: StrategyTable,
    cost: LayerCost,
    state: StateCost,
    repeat: Array,
    micro_batches: Array,
) -> Array:
    """Exposed seconds of gradient reduction, weight gathering and fully sharded units."""
    c = machine.coefficients
    most = state.layers_most
    window = sharding.last_backward_window_s(most * (cost.backward + repeat), t.vp, t.pp)
    # Sharded gradients cannot wait for the last micro-batch; a pipeline reduces once a round of p.
    each = np.where(t.zero == 2, np.ceil(micro_batches / t.pp), 1.0)
    once = each * sharding.exposed_time_s(state.reduce_s, window, c.dp_overlap)
    once = once + sharding.exposed_time_s(state.gather_s, most * cost.forward / t.vp, c.dp_overlap)
    forward = sharding.unit_exposed_s(state.unit_gather_s, cost.forward, c.shard_overlap)
    backward = sharding.unit_exposed_s(
        state.unit_gather_s + state.unit_reduce_s, cost.backward + repeat, c.shard_overlap
    )
    hidden = 2.0 * state.unit_gather_s + state.unit_reduce_s - forward - backward
    units = forward + backward + sharding.contention_time_s(hidden, c.interference)
    first_and_last = state.unit_gather_s + state.unit_reduce_s
    return once + micro_batches * state.units * units + first_and_last


def _memory(
    t: StrategyTable, cost: LayerCost, state: StateCost, repeated: Array, micro_batches: Array
) -> dict[str, Array]:
    """Bytes on the fullest rank: the first stage, or the last with its logits."""
    saved = recompute.saved_bytes(cost, t.recompute, repeated)
    live = pipeline.live_micro_batches(t.pp, t.vp, micro_batches, t.schedule)
    live_last = pipeline.live_on_last_stage(t.pp, t.vp, micro_batches, t.schedule)
    working = np.where(repeated > 0, cost.activation + cost.scores, 0.0)
    second = np.maximum(live - 1.0, 1.0) * state.layers_most * (t.pp > 2)
    first = np.maximum(live * state.layers_first, second) * saved + working
    last = live_last * state.layers_last * saved + working
    logits = cost.logits
    last_is_fuller = last + logits > first + np.where(t.pp > 1, 0.0, logits)
    alone = t.pp == 1
    gathered = np.where(
        t.zero == 3, 2.0 * 2.0 * (cost.dense_parameters + cost.expert_parameters), 0.0
    )
    return {
        "weights": state.weights + 1.0 * gathered,
        "gradients": np.asarray(state.gradients),
        "optimizer": np.asarray(state.optimizer),
        "activations": np.where(last_is_fuller, last, first),
        "logits": np.where(last_is_fuller | alone, logits, 0.0),
        "reserve": np.full(len(t), memory.NCCL_AND_CONTEXT_BYTES),
    }
