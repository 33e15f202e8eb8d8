"""Tuning: the style moves until the voice that speaks is the one in the recording.

A single offset to the 256 style numbers is optimised by Adam. The loss follows the sound of a few
short sentences back through the synthesiser:

    3 (1 - cos) + 2 (log f0 error)^2 + 0.15 (log-mel mean and deviation error) + 0.18 |offset|^2

cos is encoder A's. Similarity alone would be fooled (a search over it drifts into noise); pitch,
the mean and the spread of the spectrum, and the pull to known voices keep it speech.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from stargate.voice.encoders.ge2e import Ge2eEncoder
from stargate.voice.kokoro.differentiable import DifferentiableKokoro
from stargate.voice.kokoro.styles import Floats
from stargate.voice.signal.pitch import median_pitch_hz
from stargate.voice.signal.spectrum import Signal, mel_filterbank

SENTENCES = ("Smoky fires lack flame.", "We talked of the side show.", "Rice is served in bowls.")
RATE_HZ = 24_000
N_FFT, HOP, N_MELS = 1024, 256, 80
LOUD_NEPER = 6.0  # frames within this of the loudest count as speech
VOICED_HZ = 60.0
REACH = 3.0  # spreads of the bank that one unit of the optimised offset moves the style


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast to tune."""

    n_steps: int = 40
    learning_rate: float = 0.03
    similarity: float = 3.0
    pitch: float = 2.0
    spectrum: float = 0.15
    pull: float = 0.18


class Target:
    """What the recording sounds like, in the terms of the loss."""

    def __init__(self, recording: Signal, encoder: Ge2eEncoder) -> None:
        self._encoder = encoder
        self._bank = torch.from_numpy(
            mel_filterbank(RATE_HZ, N_FFT, N_MELS, 60.0, 7600.0).astype(np.float32)
        )
        wave = torch.from_numpy(np.array(recording))
        with torch.no_grad():
            self._embedding = encoder.embed(wave)
            self._mean, self._deviation = self._mel_statistics(wave)
        self._log_pitch = float(np.log(median_pitch_hz(recording, RATE_HZ)))

    def similarity(self, wave: Tensor) -> Tensor:
        """Encoder A's cosine to the recording."""
        return (self._encoder.embed(wave) * self._embedding).sum()

    def pitch_error(self, contour_hz: Tensor) -> Tensor:
        """The squared error of the logarithm of the median pitch."""
        voiced = contour_hz[contour_hz > VOICED_HZ]
        if not voiced.numel():
            return contour_hz.sum() * 0
        return (voiced.log().median() - self._log_pitch).pow(2)

    def spectrum_error(self, wave: Tensor) -> Tensor:
        """How far the mean and the deviation of the log-mel spectrum are off, in nepers."""
        mean, deviation = self._mel_statistics(wave)
        return (mean - self._mean).abs().mean() + (deviation - self._deviation).abs().mean()

    def _mel_statistics(self, wave: Tensor) -> tuple[Tensor, Tensor]:
        window = torch.hann_window(N_FFT)
        power = torch.stft(wave, N_FFT, HOP, window=window, return_complex=True).abs().pow(2)
        mel = (self._bank @ power + 1e-7).log()
        energy = mel.mean(dim=0)
        mel = mel[:, energy > energy.max() - LOUD_NEPER]
        mel = mel - mel.mean()
        return mel.mean(dim=1), mel.std(dim=1)


def tune(
    network: DifferentiableKokoro,
    target: Target,
    sentences: Sequence[tuple[list[int], Floats]],
    spread: Floats,
    plan: Plan,
    progress: Callable[[int, float], None] = lambda _step, _similarity: None,
) -> Floats:
    """The offset to add to any style of the voice; `sentences` are tokens and their style."""
    scale = torch.from_numpy(spread * REACH)
    offset = torch.zeros(len(spread), requires_grad=True)
    optimiser = torch.optim.Adam([offset], lr=plan.learning_rate)
    for step in range(plan.n_steps):
        tokens, style = sentences[step % len(sentences)]
        wave, pitch = network(tokens, torch.from_numpy(style) + offset * scale)
        similarity = target.similarity(wave)
        loss = (
            plan.similarity * (1 - similarity)
            + plan.pitch * target.pitch_error(pitch)
            + plan.spectrum * target.spectrum_error(wave)
            + plan.pull * offset.pow(2).mean()
        )
        optimiser.zero_grad()
        loss.backward()
        if offset.grad is not None and torch.isfinite(offset.grad).all():
            torch.nn.utils.clip_grad_norm_([offset], 1.0)
            optimiser.step()
        progress(step + 1, float(similarity.detach()))
    return np.asarray((offset.detach() * scale).numpy(), np.float32)
