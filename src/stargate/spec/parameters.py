"""How many parameters a transformer has, block by block. One formula a block; all are exact counts.

Symbols: h hidden, a query heads, k key-value heads, d head size, f feed-forward width, V
vocabulary. A gated feed-forward block (SwiGLU, GeGLU) has three matrices, a plain one two. Biases
are counted where the model has them; norms are RMSNorm (h) or, with biases, LayerNorm (2h), two a
layer and one at the end. Not counted: attention sinks, multi-token prediction modules, vision
encoders, extra norms around the blocks (below 0.01 % each, except the modules).
"""

from __future__ import annotations

from dataclasses import dataclass

from stargate.spec.model import LatentAttention, Transformer


@dataclass(frozen=True, slots=True)
class ParameterCounts:
    """Parameters of one model. `active` is what one token visits.

    `attention`, `dense_ffn`, `expert`, `shared_expert`, `router` and `norms` are of one layer that
    has such a block (`expert`: of one expert). `embedding` holds the positions if they are learned;
    `head` is 0 where it shares the embedding's weights.
    """

    attention: int
    dense_ffn: int
    expert: int
    shared_expert: int
    router: int
    norms: int
    embedding: int
    head: int
    total: int
    active: int

    @property
    def inactive(self) -> int:
        """Parameters of the experts that a token does not visit."""
        return self.total - self.active


def parameter_counts(model: Transformer) -> ParameterCounts:
    """Every count of `model`.

    total = L (attention + norms) + L_dense ffn + L_moe (E expert + shared + router)
            + embedding + head + final norm; active takes the top-k experts for all E.
    """
    attention = attention_parameters(model)
    dense = ffn_parameters(model, model.ffn_hidden)
    moe = model.moe
    expert = ffn_parameters(model, moe.expert_ffn_hidden) if moe else 0
    shared = ffn_parameters(model, moe.shared_ffn_hidden) if moe and moe.shared_ffn_hidden else 0
    router = router_parameters(model)
    norms = 2 * norm_parameters(model)
    ends = embedding_parameters(model) + head_parameters(model) + norm_parameters(model)
    every_layer = model.layers * (attention + norms) + model.dense_layers * dense
    routed = shared + router

    def whole(experts: int) -> int:
        return every_layer + model.moe_layers * (routed + experts * expert) + ends

    return ParameterCounts(
        attention=attention,
        dense_ffn=dense,
        expert=expert,
        shared_expert=shared,
        router=router,
        norms=norms,
        embedding=embedding_parameters(model),
        head=head_parameters(model),
        total=whole(moe.experts if moe else 0),
        active=whole(moe.active if moe else 0),
    )


def attention_parameters(model: Transformer) -> int:
    """One attention block: h(a + 2k)d for queries, keys, values, and a d h for the output."""
    if model.latent_attention is not None:
        return latent_attention_parameters(model, model.latent_attention)
    queries, keys = model.heads * model.head_size, model.n_kv_heads * model.head_size
    weights = model.hidden * (2 * queries + 2 * keys)
    qkv_bias = (queries + 2 * keys) * (model.linear_bias or model.qkv_bias)
    return weights + qkv_bias + model.hidden * model.linear_bias + qk_norm_parameters(model)


def latent_attention_parameters(model: Transformer, latent: LatentAttention) -> int:
    """One MLA block (DeepSeek-V2, arXiv 2405.04434, equations 9-19), with its two norms.

    Queries h r_q + r_q a (d_n + d_r), or h a (d_n + d_r) without query compression; keys and
    values h (r_kv + d_r) + r_kv a (d_n + d_v); output a d_v h.
    """
    query_dim = model.heads * (latent.qk_nope_head_dim + latent.qk_rope_head_dim)
    rank = latent.q_lora_rank
    queries = rank * (model.hidden + query_dim + 1) if rank else model.hidden * query_dim
    down = model.hidden * (latent.kv_lora_rank + latent.qk_rope_head_dim)
    up = latent.kv_lora_rank * model.heads * (latent.qk_nope_head_dim + latent.v_head_dim)
    output = model.heads * latent.v_head_dim * model.hidden
    return queries + down + latent.kv_lora_rank + up + output


def qk_norm_parameters(model: Transformer) -> int:
    """Norms on query and key heads: one of width d each, shared by the heads."""
    return 2 * model.head_size * model.qk_norm


def ffn_parameters(model: Transformer, width: int) -> int:
    """One feed-forward block, or one expert, of the given width: 3hf gated, 2hf plain."""
    up_matrices = 2 if model.gated_ffn else 1
    bias = (up_matrices * width + model.hidden) * model.linear_bias
    return (up_matrices + 1) * model.hidden * width + bias


def router_parameters(model: Transformer) -> int:
    """The router of one routed layer: h E."""
    if model.moe is None:
        return 0
    return model.moe.experts * (model.hidden + model.linear_bias)


def norm_parameters(model: Transformer) -> int:
    """One norm: a scale of width h, and a shift where the model has biases."""
    return model.hidden * (1 + model.linear_bias)


def embedding_parameters(model: Transformer) -> int:
    """V h for the tokens, and one h for each position where positions are learned."""
    positions = model.max_seq_len if model.positions == "learned" else 0
    return (model.vocabulary + positions) * model.hidden


def head_parameters(model: Transformer) -> int:
    """V h for the logits, unless they share the embedding's weights."""
    return 0 if model.tied_embeddings else model.vocabulary * model.hidden
