"""How much of a sound is speech, and which of it: Silero's detector, from faster-whisper.

Energy cannot tell a chord from a vowel; this network can.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stargate.voice.signal.spectrum import Signal, resample

if TYPE_CHECKING:
    from faster_whisper.vad import SileroVADModel

RATE_HZ = 16_000
FRAME = 512  # samples: 32 ms
LIKELY = 0.5  # Silero's own threshold for a frame
PEAK = 0.5  # every sound is brought to this level, so that a quiet one is heard as well


class SileroMeter:
    """Seconds of speech in a signal; loaded at first use, 7 ms of processor time for 3 s."""

    @cached_property
    def _model(self) -> SileroVADModel:
        from faster_whisper.vad import get_vad_model

        return get_vad_model()

    def __call__(self, signal: Signal, rate_hz: float) -> float:
        """Seconds that are more likely speech than not."""
        return float(self._likely(signal, rate_hz).sum() * FRAME / RATE_HZ)

    def only(self, signal: Signal, rate_hz: float) -> Signal:
        """The parts of the signal that are more likely speech than not, joined."""
        likely = self._likely(signal, rate_hz)
        frame = (np.arange(len(signal)) * (RATE_HZ / rate_hz) / FRAME).astype(int)
        return signal[likely[np.minimum(frame, len(likely) - 1)]]

    def _likely(self, signal: Signal, rate_hz: float) -> NDArray[np.bool_]:
        """Of each frame of 32 ms, whether it is speech."""
        heard = resample(signal, rate_hz, RATE_HZ)
        peak = float(np.abs(heard).max(initial=0.0))
        if peak == 0.0:
            return np.zeros(1 + len(heard) // FRAME, np.bool_)
        whole = np.pad(heard * np.float32(PEAK / peak), (0, -len(heard) % FRAME))
        return np.asarray(self._model(whole.astype(np.float32))).ravel() > LIKELY
