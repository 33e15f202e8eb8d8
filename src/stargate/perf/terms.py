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
    repeat = repeat_s(t, cost, repeated)
    contention = sharding.contention_time_s(cost.hidden_traffic, c.interference)
    sharded = sharded_layer_s(machine, cost, state, repeat)
    layer_s = cost.forward + cost.backward + repeat + contention + sharded
    runs = micro_batches * state.layers_most
    terms: dict[str, Column] = {
        name: runs * (getattr(cost, f"{name}_forward") + getattr(cost, f"{name}_backward"))
        for name in TERMS
    }
    terms["recompute"] = runs * repeat
    terms["contention"] = runs * contention
    terms |= _pipeline_terms(shape, machine, t, cost, state, layer_s, micro_batches)
    ends_s = sharded_ends_s(machine, t, cost, state)
    once_s = data_parallel_s(machine, t, cost, state, repeat, micro_batches)
    terms["data_parallel"] = runs * sharded + micro_batches * ends_s + once_s
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
    weight_gradient_s = state.layers_last * cost.weight_gradient
    message_s = stage_message_s(machine, t, cost)
    return {
        "vocabulary": micro_batches * (pace_s - state.layers_most * layer_s),
        "pipeline_bubble": pipeline.bubble_time_s(
            whole_s - pace_s, weight_gradient_s, micro_batches, t.pp, t.vp, t.schedule
        ),
        "pipeline_messages": pipeline.message_time_s(
            message_s, micro_batches, t.pp, t.vp, machine.coefficients.p2p_overlap
        ),
    }


def repeat_s(t: StrategyTable, cost: LayerCost, repeated: Array) -> Array:
    """Seconds a layer and micro-batch that recomputation does again before the backward."""
    return repeated * cost.forward + recompute.is_selective(t.recompute) * cost.selective_repeat


def stage_message_s(machine: Machine, t: StrategyTable, cost: LayerCost) -> Array:
    """Seconds of one message to the next stage: inside a scale-up domain where both fit in one."""
    crosses = t.tp * t.cp * t.dp >= machine.network.scaleup_domain
    return np.where(crosses, cost.message_outside, cost.message_inside)


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
    """Exposed seconds of what happens once a step: gradients reduced, updated weights gathered."""
    c = machine.coefficients
    backward_s = state.layers_most * (cost.backward + repeat)
    window_s = sharding.last_backward_window_s(backward_s, t.vp, t.pp)
    # Sharded gradients cannot wait for the last micro-batch; a pipeline reduces once a round of p.
    each = np.where(t.zero == 2, np.ceil(micro_batches / t.pp), 1.0)
    reduced_s = each * sharding.exposed_time_s(state.reduce_s, window_s, c.dp_overlap)
    forward_s = state.layers_most * cost.forward / t.vp
    gathered_s = sharding.exposed_time_s(state.gather_s, forward_s, c.dp_overlap)
    # Under ZeRO 3 the reduction across replicas shares the window with the units' own traffic.
    units_s = state.layers_most * (state.unit_gather_s + state.unit_reduce_s)
    before_s = sharding.exposed_time_s(units_s, backward_s, c.shard_overlap)
    both_s = sharding.exposed_time_s(units_s + state.reduce_s, backward_s, c.shard_overlap)
    once_s = np.where(t.zero == 3, both_s - before_s, reduced_s + gathered_s)
    first_and_last_s = state.unit_gather_s + state.unit_reduce_s
    return np.asarray(once_s + first_and_last_s, np.float64)


def sharded_layer_s(machine: Machine, cost: LayerCost, state: StateCost, repeat: Array) -> Array:
    """Seconds that ZeRO 3 adds to one layer and micro-batch: traffic that its compute does not
    hide, and the slowing of compute by what it hides."""
    c = machine.coefficients
    gather_s, reduce_s = state.unit_gather_s, state.unit_reduce_s
    forward_s = sharding.unit_exposed_s(gather_s, cost.forward, c.shard_overlap)
    backward_s = sharding.unit_exposed_s(
        gather_s + reduce_s, cost.backward + repeat, c.shard_overlap
    )
    hidden_s = 2.0 * gather_s + reduce_s - forward_s - backward_s
    return forward_s + backward_s + sharding.contention_time_s(hidden_s, c.interference)


def sharded_ends_s(machine: Machine, t: StrategyTable, cost: LayerCost, state: StateCost) -> Array:
    """Seconds a micro-batch that the sharded embedding and logits leave exposed."""
    traffic_s = (2.0 * state.unit_gather_s + state.unit_reduce_s) * state.end_units
    window_s = np.where(t.pp > 1, 0.0, cost.first_extra + cost.last_extra)
    return sharding.unit_exposed_s(traffic_s, window_s, machine.coefficients.shard_overlap)


def sharded_units_s(
    machine: Machine, t: StrategyTable, cost: LayerCost, state: StateCost, repeat: Array
) -> Array:
    """Seconds a micro-batch that ZeRO 3 adds to the fullest stage: its layers and its ends."""
    layers_s = state.layers_most * sharded_layer_s(machine, cost, state, repeat)
    return layers_s + sharded_ends_s(machine, t, cost, state)
