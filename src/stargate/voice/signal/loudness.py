"""Loudness after ITU-R BS.1770-4 (the measure of EBU R 128), and a gain that reaches a target."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from stargate.voice.signal.spectrum import Array, Signal, frames

TARGET_LUFS = -19.0  # mono speech; a stereo programme of -16 LUFS with the same level a channel
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
BLOCK_S, STEP_S = 0.4, 0.1
CEILING = 0.97
# Analogue prototypes of the K-weighting, from which BS.1770's 48 kHz coefficients follow.
SHELF_HZ, SHELF_GAIN_DB, SHELF_Q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
HIGH_PASS_HZ, HIGH_PASS_Q = 38.13547087602444, 0.5003270373238773


def loudness_lufs(signal: Signal, rate_hz: int) -> float:
    """Integrated loudness: -0.691 + 10 log10 of the gated mean square of the K-weighted signal."""
    weighted = _k_weighted(signal, rate_hz)
    blocks = frames(weighted.astype(np.float32), int(BLOCK_S * rate_hz), int(STEP_S * rate_hz))
    power = (blocks.astype(np.float64) ** 2).mean(axis=1)
    power = power[_lufs(power) > ABSOLUTE_GATE_LUFS]
    if not power.size:
        return -np.inf
    return float(_lufs(power[_lufs(power) > _lufs(power.mean()) + RELATIVE_GATE_LU].mean()))


def gain_to_target(signal: Signal, rate_hz: int, target_lufs: float = TARGET_LUFS) -> float:
    """The factor that brings a signal to the target; 1 for silence."""
    measured = loudness_lufs(signal, rate_hz)
    return float(10 ** ((target_lufs - measured) / 20)) if np.isfinite(measured) else 1.0


def limited(signal: Signal) -> Signal:
    """The signal with peaks bent smoothly under the ceiling; what is below 0.7 of it stays."""
    knee = 0.7 * CEILING
    room = CEILING - knee
    excess = np.maximum(np.abs(signal) - knee, 0)
    bent = knee + room * np.tanh(excess / room)
    return np.where(excess > 0, np.sign(signal) * bent, signal).astype(np.float32)


def _lufs(power: Array | float) -> Array:
    return -0.691 + 10 * np.log10(np.maximum(power, 1e-12))


def _k_weighted(signal: Signal, rate_hz: int) -> Array:
    shelved = lfilter(*_shelf(rate_hz), signal)
    return np.asarray(lfilter(*_high_pass(rate_hz), shelved), np.float64)


def _shelf(rate_hz: int) -> tuple[Array, Array]:
    """The head's high shelf, by the bilinear transform."""
    k = np.tan(np.pi * SHELF_HZ / rate_hz)
    high = 10 ** (SHELF_GAIN_DB / 20)
    middle = high**0.4996667741545416
    a0 = 1 + k / SHELF_Q + k * k
    b = np.array([high + middle * k / SHELF_Q + k * k, 2 * (k * k - high), 0.0])
    b[2] = high - middle * k / SHELF_Q + k * k
    return b / a0, np.array([1.0, 2 * (k * k - 1) / a0, (1 - k / SHELF_Q + k * k) / a0])


def _high_pass(rate_hz: int) -> tuple[Array, Array]:
    """The revised low-frequency B-curve, by the bilinear transform."""
    k = np.tan(np.pi * HIGH_PASS_HZ / rate_hz)
    a0 = 1 + k / HIGH_PASS_Q + k * k
    denominator = np.array([1.0, 2 * (k * k - 1) / a0, (1 - k / HIGH_PASS_Q + k * k) / a0])
    return np.array([1.0, -2.0, 1.0]), denominator
