"""Is this recording fit to learn a voice from: how much speech, how clean, how distorted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stargate.voice.signal.spectrum import Signal, frames

FRAME_S = 0.03
ABOVE_FLOOR_DB = 9.0
BELOW_PEAK_DB = 35.0
SILENCE_DB = -70.0
FULL = 0.985  # of the largest sample: a run of samples there was cut off
RUN = 3


@dataclass(frozen=True, slots=True)
class Recording:
    """What a recording measures; `speech_s` by energy, which takes any sound for speech."""

    duration_s: float
    speech_s: float
    snr_db: float
    clipped_fraction: float


def measure(signal: Signal, rate_hz: int) -> Recording:
    """Measure speech against the recording's own quietest tenth."""
    level_db = _frame_levels_db(signal, rate_hz)
    speech = speech_frames(level_db)
    floor_db = max(SILENCE_DB, float(np.percentile(level_db, 10)))
    power = 10 ** (level_db[speech] / 10)
    snr_db = 10 * np.log10(power.mean()) - floor_db if speech.any() else 0.0
    return Recording(
        duration_s=len(signal) / rate_hz,
        speech_s=float(speech.sum() * FRAME_S),
        snr_db=float(snr_db),
        clipped_fraction=clipped_fraction(signal),
    )


def speech_frames(level_db: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Frames well above the floor and not far below the loudest.

    Where even the quietest tenth is loud (no pause), the floor is no guide and every frame near
    the loudest counts.
    """
    peak_db = float(np.percentile(level_db, 99))
    floor_db = min(float(np.percentile(level_db, 10)), peak_db - 20.0)
    threshold_db = max(floor_db + ABOVE_FLOOR_DB, peak_db - BELOW_PEAK_DB, SILENCE_DB)
    return level_db > threshold_db


def quietest(signal: Signal, rate_hz: int) -> int:
    """Where to cut: the middle of the quietest 30 ms, in samples."""
    hop = int(FRAME_S * rate_hz)
    return int(np.argmin(_frame_levels_db(signal, rate_hz)) * hop + hop // 2)


def clipped_fraction(signal: Signal) -> float:
    """The share of samples in runs of three or more that stick to the largest value."""
    peak = float(np.abs(signal).max(initial=0.0))
    if peak < 0.1:
        return 0.0
    full = np.abs(signal) >= FULL * peak
    same = full[2:] & full[1:-1] & full[:-2]
    return float(same.sum() * RUN / max(1, len(signal)))


def _frame_levels_db(signal: Signal, rate_hz: int) -> NDArray[np.float64]:
    length = int(FRAME_S * rate_hz)
    power = (frames(signal, length, length).astype(np.float64) ** 2).mean(axis=1)
    return 10 * np.log10(power + 1e-12)
