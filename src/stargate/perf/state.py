"""Weights, gradients and optimiser of a rank: their bytes, their update, their traffic.

They depend on few columns of a strategy, so that a table needs them for few combinations. Expert
weights have their own replicas: dp x cp x tp / ep of them. Not covered: offload to the host.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stargate.perf import memory, memory_bound, pipeline
from stargate.perf.collectives import all_gather_time_s, all_reduce_time_s, reduce_scatter_time_s
from stargate.perf.columns import Array, Column, Columns, Ints
from stargate.perf.layer import LayerCost
from stargate.perf.machine import Machine
from stargate.perf.shape import ModelShape, WorkShape
from stargate.perf.strategy import StrategyTable


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
    end_units: Column  # embedding and logits in units of a layer's weights


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the fullest stage on a rank, dense or expert, and the ranks that share them."""

    count: Array
    replicas: Ints
    stride: Ints
    shard: Ints

    def per_shard(self, zero: Ints) -> Array:
        """Weights that a rank updates."""
        return self.count / np.where(zero > 0, self.shard, 1)


def state_cost(
    shape: ModelShape, work: WorkShape, machine: Machine, table: StrategyTable, cost: LayerCost
) -> StateCost:
    """Sizes and traffic of the weights, gradients and optimiser of the fullest stage."""
    stage = pipeline.stage_layers(shape.layers, table.pp)
    head = shape.vocabulary * shape.hidden / table.tp
    tables = np.where(table.pp > 1, 1.0, 2.0 - shape.tied)
    layer = cost.dense_parameters + cost.expert_parameters
    both = (
        dense_weights(table, stage.most * cost.dense_parameters + tables * head),
        expert_weights(table, stage.most * cost.expert_parameters),
    )
    trained = 1.0 - work.frozen
    weights, gradients, optimizer = _bytes(work, table, both)
    updated = trained * sum(one.per_shard(table.zero) for one in both)
    moved = memory_bound.optimizer_bytes(
        work.optimizer_bytes, work.gradient_bytes, work.weight_bytes
    )
    reduce_s, gather_s = replica_traffic_s(work, machine, table, both)
    unit_gather_s, unit_reduce_s = unit_traffic_s(work, machine, table, layer)
    return StateCost(
        layers_most=stage.most,
        layers_first=stage.first,
        layers_last=stage.last,
        weights=weights,
        gradients=gradients,
        optimizer=optimizer,
        optimizer_s=updated * moved / machine.stream_bytes_per_s,
        reduce_s=reduce_s,
        gather_s=gather_s,
        unit_gather_s=unit_gather_s,
        unit_reduce_s=unit_reduce_s,
        end_units=tables * head / layer,
    )


def dense_weights(t: StrategyTable, count: Array) -> Weights:
    """Weights that all dp x cp replicas hold."""
    replicas = t.dp * t.cp
    return Weights(count, replicas, t.tp, np.minimum(t.shard, replicas))


def expert_weights(t: StrategyTable, count: Array) -> Weights:
    """Expert weights: with ep their replicas are the ep groups of tp x cp x dp ranks."""
    spread = t.dp * t.cp * np.where(t.ep > 1, t.tp, 1)
    replicas = np.maximum(spread // t.ep, 1)
    stride = np.where(t.ep > 1, t.ep, t.tp)
    return Weights(count, replicas, stride, np.minimum(t.shard, replicas))


def _bytes(
    work: WorkShape, t: StrategyTable, both: tuple[Weights, Weights]
) -> tuple[Array, Array, Array]:
    """Bytes of weights, gradients and optimiser on a rank; frozen weights have only the first."""
    trained = 1.0 - work.frozen
    parts = [
        memory.state_bytes_per_parameter(
            t.zero,
            one.shard,
            work.weight_bytes,
            work.gradient_bytes * trained,
            work.optimizer_bytes * trained,
        )
        for one in both
    ]
    dense, expert = both[0].count, both[1].count
    weights, gradients, optimizer = (
        dense * of_dense + expert * of_expert for of_dense, of_expert in zip(*parts, strict=True)
    )
    return weights, gradients, optimizer


def replica_traffic_s(
    work: WorkShape, machine: Machine, t: StrategyTable, both: tuple[Weights, Weights]
) -> tuple[Array, Array]:
    """Seconds to reduce gradients and to gather updated weights over replicas, once a step.

    ZeRO 0 all-reduces; 1 and 2 reduce-scatter and gather; 3 does both a layer at a time (see
    `unit_traffic_s`) and here only across the replicas of a shard group.
    """
    reduce_s, gather_s = np.zeros(len(t)), np.zeros(len(t))
    for one in both:
        if np.any(one.count):
            reduced, gathered = _of_weights(work, machine, t, one)
            reduce_s, gather_s = reduce_s + reduced, gather_s + gathered
    return reduce_s * (1.0 - work.frozen), gather_s * (1.0 - work.frozen)


def _of_weights(
    work: WorkShape, machine: Machine, t: StrategyTable, one: Weights
) -> tuple[Array, Array]:
    network, span = machine.network, one.replicas * one.stride
    near = machine.ranks_per_domain(one.replicas, one.stride)
    size = one.count * work.reduced_bytes
    reduce = all_reduce_time_s(size, one.replicas, near, network, span=span)
    scatter = reduce_scatter_time_s(size, one.replicas, near, network, span=span)
    gather = all_gather_time_s(
        one.count * work.weight_bytes, one.replicas, near, network, span=span
    )
    copies = np.maximum(one.replicas // one.shard, 1)
    apart = machine.ranks_per_domain(copies, one.stride * one.shard)
    across = all_reduce_time_s(size / one.shard, copies, apart, network, span=span)
    once = (t.zero == 1) | (t.zero == 2)
    slow = machine.collective_slowdown(one.replicas, near)
    slow_across = machine.collective_slowdown(copies, apart)
    reduced = np.select([t.zero == 0, once], [reduce * slow, scatter * slow], across * slow_across)
    return reduced, np.where(once, gather * slow, 0.0)


def unit_traffic_s(
    work: WorkShape, machine: Machine, t: StrategyTable, layer: Column
) -> tuple[Array, Array]:
    """Seconds to gather one layer's weights and to reduce its gradients under ZeRO 3."""
    sharded = t.zero == 3
    if not np.any(sharded):
        return np.zeros(len(t)), np.zeros(len(t))
    network, shard = machine.network, np.minimum(t.shard, t.dp * t.cp)
    near, span = machine.ranks_per_domain(shard, t.tp), shard * t.tp
    slow = machine.collective_slowdown(shard, near) * sharded
    gather = all_gather_time_s(layer * work.weight_bytes, shard, near, network, span=span)
    gradients = layer * work.reduced_bytes * (1.0 - work.frozen)
    reduce = reduce_scatter_time_s(gradients, shard, near, network, span=span)
    return gather * slow, reduce * slow
