"""Reads a Hugging Face `config.json` into a `Transformer`.

Each `model_type` has one small reader, composed of parts that families share. Where a key may be
left out, the default is that of the `transformers` class for the type. Not covered: what a
`Transformer` does not hold (vision encoders, multi-token prediction, norms around blocks, scale
factors); encoder-decoder and state-space models.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydantic import ValidationError

from stargate.catalog.huggingface_config import Config, config_of
from stargate.errors import Problem, SpecError
from stargate.spec.model import Transformer

Shape = dict[str, object]
Reader = Callable[[Config], Shape]


def transformer_of(config: Mapping[str, object], name: str = "", file: str = "") -> Transformer:
    """The architecture that a parsed `config.json` describes.

    Raises `SpecError` that names the key which is missing, unknown or of the wrong type.
    """
    inner = config_of(config, file)
    reader = READERS.get(inner.text("model_type"))
    if reader is None:
        known = ", ".join(sorted(READERS))
        message = f"model_type {inner.text('model_type')!r} is not supported"
        raise SpecError([Problem(message, "model_type", file, mend=f"it reads {known}")])
    shape = {key: value for key, value in reader(inner).items() if value is not None}
    try:
        return Transformer.model_validate({"name": name, **shape})
    except ValidationError as error:
        problems = [
            Problem(fault["msg"], ".".join(str(part) for part in fault["loc"]), file)
            for fault in error.errors()
        ]
        raise SpecError(problems) from error


def _decoder(config: Config, *, tied: bool = False) -> Shape:
    """What nearly all recent decoders call by the same names; `tied` is the type's default."""
    return {
        "layers": config.count("num_hidden_layers"),
        "hidden": config.count("hidden_size"),
        "heads": config.count("num_attention_heads"),
        "kv_heads": config.count_or_none("num_key_value_heads"),
        "head_dim": config.count_or_none("head_dim"),
        "ffn_hidden": config.count("intermediate_size"),
        "vocabulary": config.count("vocab_size"),
        "tied_embeddings": config.flag("tie_word_embeddings", tied),
        "max_seq_len": config.count("max_position_embeddings"),
    }


def _llama(config: Config) -> Shape:
    return {**_decoder(config), "qkv_bias": config.flag("attention_bias", False)}


def _mistral(config: Config) -> Shape:
    return {**_decoder(config), "sliding_window": config.count_or_none("sliding_window")}


def _mixtral(config: Config) -> Shape:
    return {**_mistral(config), "moe": _experts(config, "num_local_experts", "intermediate_size")}


def _qwen2(config: Config) -> Shape:
    window = config.count_or_none("sliding_window")
    used = config.flag("use_sliding_window", False)
    return {**_decoder(config), "qkv_bias": True, "sliding_window": window if used else None}


def _qwen3(config: Config) -> Shape:
    bias = config.flag("attention_bias", False)
    return {**_qwen2(config), "qkv_bias": bias, "qk_norm": True}


def _qwen2_moe(config: Config) -> Shape:
    shared = config.count_or_none("shared_expert_intermediate_size")
    return {**_qwen2(config), "moe": _sparse(config, "num_experts", shared or 0)}


def _qwen3_moe(config: Config) -> Shape:
    return {**_qwen3(config), "moe": _sparse(config, "num_experts", 0)}


def _deepseek(config: Config) -> Shape:
    shape = {**_decoder(config), "kv_heads": None, "head_dim": None, "moe": _shared(config)}
    latent = {
        "kv_lora_rank": config.count("kv_lora_rank"),
        "q_lora_rank": config.count_or_none("q_lora_rank"),
        "qk_nope_head_dim": config.count("qk_nope_head_dim"),
        "qk_rope_head_dim": config.count("qk_rope_head_dim"),
        "v_head_dim": config.count("v_head_dim"),
    }
    return {**shape, "latent_attention": latent}


def _glm4_moe(config: Config) -> Shape:
    return {
        **_decoder(config),
        "qkv_bias": config.flag("attention_bias", False),
        "qk_norm": config.flag("use_qk_norm", False),
        "moe": _shared(config),
    }


def _gpt2(config: Config) -> Shape:
    hidden = config.count("n_embd")
    return {
        "layers": config.count("n_layer"),
        "hidden": hidden,
        "heads": config.count("n_head"),
        "ffn_hidden": config.count_or_none("n_inner") or 4 * hidden,
        "gated_ffn": False,
        "vocabulary": config.count("vocab_size"),
        "tied_embeddings": config.flag("tie_word_embeddings", True),
        "positions": "learned",
        "max_seq_len": config.count("n_positions"),
        "linear_bias": True,
        "dropout": config.number("resid_pdrop", 0.1) > 0,
    }


def _gpt_neox(config: Config) -> Shape:
    return {
        **_decoder(config),
        "gated_ffn": False,
        "linear_bias": True,
        "parallel_block": config.flag("use_parallel_residual", True),
    }


def _nemotron(config: Config) -> Shape:
    return {**_decoder(config), "gated_ffn": False}


def _bloom(config: Config) -> Shape:
    hidden = config.count("hidden_size", "n_embed")
    return {
        "layers": config.count("n_layer", "num_hidden_layers"),
        "hidden": hidden,
        "heads": config.count("n_head", "num_attention_heads"),
        "ffn_hidden": 4 * hidden,
        "gated_ffn": False,
        "vocabulary": config.count("vocab_size"),
        "tied_embeddings": config.flag("tie_word_embeddings", True),
        "positions": "alibi",
        "linear_bias": True,
    }


def _falcon(config: Config) -> Shape:
    hidden, heads = config.count("hidden_size"), config.count("num_attention_heads", "n_head")
    grouped = config.flag("new_decoder_architecture", False)
    single = config.flag("multi_query", True)
    groups = (config.count_or_none("num_kv_heads") or heads) if grouped else 1 if single else heads
    return {
        "layers": config.count("num_hidden_layers", "n_layer"),
        "hidden": hidden,
        "heads": heads,
        "kv_heads": groups,
        "ffn_hidden": config.count_or_none("ffn_hidden_size") or 4 * hidden,
        "gated_ffn": False,
        "vocabulary": config.count("vocab_size"),
        "tied_embeddings": config.flag("tie_word_embeddings", True),
        "positions": "alibi" if config.flag("alibi", False) else "rope",
        "max_seq_len": config.count_or_none("max_position_embeddings") or 2048,
        "linear_bias": config.flag("bias", False),
        "parallel_block": grouped or config.flag("parallel_attn", True),
    }


def _mpt(config: Config) -> Shape:
    hidden = config.count("d_model")
    alibi = config.part("attn_config").flag("alibi", False)
    return {
        "layers": config.count("n_layers"),
        "hidden": hidden,
        "heads": config.count("n_heads"),
        "ffn_hidden": round(config.number("expansion_ratio", 4) * hidden),
        "gated_ffn": False,
        "vocabulary": config.count("vocab_size"),
        "tied_embeddings": config.flag("tie_word_embeddings", True),
        "positions": "alibi" if alibi else "learned",
        "max_seq_len": config.count("max_seq_len"),
        "linear_bias": not config.flag("no_bias", True),
    }


def _gemma(config: Config) -> Shape:
    return _decoder(config, tied=True)


def _gemma2(config: Config) -> Shape:
    return {**_gemma(config), **_windows(config, every=2)}


def _gemma3(config: Config) -> Shape:
    return {**_gemma(config), **_windows(config, every=6), "qk_norm": True}


def _gpt_oss(config: Config) -> Shape:
    return {
        **_decoder(config),
        **_windows(config, every=2),
        "linear_bias": config.flag("attention_bias", True),
        "clamped_ffn": True,
        "moe": _experts(config, "num_local_experts", "intermediate_size"),
    }


def _olmo2(config: Config) -> Shape:
    return {**_llama(config), "qk_norm": True}


def _cohere(config: Config) -> Shape:
    return {
        **_decoder(config, tied=True),
        "qk_norm": config.flag("use_qk_norm", False),
        "parallel_block": True,
    }


def _cohere2(config: Config) -> Shape:
    return {**_cohere(config), **_windows(config, every=4)}


def _experts(config: Config, experts: str, width: str) -> Shape:
    return {
        "experts": config.count(experts),
        "active": config.count("num_experts_per_tok", "experts_per_token"),
        "expert_ffn_hidden": config.count(width),
    }


def _sparse(config: Config, experts: str, shared: int) -> Shape:
    """Qwen's: one layer in `decoder_sparse_step` is routed, save those of `mlp_only_layers`."""
    config.refuse_unless_empty("mlp_only_layers")
    every = config.count_or_none("decoder_sparse_step") or 1
    routed = _experts(config, experts, "moe_intermediate_size")
    return {**routed, "shared_ffn_hidden": shared, "every": every}


def _shared(config: Config) -> Shape:
    """DeepSeek's: the first layers are dense, some experts serve every token."""
    width = config.count("moe_intermediate_size")
    return {
        **_experts(config, "n_routed_experts", "moe_intermediate_size"),
        "shared_ffn_hidden": width * (config.count_or_none("n_shared_experts") or 0),
        "dense_layers": config.whole("first_k_dense_replace", 0),
        "every": config.count_or_none("moe_layer_freq") or 1,
    }


def _windows(config: Config, every: int) -> Shape:
    """Local layers with a window, and a global one in so many, as `layer_types` lists them."""
    types = config.texts("layer_types")
    stated = config.count_or_none("sliding_window_pattern")
    period = types.index("full_attention") + 1 if "full_attention" in types else stated or every
    window = config.count_or_none("sliding_window")
    return {"sliding_window": window, "global_every": period if window else None}


READERS: dict[str, Reader] = {
    "llama": _llama,
    "mistral": _mistral,
    "mixtral": _mixtral,
    "qwen2": _qwen2,
    "qwen2_moe": _qwen2_moe,
    "qwen3": _qwen3,
    "qwen3_moe": _qwen3_moe,
    "deepseek_v2": _deepseek,
    "deepseek_v3": _deepseek,
    "kimi_k2": _deepseek,
    "glm4_moe": _glm4_moe,
    "gpt2": _gpt2,
    "gpt_neox": _gpt_neox,
    "gpt_oss": _gpt_oss,
    "falcon": _falcon,
    "bloom": _bloom,
    "mpt": _mpt,
    "phi3": _mistral,
    "gemma": _gemma,
    "gemma2": _gemma2,
    "gemma3": _gemma3,
    "gemma3_text": _gemma3,
    "olmo2": _olmo2,
    "cohere": _cohere,
    "cohere2": _cohere2,
    "nemotron": _nemotron,
}
