"""XTTS v2 by way of coqui-tts: a GPT over sound, conditioned on two tensors made of a sample.

Its weights may not be used commercially (Coqui Public Model License).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from stargate.voice.brought.engine import RATE_HZ, array, as_file, flat
from stargate.voice.engine import Capabilities, Sample, Utterance
from stargate.voice.profile import VoiceProfile
from stargate.voice.signal.spectrum import Signal
from stargate.voice.weights import device, find, require

if TYPE_CHECKING:
    from TTS.tts.models.xtts import Xtts

NAME = "xtts"
LANGUAGES = (
    *("en", "es", "fr", "de", "it", "pt", "pl", "tr", "ru", "nl", "cs", "ar", "zh-cn", "hu"),
    *("ko", "ja", "hi"),
)
CONDITIONING_S = 30  # the library listens to so much of a sample, in chunks
CHUNK_S = 6


class XttsV2:
    """Keeps the two conditioning tensors, about 130,000 numbers."""

    @property
    def capabilities(self) -> Capabilities:
        """Of XTTS v2."""
        licence = find(NAME).licence
        return Capabilities(NAME, "zero_shot", LANGUAGES, RATE_HZ, True, licence, False)

    def learn(self, sample: Sample) -> VoiceProfile:
        """What the network hears in the sample."""
        with as_file(sample) as recording:
            prompt, speaker = self._model.get_conditioning_latents(
                audio_path=str(recording),
                max_ref_length=CONDITIONING_S,
                gpt_cond_len=CONDITIONING_S,
                gpt_cond_chunk_len=CHUNK_S,
            )
        arrays = {"prompt": array(prompt), "speaker": array(speaker)}
        return VoiceProfile(NAME, "zero_shot", arrays)

    def say(self, clause: str, utterance: Utterance, profile: VoiceProfile) -> Iterator[Signal]:
        """The clause at once."""
        model = self._model
        import torch

        prompt, speaker = (torch.from_numpy(profile.arrays[k]) for k in ("prompt", "speaker"))
        said = model.inference(
            clause, _code(utterance.language), prompt, speaker, speed=utterance.speed
        )
        yield flat(said["wav"])

    def forget(self, profile: VoiceProfile) -> None:
        """Nothing is kept elsewhere."""

    @cached_property
    def _model(self) -> Xtts:
        folder = require(NAME)
        from TTS.tts.configs.xtts_config import XttsConfig
        from TTS.tts.models.xtts import Xtts

        config = XttsConfig()
        config.load_json(f"{folder}/config.json")
        model = Xtts.init_from_config(config)
        model.load_checkpoint(config, checkpoint_dir=folder, eval=True)
        return model.to(device())


def _code(language: str) -> str:
    """The language as XTTS names it."""
    lower = language.lower()
    return lower if lower in LANGUAGES else lower.split("-")[0]
