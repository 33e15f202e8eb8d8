"""The training run of the next model: the speed of the machine, what failures leave, the compute.

compute = model FLOP per second x goodput x time. The speed of a machine does not depend on the
sample, so each distinct machine is searched once, with `perf`, for its best strategy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stargate.catalog.facts import Fact
from stargate.perf.flop import forward_flop_per_token
from stargate.perf.machine import Machine
from stargate.perf.search import search
from stargate.perf.shape import ModelShape, WorkShape
from stargate.plant import reliability
from stargate.spec.gate import Goodput
from stargate.spec.model import Transformer
from stargate.spec.workload import Strategy, TrainingWorkload

FloatArray = NDArray[np.float64]

_NINETIETH = 1.2815515655446004  # normal score of the 90th percentile


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast one machine trains one model, by its best strategy."""

    accelerators: int
    strategy: Strategy
    step_time_s: float
    interval_s: tuple[float, float]
    mfu: float
    tokens_per_s: float
    parameters: float
    facts: tuple[Fact, ...] = ()

    @property
    def sigma(self) -> float:
        """Spread of the logarithm of the step time, from its 80 % interval."""
        low, high = self.interval_s
        return math.log(high / low) / (2 * _NINETIETH)


@dataclass(frozen=True, slots=True)
class Uptime:
    """What failures and checkpoints leave of a machine's time."""

    mtbf_s: float
    interval_s: float
    goodput: float


def speed_of(
    model: Transformer, workload: TrainingWorkload, accelerator: str, accelerators: int
) -> Speed:
    """The best strategy for the model on so many accelerators, found by searching all of them."""
    machine = Machine.of(accelerator, accelerators, software=workload.software)
    found = search(model, machine, workload, n_alternatives=1)
    best = found.best
    tokens = workload.global_batch * workload.seq_len
    return Speed(
        accelerators=accelerators,
        strategy=best.strategy,
        step_time_s=best.step_time_s,
        interval_s=best.interval_s,
        mfu=best.mfu,
        tokens_per_s=tokens / best.step_time_s,
        parameters=active_parameters(model, workload),
        facts=found.facts,
    )


def active_parameters(model: Transformer, workload: TrainingWorkload) -> float:
    """Weights that multiply for each token, logits included, embeddings not: the N of 6 N D."""
    work = WorkShape.of(workload, 1.0, unfused=False)
    linear, _, logits = forward_flop_per_token(ModelShape.of(model), work)
    return float((np.asarray(linear) + np.asarray(logits)).sum() / 2.0)


def uptime_of(said: Goodput, accelerators: int) -> Uptime:
    """MTBF, Daly's checkpoint interval and goodput of a run on so many accelerators."""
    mtbf_s = reliability.mean_time_between_failures_s(
        said.failures_per_accelerator_s, accelerators, said.correlation
    )
    interval_s = reliability.daly_interval_s(said.checkpoint_s, mtbf_s)
    share = reliability.goodput(
        interval_s, said.checkpoint_s, said.detect_s, said.restart_s, mtbf_s
    )
    return Uptime(mtbf_s, interval_s, share)


def training_compute_flop(parameters: float, tokens: FloatArray) -> FloatArray:
    """Training compute of a dense transformer, C = 6 N D.

    N parameters, D tokens. Source: Kaplan et al., arXiv 2001.08361, table 1; leaves attention
    over the context out.
    """
    return 6.0 * parameters * tokens
