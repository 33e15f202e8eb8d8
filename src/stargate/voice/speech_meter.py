"""How much of a sound is speech: Silero's detector, whose weights faster-whisper carries with it.

Energy cannot tell a chord from a vowel; this network can.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

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
        heard = resample(signal, rate_hz, RATE_HZ)
        peak = float(np.abs(heard).max(initial=0.0))
        if peak == 0.0:
            return 0.0
        whole = np.pad(heard * np.float32(PEAK / peak), (0, -len(heard) % FRAME))
        likely = self._model(whole.astype(np.float32)) > LIKELY
        return float(likely.sum() * FRAME / RATE_HZ)
