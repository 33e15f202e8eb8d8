"""The keyed payload: a second mark in every clip, different in each, that tells which clip it is.

Perth says that a sound was made here; this says which clip it is, and so whose voice, tenant and
request, without the log of fingerprints. Time (48 ms) and frequency (32 bands from 300 to 3400 Hz,
which a telephone lets through) are parted into cells, each of which is made 1.5 dB louder or
softer. The pattern of signs is HMAC-SHA-256 of the clip's id under a secret key and repeats every
two seconds: spread spectrum (Cox et al. 1997), the whole pattern being the code word of a random
code, decoded by correlating with the pattern of every clip that is known. Without the key no
pattern can be made, recognised or told from another.

The reader whitens first: what a cell's neighbours foretell is taken off, so that speech, which is
smooth, hides little. A recording is read at the speed at which Perth was found, and as if its
pitch alone had been changed. One stretched by an unknown factor is not recognised.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from stargate.voice.engine import Sample
from stargate.voice.signal.spectrum import Array, Signal, frames, power_spectrum, resample

RATE_HZ = 16_000
N_FFT, HOP = 512, 128
FRAMES_PER_CELL = 6
N_BANDS, LOWEST_HZ, HIGHEST_HZ = 32, 300.0, 3400.0
N_CELLS = 42  # in time, then the pattern repeats: 2.0 s
STRENGTH_DB = 1.5
DEPTH_DB = 60.0  # below the loudest cell nothing is read
REACH = 2  # cells to each side from which a cell is foretold
STIFFNESS = 3.0  # dB^2: keeps the forecast from following so few cells too closely
OUTLIER = 3.0  # times the typical residual: what is larger counts no more
DECOYS = tuple(f"decoy {i}" for i in range(64))
LEAST_CHANCE = 1e-5
BATCH = 2048
N_READINGS = 10

Pattern = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Match:
    """The clip whose pattern a recording carries.

    `chance` is the chance that the best of all clips and alignments tried matches this well in a
    recording without a pattern.
    """

    clip_id: str
    deviations: float
    chance: float


class KeyedPayload:
    """Lays the patterns of one key on speech, and recognises them."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def lay(self, signal: Signal, rate_hz: int, clip_id: str, start_s: float = 0.0) -> Signal:
        """The signal with the clip's pattern; `start_s` is where in the clip the signal begins."""
        at_rate = resample(signal, rate_hz, RATE_HZ)
        padded = np.pad(at_rate, (N_FFT, N_FFT + HOP))
        spectrum = np.fft.rfft(frames(padded, N_FFT, HOP) * _window(), axis=1)
        middles_s = (np.arange(len(spectrum)) * HOP - N_FFT / 2) / RATE_HZ + start_s
        cells = np.floor(middles_s / CELL_S).astype(int) % N_CELLS
        gain_db = STRENGTH_DB * self._pattern(clip_id)[cells] @ _bands()
        change = np.fft.irfft(spectrum * (10 ** (gain_db / 20) - 1), axis=1)
        added = resample(_overlapped(change)[N_FFT:][: len(at_rate)], RATE_HZ, rate_hz)
        added = np.pad(added, (0, max(0, len(signal) - len(added))))[: len(signal)]
        return np.clip(signal + added, -1, 1).astype(np.float32)

    def find(self, sample: Sample, clip_ids: Sequence[str], speed: float = 1.0) -> Match | None:
        """The clip whose pattern the recording carries, if one stands out beyond chance.

        `speed` is about how much faster it plays than it was laid, or how much higher.
        """
        matches = (self._find(sample, clip_ids, *reading) for reading in _readings(speed))
        found = [match for match in matches if match is not None]
        return min(found, key=lambda match: match.chance, default=None)

    def _find(
        self, sample: Sample, clip_ids: Sequence[str], speed: float, stretch: float
    ) -> Match | None:
        folded = [_folded(c) for c in _cells(sample.signal, sample.rate_hz / speed, stretch)]
        if not clip_ids or not folded:
            return None
        decoys = np.concatenate([_correlations(self._patterns(DECOYS), f) for f in folded])
        typical = float(decoys.std()) + 1e-12
        best: list[float] = []
        for start in range(0, len(clip_ids), BATCH):
            patterns = self._patterns(clip_ids[start : start + BATCH])
            best.extend(np.max([_correlations(patterns, f).max(axis=1) for f in folded], axis=0))
        at = int(np.argmax(best))
        deviations = best[at] / typical
        n_tried = len(clip_ids) * len(folded) * N_CELLS * N_READINGS
        match = Match(clip_ids[at], deviations, _chance(deviations, n_tried))
        return match if match.chance < LEAST_CHANCE else None

    def _patterns(self, clip_ids: Sequence[str]) -> Pattern:
        return np.stack([self._pattern(clip_id) for clip_id in clip_ids])

    def _pattern(self, clip_id: str) -> Pattern:
        """Plus and minus ones, [cell in time, band]."""
        n_bytes = N_CELLS * N_BANDS // 8
        blocks = (
            hmac.digest(self._key, f"{clip_id} {i}".encode(), hashlib.sha256)
            for i in range(-(-n_bytes // 32))
        )
        bits = np.unpackbits(np.frombuffer(b"".join(blocks)[:n_bytes], np.uint8))
        return (bits.astype(np.float32) * 2 - 1).reshape(N_CELLS, N_BANDS)


CELL_S = FRAMES_PER_CELL * HOP / RATE_HZ


def _window() -> Array:
    return np.hanning(N_FFT + 1)[:-1]


def _bands() -> Array:
    """Which frequencies belong to which band, [band, bin] of ones and noughts."""
    frequency_hz = np.fft.rfftfreq(N_FFT, 1 / RATE_HZ)
    edges_hz = np.geomspace(LOWEST_HZ, HIGHEST_HZ, N_BANDS + 1)
    band = np.searchsorted(edges_hz, frequency_hz) - 1
    return (band == np.arange(N_BANDS)[:, None]).astype(float)


def _overlapped(pieces: Array) -> Signal:
    """The frames added where they belong; Hann windows a quarter apart sum to two."""
    whole = np.zeros((len(pieces) - 1) * HOP + N_FFT)
    n_shifts = N_FFT // HOP
    for shift in range(n_shifts):
        part = pieces[:, shift * HOP :][:, :HOP].reshape(-1)
        whole[shift * HOP :][: len(part)] += part
    return (whole / 2).astype(np.float32)


def _readings(speed: float) -> list[tuple[float, float]]:
    """(speed, stretch) to read at: as it is, or near a speed and as if it were a pitch alone.

    Perth tells the speed within 1 %, in which time the pattern would slip by a cell in 5 s.
    """
    if speed == 1:
        return [(1.0, 1.0)]
    steps = np.linspace(0.99, 1.01, N_READINGS - 1)
    return [(speed, speed), *((speed * step, 1.0) for step in steps)]


def _cells(signal: Signal, rate_hz: float, stretch: float) -> Iterator[Array]:
    """Levels in dB, [cell in time, band], for cells that begin at every second frame."""
    bands = _bands().T
    power = power_spectrum(resample(signal, rate_hz, RATE_HZ), N_FFT, HOP, _window()) @ bands
    power = power[np.arange(0, len(power), stretch).astype(int)]
    for first in range(0, FRAMES_PER_CELL, 2):
        n = (len(power) - first) // FRAMES_PER_CELL
        if n > 2 * REACH:
            cells = power[first:][: n * FRAMES_PER_CELL].reshape(n, FRAMES_PER_CELL, N_BANDS)
            level_db = 10 * np.log10(cells.mean(axis=1) + 1e-12)
            yield np.maximum(level_db, level_db.max() - DEPTH_DB)


def _folded(level_db: Array) -> Array:
    """What the neighbours do not foretell, repeats of the pattern added up."""
    residual = np.where(level_db > level_db.min(), _whitened(level_db), 0.0)
    folded = np.zeros((N_CELLS, N_BANDS))
    np.add.at(folded, np.arange(len(residual)) % N_CELLS, residual)
    return folded


def _whitened(level_db: Array) -> Array:
    """Each cell less its forecast from the cells around it, large residuals bounded.

    For noise that is Gaussian and stationary the error of such a forecast is the noise times its
    inverse covariance, up to scale: the matched filter for independent signs.
    """
    centred = level_db - level_db.mean(axis=0)
    side = 2 * REACH + 1
    around = np.lib.stride_tricks.sliding_window_view(
        np.pad(centred, REACH, mode="edge"), (side, side)
    ).reshape(centred.size, -1)
    middle = side * side // 2
    others, own = np.delete(around, middle, axis=1), around[:, middle]
    normal = others.T @ others + STIFFNESS * len(own) * np.eye(side * side - 1)
    residual = (own - others @ np.linalg.solve(normal, others.T @ own)).reshape(centred.shape)
    typical = np.median(np.abs(residual), axis=0) + 1e-6
    return np.tanh(residual / (OUTLIER * typical))


def _correlations(patterns: Pattern, folded: Array) -> Array:
    """Of each pattern at each alignment in time, [pattern, alignment]."""
    product = np.conj(np.fft.rfft(patterns, axis=1)) * np.fft.rfft(folded, axis=0)
    return np.fft.irfft(product.sum(axis=2), n=N_CELLS, axis=1)


def _chance(deviations: float, n_tried: int) -> float:
    """That the largest of so many normal deviates is as large (Bonferroni's bound)."""
    return float(min(1.0, n_tried * np.exp(log_ndtr(-deviations))))
