"""Speaking: the quantised network in onnxruntime, one clause at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stargate.voice.inference import open_session
from stargate.voice.kokoro.styles import Floats
from stargate.voice.signal.spectrum import Signal
from stargate.voice.text.phonemes import tokens

RATE_HZ = 24_000


class Synthesiser:
    """Turns text and a style into sound at 24 kHz."""

    def __init__(self, model: Path, vocabulary: Path, n_threads: int = 2) -> None:
        self._session = open_session(model, n_threads)
        self._vocabulary: dict[str, int] = json.loads(vocabulary.read_text("utf-8"))["vocab"]

    def tokens(self, text: str, language: str = "en-US") -> list[int]:
        """The network's input for a text."""
        return tokens(text, self._vocabulary, language)

    def say(self, tokens: Sequence[int], style: Floats, speed: float = 1.0) -> Signal:
        """The sound of tokens in one style."""
        feeds = {
            "tokens": np.array([tokens], np.int64),
            "style": style.reshape(1, -1).astype(np.float32),
            "speed": np.array([speed], np.float32),
        }
        return np.asarray(self._session.run(None, feeds)[0], np.float32).ravel()
