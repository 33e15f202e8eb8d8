"""The architecture of a language model: a dense or mixture-of-experts decoder-only transformer.

Only shapes stand here; what they cost is computed in `perf`. Not covered: encoder-decoder models,
state-space layers, cross-attention.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from stargate.spec.base import SpecModel

Count = Annotated[int, Field(ge=1)]


class LatentAttention(SpecModel):
    """Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1)."""

    kv_lora_rank: Count
    q_lora_rank: Count | None = None
    qk_nope_head_dim: Count
    qk_rope_head_dim: Count
    v_head_dim: Count


class MixtureOfExperts(SpecModel):
    """Routed experts that take the place of the feed-forward block in most layers."""

    experts: Count
    active: Count = Field(description="routed experts that each token visits (top-k)")
    expert_ffn_hidden: Count
    shared_ffn_hidden: int = Field(
        default=0, ge=0, description="summed width of the experts that every token visits"
    )
    dense_layers: int = Field(default=0, ge=0, description="first layers that stay dense")
    every: Count = Field(default=1, description="one layer in so many is routed, others are dense")

    @model_validator(mode="after")
    def _active_within_experts(self) -> Self:
        if self.active > self.experts:
            raise ValueError(
                f"active is {self.active}, more than the {self.experts} experts; lower it"
            )
        return self


class Transformer(SpecModel):
    """A decoder-only transformer."""

    name: str = ""
    layers: Count
    hidden: Count
    heads: Count
    kv_heads: Count | None = Field(default=None, description="fewer than heads: GQA; 1: MQA")
    head_dim: Count | None = Field(default=None, description="hidden / heads when left out")
    latent_attention: LatentAttention | None = Field(default=None, description="MLA")
    sliding_window: Count | None = Field(default=None, description="tokens a local layer sees")
    global_every: Count | None = Field(
        default=None,
        description="with a sliding window: one layer in so many sees the whole context",
    )
    ffn_hidden: Count
    gated_ffn: bool = Field(default=True, description="SwiGLU or GeGLU: three matrices, not two")
    vocabulary: Count
    tied_embeddings: bool = False
    positions: Literal["rope", "learned", "alibi", "none"] = "rope"
    max_seq_len: Count = 8192
    linear_bias: bool = Field(default=False, description="biases on every linear layer and norm")
    parallel_block: bool = Field(
        default=False,
        description="attention and feed-forward side by side, after one norm or one each",
    )
    clamped_ffn: bool = Field(default=False, description="both inputs of a gate are clamped first")
    qkv_bias: bool = Field(default=False, description="biases on the query, key, value layer alone")
    qk_norm: bool = Field(default=False, description="norms on the query and key heads")
    dropout: bool = False
    moe: MixtureOfExperts | None = None

    @model_validator(mode="after")
    def _shapes_agree(self) -> Self:
        if self.head_dim is None and self.latent_attention is None and self.hidden % self.heads:
            raise ValueError(
                f"hidden {self.hidden} is no multiple of heads {self.heads}; set head_dim"
            )
        if self.heads % self.n_kv_heads:
            raise ValueError(
                f"heads {self.heads} is no multiple of kv_heads {self.n_kv_heads}; "
                "set kv_heads to a divisor"
            )
        if self.global_every is not None and self.sliding_window is None:
            raise ValueError("global_every has no meaning alone; add sliding_window")
        if self.moe is not None and self.moe.dense_layers >= self.layers:
            raise ValueError(
                f"moe.dense_layers leaves no routed layer among {self.layers}; lower it"
            )
        return self

    @property
    def n_kv_heads(self) -> int:
        """Key and value heads; as many as query heads unless stated."""
        return self.heads if self.kv_heads is None else self.kv_heads

    @property
    def head_size(self) -> int:
        """Width of one query head."""
        if self.head_dim is not None:
            return self.head_dim
        if self.latent_attention is not None:
            return self.latent_attention.qk_nope_head_dim + self.latent_attention.qk_rope_head_dim
        return self.hidden // self.heads

    @property
    def moe_layers(self) -> int:
        """How many layers are routed."""
        if self.moe is None:
            return 0
        return len(range(self.moe.dense_layers, self.layers, self.moe.every))

    @property
    def dense_layers(self) -> int:
        """How many layers have a plain feed-forward block."""
        return self.layers - self.moe_layers
