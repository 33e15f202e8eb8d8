"""The styles that Kokoro's makers recorded, and mixtures of them.

A style is 256 numbers: the first 128 colour the sound (timbre), the last 128 steer how it is said
(pitch, length, energy). Each recorded voice is a pack of 510 styles, one a length of text.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

N_LENGTHS, N_STYLE = 510, 256
TYPICAL_LENGTH = 60  # phonemes, at which the spread between voices is measured
SHARPNESS = 0.03  # cosine by which a voice must be nearer to weigh e times as much

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class StyleBank:
    """All packs, [voice, length, 256], mapped from disk."""

    names: tuple[str, ...]
    packs: Floats

    @staticmethod
    def open(file: Path, names: tuple[str, ...]) -> StyleBank:
        """The bank in a file of packs one after the other."""
        shape = (len(names), N_LENGTHS, N_STYLE)
        return StyleBank(names, np.memmap(file, np.float32, "r", shape=shape))

    def without(self, left_out: frozenset[str]) -> StyleBank:
        """The bank less some voices."""
        kept = [i for i, name in enumerate(self.names) if name not in left_out]
        return StyleBank(tuple(self.names[i] for i in kept), self.packs[kept])

    def style(self, weights: Floats, n_phonemes: int) -> Floats:
        """The mixture of voices for a text of so many phonemes."""
        row = min(max(n_phonemes, 1), N_LENGTHS) - 1
        return np.asarray(weights @ self.packs[:, row], np.float32)

    def alone(self, name: str) -> Floats:
        """The weights of one voice unmixed."""
        weights = np.zeros(len(self.names), np.float32)
        weights[self.names.index(name)] = 1
        return weights

    def spread(self) -> Floats:
        """How much each of the 256 numbers varies between voices (standard deviation)."""
        return np.asarray(self.packs[:, TYPICAL_LENGTH].std(axis=0) + 1e-4, np.float32)


def blend_weights(similarity: Floats, n_nearest: int = 4) -> Floats:
    """Softmax of the similarity over the nearest voices; nought for the rest."""
    nearest = np.argsort(-similarity)[:n_nearest]
    weights = np.zeros_like(similarity)
    weights[nearest] = np.exp((similarity[nearest] - similarity.max()) / SHARPNESS)
    return weights / weights.sum()
