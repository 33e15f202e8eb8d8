"""What one micro-batch costs on one rank in an average layer, and at the two ends of the model.

Times are seconds per layer and micro-batch, forward (`forward`) and backward (`backward`), by term.
They depend on few columns of a strategy (tp, cp, ep, micro-batch, sequence parallelism, overlap),
so that a table of a million strategies needs them for a few hundred combinations only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stargate.perf import selective
from stargate.perf.case import Case
from stargate.perf.columns import Column, Columns
from stargate.perf.layer_compute import (
    COMPUTE,
    attention_core,
    ends,
    experts_forward_s,
    launches,
    linear,
    memory_bound_operators,
    weight_gradient_s,
)
from stargate.perf.layer_memory import saved_sizes
from stargate.perf.layer_traffic import TRAFFIC, messages, traffic
from stargate.perf.machine import Machine
from stargate.perf.products import layer_products
from stargate.perf.shape import ModelShape, WorkShape
from stargate.perf.strategy import StrategyTable

TERMS = (*COMPUTE, "launch", *TRAFFIC)


@dataclass(frozen=True)
class LayerCost(Columns):
    """One row a distinct layer layout; all times in seconds, all sizes in bytes, of one rank."""

    linear_forward: Column
    linear_backward: Column
    weight_gradient: Column
    attention_forward: Column
    attention_backward: Column
    memory_bound_forward: Column
    memory_bound_backward: Column
    launch_forward: Column
    launch_backward: Column
    tensor_parallel_forward: Column
    tensor_parallel_backward: Column
    context_parallel_forward: Column
    context_parallel_backward: Column
    expert_parallel_forward: Column
    expert_parallel_backward: Column
    hidden_traffic: Column
    selective_repeat: Column
    first_extra: Column
    last_extra: Column
    message_inside: Column
    message_outside: Column
    activation: Column
    scores: Column
    selective_drop: Column
    boundary: Column
    logits: Column
    dense_parameters: Column
    expert_parameters: Column
    forward: Column
    backward: Column


def layer_cost(
    shape: ModelShape, work: WorkShape, machine: Machine, table: StrategyTable
) -> LayerCost:
    """Every term of `LayerCost` for the layouts of `table`."""
    case = Case.of(shape, work, machine, table)
    padded = np.asarray(case.capacity) > 0
    products = layer_products(
        shape, case.tokens, table.tp, table.ep, case.expert_imbalance, padded=padded
    )
    parts = {
        **linear(products, case),
        **attention_core(case),
        **memory_bound_operators(case),
        **traffic(case),
    }
    parts |= launches(case, parts, experts_forward_s(products, case))
    return LayerCost(
        **parts,
        **ends(case),
        **messages(case),
        **saved_sizes(case),
        selective_repeat=selective.repeat_s(case, parts),
        weight_gradient=weight_gradient_s(case, products, parts),
        dense_parameters=products.parameters(routed=False) + 2.0 * shape.hidden,
        expert_parameters=products.parameters(routed=True) * np.ones_like(case.tokens),
        forward=sum(parts[f"{term}_forward"] for term in TERMS),
        backward=sum(parts[f"{term}_backward"] for term in TERMS),
    )
