"""What one micro-batch costs in each stage of a pipeline, as the step-time model sees it.

Rows are stages, columns the model chunks that a stage holds. The embedding stands in the first
chunk of the first stage, the logits and the loss in the last chunk of the last. Not covered:
ranks of a stage that differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stargate.perf import pipeline, recompute, sharding, terms
from stargate.perf.columns import Array
from stargate.perf.layer import LayerCost, layer_cost
from stargate.perf.machine import Machine
from stargate.perf.shape import ModelShape
from stargate.perf.state import StateCost, state_cost
from stargate.perf.step import work_shape
from stargate.perf.strategy import StrategyTable
from stargate.spec.model import Transformer
from stargate.spec.workload import Schedule, Strategy, TrainingWorkload

Grid = NDArray[np.float64]  # stages x chunks
FORWARD_PART = 1.0 / 3.0  # of embedding, logits and loss: one product of three (FLOP)


@dataclass(frozen=True, slots=True)
class StagePasses:
    """Seconds and saved bytes of one micro-batch, by stage and chunk.

    `backward_s` holds the weight gradients, which only a zero-bubble schedule runs apart.
    `hop_s` is what a message adds between the end of a pass and the start of the next stage's,
    beyond the share that holds its sender up, which is in the passes. `host_s` and `sharding_s`
    are the parts of a micro-batch on the fullest stage that the breakdown of a step books as
    `fixed` and `data_parallel`.
    """

    schedule: Schedule
    micro_batches: int
    forward_s: Grid
    backward_s: Grid
    weight_gradient_s: Grid
    saved_bytes: Grid
    hop_s: float = 0.0
    host_s: float = 0.0
    sharding_s: float = 0.0

    @property
    def n_stages(self) -> int:
        """p: stages of the pipeline."""
        return self.forward_s.shape[0]

    @property
    def n_chunks(self) -> int:
        """v: model chunks that each stage holds."""
        return self.forward_s.shape[1]

    @property
    def busy_s(self) -> NDArray[np.float64]:
        """Seconds that each stage works in one step."""
        return self.micro_batches * (self.forward_s + self.backward_s).sum(1)


def chunk_layers(layers: int, pp: int, vp: int) -> Grid:
    """Layers of each chunk; a stage that stays short lacks a layer in its outermost chunk.

    Stages stay short in the order of `pipeline.stage_layers`: the last, the first, then inwards
    from the last but one.
    """
    stage = pipeline.stage_layers(float(layers), np.array([pp]))
    most = float(stage.most[0])
    held = np.full((pp, vp), most / vp)
    short = [pp - 1, 0, *range(pp - 2, 0, -1)][: round(most * pp - layers)]
    for one in short:
        if most >= vp:
            held[one, 0 if one == 0 else -1] -= 1.0
        else:
            held[one] -= 1.0 / vp
    return held


def stage_passes(
    model: Transformer, machine: Machine, workload: TrainingWorkload, strategy: Strategy
) -> StagePasses:
    """The passes of one strategy on its machine, from the terms of the step-time model."""
    table = StrategyTable.of([strategy], machine.count)
    shape, work = ModelShape.of(model), work_shape(machine, workload)
    cost = layer_cost(shape, work, machine, table)
    state = state_cost(shape, work, machine, table, cost)
    share = recompute.repeated_fraction(table.recompute, table.recompute_layers, state.layers_most)
    again = terms.repeat_s(table, cost, share)
    sharded_s = terms.sharded_units_s(machine, table, cost, state, again)
    layers = chunk_layers(model.layers, strategy.pp, strategy.vp)
    forward_s, backward_s, weight_s = _passes(machine, cost, state, (again, sharded_s), layers)
    message_s = float(terms.stage_message_s(machine, table, cost)[0]) * (strategy.pp > 1)
    held_up_s = message_s * (1.0 - machine.coefficients.p2p_overlap)
    return StagePasses(
        schedule=strategy.schedule,
        micro_batches=workload.global_batch // int(table.dp[0] * table.micro_batch[0]),
        forward_s=forward_s + held_up_s,
        backward_s=backward_s + held_up_s,
        weight_gradient_s=weight_s,
        saved_bytes=layers * float(recompute.saved_bytes(cost, table.recompute, share)[0]),
        hop_s=message_s - held_up_s,
        host_s=machine.coefficients.micro_batch_s,
        sharding_s=_one(sharded_s),
    )


def _passes(
    machine: Machine,
    cost: LayerCost,
    state: StateCost,
    repeated_and_sharded_s: tuple[Array, Array],
    layers: Grid,
) -> tuple[Grid, Grid, Grid]:
    """Forward, backward and its weight gradients, by stage and chunk."""
    c = machine.coefficients
    again, sharded = repeated_and_sharded_s
    sharded = sharded / state.layers_most
    slowed = sharding.contention_time_s(cost.hidden_traffic, c.interference)
    first = sharding.unit_exposed_s(state.unit_gather_s, cost.forward, c.shard_overlap)
    host_s = c.micro_batch_s / layers.shape[1]
    forward_s = layers * _one(cost.forward + slowed * FORWARD_PART + first)
    later = cost.backward + again + slowed * (1.0 - FORWARD_PART) + sharded - first
    backward_s = layers * _one(later)
    weight_s = layers * _one(cost.weight_gradient)
    for place, extra in (((0, 0), cost.first_extra), ((-1, -1), cost.last_extra)):
        forward_s[place] += _one(extra) * FORWARD_PART
        backward_s[place] += _one(extra) * (1.0 - FORWARD_PART)
    return forward_s + host_s * FORWARD_PART, backward_s + host_s * (1 - FORWARD_PART), weight_s


def _one(column: object) -> float:
    return float(np.ravel(np.asarray(column, np.float64))[0])
