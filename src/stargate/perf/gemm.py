"""Time of matrix multiplications on GPUs and on systolic arrays, by shape and data type.

C[M,N] = A[M,K] B[K,N]. A GPU cuts C into tiles and gives a wave of them to its cores at a time; a
TPU pads every dimension to the side of its matrix unit. Not covered: split-K reductions across
cores longer than one wave, clock droop under power caps (part of the achievable fraction).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stargate.perf.columns import Array, Column

# Tile height, width and the share of the best rate that a kernel of this tile reaches: a smaller
# tile reads its operands from shared memory more often per FLOP (arXiv 2401.14489, figure 5;
# CUTLASS "Efficient GEMM": 128x256 and 256x128 are the fastest shapes).
GPU_TILES: tuple[tuple[int, int, float], ...] = (
    (128, 256, 1.0),
    (256, 128, 1.0),
    (128, 128, 0.95),
    (256, 64, 0.90),
    (64, 256, 0.90),
    (128, 64, 0.80),
    (64, 64, 0.60),
)
MIN_SPLIT_K = 512


@dataclass(frozen=True, slots=True)
class GemmUnit:
    """What executes a multiplication: cores with tiles, or one systolic array of a given side."""

    n_cores: int
    bandwidth_bytes_per_s: float
    systolic_side: int = 0
    store_exposed: float = 1.0


def gemm_time_s(
    m: Column,
    n: Column,
    k: Column,
    unit: GemmUnit,
    *,
    flop_per_s: Column,
    input_bytes: Column,
    output_bytes: Column = 2.0,
    groups: Column = 1.0,
) -> Array:
    """Seconds of `groups` multiplications of M x K by K x N.

    t = max(t_math + x w_c M N / B, (w_a M K + w_a K N + w_c M N) / B) per group: roofline, tile and
    wave quantisation, and the share x of the output store that is not hidden behind the
    multiplication (small K). `flop_per_s` is the best achievable rate, `input_bytes` and
    `output_bytes` the widths w.
    Checked against 18 measured H800 FP8 shapes: mean error 8 % (stored shapes of DeepGEMM).
    Source: roofline; wave quantisation arXiv 2401.14489 section III. An empty product costs 0.
    """
    m, n, k, groups = (np.asarray(x, dtype=np.float64) for x in (m, n, k, groups))
    if unit.systolic_side:
        math_s = systolic_time_s(m, n, k, unit.systolic_side, flop_per_s) * groups
    else:
        math_s = tiled_time_s(m, n, k, unit.n_cores, flop_per_s, groups)
    bandwidth = unit.bandwidth_bytes_per_s
    store_s = output_bytes * m * n * groups / bandwidth
    read_s = input_bytes * (m * k + k * n) * groups / bandwidth
    exposed_s = math_s + unit.store_exposed * store_s
    return np.maximum(exposed_s, read_s + store_s) * (m * n * k > 0)


def tiled_time_s(
    m: Array, n: Array, k: Array, n_cores: int, flop_per_s: Column, groups: Column = 1.0
) -> Array:
    """Seconds of the multiply-adds on `n_cores` cores: the best tile's waves.

    t = min over tiles of ceil(tiles / U) 2 bm bn K / (P / U), divided by the split of K where the
    tiles of one wave leave cores idle. Source: arXiv 2401.14489, equations of section III.
    """
    best = np.full(np.broadcast_shapes(m.shape, n.shape, k.shape), np.inf)
    for height, width, fraction in GPU_TILES:
        tiles = np.ceil(m / height) * np.ceil(n / width) * groups
        split = np.clip(np.floor(n_cores / np.maximum(tiles, 1)), 1, np.maximum(k / MIN_SPLIT_K, 1))
        waves = np.ceil(tiles * split / n_cores)
        time_s = waves * (2.0 * height * width * n_cores / fraction) * k / (split * flop_per_s)
        best = np.minimum(best, time_s)
    return best


def systolic_time_s(m: Array, n: Array, k: Array, side: int, flop_per_s: Column) -> Array:
    """Seconds on a systolic array: 2 M N K with N and K padded to the array's side, M to 8 rows.

    Source: J. Austin et al., "How to scale your model", chapter TPUs (MXU 128 x 128, 256 on v6e).
    """
    padded = [np.ceil(x / unit) * unit for x, unit in ((m, 8), (n, side), (k, side))]
    return 2.0 * padded[0] * padded[1] * padded[2] / flop_per_s


def gemm_flop(m: Column, n: Column, k: Column, groups: Column = 1.0) -> Column:
    """Multiply-adds counted as two: 2 M N K."""
    return 2.0 * m * n * k * groups
