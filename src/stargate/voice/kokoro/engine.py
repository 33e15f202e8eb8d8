"""The engine `kokoro-tuned` as the gate sees it.

Enrolment: measure which recorded voices are near, blend them, tune the blend to the recording,
equalise, set the loudness. Speaking: a mixture of styles, an offset, a filter and a gain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stargate.voice.assets import BLEND, LEVELS, Assets, pinned
from stargate.voice.draft import NO_DRAFT, Draft
from stargate.voice.engine import Capabilities, Progress, Sample, Utterance
from stargate.voice.kokoro.equaliser import N_BINS, correction, equalise, long_term_spectrum
from stargate.voice.kokoro.styles import Floats, StyleBank, blend_weights
from stargate.voice.kokoro.synthesis import RATE_HZ, Synthesiser
from stargate.voice.permit import Permit, Redeem
from stargate.voice.profile import VoiceProfile
from stargate.voice.refusals import MissingError
from stargate.voice.signal.loudness import gain_to_target, limited
from stargate.voice.signal.pitch import median_pitch_hz
from stargate.voice.signal.spectrum import Signal
from stargate.voice.text.clauses import clauses
from stargate.voice.text.phonemes import LANGUAGES

if TYPE_CHECKING:
    from stargate.voice.encoders.ge2e import Ge2eEncoder

NAME = "kokoro-tuned"
BANK_FILE = "kokoro-bank.npz"
BANK_SENTENCE = "The boy was there when the sun rose, and the small pup gnawed a hole in the sock."
CALIBRATION = (
    "The stray cat gave birth to kittens, and the young girl gave no clear response.",
    "A king ruled the state in the early days, when the ship was torn apart on the sharp reef.",
)
"""Said once at the end of an enrolment to measure colour and loudness."""
GENERIC = ("am_michael", "af_heart")  # a man's voice and a woman's
REHEARSAL = "No one hears this, as it is a rehearsal."
FADE_S = 0.01
BETWEEN_SEXES_HZ = 155.0  # of median pitch: above it the generic voice is the woman's


class KokoroEngine:
    """Speaks as a person after an enrolment of minutes, on a CPU.

    `left_out` are recorded voices that it must not build on, because they stand for a person in
    an evaluation.
    """

    def __init__(
        self,
        assets: Assets,
        redeem: Redeem,
        n_threads: int = 2,
        left_out: frozenset[str] = frozenset(),
    ) -> None:
        self._assets = assets
        self._redeem = redeem
        self._n_threads = n_threads
        self._left_out = left_out

    @property
    def capabilities(self) -> Capabilities:
        """It tunes; it does not clone in one pass."""
        return Capabilities(NAME, "tuned", tuple(LANGUAGES), RATE_HZ, True, "Apache-2.0", True)

    def enroll(
        self, sample: Sample, permit: Permit, progress: Progress, draft: Draft = NO_DRAFT
    ) -> VoiceProfile:
        """Tune a voice to the sample, to the highest level that the assets allow."""
        self._redeem(permit, "enroll")
        recording = sample.at(RATE_HZ)
        weights = blend_weights(self.similarity_to_bank(recording))
        offset = np.zeros(self._bank.packs.shape[-1], np.float32)
        gain = np.zeros(1, np.float32)
        level = "blend"
        if not self._assets.lacks(LEVELS[-1]):
            offset = self._tuned(recording, weights, progress, draft)
            gain = self._correction(recording, weights, offset)
            level = "tuned_eq"
        arrays = {"weights": weights, "offset": offset, "equaliser": gain}
        spoken = self._calibration(VoiceProfile(NAME, level, arrays))
        arrays["volume"] = np.array([gain_to_target(spoken, RATE_HZ)], np.float32)
        return VoiceProfile(NAME, level, arrays)

    def speak(
        self, utterance: Utterance, profile: VoiceProfile, permit: Permit
    ) -> Iterator[Signal]:
        """Clause by clause, each as soon as it is made."""
        self._redeem(permit, "speak")
        return (
            self._say(clause, profile, utterance.language, utterance.speed)
            for clause in clauses(utterance.text)
        )

    def rehearse(self, permit: Permit) -> Iterator[Signal]:
        """A few words of a recorded voice, through a filter like any tuned voice's."""
        self._redeem(permit, "rehearse")
        flat = {**self.stock(GENERIC[0]).arrays, "equaliser": np.full(N_BINS, 1e-6, np.float32)}
        yield self._say(REHEARSAL, VoiceProfile(NAME, "stock", flat), "en-US", 1.0)

    def forget(self, profile: VoiceProfile, permit: Permit) -> None:  # noqa: ARG002
        """Nothing is kept but the profile."""
        self._redeem(permit, "forget")

    def comparisons(self, sample: Sample) -> Mapping[str, VoiceProfile]:
        """What a copy is set beside: a generic voice, the nearest one, a mixture of the nearest."""
        recording = sample.at(RATE_HZ)
        high = median_pitch_hz(recording, RATE_HZ) > BETWEEN_SEXES_HZ
        similarity = self.similarity_to_bank(recording)
        nearest = self._bank.names[int(np.argmax(similarity))]
        return {
            "generic": self.stock(GENERIC[high]),
            "nearest": self.stock(nearest),
            "blend": _untuned(blend_weights(similarity), "blend"),
        }

    def stock(self, name: str) -> VoiceProfile:
        """A recorded voice as it is."""
        return _untuned(self._bank.alone(name), "stock")

    def unequalised(self, profile: VoiceProfile) -> VoiceProfile:
        """The same voice without its filter, to see what the filter does."""
        arrays = {**profile.arrays, "equaliser": np.zeros(1, np.float32)}
        return VoiceProfile(NAME, "tuned", arrays)

    def similarity_to_bank(self, recording: Signal) -> Floats:
        """Encoder A's cosine of a recording at 24 kHz to every recorded voice."""
        return np.asarray(self._bank_embeddings @ self._encoder(recording), np.float32)

    def prepare(self, progress: Progress) -> None:
        """Let every recorded voice speak once and keep how it sounds to encoder A."""
        embeddings = []
        for i, name in enumerate(self._whole_bank.names):
            spoken = self._say(BANK_SENTENCE, self.stock(name), "en-US", 1.0)
            embeddings.append(self._encoder(spoken))
            progress(f"listening to {name}", (i + 1) / len(self._whole_bank.names))
        np.savez(self._bank_file, embeddings=np.stack(embeddings), key=np.array(self._bank_key))

    @property
    def voices(self) -> tuple[str, ...]:
        """The names of the recorded voices."""
        return self._bank.names

    def _say(self, text: str, profile: VoiceProfile, language: str, speed: float) -> Signal:
        arrays = profile.arrays
        tokens = self._synthesiser.tokens(text, language)
        style = self._bank.style(arrays["weights"], len(tokens) - 2) + arrays["offset"]
        signal = self._synthesiser.say(tokens, style, speed)
        if arrays["equaliser"].any():
            signal = equalise(signal, arrays["equaliser"])
        return _faded(limited(signal * arrays["volume"][0]))

    def _tuned(
        self, recording: Signal, weights: Floats, progress: Progress, draft: Draft
    ) -> Floats:
        from stargate.voice.kokoro.differentiable import DifferentiableKokoro
        from stargate.voice.kokoro.tuning import SENTENCES, Plan, Target, tune

        plan = Plan()
        sentences = [
            (tokens, self._bank.style(weights, len(tokens) - 2))
            for tokens in map(self._synthesiser.tokens, SENTENCES)
        ]
        return tune(
            DifferentiableKokoro(self._assets.path("kokoro")),
            Target(recording, self._encoder),
            sentences,
            self._bank.spread(),
            plan,
            lambda step, cosine: progress(f"similarity {cosine:.2f}", step / plan.n_steps),
            draft,
            _weights(),
        )

    def _correction(self, recording: Signal, weights: Floats, offset: Floats) -> Floats:
        plain = {"weights": weights, "offset": offset, "equaliser": np.zeros(1, np.float32)}
        volume = np.ones(1, np.float32)
        spoken = self._calibration(VoiceProfile(NAME, "tuned", {**plain, "volume": volume}))
        gain = correction(long_term_spectrum(spoken), long_term_spectrum(recording), RATE_HZ)
        return gain.astype(np.float32)

    def _calibration(self, profile: VoiceProfile) -> Signal:
        whole = {"volume": np.ones(1, np.float32), **profile.arrays}
        voice = VoiceProfile(NAME, profile.level, whole)
        return np.concatenate([self._say(text, voice, "en-US", 1.0) for text in CALIBRATION])

    @cached_property
    def _whole_bank(self) -> StyleBank:
        (part,) = pinned()["styles"].parts
        names = tuple(member.rpartition("/")[2].removesuffix(".bin") for member in part.members)
        return StyleBank.open(self._assets.path("styles"), names)

    @cached_property
    def _bank(self) -> StyleBank:
        """The recorded voices that it may build on."""
        return self._whole_bank.without(self._left_out) if self._left_out else self._whole_bank

    @cached_property
    def _synthesiser(self) -> Synthesiser:
        self._assets.require(BLEND)
        vocabulary = self._assets.path("vocabulary")
        return Synthesiser(self._assets.path("kokoro"), vocabulary, self._n_threads)

    @cached_property
    def _encoder(self) -> Ge2eEncoder:
        from stargate.voice.encoders.ge2e import Ge2eEncoder

        return Ge2eEncoder(self._assets.path("encoder_a"), RATE_HZ)

    @property
    def _bank_file(self) -> Path:
        return self._assets.directory / BANK_FILE

    @property
    def _bank_key(self) -> str:
        """The embeddings hold for these weights and this sentence."""
        return f"{_weights()}|{BANK_SENTENCE}"

    @property
    def prepared(self) -> bool:
        """Whether the recorded voices were heard with these very weights."""
        if not self._bank_file.is_file():
            return False
        with np.load(self._bank_file, allow_pickle=False) as file:
            return str(file["key"]) == self._bank_key

    @cached_property
    def _bank_embeddings(self) -> Floats:
        if not self.prepared:
            raise MissingError("the recorded voices were not heard yet: run `stargate voice setup`")
        with np.load(self._bank_file, allow_pickle=False) as file:
            kept = [name not in self._left_out for name in self._whole_bank.names]
            return file["embeddings"][kept]


def _weights() -> str:
    """Which weights these are: their hashes."""
    return "|".join(pinned()[name].sha256 for name in BLEND.assets)


def _untuned(weights: Floats, level: str) -> VoiceProfile:
    none = np.zeros(1, np.float32)
    volume = np.ones(1, np.float32)
    arrays = {"weights": weights, "offset": none, "equaliser": none, "volume": volume}
    return VoiceProfile(NAME, level, arrays)


def _faded(signal: Signal) -> Signal:
    """A few milliseconds of fade at both ends, so that clauses join without a click."""
    n = min(int(FADE_S * RATE_HZ), len(signal) // 2)
    ramp = np.linspace(0, 1, n, dtype=np.float32)
    envelope = np.ones(len(signal), np.float32)
    envelope[:n], envelope[len(signal) - n :] = ramp, ramp[::-1]
    return signal * envelope
