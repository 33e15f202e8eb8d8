"""Pipeline schedules: bubble, pace of the slowest stage, messages between stages, live activations.

p stages, v model chunks a stage, m micro-batches. Stage times may differ: the first stage holds
the embedding, the last the logits, and a layer count that does not divide leaves some short.
Not covered: DualPipe's doubled weights, schedules fitted to memory by search.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stargate.perf.columns import Array, Column, Ints
from stargate.perf.strategy import GPIPE, ZERO_BUBBLE


@dataclass(frozen=True, slots=True)
class StageLayers:
    """Layers of the fullest stage, and of the first and the last one."""

    most: Array
    first: Array
    last: Array


def stage_layers(layers: Column, pp: Ints) -> StageLayers:
    """Layers by stage: ceil(L / p) on the fullest, one fewer where they do not divide.

    The last stage, which also holds the logits, is the first to stay short, then the first stage:
    Llama 3 takes one layer from both ends of 16 x 8 (arXiv 2407.21783, section 3.3.2).
    """
    most = np.ceil(layers / pp)
    short = most * pp - layers
    return StageLayers(most, most - (short >= 2), most - (short >= 1))


def bubble_time_s(
    other_stages_s: Column,
    weight_gradient_s: Column,
    micro_batches: Column,
    pp: Ints,
    vp: Ints,
    schedule: Ints,
) -> Array:
    """Seconds that the slowest stage idles in one step.

    1F1B and GPipe: one pass through the other stages, sum of (F + B), over v when interleaved
    (arXiv 2104.04473, section 2.2). Zero-bubble ZB-H1: (p-1)(F + B - 2 W) (arXiv 2401.10241,
    table 2): p - 1 weight gradients W fill the way in and p - 1 leave the way out; of the former
    there is one fewer than micro-batches where these are few (as the replay in `timeline` shows).
    `other_stages_s` sums F + B of all but the slowest stage.
    """
    filled_s = (pp - 1 + np.minimum(pp - 1, micro_batches - 1)) * weight_gradient_s
    left_s = np.maximum(other_stages_s - filled_s, 0.0)
    return np.where(schedule == ZERO_BUBBLE, left_s, other_stages_s) / vp


def message_time_s(
    message_s: Column, micro_batches: Column, pp: Ints, vp: Ints, overlap: Column
) -> Array:
    """Seconds of stage-to-stage messages on the critical path.

    Each micro-batch sends 2 v messages (activations forward, gradients back); the share `overlap`
    hides behind compute in the steady state; the 2 (p - 1) of filling and draining never do.
    """
    steady = 2.0 * vp * micro_batches * (1.0 - overlap)
    return np.where(pp > 1, message_s * (steady + 2.0 * (pp - 1)), 0.0)


def live_micro_batches(pp: Ints, vp: Ints, micro_batches: Array, schedule: Ints) -> Array:
    """Micro-batches whose activations the first stage holds at its peak.

    GPipe m; 1F1B and ZB-H1 p; interleaved p (1 + (p-1)/(p v)) (arXiv 2205.05198, section 4.2.3).
    """
    interleaved = pp + np.where(vp > 1, (pp - 1) / vp, 0.0)
    live = np.where(schedule == GPIPE, micro_batches, np.minimum(interleaved, micro_batches))
    return np.maximum(live, 1.0)


def live_on_last_stage(pp: Ints, vp: Ints, micro_batches: Array, schedule: Ints) -> Array:
    """Micro-batches alive on the last stage: 1, or the chunks begun before its first backward."""
    interleaved = 1.0 + np.where(vp > 1, pp * (vp - 1) / vp, 0.0)
    live = np.where(schedule == GPIPE, micro_batches, np.minimum(interleaved, micro_batches))
    return np.maximum(live, 1.0)
