"""Encoder A, differentiable: the d-vector LSTM of Resemblyzer (weights of its 0.1.4 wheel).

Wan et al., Generalized End-to-End Loss for Speaker Verification, 2018: three LSTM layers of 256
on 40 mel channels, windows of 1.6 s, a projection, ReLU, unit length. The tuning follows its
gradient, so its own score of a tuned voice is flattering; the judge is the other encoder.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stargate.voice.signal.spectrum import Signal, mel_filterbank

N_MELS = 40
HIGHEST_HZ = 8000.0
WINDOW_FRAMES, WINDOW_STEP = 160, 60
LEVEL = 10 ** (-30 / 20)  # root mean square to which every signal is brought
TRAINED_N_FFT = 400


class Ge2eEncoder:
    """Embeds speech at a fixed sampling rate; gradients flow back to the waveform."""

    def __init__(self, weights: Path, rate_hz: int) -> None:
        self._lstm = torch.nn.LSTM(N_MELS, 256, 3, batch_first=True)
        self._linear = torch.nn.Linear(256, 256)
        state = torch.load(weights, map_location="cpu", weights_only=True)["model_state"]
        for name, module in (("lstm", self._lstm), ("linear", self._linear)):
            module.load_state_dict(_of(state, f"{name}."))
            module.requires_grad_(False)
        self._n_fft = rate_hz * TRAINED_N_FFT // 16_000
        bank = mel_filterbank(rate_hz, self._n_fft, N_MELS, 0.0, HIGHEST_HZ)
        self._bank = torch.from_numpy(bank.astype(np.float32))
        self._window = torch.hann_window(self._n_fft)

    def embed(self, wave: Tensor) -> Tensor:
        """The unit vector of a waveform (a tensor), averaged over windows of 1.6 s."""
        level = wave.pow(2).mean().sqrt() + 1e-9
        mel = self._mel(wave * (LEVEL / level))
        return _unit(self._embed_windows(_windows(mel)).mean(dim=0))

    def __call__(self, signal: Signal) -> NDArray[np.float32]:
        """The unit vector of a signal (an array)."""
        with torch.no_grad():
            return self.embed(torch.from_numpy(np.array(signal, np.float32))).numpy()

    def _mel(self, wave: Tensor) -> Tensor:
        """Mel power [n_frames, 40]; scaled as if the window had the length it was trained with."""
        hop = self._n_fft * 2 // 5
        spectrum = torch.stft(wave, self._n_fft, hop, window=self._window, return_complex=True)
        power = spectrum.abs().pow(2) * (TRAINED_N_FFT / self._n_fft) ** 2
        return (self._bank @ power).T

    def _embed_windows(self, windows: Tensor) -> Tensor:
        _, (hidden, _) = self._lstm(windows)
        return _unit(torch.relu(self._linear(hidden[-1])))


def _of(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


def _windows(mel: Tensor) -> Tensor:
    """Overlapping windows that cover the whole; the last one ends where the speech ends."""
    short = WINDOW_FRAMES - mel.shape[0]
    if short > 0:
        return torch.nn.functional.pad(mel, (0, 0, 0, short))[None]
    last = mel.shape[0] - WINDOW_FRAMES
    starts = sorted({*range(0, last + 1, WINDOW_STEP), last})
    return torch.stack([mel[start : start + WINDOW_FRAMES] for start in starts])


def _unit(x: Tensor) -> Tensor:
    return x / (x.norm(dim=-1, keepdim=True) + 1e-9)
