"""F5-TTS: flow matching that fills in speech after a sample, whose words it has to know.

It needs the sample itself for everything that it says, so the profile holds up to 12 s of it
(sealed like every profile, deleted with it). The library's own preparation of samples leaves a
copy in the temporary directory; what it does is done here instead. Its weights may not be used
commercially (CC-BY-NC-4.0).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stargate.voice.brought.engine import RATE_HZ, as_file, flat
from stargate.voice.engine import Capabilities, Sample, Utterance
from stargate.voice.profile import VoiceProfile
from stargate.voice.refusals import MissingError
from stargate.voice.signal.activity import quietest
from stargate.voice.signal.spectrum import Signal, resample
from stargate.voice.weights import device, find, require

if TYPE_CHECKING:
    from f5_tts.api import F5TTS

NAME = "f5-tts"
LONGEST_S = 12.0  # of a sample: the network was trained on clips of up to 30 s, prompt included
LATEST_CUT_S = 4.0  # before that, at the quietest moment


class F5Tts:
    """Keeps the sample and its words. `hear` tells the words where no transcript is given."""

    def __init__(self, hear: Callable[[Sample], str]) -> None:
        self._hear = hear

    @property
    def capabilities(self) -> Capabilities:
        """Of F5TTS_v1_Base."""
        licence = find(NAME).licence
        return Capabilities(
            NAME, "zero_shot", ("en", "zh"), RATE_HZ, True, licence, False, keeps_sample=True
        )

    def learn(self, sample: Sample) -> VoiceProfile:
        """Up to 12 s, cut in a pause, and what is said in them."""
        prompt = _shortened(sample)
        words = prompt.transcript or self._hear(prompt)
        said = words if words.endswith(". ") else words.rstrip(". ") + ". "
        arrays = {"sample": prompt.at(RATE_HZ)}
        return VoiceProfile(NAME, "zero_shot", arrays, said.encode())

    def say(self, clause: str, utterance: Utterance, profile: VoiceProfile) -> Iterator[Signal]:
        """The clause at once."""
        model = self._model
        from f5_tts.infer.utils_infer import infer_process

        with as_file(Sample(profile.arrays["sample"], RATE_HZ)) as recording:
            sound, rate_hz, _ = infer_process(
                str(recording),
                profile.state.decode(),
                clause,
                model.ema_model,
                model.vocoder,
                model.mel_spec_type,
                progress=None,
                speed=utterance.speed,
                device=device(),
            )
        yield resample(flat(sound), rate_hz, RATE_HZ)

    def forget(self, profile: VoiceProfile) -> None:
        """Nothing is kept elsewhere."""

    @cached_property
    def _model(self) -> F5TTS:
        folder = Path(require(NAME))
        from f5_tts.api import F5TTS

        checkpoints = sorted(folder.glob("*.safetensors"))
        if len(checkpoints) != 1:
            raise MissingError(f"{folder} holds {len(checkpoints)} checkpoints; {NAME} takes one")
        vocabulary = folder / "vocab.txt"
        return F5TTS(
            ckpt_file=str(checkpoints[0]),
            vocab_file=str(vocabulary) if vocabulary.is_file() else "",
            vocoder_local_path=str(folder / "vocos"),
            device=device(),
        )


def _shortened(sample: Sample) -> Sample:
    """The sample, or its beginning up to a quiet moment; then its words are not known any more."""
    if sample.duration_s <= LONGEST_S:
        return sample
    latest, earliest = (int(s * sample.rate_hz) for s in (LONGEST_S, LONGEST_S - LATEST_CUT_S))
    cut = earliest + quietest(sample.signal[earliest:latest], sample.rate_hz)
    return Sample(np.ascontiguousarray(sample.signal[:cut]), sample.rate_hz)
