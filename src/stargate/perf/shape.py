"""A model and a workload as columns of numbers, so that formulas need no branches on architecture.

What an architecture lacks is zero: no experts, no latent attention, no window. A batch of records
stacks one row a record; a search has one row for all strategies.
"""

from __future__ import annotations

from dataclasses import dataclass

from stargate.perf.columns import Column, Columns
from stargate.spec.model import Transformer
from stargate.spec.workload import Precision, TrainingWorkload

# Bytes per element of a linear layer's inputs; scales of block formats included (one byte per 32
# elements for MX, per 16 for NVFP4).
INPUT_BYTES: dict[Precision, float] = {
    "fp32": 4.0,
    "bf16": 2.0,
    "fp16": 2.0,
    "int8": 1.0,
    "fp8": 1.0,
    "fp8-row": 1.0,
    "fp8-block": 1.03,
    "mxfp8": 1.03,
    "nvfp4": 0.5625,
    "mxfp4": 0.53,
}
# The catalogue's name of the peak that each precision runs at.
PEAK_OF: dict[Precision, str] = {
    "fp32": "tf32",
    "bf16": "bf16",
    "fp16": "fp16",
    "int8": "int8",
    "fp8": "fp8",
    "fp8-row": "fp8",
    "fp8-block": "fp8",
    "mxfp8": "fp8",
    "nvfp4": "fp4",
    "mxfp4": "fp4",
}
BLOCK_SCALED = ("fp8-block", "mxfp8", "nvfp4", "mxfp4")  # a scale for each block of elements
OPTIMIZER_STATE_BYTES = {"adam": 8.0, "lion": 4.0, "sgd": 4.0}


def input_bits(precision: Precision) -> float:
    """Bits of one element of a linear layer's input, without its share of a scale."""
    width = INPUT_BYTES[precision]
    return 32.0 if width > 2 else 16.0 if width > 1.5 else 8.0 if width >= 1 else 4.0


@dataclass(frozen=True)
class ModelShape(Columns):
    """Dimensions of a transformer; flags are 0 or 1, `routed` is the share of routed layers."""

    layers: Column
    hidden: Column
    heads: Column
    kv_heads: Column
    qk_dim: Column
    v_dim: Column
    latent: Column
    q_rank: Column
    kv_rank: Column
    rope_dim: Column
    window: Column
    global_share: Column
    ffn: Column
    gated: Column
    vocabulary: Column
    tied: Column
    dropout: Column
    rope: Column
    routed: Column
    experts: Column
    active: Column
    expert_ffn: Column
    shared_ffn: Column
    expert_bias: Column
    clamped: Column
    parallel: Column

    @classmethod
    def of(cls, model: Transformer) -> ModelShape:
        """The dimensions of one model."""
        latent = model.latent_attention
        moe = model.moe
        return cls(
            layers=float(model.layers),
            hidden=float(model.hidden),
            heads=float(model.heads),
            kv_heads=float(model.n_kv_heads),
            qk_dim=float(
                latent.qk_nope_head_dim + latent.qk_rope_head_dim if latent else model.head_size
            ),
            v_dim=float(latent.v_head_dim if latent else model.head_size),
            latent=float(latent is not None),
            q_rank=float((latent.q_lora_rank or 0) if latent else 0),
            kv_rank=float(latent.kv_lora_rank if latent else 0),
            rope_dim=float(latent.qk_rope_head_dim if latent else 0),
            window=float(model.sliding_window or 0),
            global_share=1.0 / model.global_every if model.global_every else 0.0,
            ffn=float(model.ffn_hidden),
            gated=float(model.gated_ffn),
            vocabulary=float(model.vocabulary),
            tied=float(model.tied_embeddings),
            dropout=float(model.dropout),
            rope=float(model.positions == "rope"),
            routed=model.moe_layers / model.layers,
            experts=float(moe.experts if moe else 0),
            active=float(moe.active if moe else 0),
            expert_ffn=float(moe.expert_ffn_hidden if moe else 0),
            shared_ffn=float(moe.shared_ffn_hidden if moe else 0),
            expert_bias=float(moe is not None and model.linear_bias),
            clamped=float(model.clamped_ffn),
            parallel=float(model.parallel_block),
        )


@dataclass(frozen=True)
class WorkShape(Columns):
    """What one step works on, and how wide its numbers are.

    `bits` is the width of a linear layer's inputs (32, 16, 8 or 4), `block_scaled` 1 where each
    block of them has its own scale, `row_scaled` 1 where each row has; `gradient_bytes` is the
    width of a gradient's sum in memory and `reduced_bytes` that on the network; `frozen` is 1 where
    the base weights do not train and `adapter_rank` is then the rank of the adapters on them.
    `expert_imbalance` is 0 where nobody stated it, `expert_capacity` where no token is dropped;
    `attention_8bit` is 1 where a flash kernel multiplies in 8 bit.
    """

    seq_len: Column
    global_batch: Column
    bits: Column
    block_scaled: Column
    row_scaled: Column
    input_bytes: Column
    peak_flop_per_s: Column
    unfused: Column
    attention_8bit: Column
    weight_bytes: Column
    gradient_bytes: Column
    reduced_bytes: Column
    optimizer_bytes: Column
    frozen: Column
    adapter_rank: Column
    adapts_ffn: Column
    expert_imbalance: Column
    expert_capacity: Column

    @classmethod
    def of(
        cls,
        workload: TrainingWorkload,
        peak_flop_per_s: float,
        *,
        unfused: bool,
        reduces_16_bit: bool = False,
    ) -> WorkShape:
        """One workload, at the accelerator's peak for its precision."""
        width = INPUT_BYTES[workload.precision]
        lora = workload.lora
        weight = 4.0 if workload.precision == "fp32" else 2.0
        gradient = 4.0 if workload.gradients == "fp32" else 2.0
        master = 4.0 if workload.master_weights and weight < 4.0 else 0.0
        return cls(
            seq_len=float(workload.seq_len),
            global_batch=float(workload.global_batch),
            bits=input_bits(workload.precision),
            block_scaled=float(workload.precision in BLOCK_SCALED),
            row_scaled=float(workload.precision == "fp8-row"),
            input_bytes=width,
            peak_flop_per_s=peak_flop_per_s,
            unfused=float(unfused),
            attention_8bit=float(workload.attention_precision == "fp8"),
            weight_bytes=weight,
            gradient_bytes=gradient,
            reduced_bytes=2.0 if reduces_16_bit else gradient,
            optimizer_bytes=master + OPTIMIZER_STATE_BYTES[workload.optimizer],
            frozen=float(lora is not None),
            adapter_rank=float(lora.rank if lora else 0),
            adapts_ffn=float(lora is not None and lora.targets == "all-linear"),
            expert_imbalance=workload.expert_imbalance or 0.0,
            expert_capacity=workload.expert_capacity or 0.0,
        )
