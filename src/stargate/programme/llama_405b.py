"""The training of Llama 3.1 405B from what its paper states: compute, speed, goodput, stages.

Source: arXiv 2407.21783, table 4 (the split, by length of sequence), sections 3.2 and 3.4 (tokens),
table 5 (failures). Pipeline stages hold one layer at a time: the paper interleaves, and does not
print how finely. FSDP keeps gathered weights and splits gradients and optimiser, which is ZeRO 2.
The first 2.9 T tokens came in smaller batches; that they cost as much a token is assumed (the
paper's 8,192 accelerators would do so). Time outside of the run is not counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stargate import catalog
from stargate.catalog import fact
from stargate.perf.flop import model_flop
from stargate.perf.machine import Machine
from stargate.perf.search import predict
from stargate.perf.shape import ModelShape, WorkShape
from stargate.plant.reliability import daly_interval_s, goodput, mean_time_between_failures_s
from stargate.programme.training_run import active_parameters, training_compute_flop
from stargate.spec.workload import Strategy, TrainingWorkload

MODEL = "llama-3.1-405b"
ACCELERATORS = 16384
_BATCH_TOKENS = 2**24
_SHORT, _LONG = 8192, 131_072
_SPLIT = {
    _SHORT: "tp=8,pp=16,vp=8,dp=128,mb=1,zero=2",
    _LONG: "tp=8,pp=16,vp=8,cp=16,dp=8,mb=1,zero=2",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the training: its tokens, their sequence length, and the step that we predict."""

    tokens: float
    seq_len: int
    step_s: float

    @property
    def device_time_s(self) -> float:
        """Seconds of all accelerators, nothing lost."""
        return self.tokens / _BATCH_TOKENS * self.step_s * ACCELERATORS


def stages() -> tuple[Stage, Stage]:
    """Pre-training, then the lengthening of the context, all of it taken at its last length."""
    long_tokens = fact("llama31_405b_long_context_tokens").value
    short_tokens = fact("llama31_405b_tokens").value - long_tokens
    return _stage(short_tokens, _SHORT), _stage(long_tokens, _LONG)


def _stage(tokens: float, seq_len: int) -> Stage:
    machine = Machine.of("h100-sxm", ACCELERATORS)
    strategy = Strategy.from_text(_SPLIT[seq_len])
    found = predict(catalog.model(MODEL), machine, _work(seq_len), strategy)
    return Stage(tokens, seq_len, found.best.step_time_s)


def _work(seq_len: int) -> TrainingWorkload:
    return TrainingWorkload(model=MODEL, seq_len=seq_len, global_batch=_BATCH_TOKENS // seq_len)


def compute_flop() -> float:
    """6 N D of the whole training."""
    tokens = np.asarray(fact("llama31_405b_tokens").value)
    return float(training_compute_flop(_parameters(), tokens))


def _parameters() -> float:
    return active_parameters(catalog.model(MODEL), _work(_SHORT))


def time_by_rate_s() -> float:
    """Seconds of all accelerators at the published rate of 400 TFLOP/s each, nothing lost."""
    work = WorkShape.of(_work(_SHORT), 1.0, unfused=False)
    per_step = model_flop(ModelShape.of(catalog.model(MODEL)), work)
    n_steps = fact("llama31_405b_tokens").value / _BATCH_TOKENS
    return float(np.asarray(per_step).sum()) * n_steps / fact("llama31_405b_in_run_rate").value


def goodput_on_16k() -> float:
    """Goodput on 16,384 H100 with the failure rate of that run, by Daly's interval.

    A failure shows as a hang that ends by the collective timeout. The paper says above 0.9.
    """
    state_bytes = _parameters() * fact("checkpoint_bytes_per_parameter").value
    checkpoint_s = state_bytes / fact("checkpoint_store_rate").value
    mtbf_s = mean_time_between_failures_s(fact("failure_rate_llama3_h100").value, ACCELERATORS)
    return goodput(
        daly_interval_s(checkpoint_s, mtbf_s),
        checkpoint_s,
        fact("detect_by_timeout").value,
        fact("cold_recovery_16k").value,
        mtbf_s,
    )
