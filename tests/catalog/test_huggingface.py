"""Hugging Face configurations become the shapes that the catalogue already holds."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate import catalog
from stargate.catalog.huggingface import READERS, transformer_of
from stargate.errors import SpecError
from stargate.spec.model import Transformer
from stargate.spec.parameters import parameter_counts


def decoder(
    type_: str, layers: int, hidden: int, heads: int, ffn: int, vocabulary: int, seq: int, **more
) -> dict[str, object]:
    return {
        "model_type": type_,
        "num_hidden_layers": layers,
        "hidden_size": hidden,
        "num_attention_heads": heads,
        "intermediate_size": ffn,
        "vocab_size": vocabulary,
        "max_position_embeddings": seq,
        **more,
    }


MLA = {
    "kv_lora_rank": 512,
    "q_lora_rank": 1536,
    "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64,
    "v_head_dim": 128,
}
# The keys of each model's config.json that matter, by the catalogue's name of the model.
CONFIGS: dict[str, dict[str, object]] = {
    "llama-3.1-8b": decoder("llama", 32, 4096, 32, 14336, 128256, 131072, num_key_value_heads=8),
    "llama-2-13b": decoder("llama", 40, 5120, 40, 13824, 32000, 4096, num_key_value_heads=40),
    "llama-3.2-1b": decoder(
        "llama", 16, 2048, 32, 8192, 128256, 131072, num_key_value_heads=8,
        head_dim=64, tie_word_embeddings=True,
    ),
    "mistral-7b": decoder(
        "mistral", 32, 4096, 32, 14336, 32000, 32768, num_key_value_heads=8, sliding_window=4096
    ),
    "mixtral-8x7b": decoder(
        "mixtral", 32, 4096, 32, 14336, 32000, 32768, num_key_value_heads=8,
        num_local_experts=8, num_experts_per_tok=2, sliding_window=None,
    ),
    "qwen2.5-7b": decoder(
        "qwen2", 28, 3584, 28, 18944, 152064, 131072, num_key_value_heads=4,
        use_sliding_window=False, sliding_window=131072,
    ),
    "qwen2-57b-a14b": decoder(
        "qwen2_moe", 28, 3584, 28, 18944, 151936, 131072, num_key_value_heads=4,
        num_experts=64, num_experts_per_tok=8, moe_intermediate_size=2560,
        shared_expert_intermediate_size=20480, decoder_sparse_step=1, mlp_only_layers=[],
    ),
    "qwen3-8b": decoder(
        "qwen3", 36, 4096, 32, 12288, 151936, 40960, num_key_value_heads=8, head_dim=128
    ),
    "qwen3-30b-a3b": decoder(
        "qwen3_moe", 48, 2048, 32, 6144, 151936, 40960, num_key_value_heads=4, head_dim=128,
        num_experts=128, num_experts_per_tok=8, moe_intermediate_size=768,
    ),
    "deepseek-v3": decoder(
        "deepseek_v3", 61, 7168, 128, 18432, 129280, 131072, num_key_value_heads=128, **MLA,
        n_routed_experts=256, num_experts_per_tok=8, moe_intermediate_size=2048,
        n_shared_experts=1, first_k_dense_replace=3, moe_layer_freq=1,
    ),
    "deepseek-v2-lite": decoder(
        "deepseek_v2", 27, 2048, 16, 10944, 102400, 32768, **{**MLA, "q_lora_rank": None},
        n_routed_experts=64, num_experts_per_tok=6, moe_intermediate_size=1408,
        n_shared_experts=2, first_k_dense_replace=1, moe_layer_freq=1,
    ),
    "kimi-k2": decoder(
        "kimi_k2", 61, 7168, 64, 18432, 163840, 131072, num_key_value_heads=64, **MLA,
        n_routed_experts=384, num_experts_per_tok=8, moe_intermediate_size=2048,
        n_shared_experts=1, first_k_dense_replace=1,
    ),
    "glm-4.5": decoder(
        "glm4_moe", 92, 5120, 96, 12288, 151552, 131072, num_key_value_heads=8, head_dim=128,
        attention_bias=True, use_qk_norm=True, n_routed_experts=160, num_experts_per_tok=8,
        moe_intermediate_size=1536, n_shared_experts=1, first_k_dense_replace=3,
    ),
    "gpt-neox-20b": decoder("gpt_neox", 44, 6144, 64, 24576, 50432, 2048),
    "phi-3-mini": decoder(
        "phi3", 32, 3072, 32, 8192, 32064, 4096, num_key_value_heads=32, sliding_window=2047
    ),
    "gemma-2-9b": decoder(
        "gemma2", 42, 3584, 16, 14336, 256000, 8192, num_key_value_heads=8, head_dim=256,
        sliding_window=4096,
    ),
    "gemma-3-12b": {
        "model_type": "gemma3",
        "vision_config": {"model_type": "siglip_vision_model"},
        "text_config": decoder(
            "gemma3_text", 48, 3840, 16, 15360, 262208, 131072, num_key_value_heads=8,
            head_dim=256, sliding_window=1024, sliding_window_pattern=6,
        ),
    },
    "gpt-oss-20b": decoder(
        "gpt_oss", 24, 2880, 64, 2880, 201088, 131072, num_key_value_heads=8, head_dim=64,
        attention_bias=True, sliding_window=128, num_local_experts=32, num_experts_per_tok=4,
        layer_types=["sliding_attention", "full_attention"] * 12,
    ),
    "olmo-2-7b": decoder("olmo2", 32, 4096, 32, 11008, 100352, 4096, num_key_value_heads=32),
    "command-r-35b": decoder("cohere", 40, 8192, 64, 22528, 256000, 131072),
    "nemotron-4-15b": decoder("nemotron", 32, 6144, 48, 24576, 256000, 4096, num_key_value_heads=8),
    "falcon-7b": {
        "model_type": "falcon", "num_hidden_layers": 32, "hidden_size": 4544,
        "num_attention_heads": 71, "vocab_size": 65024, "multi_query": True,
        "new_decoder_architecture": False, "alibi": False, "bias": False,
    },
    "falcon-40b": {
        "model_type": "falcon", "num_hidden_layers": 60, "hidden_size": 8192,
        "num_attention_heads": 128, "num_kv_heads": 8, "vocab_size": 65024,
        "new_decoder_architecture": True, "bias": False,
    },
    "bloom-176b": {
        "model_type": "bloom", "n_layer": 70, "hidden_size": 14336, "n_head": 112,
        "vocab_size": 250880,
    },
    "mpt-7b": {
        "model_type": "mpt", "n_layers": 32, "d_model": 4096, "n_heads": 32, "vocab_size": 50432,
        "expansion_ratio": 4, "max_seq_len": 2048, "no_bias": True, "attn_config": {"alibi": True},
    },
}  # fmt: skip


@pytest.mark.parametrize("name", CONFIGS)
def test_a_configuration_becomes_the_shape_in_the_catalogue(name: str):
    imported, known = transformer_of(CONFIGS[name], name), catalog.model(name)
    ignored = {"max_seq_len", "dropout", "head_dim", "kv_heads"}
    assert imported.model_dump(exclude=ignored) == known.model_dump(exclude=ignored)
    assert (imported.head_size, imported.n_kv_heads) == (known.head_size, known.n_kv_heads)
    assert parameter_counts(imported) == parameter_counts(known)


def test_gpt2_has_its_124_million_parameters():
    config = {"model_type": "gpt2", "n_layer": 12, "n_embd": 768, "n_head": 12}
    model = transformer_of({**config, "vocab_size": 50257, "n_positions": 1024})
    assert parameter_counts(model).total == 124_439_808
    assert model.dropout


def test_a_stated_pattern_of_layer_types_wins():
    config = decoder("cohere2", 32, 4096, 32, 14336, 256000, 8192, sliding_window=4096)
    types = ["sliding_attention"] * 3 + ["full_attention"]
    assert transformer_of({**config, "layer_types": types * 8}).global_every == 4
    assert transformer_of({**config, "sliding_window_pattern": 8}).global_every == 8


@pytest.mark.parametrize(
    ("name", "said"),
    [("gpt-neox-20b", "use_parallel_residual"), ("falcon-7b", "parallel_attn")],
)
def test_blocks_stand_side_by_side_unless_the_configuration_says_otherwise(name: str, said: str):
    assert transformer_of(CONFIGS[name]).parallel_block
    assert not transformer_of({**CONFIGS[name], said: False}).parallel_block


def test_falcons_new_decoder_is_side_by_side_whatever_is_said():
    assert transformer_of({**CONFIGS["falcon-40b"], "parallel_attn": False}).parallel_block


def test_every_family_that_is_promised_can_be_read():
    promised = [
        "llama",
        "mistral",
        "mixtral",
        "qwen2",
        "qwen3",
        "qwen2_moe",
        "qwen3_moe",
        "deepseek_v2",
        "deepseek_v3",
        "gpt2",
        "gpt_neox",
        "falcon",
        "phi3",
        "gemma2",
        "gemma3",
        "gpt_oss",
        "olmo2",
        "cohere",
    ]
    assert set(promised) <= set(READERS)


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        ({"model_type": "mamba"}, "model_type", "'mamba' is not supported"),
        ({"model_type": None}, "model_type", "model_type is missing"),
        ({"hidden_size": None}, "hidden_size", "hidden_size is missing"),
        ({"hidden_size": "wide"}, "hidden_size", "'wide' is no whole number"),
        ({"num_attention_heads": 0}, "num_attention_heads", "0 is no whole number"),
        ({"tie_word_embeddings": 1}, "tie_word_embeddings", "neither true nor false"),
        ({"num_key_value_heads": 5}, "", "no multiple of kv_heads 5"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, object], path: str, message: str):
    config = decoder("llama", 2, 64, 8, 256, 1000, 128, num_key_value_heads=2)
    with pytest.raises(SpecError) as caught:
        transformer_of({**config, **change}, file="config.json")
    problem = caught.value.problems[0]
    assert message in problem.message
    assert (problem.path, problem.file) == (path, "config.json")


def test_a_list_of_dense_layers_is_refused_rather_than_ignored():
    config = {**CONFIGS["qwen2-57b-a14b"], "mlp_only_layers": [0]}
    with pytest.raises(SpecError, match="mlp_only_layers"):
        transformer_of(config)


KEYS = sorted({key for config in CONFIGS.values() for key in config})
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 5000), st.floats(), st.text(max_size=5),
    st.lists(st.text(max_size=3), max_size=3),
    st.dictionaries(st.sampled_from(KEYS), st.integers(0, 9), max_size=3),
)  # fmt: skip


@given(
    type_=st.sampled_from(sorted(READERS)), values=st.dictionaries(st.sampled_from(KEYS), VALUES)
)
@settings(max_examples=200)
def test_any_configuration_gives_a_model_or_a_spec_error(type_: str, values: dict[str, object]):
    with suppress(SpecError):
        model = transformer_of({**CONFIGS["llama-3.1-8b"], **values, "model_type": type_})
        assert isinstance(model, Transformer)
        assert parameter_counts(model).total > 0
