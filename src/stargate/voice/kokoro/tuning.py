"""Tuning: the style moves until the voice that speaks is the one in the recording.

A single offset to the 256 style numbers is optimised by Adam. The loss follows the sound of a few
short sentences back through the synthesiser:

    3 (1 - cos) + 2 (log f0 error)^2 + W + 0.15 (log-mel mean and deviation error) + 0.18 |offset|^2

cos is encoder A's. Similarity alone is soon fooled: the encoder is pleased by sounds that no one
would take for the person. W is blind to encoders: the distance between the two clouds of short
spectra (cepstra) that the recording and the voice consist of, as sliced Wasserstein distance
(Rabin et al., 2011): project both on random directions, sort, compare. It alone raises the score
of an encoder that the tuning never sees from 0.70 to 0.79 on the LibriVox reader. The pull keeps
the style near known voices, so that it stays speech.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.fft import dct
from torch import Tensor

from stargate.voice.draft import NO_DRAFT, Draft
from stargate.voice.encoders.ge2e import Ge2eEncoder
from stargate.voice.kokoro.differentiable import DifferentiableKokoro
from stargate.voice.kokoro.styles import Floats
from stargate.voice.kokoro.tuning_state import TuningState
from stargate.voice.signal.pitch import median_pitch_hz
from stargate.voice.signal.spectrum import Signal, mel_filterbank

SENTENCES = ("Smoky fires lack flame.", "We talked of the side show.", "Rice is served in bowls.")
RATE_HZ = 24_000
N_FFT, HOP, N_MELS = 1024, 256, 80
N_CEPSTRA, N_DIRECTIONS, N_QUANTILES = 24, 32, 64
LOUD_NEPER = 6.0  # frames within this of the loudest count as speech
VOICED_HZ = 60.0
COOLEST = 0.003  # the learning rate at the end: the offset settles instead of jumping about
REACH = 3.0  # spreads of the bank that one unit of the optimised offset moves the style


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast to tune."""

    n_steps: int = 32
    learning_rate: float = 0.03
    similarity: float = 3.0
    pitch: float = 2.0
    texture: float = 1.0
    spectrum: float = 0.15
    pull: float = 0.18
    seed: int = 0  # of the random directions


class Target:
    """What the recording sounds like, in the terms of the loss."""

    def __init__(self, recording: Signal, encoder: Ge2eEncoder) -> None:
        self._encoder = encoder
        self._bank = torch.from_numpy(
            mel_filterbank(RATE_HZ, N_FFT, N_MELS, 60.0, 7600.0).astype(np.float32)
        )
        self._window = torch.hann_window(N_FFT)
        basis = dct(np.eye(N_MELS), norm="ortho", axis=0)[1 : N_CEPSTRA + 1]
        self._cepstral = torch.from_numpy(basis.astype(np.float32))
        wave = torch.from_numpy(np.array(recording))
        with torch.no_grad():
            self._embedding = encoder.embed(wave)
            mel = self._loud_mel(wave)
            self._mean, self._deviation = _shape(mel)
            cepstra = self._cepstra(mel)
            self._spread = cepstra.std(dim=0)
            self._cloud = cepstra / self._spread
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
        mean, deviation = _shape(self._loud_mel(wave))
        return (mean - self._mean).abs().mean() + (deviation - self._deviation).abs().mean()

    def texture_distance(self, wave: Tensor, generator: torch.Generator) -> Tensor:
        """Sliced Wasserstein distance of the clouds of cepstra, in the recording's own spreads."""
        directions = torch.randn(N_CEPSTRA, N_DIRECTIONS, generator=generator)
        directions = directions / directions.norm(dim=0)
        cloud = self._cepstra(self._loud_mel(wave)) / self._spread
        quantiles = torch.linspace(0.02, 0.98, N_QUANTILES)
        theirs, ours = (
            (points @ directions).quantile(quantiles, dim=0) for points in (self._cloud, cloud)
        )
        return (ours - theirs).abs().mean()

    def _loud_mel(self, wave: Tensor) -> Tensor:
        """Log-mel spectra of the loud frames, [mel, frame]."""
        spectrum = torch.stft(wave, N_FFT, HOP, window=self._window, return_complex=True)
        mel = (self._bank @ spectrum.abs().pow(2) + 1e-7).log()
        energy = mel.mean(dim=0)
        return mel[:, energy > energy.max() - LOUD_NEPER]

    def _cepstra(self, mel: Tensor) -> Tensor:
        return (self._cepstral @ mel).T


def _shape(mel: Tensor) -> tuple[Tensor, Tensor]:
    """The mean and the deviation per channel, whatever the level."""
    centred = mel - mel.mean()
    return centred.mean(dim=1), centred.std(dim=1)


def learning_rate(step: int, plan: Plan) -> float:
    """Half a cosine from the plan's to the coolest (Loshchilov and Hutter, SGDR, 2017)."""
    falling = (1 + np.cos(np.pi * step / plan.n_steps)) / 2
    return float(COOLEST + (plan.learning_rate - COOLEST) * falling)


def tune(
    network: DifferentiableKokoro,
    target: Target,
    sentences: Sequence[tuple[list[int], Floats]],
    spread: Floats,
    plan: Plan,
    progress: Callable[[int, float], None] = lambda _step, _similarity: None,
    draft: Draft = NO_DRAFT,
    label: str = "",
) -> Floats:
    """The offset to add to any style of the voice; `sentences` are tokens and their style.

    Every step is kept in the draft, and a draft of the same plan and `label` (what else the tuning
    rests on) is gone on with. What a step does follows from its number and the state alone, so a
    tuning that was stopped comes to the same offset, to the bit.
    """
    label = f"{label} {plan} {SENTENCES}"
    state = TuningState.from_bytes(draft.read(), label) or TuningState.begun(len(spread))
    offset, optimiser = state.resumed(plan.learning_rate)
    scale = torch.from_numpy(spread * REACH)
    for step in range(state.step, plan.n_steps):
        generator = torch.Generator().manual_seed(plan.seed + step)
        optimiser.param_groups[0]["lr"] = learning_rate(step, plan)
        tokens, style = sentences[step % len(sentences)]
        wave, pitch = network(tokens, torch.from_numpy(style) + offset * scale)
        similarity = target.similarity(wave)
        loss = (
            plan.similarity * (1 - similarity)
            + plan.pitch * target.pitch_error(pitch)
            + plan.texture * target.texture_distance(wave, generator)
            + plan.spectrum * target.spectrum_error(wave)
            + plan.pull * offset.pow(2).mean()
        )
        optimiser.zero_grad()
        loss.backward()
        if offset.grad is not None and torch.isfinite(offset.grad).all():
            torch.nn.utils.clip_grad_norm_([offset], 1.0)
            optimiser.step()
        progress(step + 1, float(similarity.detach()))
        draft.write(TuningState.of(step + 1, offset, optimiser).to_bytes(label))
    return np.asarray((offset.detach() * scale).numpy(), np.float32)
