"""Matrix products: measured shapes, quantisation, and limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate import catalog
from stargate.perf.gemm import GemmUnit, gemm_flop, gemm_time_s, systolic_time_s, tiled_time_s

H800 = GemmUnit(132, 0.80 * 3.35e12, store_exposed=1.0)
LAUNCH_S = 2e-6
dims = st.integers(1, 40_000).map(float)


def test_measured_fp8_products_come_out_within_a_tenth_on_average() -> None:
    """DeepGEMM's dense shapes on H800, from H100's best rate and memory; nothing fitted."""
    rows = catalog.table("gemm")
    kinds = np.array([str(kind) for kind in rows.texts("kind")])
    chosen = kinds == "gemm-dense"
    m, n, k, rate = (np.asarray(rows.numbers(name))[chosen] for name in ("m", "n", "k", "rate"))
    predicted = LAUNCH_S + gemm_time_s(m, n, k, H800, flop_per_s=0.709 * 1979e12, input_bytes=1.0)
    errors = gemm_flop(m, n, k) / rate / predicted - 1.0
    assert chosen.sum() >= 15
    assert np.abs(errors).mean() < 0.10


def test_one_tile_more_than_the_cores_costs_a_second_wave() -> None:
    """U tiles of 128 x 256 fill U cores once; U + 1 need two waves (arXiv 2401.14489)."""
    unit = np.float64(1e12)
    full, more = (
        tiled_time_s(np.float64(128.0), np.float64(256.0 * tiles), np.float64(64.0), 100, unit)
        for tiles in (100, 200)
    )
    assert more == pytest.approx(2 * full)
    spilled = tiled_time_s(np.float64(128.0), np.float64(256.0 * 101), np.float64(64.0), 100, unit)
    assert full * 1.01 < spilled <= 2 * full


def test_a_systolic_array_pads_what_it_multiplies() -> None:
    args = (np.float64(1024.0), np.float64(130.0), np.float64(128.0), 128)
    assert systolic_time_s(*args, 1.0) == pytest.approx(2 * 1024 * 256 * 128)


def test_an_empty_product_takes_no_time() -> None:
    assert gemm_time_s(128.0, 0.0, 64.0, H800, flop_per_s=1e12, input_bytes=2.0) == 0.0


@given(dims, dims, dims)
@settings(max_examples=60, deadline=None)
def test_no_product_beats_the_roofline(m: float, n: float, k: float) -> None:
    time_s = gemm_time_s(m, n, k, H800, flop_per_s=1e15, input_bytes=2.0)
    traffic = 2 * (m * k + k * n + m * n) / H800.bandwidth_bytes_per_s
    assert time_s >= max(gemm_flop(m, n, k) / 1e15, traffic) * (1 - 1e-12)


@given(dims, dims, dims, st.floats(1.0, 4.0))
@settings(max_examples=60, deadline=None)
def test_more_rows_never_take_less_time(m: float, n: float, k: float, more: float) -> None:
    common = {"flop_per_s": 1e15, "input_bytes": 2.0}
    less_s = gemm_time_s(m, n, k, H800, **common)
    assert gemm_time_s(np.ceil(m * more), n, k, H800, **common) >= less_s * 0.95
