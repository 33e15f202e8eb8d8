"""The pitch of a voice, by normalised autocorrelation."""

from __future__ import annotations

import numpy as np

from stargate.voice.signal.spectrum import Array, Signal, frames

LOWEST_HZ, HIGHEST_HZ = 60.0, 420.0
WINDOW_S, HOP_S = 0.05, 0.01
VOICED = 0.6  # a frame whose best correlation is lower holds no steady tone
OCTAVE_TOLERANCE = 0.9  # a shorter period is preferred if its peak is nearly as high
QUIET = 0.1  # of the loud frames' level


def pitch_contour(signal: Signal, rate_hz: int) -> Array:
    """Pitch in Hz of the voiced frames.

    The normalised autocorrelation r(t) = sum x_i x_(i+t) / sqrt(sum x_i^2 sum x_(i+t)^2) peaks at
    multiples of the period; the shortest lag whose peak is nearly the highest is the period
    (after de Cheveigne and Kawahara, YIN, 2002, who use differences).
    """
    windows = frames(signal, int(WINDOW_S * rate_hz), int(HOP_S * rate_hz)).astype(np.float64)
    windows = windows - windows.mean(axis=1, keepdims=True)
    level = np.sqrt((windows**2).mean(axis=1))
    windows = windows[level > QUIET * np.percentile(level, 95)]
    correlation, shortest = _normalised_autocorrelation(windows, rate_hz)
    if not correlation.size:
        return np.empty(0)
    best = correlation.max(axis=1)
    lag = _first_peak(correlation, OCTAVE_TOLERANCE * best) + shortest
    return rate_hz / lag[best > VOICED]


def median_pitch_hz(signal: Signal, rate_hz: int, otherwise_hz: float = 150.0) -> float:
    """The middle of the pitch contour; `otherwise_hz` where nothing is voiced."""
    contour = pitch_contour(signal, rate_hz)
    return float(np.median(contour)) if contour.size else otherwise_hz


def _normalised_autocorrelation(windows: Array, rate_hz: int) -> tuple[Array, int]:
    """r of every lag between the highest and the lowest pitch, and the shortest of the lags."""
    shortest, longest = int(rate_hz / HIGHEST_HZ), int(rate_hz / LOWEST_HZ)
    n = windows.shape[1]
    spectrum = np.fft.rfft(windows, 2 * n)
    products = np.fft.irfft(np.abs(spectrum) ** 2)[:, shortest : longest + 1]
    energy = np.pad(np.cumsum(windows**2, axis=1), ((0, 0), (1, 0)))
    lags = np.arange(shortest, longest + 1)
    head, tail = energy[:, n - lags], energy[:, -1:] - energy[:, lags]
    return products / np.sqrt(head * tail + 1e-12), shortest


def _first_peak(correlation: Array, floor: Array) -> Array:
    """Per row, the first local maximum that reaches the floor."""
    padded = np.pad(correlation, ((0, 0), (1, 1)), constant_values=-1.0)
    peak = (correlation >= padded[:, :-2]) & (correlation >= padded[:, 2:])
    return np.argmax(peak & (correlation >= floor[:, None]), axis=1).astype(np.float64)
