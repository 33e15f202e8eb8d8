"""What was said: Whisper base through faster-whisper, from files alone, loaded at first use."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stargate.voice.signal.spectrum import Signal, resample

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

RATE_HZ = 16_000


class WhisperRecogniser:
    """Turns speech into plain lower-case words."""

    name = "whisper-base"

    def __init__(self, directory: Path, n_threads: int = 2) -> None:
        self._directory = directory
        self._n_threads = n_threads

    @cached_property
    def _model(self) -> WhisperModel:
        from faster_whisper import WhisperModel

        return WhisperModel(
            str(self._directory),
            device="cpu",
            compute_type="int8",
            cpu_threads=self._n_threads,
            local_files_only=True,
        )

    def words(self, signal: Signal, rate_hz: int, language: str = "en") -> list[str]:
        """The words of a recording."""
        segments, _ = self._model.transcribe(
            resample(signal, rate_hz, RATE_HZ),
            language=language,
            beam_size=5,
            temperature=0.0,
            condition_on_previous_text=False,
        )
        return plain_words(" ".join(segment.text for segment in segments))


def plain_words(text: str) -> list[str]:
    """Lower-case words without punctuation; hyphens part words."""
    return re.sub(r"[^\w' ]", "", text.lower().replace("-", " ")).split()


def word_errors(reference: list[str], heard: list[str]) -> int:
    """Insertions, deletions and substitutions (Levenshtein) between two lists of words."""
    row = np.arange(len(heard) + 1)
    for i, word in enumerate(reference):
        changed = row[:-1] + np.array([word != other for other in heard], int)
        best = np.minimum(changed, row[1:] + 1)
        row = np.concatenate([[i + 1], best])
        for j in range(1, len(row)):
            row[j] = min(row[j], row[j - 1] + 1)
    return int(row[-1])
