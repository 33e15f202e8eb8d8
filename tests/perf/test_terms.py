"""The formulas of a step, each against its source's own number and at its limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stargate import catalog
from stargate.perf import attention, launch, memory, pipeline, sharding, stragglers
from stargate.perf.products import layer_products
from stargate.perf.shape import ModelShape
from stargate.perf.strategy import GPIPE, ONE_F_ONE_B, ZERO_BUBBLE
from stargate.spec.parameters import parameter_counts

ints = lambda *values: np.array(values, np.int64)  # noqa: E731


def test_a_causal_mask_lets_half_of_the_keys_be_seen() -> None:
    assert attention.visible_keys(8192.0, 0.0) == pytest.approx(4096.0)


@given(st.integers(1, 100_000), st.integers(1, 100_000))
def test_a_window_never_shows_more_than_the_mask(seq_len: int, window: int) -> None:
    keys = attention.visible_keys(float(seq_len), float(window))
    assert 0 < keys <= seq_len / 2
    assert keys <= window


@given(st.integers(256, 65536), st.integers(1, 8192), st.sampled_from([128.0, 1024.0]))
def test_a_window_is_rounded_up_to_the_blocks_of_the_kernel(
    seq_len: int, window: int, block: float
) -> None:
    fetched = attention.fetched_keys(float(seq_len), float(window), block)
    seen, whole = (attention.visible_keys(float(seq_len), w) for w in (float(window), 0.0))
    assert seen <= fetched <= min(float(whole), float(seen) + block) + 1e-6
    assert attention.fetched_keys(float(seq_len), 0.0, block) == whole


def test_heads_that_do_not_fill_the_array_waste_it() -> None:
    shares = [
        attention.systolic_fraction(d, d, side, 1e9, 1.0, 0.0)
        for d, side in ((128.0, 128), (128.0, 256), (64.0, 256), (256.0, 256))
    ]
    assert shares == [1.0, 0.5, 0.25, 1.0]


# FlashAttention-2, arXiv 2307.08691, figure 5: causal forward on A100, share of 312 TFLOP/s.
FLASH = ((128, 512, 0.317), (128, 2048, 0.497), (128, 16384, 0.606), (64, 2048, 0.449))


@pytest.mark.parametrize(("head_dim", "seq_len", "share"), FLASH)
def test_flash_attention_reaches_the_measured_share(
    head_dim: int, seq_len: int, share: float
) -> None:
    """Forward and backward together: 1 + 2.5 parts of FLOP, the backward at 0.85 of the rate."""
    fraction = attention.flash_fraction(float(head_dim), float(seq_len), 0.75, 500.0)
    both = (1 + 2.5) / (1 + 2.5 / 0.85) * fraction
    assert both == pytest.approx(share, rel=0.2)


def test_the_gpt_3_layer_saves_what_equation_1_says() -> None:
    """34 sbh + 5 a s^2 b without parallelism (arXiv 2205.05198, equation 1)."""
    s, b, h, a = 2048.0, 1.0, 12288.0, 96.0
    saved = memory.layer_activation_bytes(
        s * b,
        memory.unsharded_bytes_per_token(h, 2.0, 1.0),
        memory.attention_bytes_per_token(3 * h, h) + memory.ffn_bytes_per_token(4 * h, 2.0, 0.0),
        memory.score_bytes_per_token(a, s, 1.0),
        ints(1),
        ints(0),
    )
    assert saved[0] == pytest.approx(s * b * h * (34 + 5 * a * s / h))


def test_tensor_parallelism_leaves_ten_sbh_whole() -> None:
    """sbh (10 + 24/t + 5 a s / (h t)), and with sequence parallelism all of it over t."""
    s, h, a, t = 2048.0, 12288.0, 96.0, 8
    parts = (
        memory.unsharded_bytes_per_token(h, 2.0, 1.0),
        memory.attention_bytes_per_token(3 * h, h) + memory.ffn_bytes_per_token(4 * h, 2.0, 0.0),
        memory.score_bytes_per_token(a, s, 1.0),
    )
    saved = memory.layer_activation_bytes(s, *parts, ints(t, t), ints(0, 1))
    assert saved[0] == pytest.approx(s * h * (10 + 24 / t + 5 * a * s / (h * t)))
    assert saved[1] == pytest.approx(s * h / t * (34 + 5 * a * s / h))


def test_zero_shards_what_its_stage_says() -> None:
    """2 + 2 + 12 bytes a parameter over 64 ranks (arXiv 1910.02054, figure 1)."""
    parts = memory.state_bytes_per_parameter(ints(0, 1, 2, 3), 64.0, 2.0, 2.0, 12.0)
    total = sum(np.broadcast_to(part, 4) for part in parts)
    np.testing.assert_allclose(total, [16, 4 + 12 / 64, 2 + 14 / 64, 16 / 64])


def test_the_plain_bubble_is_one_pass_through_the_other_stages() -> None:
    """(p-1)(F + B), over v with v chunks a stage (arXiv 2104.04473, section 2.2)."""
    pass_s = 0.3
    idle = pipeline.bubble_time_s(
        7 * pass_s, 0.1, 64.0, ints(8, 8), ints(1, 3), ints(ONE_F_ONE_B, ONE_F_ONE_B)
    )
    np.testing.assert_allclose(idle, [7 * pass_s, 7 * pass_s / 3])


def test_zero_bubble_fills_the_idle_time_with_weight_gradients() -> None:
    """(p-1)(F + B - 2 W): a third of 1F1B's when F = B_in = W (arXiv 2401.10241, table 2)."""
    zero = ints(ZERO_BUBBLE)
    idle = pipeline.bubble_time_s(7 * 0.3, 0.1, np.array([64.0, 4.0]), ints(8), ints(1), zero)
    np.testing.assert_allclose(idle, [7 * 0.1, 7 * 0.3 - (7 + 3) * 0.1])


def test_live_micro_batches_follow_the_schedule() -> None:
    p, v, m = ints(8, 8, 8, 8), ints(1, 1, 3, 1), np.array([64.0, 64.0, 64.0, 4.0])
    schedules = ints(GPIPE, ONE_F_ONE_B, ONE_F_ONE_B, ONE_F_ONE_B)
    live = pipeline.live_micro_batches(p, v, m, schedules)
    np.testing.assert_allclose(live, [64, 8, 8 * (1 + 7 / 24), 4])


@given(st.integers(1, 200), st.integers(1, 64))
def test_the_stages_of_a_pipeline_hold_every_layer_once(layers: int, stages: int) -> None:
    if stages > layers:
        return
    held = pipeline.stage_layers(float(layers), ints(stages))
    short = held.most[0] * stages - layers
    assert 0 <= short < stages
    assert held.last[0] <= held.first[0] <= held.most[0]
    assert held.most[0] - held.last[0] <= 1


def test_llama_3_leaves_both_ends_of_its_pipeline_a_layer_short() -> None:
    held = pipeline.stage_layers(126.0, ints(16))
    assert (held.first[0], held.most[0], held.last[0]) == (7, 8, 7)


@given(st.floats(0, 10), st.floats(0, 10), st.floats(0, 1))
def test_exposed_traffic_is_between_none_and_all(
    traffic_s: float, window_s: float, overlap: float
) -> None:
    exposed = float(sharding.exposed_time_s(traffic_s, window_s, overlap))
    assert 0 <= exposed <= traffic_s
    assert exposed >= traffic_s - window_s - 1e-12


@given(st.integers(1, 64), st.integers(1, 64))
def test_a_token_is_sent_to_no_more_domains_than_it_has_experts(active: int, domains: int) -> None:
    copies = float(sharding.distinct_copies(float(active), float(domains))) * active
    assert 1 - 1e-9 <= copies <= min(active, domains) + 1e-9


def test_the_slowest_of_many_is_slower_and_the_only_one_is_not() -> None:
    factors = stragglers.straggler_factor(np.array([1.0, 2.0, 1024.0, 16384.0]), 0.01)
    assert factors[0] == 1.0
    assert (np.diff(factors) > 0).all()
    assert factors[3] == pytest.approx(1 + 0.01 * math.sqrt(2 * math.log(16384)))


def test_the_expected_maximum_bounds_that_of_drawn_times() -> None:
    draws = 1 + 0.01 * np.random.default_rng(3).standard_normal((4000, 1024))
    bound = stragglers.straggler_factor(1024.0, 0.01)
    assert draws.max(1).mean() <= bound <= draws.max(1).mean() + 0.01


def test_launches_are_hidden_by_long_kernels_and_rule_short_ones() -> None:
    lost = launch.launch_time_s(np.array([1.0, 1e-4]), 5e-5, 1e-3)
    np.testing.assert_allclose(lost, [5e-5, 9e-4])


LAYOUTS = [
    *((name, tp, 1) for name in ("gpt3-175b", "llama-3.1-405b") for tp in (1, 8)),
    *((name, tp, ep) for name in ("deepseek-v3", "gpt-oss-120b") for tp in (1, 4) for ep in (1, 8)),
]


@pytest.mark.parametrize(("name", "tp", "ep"), LAYOUTS)
def test_products_hold_the_weights_that_the_model_has(name: str, tp: int, ep: int) -> None:
    """What all ranks of a tp (and ep) group store is the matrices of an average layer."""
    model = catalog.model(name)
    products = layer_products(ModelShape.of(model), np.array([4096.0]), ints(tp), ints(ep), 1.0)
    counts = parameter_counts(model)
    expert_ranks = ep if ep > 1 else tp
    routed = products.parameters(routed=True)[0] * expert_ranks * model.layers
    if model.moe is not None:
        assert routed == pytest.approx(
            model.moe_layers * model.moe.experts * counts.expert, rel=0.01
        )
    if tp == 1 or model.latent_attention is None:
        dense = products.parameters(routed=False)[0] * tp * model.layers
        block = counts.attention * model.layers + counts.dense_ffn * model.dense_layers
        block += (counts.shared_expert + counts.router * tp) * model.moe_layers
        assert dense == pytest.approx(block, rel=0.01)
