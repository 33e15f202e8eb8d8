"""How good speech sounds, as a network predicts that listeners would say (DNSMOS P.835).

Reddy, Gopal, Cutler, DNSMOS P.835, 2022. The network scores 9.01 s of speech at 16 kHz; shorter
speech is repeated. Its raw answer is mapped to the scale of the listening test by the polynomial
that its authors publish with it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from stargate.voice.inference import open_session
from stargate.voice.signal.spectrum import Signal, resample

RATE_HZ = 16_000
WINDOW = int(9.01 * RATE_HZ)
OVERALL = (-0.06766283, 1.11546468, 0.04602535)
PEAK = 0.9


class OpinionScore:
    """Predicts the overall mean opinion, from 1 (bad) to 5 (excellent)."""

    def __init__(self, model: Path, n_threads: int = 1) -> None:
        self._session = open_session(model, n_threads)

    def __call__(self, signal: Signal, rate_hz: int) -> float:
        """The predicted mean opinion of a signal."""
        speech = resample(signal, rate_hz, RATE_HZ)
        speech = speech * (PEAK / max(1e-6, float(np.abs(speech).max())))
        while len(speech) < WINDOW:
            speech = np.concatenate([speech, speech])
        starts = range(0, len(speech) - WINDOW + 1, RATE_HZ)
        raw = [self._score(speech[start : start + WINDOW]) for start in starts]
        return float(np.mean([np.polyval(OVERALL, value) for value in raw]))

    def _score(self, window: Signal) -> float:
        return float(self._session.run(None, {"input_1": window[None].astype(np.float32)})[0][0, 2])
