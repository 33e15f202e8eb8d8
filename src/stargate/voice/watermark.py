"""The mark in every clip: the network of Perth (weights of resemble-perth 1.0.1), in torch.

Perth changes the magnitudes below 2 kHz of a spectrogram where the ear does not hear it. It says
whether a mark is there, nothing more. Its network is rebuilt here from its checkpoint, which
needs neither torchaudio nor librosa: an encoder (seven convolutions) adds to the log magnitudes,
a decoder reads them at three speeds and weighs its three answers.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from stargate.voice.signal.spectrum import Signal, resample

RATE_HZ = 32_000
N_FFT, HOP = 2048, 320
SMALLEST = 1e-9
LOWEST_DB, HEADROOM_DB = -180.0, 15.0  # 20 log10 of the smallest magnitude
N_MARKED_BINS = 128  # up to 2 kHz: round(1025 * 2000 / 16000)
HIDDEN, KERNEL = 256, 7
STRENGTH = np.float32(1.25)
"""Of the change that the network makes. As made, 1 s crops of some speech score 0.96 and noise at
20 dB leaves 0.36; a quarter more lifts them to 1.00 and 0.78, with no change of predicted opinion
(DNSMOS 2.80 and 2.81 on the LibriVox reader)."""
LOUD = 0.05  # of the loudest frame's level: quieter frames carry no mark
HEARD = 0.01  # of the loudest frame's power: quieter frames tell nothing of one
STEADY_QUANTILE, STEADY_BINS = 0.15, 17
SUBTRACTED, KEPT = 8.0, 0.1
"""Before the mark is looked for, eight times the steady noise is taken from the power, of which at
least a tenth stays. Noise at 10 dB then leaves scores of 0.66 to 0.87 in the LibriVox reader's
takes, where it left 0.08 to 0.51. Less kept (3 %) leaves more, and more in unmarked speech too."""
SPEEDS = {"slow_layers": 1.25, "normal_layers": 1.0, "fast_layers": 0.75}


class PerthWatermark:
    """Embeds the mark, and scores a signal between 0 (no mark) and 1."""

    name = "perth-implicit"

    def __init__(self, checkpoint: Path) -> None:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)["model"]
        self._encoder = _stack(state, "encoder.layers", N_MARKED_BINS)
        self._decoders = {speed: _stack(state, f"decoder.{speed}", 2) for speed in SPEEDS}
        self._window = torch.hann_window(N_FFT)

    def embed(self, signal: Signal, rate_hz: int) -> Signal:
        """The signal with the mark, at the same rate and length."""
        with torch.no_grad():
            level, phase, length = self._analyse(signal, rate_hz)
            loud = _loud(level)
            level[:, :N_MARKED_BINS] += self._encoder(level[:, :N_MARKED_BINS]) * loud
            marked = self._synthesise(level, phase, length)
        result = resample(marked, RATE_HZ, rate_hz)
        padded = np.pad(result, (0, max(0, len(signal) - len(result))))[: len(signal)]
        return np.asarray(signal + STRENGTH * (padded - signal), np.float32)

    def score(self, signal: Signal, rate_hz: float) -> float:
        """Between 0 and 1: above one half is marked."""
        with torch.no_grad():
            spectrum = self._spectrum(signal, rate_hz)[0][: N_MARKED_BINS + STEADY_BINS // 2]
            power = _without_steady_noise(spectrum.abs() ** 2)[:N_MARKED_BINS]
            level = _scaled(10 * power.clip(SMALLEST**2).log10())[None]
            strength = power.sum(dim=0)
            loud = (strength > HEARD * strength.max()).float()[None, None]
            answers = [
                self._decode(layers, level, loud, SPEEDS[speed])
                for speed, layers in self._decoders.items()
            ]
            attention, mark = torch.stack(answers, dim=-1)
            return float((mark * attention.softmax(dim=-1)).sum().clip(0, 1))

    def _decode(self, layers: nn.Module, level: Tensor, loud: Tensor, stretch: float) -> Tensor:
        """(attention, mark), each the mean over loud frames, of the spectrogram at one speed."""
        n_frames = int(level.shape[2] * stretch)
        if stretch != 1.0:
            level = functional.interpolate(level, n_frames, mode="linear", align_corners=True)
        loud = functional.interpolate(loud, n_frames, mode="nearest")
        return ((layers(level) * loud).sum(dim=2) / loud.sum(dim=2).clip(min=1))[0]

    def _analyse(self, signal: Signal, rate_hz: float) -> tuple[Tensor, Tensor, int]:
        """Scaled log magnitude [1, bin, frame], phase, and the number of samples at 32 kHz."""
        spectrum, length = self._spectrum(signal, rate_hz)
        level_db = 20 * spectrum.abs().clip(SMALLEST).log10()
        return _scaled(level_db)[None], spectrum.angle(), length

    def _spectrum(self, signal: Signal, rate_hz: float) -> tuple[Tensor, int]:
        """[bin, frame] at 32 kHz, and the number of samples."""
        at_rate = resample(signal, rate_hz, RATE_HZ)
        wave = torch.from_numpy(np.pad(at_rate, (0, max(0, N_FFT - len(at_rate)))))
        spectrum = torch.stft(wave, N_FFT, HOP, window=self._window, return_complex=True)
        return spectrum, len(wave)

    def _synthesise(self, level: Tensor, phase: Tensor, length: int) -> Signal:
        level_db = level[0] * (HEADROOM_DB - LOWEST_DB) + LOWEST_DB
        spectrum = torch.polar(10 ** (level_db / 20).clip(max=10), phase)
        wave = torch.istft(spectrum, N_FFT, HOP, window=self._window, length=length)
        return np.asarray(wave.numpy(), np.float32)


def _scaled(level_db: Tensor) -> Tensor:
    return (level_db - LOWEST_DB) / (HEADROOM_DB - LOWEST_DB)


def _without_steady_noise(power: Tensor) -> Tensor:
    """Spectral subtraction (Berouti et al. 1979) of what is always there, bin by bin.

    The noise in a bin is what its quieter frames have, averaged over its neighbours.
    """
    steady = power.quantile(STEADY_QUANTILE, dim=1)[None, None]
    steady = functional.avg_pool1d(
        steady, STEADY_BINS, 1, STEADY_BINS // 2, count_include_pad=False
    )
    return torch.maximum(power - SUBTRACTED * steady[0, 0, :, None], KEPT * power)


def _loud(level: Tensor) -> Tensor:
    """Which frames are loud enough to carry a mark, [1, 1, frame]."""
    total = level.sum(dim=1, keepdim=True)
    return (total > LOUD * total.max()).float()


def _stack(state: dict[str, Tensor], prefix: str, n_out: int) -> nn.Module:
    """A 1-wide, five 7-wide and a 1-wide convolution with leaky rectifiers between them."""
    widths = [N_MARKED_BINS, *[HIDDEN] * 6, n_out]
    modules: list[nn.Module] = []
    for i, (n_in, n_next) in enumerate(pairwise(widths)):
        kernel = 1 if i in (0, 6) else KERNEL
        layer = nn.Conv1d(n_in, n_next, kernel, padding=kernel // 2)
        layer.load_state_dict({k: state[f"{prefix}.{i}.conv.{k}"] for k in ("weight", "bias")})
        modules += [layer, nn.LeakyReLU()]
    return nn.Sequential(*modules[:-1]).requires_grad_(False)
