"""The real parts together: weights, ears, mark and recognition. Skipped where they are not there.

The person is one of Kokoro's recorded voices, or the public-domain LibriVox reader: no test
copies anyone who did not agree to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from stargate.voice.assets import LEVELS, MEASURES, SAFEGUARDS, Assets
from stargate.voice.engine import Sample, Utterance

ASSETS = Assets()
MISSING = [line for level in (*LEVELS, *SAFEGUARDS, *MEASURES) for line in ASSETS.lacks(level)]
pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason=f"voice assets are missing: {'; '.join(MISSING[:2])}"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
SPEECH = (
    "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background. "
    "It is easy to tell the depth of a well. These days a chicken leg is a rare dish."
)


@pytest.fixture(scope="module")
def engine():
    from stargate.voice.kokoro.engine import KokoroEngine
    from stargate.voice.permit import PermitOffice

    office = PermitOffice()
    engine = KokoroEngine(ASSETS, office.redeem)

    def say(text: str, voice: str) -> Sample:
        pieces = engine.speak(Utterance(text), engine.stock(voice), office.issue("speak"))
        return Sample(np.concatenate(list(pieces)), 24_000)

    return say


@pytest.fixture
def home(tmp_path: Path) -> Iterator:
    from stargate.voice.home import Home

    home = Home(tmp_path, ASSETS)
    yield home
    home.close()


def test_a_synthetic_person_consents_is_copied_and_every_clip_is_known_again(home, engine) -> None:
    asked = home.gate.ask_consent("t", "Ada Lovelace", "reading books aloud")
    home.gate.give_consent("t", asked.id, engine(asked.phrase, "am_fenrir"))
    voice = home.gate.enroll("t", "ada", asked.id, engine(SPEECH, "am_fenrir"), "tone")
    speech = home.gate.speak("t", voice.name, Utterance(SPEECH))
    finding = home.detect(home.file(speech, "wav"), speech.manifest)
    assert finding.content_credential == "valid"
    assert finding.synthetic
    assert finding.score >= 0.9
    assert finding.manifest.state == "valid"
    assert finding.trace.voice_id == voice.id
    assert home.audit.verify() == []


def test_real_ears_refuse_another_person_a_wrong_phrase_and_our_own_clips(home, engine) -> None:
    from stargate.voice.refusals import RefusedError

    asked = home.gate.ask_consent("t", "Ada Lovelace", "reading books aloud")
    with pytest.raises(RefusedError, match="was not said"):
        home.gate.give_consent("t", asked.id, engine(SPEECH, "am_fenrir"))
    asked = home.gate.ask_consent("t", "Ada Lovelace", "reading books aloud")
    home.gate.give_consent("t", asked.id, engine(asked.phrase, "am_fenrir"))
    with pytest.raises(RefusedError) as other:
        home.gate.enroll("t", "bob", asked.id, engine(SPEECH, "am_michael"), "tone")
    assert other.value.rule == "another_speaker"
    sample = engine(SPEECH, "am_fenrir")
    ours = Sample(home.marker.embed(sample.signal, 24_000), 24_000)
    with pytest.raises(RefusedError) as synthetic:
        home.gate.enroll("t", "ada", asked.id, ours, "tone")
    assert synthetic.value.rule == "sample_synthetic"
    two = Sample(np.concatenate([sample.signal, engine(SPEECH, "af_heart").signal]), 24_000)
    with pytest.raises(RefusedError) as both:
        home.gate.enroll("t", "two", asked.id, two, "tone")
    assert both.value.rule == "two_speakers"


def test_sounds_without_speech_are_not_judged_whatever_they_score(home) -> None:
    """Among them chords and glides, which score like marked speech."""
    from stargate.voice.mark_search import look_for_mark
    from stargate.voice.unmarked import N_SOUNDS, sounds

    for kind, window in list(sounds())[:: N_SOUNDS // 2]:
        mark = look_for_mark(window, home.marker, home.speech_meter)
        assert not mark.judged, kind
        assert not mark.found, kind


def test_music_and_noise_are_no_speech_to_learn_from(home, engine) -> None:
    """However loud they are and however long; between phrases they are left out."""
    from stargate.voice.policy import Policy, check_sample
    from stargate.voice.refusals import RefusedError
    from stargate.voice.unmarked import N_SOUNDS, sounds

    ears, person = home.gate._parts.ears, engine(SPEECH, "am_fenrir")
    spoken_s = ears.speech(person).duration_s
    assert 5.0 < spoken_s < person.duration_s
    for kind, window in list(sounds())[:: N_SOUNDS // 2]:
        whole = np.tile(window.at(24_000), 1 + int(12.0 / window.duration_s))
        with pytest.raises(RefusedError) as refused:
            check_sample(Sample(whole, 24_000), ears, Policy())
        assert refused.value.rule == "sample_too_short", kind
        joined = Sample(np.concatenate([whole, person.signal]), 24_000)
        assert ears.speech(joined).duration_s == pytest.approx(spoken_s, abs=0.5), kind


@pytest.mark.parametrize(
    "attack", ["mp3 at 32 kb/s", "8 kHz sampling", "one second of it", "speed 0.88", "speed 1.12"]
)
def test_the_mark_is_still_found_in_speech_that_was_attacked(home, attack: str) -> None:
    from stargate.voice.mark_search import look_for_mark
    from stargate.voice.speakers import librivox_takes
    from stargate.voice.survival import ATTACKS

    (take,) = librivox_takes(("0880",))
    marked = home.marker.embed(take.signal, take.rate_hz)
    played = Sample(ATTACKS[attack](marked, take.rate_hz), take.rate_hz)
    assert look_for_mark(played, home.marker, home.speech_meter).found


@pytest.mark.parametrize("attack", ["noise 10 dB below", "a quarter as loud"])
def test_speech_is_heard_through_noise_and_when_it_is_quiet(home, attack: str) -> None:
    from stargate.voice.speakers import librivox_takes
    from stargate.voice.survival import ATTACKS

    (take,) = librivox_takes(("0880",))
    heard = ATTACKS[attack](take.signal, take.rate_hz)
    assert home.speech_meter(heard, take.rate_hz) > 1.0
    assert home.speech_meter(np.zeros_like(heard), take.rate_hz) == 0.0


def test_the_differentiable_network_says_what_the_quantised_one_says() -> None:
    import torch

    from stargate.voice.kokoro.differentiable import DifferentiableKokoro
    from stargate.voice.kokoro.engine import KokoroEngine
    from stargate.voice.kokoro.equaliser import long_term_spectrum

    kokoro = KokoroEngine(ASSETS, lambda _permit, _action: None)
    tokens = kokoro._synthesiser.tokens("Smoky fires lack flame.")

    def spoken(voice: str) -> tuple[np.ndarray, np.ndarray]:
        style = kokoro._bank.style(kokoro._bank.alone(voice), len(tokens) - 2)
        return style, kokoro._synthesiser.say(tokens, style)

    style, quantised = spoken("am_michael")
    leaf = torch.from_numpy(style).requires_grad_()
    wave, pitch = DifferentiableKokoro(ASSETS.path("kokoro"))(tokens, leaf)
    assert len(wave) == pytest.approx(len(quantised), rel=0.05)  # durations are rounded
    target = long_term_spectrum(quantised)
    error = np.abs(long_term_spectrum(wave.detach().numpy()) - target).mean()
    other = np.abs(long_term_spectrum(spoken("am_onyx")[1]) - target).mean()
    assert error < 0.4 * other
    (wave.pow(2).mean() + pitch.mean()).backward()
    assert leaf.grad is not None
    assert torch.isfinite(leaf.grad).all()
    assert (leaf.grad != 0).all()


def test_a_real_tuning_that_was_stopped_comes_to_the_same_offset() -> None:
    from stargate.voice.draft import NO_DRAFT, Draft
    from stargate.voice.inference import calm_torch
    from stargate.voice.kokoro.differentiable import DifferentiableKokoro
    from stargate.voice.kokoro.engine import KokoroEngine
    from stargate.voice.kokoro.tuning import SENTENCES, Plan, Target, tune
    from stargate.voice.speakers import librivox_reader

    calm_torch()
    kokoro = KokoroEngine(ASSETS, lambda _permit, _action: None)
    recording, bank = librivox_reader().enrolled.at(24_000), kokoro._bank
    weights, tokens = bank.alone("am_michael"), kokoro._synthesiser.tokens(SENTENCES[0])
    said = [(tokens, bank.style(weights, len(tokens) - 2))]
    network = DifferentiableKokoro(ASSETS.path("kokoro"))
    target = Target(recording, kokoro._encoder)

    class Shelf:
        state, n_left = b"", 1

        def read(self) -> bytes:
            return self.state

        def write(self, state: bytes) -> None:
            self.state, self.n_left = state, self.n_left - 1
            if not self.n_left:
                raise KeyboardInterrupt

    def tuned(draft: Draft) -> np.ndarray:
        return tune(network, target, said, bank.spread(), Plan(n_steps=2), draft=draft)

    shelf = Shelf()
    with pytest.raises(KeyboardInterrupt):
        tuned(shelf)
    assert np.array_equal(tuned(shelf), tuned(NO_DRAFT))
