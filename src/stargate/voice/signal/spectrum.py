"""Short-time spectra, mel filterbanks and resampling."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

Signal = NDArray[np.float32]
Array = NDArray[np.float64]

LINEAR_TO_HZ = 1000.0  # the Slaney scale is linear below and logarithmic above
MEL_PER_LINEAR_HZ = 3.0 / 200.0
LOG_STEP = np.log(6.4) / 27.0
MAX_RATIO_DENOMINATOR = 1000


def resample(signal: Signal, rate_hz: float, new_rate_hz: float) -> Signal:
    """The signal at another rate, by a polyphase filter that keeps aliases out."""
    if rate_hz == new_rate_hz:
        return signal
    ratio = Fraction(new_rate_hz / rate_hz).limit_denominator(MAX_RATIO_DENOMINATOR)
    return resample_poly(signal, ratio.numerator, ratio.denominator).astype(np.float32)


def frames(signal: Signal, length: int, hop: int) -> Signal:
    """Overlapping frames [n, length]; a signal shorter than one frame is padded to it."""
    padded = np.pad(signal, (0, max(0, length - len(signal))))
    return np.lib.stride_tricks.sliding_window_view(padded, length)[::hop]


def power_spectrum(signal: Signal, n_fft: int, hop: int, window: NDArray[np.floating]) -> Array:
    """|FFT|^2 of windowed frames, [n_frames, n_fft / 2 + 1]; a shorter window is centred."""
    before = (n_fft - len(window)) // 2
    padded = np.pad(window, (before, n_fft - len(window) - before))
    return np.abs(np.fft.rfft(frames(signal, n_fft, hop) * padded)) ** 2


def hz_to_mel(frequency_hz: Array) -> Array:
    """Slaney's mel scale (Auditory Toolbox, 1998): linear to 1 kHz, then logarithmic."""
    linear = frequency_hz * MEL_PER_LINEAR_HZ
    above = np.maximum(frequency_hz, LINEAR_TO_HZ) / LINEAR_TO_HZ
    logarithmic = LINEAR_TO_HZ * MEL_PER_LINEAR_HZ + np.log(above) / LOG_STEP
    return np.where(frequency_hz < LINEAR_TO_HZ, linear, logarithmic)


def mel_to_hz(mel: Array) -> Array:
    """The inverse of `hz_to_mel`."""
    knee = LINEAR_TO_HZ * MEL_PER_LINEAR_HZ
    logarithmic = LINEAR_TO_HZ * np.exp(LOG_STEP * (np.maximum(mel, knee) - knee))
    return np.where(mel < knee, mel / MEL_PER_LINEAR_HZ, logarithmic)


def mel_filterbank(
    rate_hz: int, n_fft: int, n_mels: int, lowest_hz: float = 0.0, highest_hz: float | None = None
) -> Array:
    """Triangles of equal area on the mel scale, [n_mels, n_fft / 2 + 1]."""
    lowest, highest = hz_to_mel(np.array([lowest_hz, highest_hz or rate_hz / 2]))
    corners = mel_to_hz(np.linspace(lowest, highest, n_mels + 2))
    bins = np.fft.rfftfreq(n_fft, 1 / rate_hz)
    slopes = corners[:, None] - bins
    widths = np.diff(corners)[:, None]
    rising, falling = -slopes[:-2] / widths[:-1], slopes[2:] / widths[1:]
    area = 2.0 / (corners[2:] - corners[:-2])
    return np.maximum(0, np.minimum(rising, falling)) * area[:, None]
