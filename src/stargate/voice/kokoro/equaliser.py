"""The last step to a person's sound: the smooth difference of long-term spectra.

The style cannot reach every colour of a voice (nor that of the microphone). What remains between
the average spectra of the person and of the tuned voice is smoothed through its cepstrum and
laid on as a fixed filter. It copies the recording's colour along with the person's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct, idct
from scipy.signal import fftconvolve, firwin2

from stargate.voice.signal.spectrum import Array, Signal, power_spectrum

N_FFT, HOP = 1024, 256
N_BINS = N_FFT // 2 + 1
N_CEPSTRUM = 24  # detail kept: formant colour, not harmonics
STRENGTH = 0.5
LARGEST_NEPER = 3.5  # of power, before the strength
LOWEST_BIN = 4  # below lies hum; above HIGHEST_HZ lies what codecs cut off
HIGHEST_HZ = 7000.0
LOUD_PERCENTILE = 60
N_TAPS = 513


def long_term_spectrum(signal: Signal) -> Array:
    """The mean log power of the loud frames, [N_FFT / 2 + 1], in nepers of power."""
    power = power_spectrum(signal, N_FFT, HOP, np.hanning(N_FFT + 1)[:-1])
    energy = power.sum(axis=1)
    return np.log(power[energy > np.percentile(energy, LOUD_PERCENTILE)] + 1e-9).mean(axis=0)


def correction(source: Array, target: Array, rate_hz: int) -> Array:
    """Log amplitude gain per bin that moves `source` towards `target`, without changing level."""
    difference = target - source
    difference[:LOWEST_BIN] = difference[LOWEST_BIN]
    highest = int(HIGHEST_HZ / rate_hz * N_FFT)
    difference[highest:] = difference[highest]
    cepstrum = dct(difference, norm="ortho")
    cepstrum[N_CEPSTRUM:] = 0
    smooth = idct(cepstrum, norm="ortho")
    return np.clip(smooth - smooth.mean(), -LARGEST_NEPER, LARGEST_NEPER) * STRENGTH / 2


def equalise(signal: Signal, gain: NDArray[np.floating]) -> Signal:
    """The signal through a linear-phase filter with the given log gain per bin."""
    taps = firwin2(N_TAPS, np.linspace(0, 1, len(gain)), np.exp(gain))
    return fftconvolve(signal, taps, mode="same").astype(np.float32)
