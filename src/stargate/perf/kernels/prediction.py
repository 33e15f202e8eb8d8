"""What the formulas of a training step say of a kernel that was timed on its own.

The same functions that the step is made of, with one launch beside them. Not covered: kernels of
inference alone (decoding), whose few rows no training step has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import cast

import numpy as np

from stargate.perf import attention, collectives, memory_bound
from stargate.perf.coefficients import Coefficients
from stargate.perf.columns import Array, Column
from stargate.perf.gemm import gemm_time_s
from stargate.perf.kernels.table import Kernels
from stargate.perf.machine import Machine, usual_network
from stargate.perf.shape import INPUT_BYTES, PEAK_OF, input_bits
from stargate.spec.workload import Precision

# A benchmark of a product repeats it for milliseconds, and the power limit acts later: a product
# of microseconds runs at the boost clock, up to this much faster than one of milliseconds, as in a
# step. Fitted to the bf16 products of aiconfigurator-core 0.12.0 (its A100 shows none of it).
BOOST = {"hopper": 0.28, "blackwell": 0.28}
BOOST_HALF_S = 5e-4


def benchmarked(kernels: Kernels, calibration: Path | None = None) -> Machine:
    """The accelerator that the kernels ran on, under its family's usual software."""
    return _machine(kernels.accelerator, calibration)


@cache
def _machine(accelerator: str, calibration: Path | None) -> Machine:
    return Machine.of(accelerator, 1, calibration=calibration)


def predicted_s(kernels: Kernels, coefficients: Coefficients) -> Array:
    """Seconds of each kernel.

    A kernel that is timed alone is not held back by the power that a whole step draws, so all
    parts of a family reach their own best product: the power exponent counts as nothing.
    """
    alone = benchmarked(kernels).with_coefficients(replace(coefficients, power_exponent=0.0))
    return PREDICTIONS[kernels.kind](kernels, alone)


def boosted_s(sustained_s: Array, family: str) -> Array:
    """Seconds of a kernel alone: t (1 + d x) / (1 + d), x = t / (t + 0.5 ms) of the power limit."""
    boost = BOOST.get(family, 0.0)
    limited = sustained_s / (sustained_s + BOOST_HALF_S)
    return sustained_s * (1.0 + boost * limited) / (1.0 + boost)


def _gemm(kernels: Kernels, machine: Machine) -> Array:
    """A product, and the cast of its input where the kernel makes it."""
    s = kernels.sizes
    time_s = _product(kernels, machine, s["m"], s["n"], s["k"], s["groups"])
    cast_s = _cast_s(machine, s["cast"] * s["m"] * s["groups"], s["k"])
    return time_s + cast_s + (1.0 + s["cast"]) * machine.coefficients.kernel_gap_s


def _cast_s(machine: Machine, rows: Column, width: Column) -> Column:
    """Seconds to quantise rows of inputs."""
    moved = rows * memory_bound.cast_bytes(width)
    return memory_bound.stream_time_s(moved, machine.stream_bytes_per_s)


def _product(
    kernels: Kernels, machine: Machine, m: Column, n: Column, k: Column, groups: Column
) -> Array:
    """Seconds of (grouped) products of the kernels' type, at the rate of linear layers."""
    precision = cast("Precision", kernels.texts["dtype"])
    row_scaled = float(precision == "fp8-row")
    peak = machine.peak_flop_per_s(PEAK_OF[precision])
    rate = machine.product_rate(input_bits(precision), row_scaled, peak)
    share = np.where(kernels.sizes["grouped"] > 0, machine.coefficients.grouped_fraction, 1.0)
    sustained_s = gemm_time_s(
        m,
        n,
        k,
        machine.gemm_unit,
        flop_per_s=rate * share,
        input_bytes=INPUT_BYTES[precision],
        groups=groups,
    )
    return boosted_s(sustained_s, machine.software.family)


def _experts(kernels: Kernels, machine: Machine) -> Array:
    """A block of routed experts on one rank: permute, product up, activation, product down.

    Tokens are balanced over the experts. Four kernels besides the router are counted.
    """
    s, c = kernels.sizes, machine.coefficients
    rows = s["copies"] / s["groups"]
    up = _product(kernels, machine, rows, (1.0 + s["gated"]) * s["ffn"], s["hidden"], s["groups"])
    down = _product(kernels, machine, rows, s["hidden"], s["ffn"], s["groups"])
    moved = memory_bound.permute_bytes(s["hidden"], 1.0) + memory_bound.activation_bytes(
        s["ffn"], s["gated"]
    )
    stream_s = memory_bound.stream_time_s(s["copies"] * moved, machine.stream_bytes_per_s)
    cast_s = _cast_s(machine, s["cast"] * s["copies"], s["hidden"] + s["ffn"])
    return up + down + stream_s + cast_s + 4.0 * c.kernel_gap_s


def _attention(kernels: Kernels, machine: Machine) -> Array:
    s, c = kernels.sizes, machine.coefficients
    fraction = attention.flash_fraction(
        s["head_dim"], s["seq_len"], c.attention_fraction, c.attention_half_tokens
    )
    flop = attention.attention_flop(
        s["tokens"], s["keys"], s["heads"], s["head_dim"], s["head_dim"]
    )
    products = attention.flash_time_s(flop, machine.attention_peak_flop_per_s, fraction)
    softmax = attention.exponential_time_s(
        flop / (4.0 * s["head_dim"]),
        machine.exponentials_per_s,
        attention.flash_fraction(
            attention.REFERENCE_HEAD_DIM,
            s["seq_len"],
            c.attention_fraction,
            c.attention_half_tokens,
        ),
    )
    forward = np.maximum(products, softmax)
    backward = attention.backward_time_s(products, softmax, c.attention_backward)
    kernels_run = s["forward"] + s["backward"]
    return forward * s["forward"] + backward * s["backward"] + kernels_run * c.kernel_gap_s


COLLECTIVES: dict[str, Callable[..., Array]] = {
    "all_gather": collectives.all_gather_time_s,
    "reduce_scatter": collectives.reduce_scatter_time_s,
    "all_to_all": collectives.all_to_all_time_s,
    "broadcast": collectives.broadcast_time_s,
}


def _collectives(kernels: Kernels, machine: Machine) -> Array:
    """A collective of a benchmark: no slowdown by a step around it.

    Rows are taken by their domain, since a network states one size of it.
    """
    s, texts = kernels.sizes, kernels.texts
    operation = COLLECTIVES.get(texts["collective"]) or partial(
        collectives.all_reduce_time_s, algorithm=texts["algorithm"]
    )
    usual = usual_network(machine.accelerator)
    time_s = np.empty(len(kernels.measured_s))
    nics = np.where(np.isfinite(s["nic"]), s["nic"], usual.nic_bytes_per_s)
    settings = np.stack([s["per_domain"], nics])
    for domain, nic in np.unique(settings, axis=1).T:
        rows = (settings == np.array([[domain], [nic]])).all(axis=0)
        network = type(usual).of(
            machine.accelerator, float(nic), domain=int(domain), fabric=texts["fabric"]
        )
        time_s[rows] = operation(s["size"][rows], s["ranks"][rows], domain, network)
    return time_s


PREDICTIONS: dict[str, Callable[[Kernels, Machine], Array]] = {
    "gemm": _gemm,
    "experts": _experts,
    "attention": _attention,
    "collectives": _collectives,
}
