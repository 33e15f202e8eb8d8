"""Dimensions: formulas fed with pint quantities must give the unit that their name says."""

from __future__ import annotations

import pint
import pytest

from stargate.perf import attention, memory, memory_bound, sharding, vocabulary

unit = pint.UnitRegistry()
BYTES, SECONDS = unit.byte, unit.second
FLOP = unit.dimensionless
TOKENS = unit.dimensionless


def test_streaming_bytes_over_a_bandwidth_takes_seconds() -> None:
    time_s = memory_bound.stream_time_s(34e9 * BYTES, 2e12 * BYTES / SECONDS)
    assert time_s.check("[time]")
    assert time_s.to("s").magnitude == pytest.approx(0.017)


def test_attention_takes_seconds() -> None:
    flop = attention.attention_flop(2048 * TOKENS, 1024, 96, 128, 128)
    time_s = attention.flash_time_s(flop, 312e12 * FLOP / SECONDS, 0.5)
    assert time_s.check("[time]")


def test_unfused_attention_adds_seconds_to_seconds() -> None:
    time_s = attention.unfused_time_s(
        1e12 * FLOP, 1e9 * BYTES, 1e14 * FLOP / SECONDS, 1e12 * BYTES / SECONDS
    )
    assert time_s.to("s").magnitude == pytest.approx(0.011)


def test_hidden_traffic_times_a_share_is_seconds() -> None:
    assert sharding.contention_time_s(0.2 * SECONDS, 0.1).check("[time]")


@pytest.mark.parametrize(
    "size",
    [
        sharding.context_ring_bytes(8192, 1024, 2 * BYTES),
        sharding.dispatch_bytes(4096, 8, 7168, 2 * BYTES),
        memory_bound.optimizer_bytes(12 * BYTES, 4 * BYTES, 2 * BYTES),
        memory.layer_activation_bytes(2048, 10 * BYTES, 24 * BYTES, 5 * BYTES, 8, 0),
    ],
)
def test_sizes_are_bytes(size: pint.Quantity) -> None:
    assert size.check("[]") or size.check(unit.byte)
    assert size.to("byte").magnitude > 0


def test_counts_of_operands_carry_their_width_in_bytes() -> None:
    """Constants of these formulas are bytes per element, so that plain counts give bytes."""
    assert memory_bound.residual_bytes(1.0, 0.0) == 2 * (4 + 6)
    assert memory_bound.activation_bytes(1.0, 1.0) == 2 * 3
    assert vocabulary.loss_bytes(1.0, 1.0, separate=False) == 4 * 6
    cast, passes, backward = 2 + 4 - 2, 4 + 8 + 8 + 4 + 8, 8 + 6
    assert vocabulary.loss_bytes(1.0, 1.0, separate=True) == cast + passes + backward
