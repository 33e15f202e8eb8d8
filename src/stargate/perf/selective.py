"""Selective recomputation: what of a layer is run again, and what it then need not keep.

By default all that is cheap: with unfused attention its core (arXiv 2205.05198, section 5); with
flash attention, which never stores the scores, norms, activations and MLA's up-projections. A
strategy may name the modules instead, as Megatron's `--recompute-modules` does. `core_attn` is the
attention core and `out_proj` the product after it. `alternate_products` is PyTorch's selective
checkpointing by operator as torchtitan sets it up: all that is cheap, gathers too, and every second
product. Not covered: whole mixtures of experts.
"""

from __future__ import annotations

import numpy as np

from stargate.perf import memory, memory_bound
from stargate.perf.case import Case
from stargate.perf.columns import Array, Column, Ints
from stargate.perf.gemm import gemm_time_s
from stargate.perf.strategy import MODULES
from stargate.spec.workload import RecomputeModule

NORM_PASSES = 4.0  # two norms, each read and written, in elements of a layer's width


def repeat_s(case: Case, parts: dict[str, Column]) -> Array:
    """Forward seconds a layer and micro-batch that selective recomputation does again."""
    cheap = parts["memory_bound_forward"] + latent_projections_s(case)
    seconds = module_seconds(case) | {
        "core_attn": parts["attention_forward"],
        "alternate_products": cheap + alternate_products_s(case, parts),
    }
    named = _named(case.table.recompute_modules, seconds)
    usual = np.where(np.asarray(case.work.unfused) > 0, parts["attention_forward"], cheap)
    return np.where(case.table.recompute_modules > 0, named, usual)


def dropped_bytes(case: Case, scores: Column) -> Array:
    """Bytes a layer and micro-batch that selective recomputation need not keep.

    `scores` are the saved bytes per token of unfused attention.
    """
    tokens, tp = case.tokens, case.table.tp
    sizes = module_bytes(case)
    shape, kept = case.shape, _kept_bytes(case)
    width = (1.0 - shape.routed) * shape.ffn + shape.routed * shape.shared_ffn
    cheap = sizes["layernorm"] + sizes["moe_act"] + sizes["mla_up_proj"]
    cheap = cheap + tokens * width * kept / tp
    usual = np.where(np.asarray(case.work.unfused) > 0, tokens * scores / tp, cheap)
    return np.where(
        case.table.recompute_modules > 0, _named(case.table.recompute_modules, sizes), usual
    )


def module_seconds(case: Case) -> dict[RecomputeModule, Column]:
    """Forward seconds of each module of products and passes in an average layer."""
    shape, work, machine, table = case.shape, case.work, case.machine, case.table
    split = np.where(table.sequence_parallel > 0, table.tp, 1)
    fusion, bandwidth = machine.coefficients.fusion, machine.stream_bytes_per_s
    narrow = np.where(np.asarray(work.bits) < 16, 1.0, 0.0) * machine.is_gpu
    experts = shape.routed * shape.active * shape.expert_ffn / table.tp
    dense = (1.0 - shape.routed) * shape.ffn / table.tp

    def activated(width: Column) -> Column:
        moved = memory_bound.activation_bytes(width, shape.gated) * fusion
        return moved + memory_bound.cast_bytes(width) * narrow

    norms = NORM_PASSES * memory_bound.BF16_BYTES * shape.hidden / split * fusion
    common = {"flop_per_s": machine.gemm_rate(work), "input_bytes": work.input_bytes}
    wide = shape.ffn / table.tp
    up = gemm_time_s(
        case.tokens, (1.0 + shape.gated) * wide, shape.hidden, machine.gemm_unit, **common
    )
    down = gemm_time_s(case.tokens, shape.hidden, wide, machine.gemm_unit, **common)
    return {
        "layernorm": case.tokens * norms / bandwidth,
        "moe_act": case.tokens * activated(experts) / bandwidth,
        "mla_up_proj": latent_projections_s(case),
        "mlp": (1.0 - shape.routed) * (up + down) + case.tokens * activated(dense) / bandwidth,
        "out_proj": gemm_time_s(
            case.tokens,
            shape.hidden,
            shape.heads * shape.v_dim / table.tp,
            machine.gemm_unit,
            **common,
        ),
    }


def alternate_products_s(case: Case, parts: dict[str, Column]) -> Array:
    """Forward seconds of what is not on the list of operators to keep: every second 16-bit product,
    by FLOP the output projection and one of a gated block; all products in 8 bit, which are another
    operator; and half of the tensor-parallel traffic, since sums are kept and gathers are not.

    Source: torchtitan, `_save_list` and `_get_custom_policy` (December 2024 to mid 2025).
    """
    shape, work = case.shape, case.work
    out = shape.heads * shape.v_dim
    every = out + (1.0 + shape.gated + 1.0) * shape.ffn
    every = every + out + shape.kv_heads * (shape.qk_dim + shape.v_dim)
    share = np.where(np.asarray(work.bits) < 16, 1.0, (out + shape.ffn) / every)
    return share * parts["linear_forward"] + 0.5 * parts["tensor_parallel_forward"]


def module_bytes(case: Case) -> dict[RecomputeModule, Column]:
    """Bytes that each module of an average layer saves for its backward."""
    shape, work, table, tokens = case.shape, case.work, case.table, case.tokens
    split, kept = np.where(table.sequence_parallel > 0, table.tp, 1), _kept_bytes(case)
    dense = memory.ffn_bytes_per_token((1.0 - shape.routed) * shape.ffn, kept, shape.gated)
    return {
        "layernorm": tokens * 2.0 * work.input_bytes * shape.hidden / split,
        "moe_act": tokens * shape.routed * shape.active * shape.expert_ffn * kept / table.tp,
        "mla_up_proj": tokens * latent_bytes_per_token(case) / table.tp,
        "mlp": tokens * dense / table.tp,
        "core_attn": tokens * 2.0 * shape.heads * shape.v_dim / table.tp,
        "out_proj": 0.0 * tokens,
        "alternate_products": tokens * (2.0 * work.input_bytes * shape.hidden / split)
        + tokens * dense * 0.5 / table.tp,
    }


def latent_projections_s(case: Case) -> Array:
    """Forward seconds of the products that expand MLA's latents; 0 without them."""
    shape, work, machine, tokens = case.shape, case.work, case.machine, case.tokens
    common = {"flop_per_s": machine.gemm_rate(work), "input_bytes": work.input_bytes}
    heads, unit = shape.heads / case.table.tp, machine.gemm_unit
    queries = gemm_time_s(tokens, heads * shape.qk_dim, shape.q_rank, unit, **common)
    wide = heads * (shape.qk_dim + shape.v_dim)
    return queries + gemm_time_s(tokens, wide, shape.kv_rank, unit, **common)


def latent_bytes_per_token(case: Case) -> Column:
    """Saved bytes per token of the queries, keys and values that MLA expands from its latents."""
    shape = case.shape
    return 2.0 * shape.latent * shape.heads * (2.0 * shape.qk_dim + shape.v_dim)


def _kept_bytes(case: Case) -> Column:
    """Bytes per element of a second product's input; 0 where its weights are frozen."""
    return case.work.input_bytes * (1.0 - case.work.frozen)


def _named(mask: Ints, by_module: dict[RecomputeModule, Column]) -> Array:
    chosen = (np.asarray(mask >> i & 1) * by_module[m] for i, m in enumerate(MODULES))
    return np.asarray(sum(chosen), np.float64)
