"""Parameter counts: against the papers' formulas, and against what models are published with."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.spec.model import Transformer
from stargate.spec.parameters import parameter_counts

SIZES = st.integers(1, 64)


def dense(layers: int, hidden: int, heads: int, **more: object) -> Transformer:
    shape = {"layers": layers, "hidden": hidden, "heads": heads, "ffn_hidden": 4 * hidden}
    return Transformer.model_validate({**shape, "vocabulary": 1000, **more})


@given(layers=SIZES, heads=SIZES, vocabulary=st.integers(1, 100_000), seq=st.integers(1, 4096))
@settings(max_examples=50)
def test_a_gpt_has_the_parameters_of_the_megatron_formula(
    layers: int, heads: int, vocabulary: int, seq: int
):
    """P = 12 l h² (1 + 13 / (12 h) + (V + s) / (12 l h)), SC21 equation 2, and the last norm 2h."""
    hidden = 64 * heads
    model = dense(
        layers,
        hidden,
        heads,
        vocabulary=vocabulary,
        gated_ffn=False,
        tied_embeddings=True,
        positions="learned",
        max_seq_len=seq,
        linear_bias=True,
    )
    body = 12 * layers * hidden**2 + 13 * layers * hidden
    expected = body + (vocabulary + seq) * hidden + 2 * hidden
    assert parameter_counts(model).total == expected


@given(layers=SIZES, heads=SIZES, experts=st.integers(1, 64), shared=st.integers(0, 500))
@settings(max_examples=50)
def test_blocks_sum_to_the_total(layers: int, heads: int, experts: int, shared: int):
    model = dense(
        layers,
        64 * heads,
        heads,
        moe={
            "experts": experts,
            "active": 1,
            "expert_ffn_hidden": 96,
            "shared_ffn_hidden": shared,
            "dense_layers": layers - 1,
        },
    )
    counts = parameter_counts(model)
    routed = experts * counts.expert + counts.shared_expert + counts.router
    assert counts.total == (
        layers * (counts.attention + counts.norms)
        + (layers - 1) * counts.dense_ffn
        + routed
        + counts.embedding
        + counts.head
        + counts.norms // 2
    )
    assert counts.inactive == (experts - 1) * counts.expert


@given(heads=st.sampled_from([8, 16, 32]), groups=st.sampled_from([1, 2, 4, 8]))
def test_fewer_key_heads_mean_fewer_parameters(heads: int, groups: int):
    full = parameter_counts(dense(2, 64 * heads, heads))
    grouped = parameter_counts(dense(2, 64 * heads, heads, kv_heads=groups))
    saved = full.attention - grouped.attention
    assert saved == 2 * 64 * heads * 64 * (heads - groups)


def test_every_expert_is_active_in_a_dense_mixture():
    moe = {"experts": 4, "active": 4, "expert_ffn_hidden": 128}
    counts = parameter_counts(dense(3, 64, 1, moe=moe))
    assert counts.active == counts.total


def test_latent_attention_of_deepseek_v3_has_187_million_parameters_a_layer():
    """Counted by hand from arXiv 2412.19437, section 4.2: 187,107,328."""
    model = dense(
        1,
        7168,
        128,
        latent_attention={
            "kv_lora_rank": 512,
            "q_lora_rank": 1536,
            "qk_nope_head_dim": 128,
            "qk_rope_head_dim": 64,
            "v_head_dim": 128,
        },
    )
    by_hand = (
        7168 * 1536
        + 1536
        + 1536 * 128 * 192  # queries, down, norm, up
        + 7168 * 576
        + 512
        + 512 * 128 * 256  # keys and values
        + 128 * 128 * 7168  # output
    )
    assert parameter_counts(model).attention == by_hand == 187_107_328
