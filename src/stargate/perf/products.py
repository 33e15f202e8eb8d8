"""The matrix products of one transformer layer, as one rank executes them.

Each product is (N, K, rows a group, groups, share of the layers that hold it). The weights that a
rank stores are N K groups, so that parameter counts, arithmetic and traffic cannot disagree.
Experts are split over ep ranks whole; without expert parallelism they are split over tp like a
dense block. Not covered: biases (memory-bound and small), expert tensor parallelism beside ep.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stargate.perf.columns import Array, Column, Ints
from stargate.perf.shape import ModelShape


@dataclass(frozen=True, slots=True)
class Products:
    """Stacked products: axis 0 is the product, axis 1 the row of the table."""

    m: Array
    n: Array
    k: Array
    groups: Array
    share: Array
    routed: Array  # 1 where the weights belong to routed experts, by product

    @property
    def flop(self) -> Array:
        """Forward FLOP of one layer on one rank: sum of 2 M N K."""
        return (2.0 * self.m * self.n * self.k * self.groups * self.share).sum(0)

    def parameters(self, *, routed: bool) -> Array:
        """Weights of one (average) layer that a rank stores, of experts or of all else."""
        weights = self.n * self.k * self.groups * self.share
        return weights[self.routed == float(routed)].sum(0)


def layer_products(
    shape: ModelShape,
    tokens: Array,
    tp: Ints,
    ep: Ints,
    imbalance: Column,
    *,
    padded: NDArray[np.bool_] | bool = False,
) -> Products:
    """The products of an average layer for `tokens` of a micro-batch on one rank.

    `imbalance` is the tokens of the busiest expert rank over the mean (1: balanced), those of every
    rank where all experts are `padded` to one capacity.
    """
    h, dense, routed = shape.hidden, 1.0 - shape.routed, shape.routed
    heads, kv_heads = shape.heads / tp, np.maximum(shape.kv_heads / tp, 1.0)
    plain, latent = 1.0 - shape.latent, shape.latent
    compressed = latent * (np.asarray(shape.q_rank) > 0)
    q_in = np.where(np.asarray(shape.q_rank) > 0, shape.q_rank, h)
    nope = shape.qk_dim - shape.rope_dim
    expert_tp = np.where(ep > 1, 1, tp)
    groups = np.maximum(shape.experts / ep, 1.0)
    busiest = np.where((ep > 1) | padded, imbalance, 1.0)
    expert_rows = tokens * shape.active * expert_tp / tp / groups * busiest
    up = 1.0 + shape.gated
    one = np.ones_like(tokens)
    rows: list[tuple[Column, Column, Column, Column, Column, float]] = [
        (tokens, heads * shape.qk_dim + kv_heads * (shape.qk_dim + shape.v_dim), h, 1.0, plain, 0),
        (tokens, shape.q_rank, h, 1.0, compressed, 0),
        (tokens, heads * shape.qk_dim, q_in, 1.0, latent, 0),
        (tokens, shape.kv_rank + shape.rope_dim, h, 1.0, latent, 0),
        (tokens, heads * (nope + shape.v_dim), shape.kv_rank, 1.0, latent, 0),
        (tokens, h, heads * shape.v_dim, 1.0, 1.0, 0),
        (tokens, up * shape.ffn / tp, h, 1.0, dense, 0),
        (tokens, h, shape.ffn / tp, 1.0, dense, 0),
        (tokens, shape.experts, h, 1.0, routed, 0),
        (tokens, up * shape.shared_ffn / tp, h, 1.0, routed, 0),
        (tokens, h, shape.shared_ffn / tp, 1.0, routed, 0),
        (expert_rows, up * shape.expert_ffn / expert_tp, h, groups, routed, 1),
        (expert_rows, h, shape.expert_ffn / expert_tp, groups, routed, 1),
    ]
    kept = [row for row in rows if np.any(np.asarray(row[4]) * np.asarray(row[1]))]
    m, n, k, group, share = (np.stack([row[i] * one for row in kept]) for i in range(5))
    return Products(m, n, k, group, share, np.array([row[5] for row in kept]))
