"""pocket-tts (Kyutai): a language model over sound that continues a sample, on a CPU.

Its configuration, a YAML file beside the weights, tells where they are; one that names the
network is refused, since the library would download from there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from stargate.voice.brought.engine import RATE_HZ, flat, learnt, state_file
from stargate.voice.engine import Capabilities, Sample, Utterance
from stargate.voice.profile import VoiceProfile
from stargate.voice.refusals import MissingError
from stargate.voice.signal.spectrum import Signal, resample
from stargate.voice.weights import find, require

if TYPE_CHECKING:
    from pocket_tts import TTSModel

NAME = "pocket-tts"
REMOTE = re.compile(r"^[a-z]+://")
LANGUAGES = ("en", "fr", "de", "pt", "it", "es", "nl")  # one a configuration


class PocketTts:
    """Keeps the state of the network after it heard the sample, some megabytes."""

    @property
    def capabilities(self) -> Capabilities:
        """Of the library; which language it speaks depends on the weights."""
        licence = find(NAME).licence
        return Capabilities(
            NAME, "zero_shot", LANGUAGES, RATE_HZ, True, licence, True, any_speed=False
        )

    def learn(self, sample: Sample) -> VoiceProfile:
        """The state that the library exports."""
        model = self._model
        from pocket_tts import export_model_state

        def learn(recording: Path, file: Path) -> None:
            export_model_state(model.get_state_for_audio_prompt(recording), file)

        return learnt(NAME, sample, ".safetensors", learn)

    def say(
        self,
        clause: str,
        utterance: Utterance,  # noqa: ARG002
        profile: VoiceProfile,
    ) -> Iterator[Signal]:
        """As it comes, in pieces of a twelfth of a second."""
        model = self._model
        with state_file(profile.state, ".safetensors") as file:
            state = model.get_state_for_audio_prompt(file)
        for piece in model.generate_audio_stream(model_state=state, text_to_generate=clause):
            yield resample(flat(piece), model.sample_rate, RATE_HZ)

    def forget(self, profile: VoiceProfile) -> None:
        """Nothing is kept elsewhere."""

    @cached_property
    def _model(self) -> TTSModel:
        folder = Path(require(NAME))
        from pocket_tts import TTSModel

        return TTSModel.load_model(config=local_configuration(folder))


def local_configuration(folder: Path) -> Path:
    """The only configuration in the folder, if everything in it is on this machine."""
    files = sorted(folder.glob("*.yaml"))
    if len(files) != 1:
        raise MissingError(f"{folder} holds {len(files)} .yaml files; {NAME} takes one")
    texts = _texts(yaml.safe_load(files[0].read_text("utf-8")))
    if named := list(filter(REMOTE.match, texts)):
        raise MissingError(
            f"{files[0].name} names {named[0]}: nothing is downloaded here; "
            "download the file and write its path instead"
        )
    return files[0]


def _texts(tree: object) -> Iterator[str]:
    """Every text in a tree of lists and mappings."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for value in tree.values():
            yield from _texts(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _texts(value)
