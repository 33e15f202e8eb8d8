"""The terms of one step: what the slowest rank spends its time on, one after another.

The pace is set by the fullest stage (with embedding and logits where they stand); all other time
is what that stage waits for. Terms are seconds a step and sum, with `stragglers`, to the step.
"""

from __future__ import annotations

import numpy as np

from stargate.perf import pipeline, recompute, sharding
from stargate.perf.columns import Array, Column
from stargate.perf.layer import TERMS, LayerCost
from stargate.perf.machine import Machine
from stargate.perf.shape import ModelShape
from stargate.perf.state import StateCost
from stargate.perf.strategy import StrategyTable


def step_terms(
    shape: ModelShape,
    machine: Machine,
    t: StrategyTable,
    cost: LayerCost,
    state: StateCost,
    repeated: Array,
    micro_batches: Column,
) -> dict[str, Array]:
    """Seconds of every term but stragglers.

    `vocabulary` is what embedding, logits and loss add to the pace, after what uneven stages give
    back; `recompute` is the repeated forward, traffic and launches included.
    """
    c = machine.coefficients
    repeat = repeated * cost.forward + recompute.core_repeated(t.recompute) * cost.selective_repeat
    contention = sharding.contention_time_s(cost.hidden_traffic, c.interference)
    layer_s = cost.forward + cost.backward + repeat + contention
    runs = micro_batches * state.layers_most
    terms: dict[str, Column] = {
        name: runs * (getattr(cost, f"{name}_forward") + getattr(cost, f"{name}_backward"))
        for name in TERMS
    }
    terms["recompute"] = runs * repeat
    terms["contention"] = runs * contention
    terms |= _pipeline_terms(shape, machine, t, cost, state, layer_s, micro_batches)
    terms["data_parallel"] = data_parallel_s(machine, t, cost, state, repeat, micro_batches)
    terms["optimizer"] = state.optimizer_s
    terms["fixed"] = micro_batches * c.micro_batch_s + c.step_s
    return {name: np.asarray(term, np.float64) for name, term in terms.items()}


def _pipeline_terms(
    shape: ModelShape,
    machine: Machine,
    t: StrategyTable,
    cost: LayerCost,
    state: StateCost,
    layer_s: Array,
    micro_batches: Column,
) -> dict[str, Column]:
    """The ends of the model, the bubble and the messages between stages."""
    pace_s = pace_of_slowest_s(t, cost, state, layer_s)
    whole_s = shape.layers * layer_s + cost.first_extra + cost.last_extra
    weight_gradient_s = state.layers_most * cost.weight_gradient
    crosses = t.tp * t.cp * t.dp >= machine.network.scaleup_domain
    message_s = np.where(crosses, cost.message_outside, cost.message_inside)
    return {
        "vocabulary": micro_batches * (pace_s - state.layers_most * layer_s),
        "pipeline_bubble": pipeline.bubble_time_s(
            whole_s - pace_s, weight_gradient_s, t.pp, t.vp, t.schedule
        ),
        "pipeline_messages": pipeline.message_time_s(
            message_s, micro_batches, t.pp, t.vp, machine.coefficients.p2p_overlap
        ),
    }


def pace_of_slowest_s(t: StrategyTable, cost: LayerCost, state: StateCost, layer_s: Array) -> Array:
    """Seconds a micro-batch spends in the slowest stage: first, last, or one between them."""
    alone = t.pp == 1
    first_s = state.layers_first * layer_s + cost.first_extra
    last_s = state.layers_last * layer_s + cost.last_extra + np.where(alone, cost.first_extra, 0.0)
    between_s = state.layers_most * layer_s * (t.pp > 2)
    return np.maximum(np.maximum(between_s, last_s), np.where(alone, 0.0, first_s))


def data_parallel_s(
    machine: Machine,
    t: StrategyTable,
    cost: LayerCost,
    state: StateCost,
    repeat: Array,
    micro_batches: Column,
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
