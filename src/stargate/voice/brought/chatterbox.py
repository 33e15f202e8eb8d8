"""Chatterbox (Resemble AI), English. It lays the Perth mark on what it says, as the gate does.

The gate looks for the mark before it adds one, so it is not laid on twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from stargate.voice.brought.engine import RATE_HZ, flat, learnt, state_file
from stargate.voice.engine import Capabilities, Sample, Utterance
from stargate.voice.profile import VoiceProfile
from stargate.voice.signal.spectrum import Signal, resample
from stargate.voice.weights import device, find, require

if TYPE_CHECKING:
    from chatterbox.tts import ChatterboxTTS

NAME = "chatterbox"


class Chatterbox:
    """Keeps the conditionals that the library saves."""

    @property
    def capabilities(self) -> Capabilities:
        """Of the English network."""
        licence = find(NAME).licence
        return Capabilities(
            NAME, "zero_shot", ("en",), RATE_HZ, True, licence, True, any_speed=False
        )

    def learn(self, sample: Sample) -> VoiceProfile:
        """The conditionals, as the library writes them."""
        model = self._model

        def learn(recording: Path, file: Path) -> None:
            model.prepare_conditionals(str(recording))
            model.conds.save(file)

        return learnt(NAME, sample, ".pt", learn)

    def say(
        self,
        clause: str,
        utterance: Utterance,  # noqa: ARG002
        profile: VoiceProfile,
    ) -> Iterator[Signal]:
        """The clause at once. The file is read without running anything in it (weights only)."""
        model = self._model
        from chatterbox.tts import Conditionals

        with state_file(profile.state, ".pt") as file:
            model.conds = Conditionals.load(file, map_location="cpu").to(device())
        yield resample(flat(model.generate(clause)), model.sr, RATE_HZ)

    def forget(self, profile: VoiceProfile) -> None:
        """Nothing is kept elsewhere."""

    @cached_property
    def _model(self) -> ChatterboxTTS:
        folder = require(NAME)
        from chatterbox.tts import ChatterboxTTS

        return ChatterboxTTS.from_local(folder, device())
