"""The machine that a step runs on: an accelerator, how many, their network, their coefficients."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np

from stargate import catalog
from stargate.catalog import Accelerator
from stargate.perf.coefficients import Coefficients, Generation, generation
from stargate.perf.columns import Array, Column, Ints
from stargate.perf.gemm import GemmUnit
from stargate.perf.network import Network
from stargate.perf.shape import WorkShape

# Accelerator ids by the start of their name; a family shares its coefficients.
FAMILIES: tuple[tuple[str, str], ...] = (
    ("tpu", "tpu"),
    ("trainium", "tpu"),
    ("rubin", "blackwell"),
    ("mi", "cdna"),
    ("gaudi", "gaudi"),
    ("v100", "ampere"),
    ("a100", "ampere"),
    ("a800", "ampere"),
    ("h", "hopper"),
    ("gh", "hopper"),
    ("b", "blackwell"),
    ("gb", "blackwell"),
)
# The part whose best measured products stand in for relatives that nobody measured.
REFERENCE_PARTS = {
    "ampere": "a100-sxm-80",
    "hopper": "h100-sxm",
    "blackwell": "gb200",
    "cdna": "mi355x",
    "gaudi": "gaudi2",
}
FALLBACK_FAMILY = "hopper"
# Exponentials a core computes in a cycle over the dense 16-bit FLOP of its matrix units, by the
# start of a part's name: 16 a cycle on all, 32 on Blackwell Ultra (CUDA programming guide,
# arithmetic throughput; NVIDIA, "Making softmax more efficient with Blackwell Ultra").
EXPONENTIALS_PER_FLOP: tuple[tuple[str, float], ...] = (
    ("b300", 32 / 8192),
    ("gb300", 32 / 8192),
    ("b", 16 / 8192),
    ("gb", 16 / 8192),
    ("h", 16 / 4096),
    ("gh", 16 / 4096),
    ("a", 16 / 2048),
)
GPU_ATTENTION_BLOCK = 128.0  # keys of a tile, FlashAttention-3, arXiv 2407.08608
TPU_ATTENTION_BLOCK = 1024.0  # sa_block_kv of MaxText's recipes for long sequences: 512 to 2,048
FALLBACK_CORES = 100  # where the catalogue knows no number of cores
FALLBACK_NIC_BYTES_PER_S = 25e9  # one 200 Gb/s adapter each, where no node is known


def family_of(accelerator_id: str) -> str:
    """The family whose coefficients an accelerator uses."""
    matches = (family for start, family in FAMILIES if accelerator_id.startswith(start))
    return next(matches, FALLBACK_FAMILY)


@dataclass(frozen=True, slots=True)
class Machine:
    """`count` accelerators of one kind under one network and one software generation.

    `blocking` says that host and device take turns (CUDA_LAUNCH_BLOCKING=1).
    """

    accelerator: Accelerator
    count: int
    network: Network
    software: Generation
    blocking: bool = False

    @classmethod
    def of(
        cls,
        accelerator: str | Accelerator,
        count: int,
        *,
        network: Network | None = None,
        software: str | None = None,
        calibration: Path | None = None,
    ) -> Self:
        """A machine with the catalogue's usual node and network for its accelerator.

        `calibration` is a file of `stargate calibrate`, in place of the one that ships.
        """
        part = catalog.accelerator(accelerator) if isinstance(accelerator, str) else accelerator
        chosen = generation(family_of(part.id), software, calibration)
        return cls(part, count, network or usual_network(part), chosen)

    def with_coefficients(self, coefficients: Coefficients) -> Self:
        """The same machine under other coefficients, as a fit tries them."""
        return replace(self, software=replace(self.software, coefficients=coefficients))

    @property
    def coefficients(self) -> Coefficients:
        """The physical coefficients of the family and generation."""
        return self.software.coefficients

    @property
    def kernel_gap_s(self) -> float:
        """Idle time of the device at each kernel: with blocking launches also the host's."""
        c = self.coefficients
        return c.kernel_gap_s + self.blocking * c.kernel_issue_s

    @property
    def is_gpu(self) -> bool:
        """Whether tiles are dealt to many cores, rather than padded for a systolic array."""
        return not self.accelerator.matrix_side

    @property
    def attention_block(self) -> float:
        """Keys that a flash kernel takes at a time: a window is rounded up to them."""
        return GPU_ATTENTION_BLOCK if self.is_gpu else TPU_ATTENTION_BLOCK

    @property
    def stream_bytes_per_s(self) -> float:
        """Memory bandwidth that streaming operators reach."""
        return self.accelerator.memory_bytes_per_s * self.coefficients.memory_fraction

    @property
    def gemm_unit(self) -> GemmUnit:
        """What executes matrix products."""
        side = self.accelerator.matrix_side or 0
        return GemmUnit(
            self.accelerator.n_cores or FALLBACK_CORES,
            self.stream_bytes_per_s,
            side,
            self.coefficients.store_exposed,
        )

    @property
    def power_share(self) -> float:
        """Compute rate that the power budget leaves, against the family's reference part.

        (w / w_ref) ** p, with w = TDP over the dense 16-bit peak (W per FLOP/s). A product that is
        timed alone runs cooler than a training step, in which memory, links and tensor cores draw
        at once, so parts with the same data sheet but another TDP differ. p is `power_exponent`;
        between 1/3 (clock and voltage move together) and 1 on paper.
        """
        reference = REFERENCE_PARTS.get(self.software.family)
        if reference is None or not self.coefficients.power_exponent:
            return 1.0
        ours, theirs = (
            _watts_per_flop_per_s(p) for p in (self.accelerator, catalog.accelerator(reference))
        )
        if ours is None or theirs is None:
            return 1.0
        return float((ours / theirs) ** self.coefficients.power_exponent)

    @property
    def attention_peak_flop_per_s(self) -> float:
        """Peak that attention fractions refer to: 16 bit, as far as the power budget allows."""
        return self.peak_flop_per_s("bf16") * self.power_share

    @property
    def attention_peak_8bit_flop_per_s(self) -> float:
        """The same for products in 8 bit."""
        return self.peak_flop_per_s("fp8") * self.power_share

    @property
    def exponentials_per_s(self) -> float:
        """Peak of the unit that computes exponentials; endless where no rate is known."""
        known = (r for start, r in EXPONENTIALS_PER_FLOP if self.accelerator.id.startswith(start))
        return self.attention_peak_flop_per_s * next(known, math.inf)

    @property
    def dense_rate(self) -> float:
        """Achievable rate of large 16-bit products: logits stay in 16 bit."""
        best = best_fraction(self.accelerator, "bf16")
        return self.attention_peak_flop_per_s * best * self.coefficients.gemm_fraction

    def peak_flop_per_s(self, dtype: str) -> float:
        """Dense peak of a type; where the part lacks it, that of the next wider type it has."""
        peaks = self.accelerator.peak_flop_per_s
        wider = {"fp4": "fp8", "fp8": "bf16", "bf16": "fp16", "fp16": "bf16", "tf32": "fp32"}
        name = dtype
        for _ in wider:
            if name in peaks:
                return peaks[name]
            name = wider.get(name, "bf16")
        return peaks[max(peaks, key=lambda key: key == "bf16")]

    def gemm_rate(self, work: WorkShape) -> Column:
        """Achievable FLOP/s of linear layers at the width of their inputs."""
        return self.product_rate(work.bits, work.row_scaled, work.peak_flop_per_s)

    def product_rate(self, bits: Column, row_scaled: Column, peak_flop_per_s: Column) -> Column:
        """Achievable FLOP/s of products of inputs of `bits`, where their peak is that one."""
        c, bits = self.coefficients, np.asarray(bits)
        best = [best_fraction(self.accelerator, dtype) for dtype in ("bf16", "fp8", "fp4")]
        shares = (c.gemm_fraction, c.gemm_fraction_8bit, c.gemm_fraction_4bit)
        wide, eight, four = (b * share for b, share in zip(best, shares, strict=True))
        eight = eight * np.where(row_scaled, c.row_scaled_fraction, 1.0)
        share = np.where(bits >= 16, wide, np.where(bits == 8, eight, four))
        return peak_flop_per_s * self.power_share * share

    def collective_slowdown(self, ranks: Ints, near: Column) -> Array:
        """Time of a collective within a step over that of a benchmark, for groups of which `near`
        ranks share a scale-up domain: what leaves it meets the traffic of others."""
        c = self.coefficients
        return np.where(np.asarray(ranks) > near, c.network_slowdown, c.collective_slowdown)

    def ranks_per_domain(self, ranks: Ints, stride: Ints | int) -> Array:
        """Members of a group that share a scale-up domain, neighbours being `stride` apart."""
        fits = np.maximum(self.network.scaleup_domain // np.asarray(stride), 1)
        return np.minimum(ranks, fits).astype(np.float64)


def best_fraction(part: Accelerator, dtype: str) -> float:
    """Best measured product over the peak of a type: the part's own, or its family's reference.

    A relative with fewer watts per FLOP than the reference clocks lower under load: its share is
    scaled by the root of the ratio, between the cube root (power of a clock with its voltage) and
    the first power (at the lowest voltage). A narrower type never measured takes the wider one's.
    1 where the family has no reference, so that its coefficient is a share of peak.
    """
    order = ("fp4", "fp8", "bf16")
    types = order[order.index(dtype) :]
    own = [part.best_fraction[t] for t in types if t in part.best_fraction]
    if own and dtype in part.best_fraction:
        return own[0]
    name = REFERENCE_PARTS.get(family_of(part.id))
    if name is None:
        return 1.0
    reference = catalog.accelerator(name)
    known = [reference.best_fraction[t] for t in types if t in reference.best_fraction]
    return known[0] * min(1.0, _watts_per_flop(part) / _watts_per_flop(reference)) ** 0.5


def _watts_per_flop(part: Accelerator) -> float:
    peaks = part.peak_flop_per_s
    return (part.tdp_w or math.inf) / max(peaks.get("bf16", 0.0), peaks.get("fp16", 0.0), 1.0)


def _watts_per_flop_per_s(part: Accelerator) -> float | None:
    peak = part.peak_flop_per_s.get("bf16")
    return part.tdp_w / peak if part.tdp_w and peak else None


def usual_network(part: Accelerator) -> Network:
    """The network of the catalogue's usual node for an accelerator."""
    nic = catalog.node(part.node_id).scaleout_bytes_per_s if part.node_id else None
    return Network.of(part, nic or FALLBACK_NIC_BYTES_PER_S)
