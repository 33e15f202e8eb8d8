"""Attacks on the gate: all refused with a clear message, all in the audit, nothing unmarked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stargate.voice.engine import Sample, Utterance
from stargate.voice.gate import Gate
from stargate.voice.mark_search import SPEEDS, Mark
from stargate.voice.marking import marked
from stargate.voice.permit import Permit, PermitOffice
from stargate.voice.policy import Policy, check_no_mark
from stargate.voice.refusals import RefusedError
from stargate.voice.signal.spectrum import Signal, resample
from stargate.voice.tone import ToneEngine

if TYPE_CHECKING:
    from conftest import House

    Speaker = Callable[..., Sample]

HELLO = Utterance("Hello there. This is a somewhat longer sentence, spoken for the test.")


def test_a_consenting_person_is_heard_and_everything_is_written_down(house: House) -> None:
    voice = house.voice()
    speech = house.gate.speak("acme", voice, HELLO)
    assert house.parts.marker.score(speech.signal, speech.rate_hz) >= 0.9
    assert [entry.event for entry in house.parts.audit.entries()] == [
        "consent_asked",
        "consent_given",
        "voice_enrolled",
        "speech_started",
        "spoken",
    ]
    assert house.parts.audit.verify() == []
    assert house.parts.voices.clips()[0].voice_id == voice


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("something else entirely that is not the phrase at all", "wrong_phrase"),
        ("{phrase_without_last_word} submarine", "wrong_nonce"),
        ("", "wrong_phrase"),
    ],
)
def test_a_wrong_phrase_is_refused_and_used_up(
    house: House, speaker: Speaker, said: str, rule: str
) -> None:
    asked = house.gate.ask_consent("acme", "Ada Lovelace", "reading")
    almost = asked.phrase.rsplit(" ", 1)[0]
    house.recogniser.text = said.format(phrase_without_last_word=almost)
    with pytest.raises(RefusedError) as refusal:
        house.gate.give_consent("acme", asked.id, speaker(110))
    assert refusal.value.rule == rule
    house.recogniser.text = asked.phrase
    with pytest.raises(RefusedError, match="answered before"):
        house.gate.give_consent("acme", asked.id, speaker(110))
    assert house.refusals() == [("consent_given", rule), ("consent_given", "phrase_spent")]


def test_another_name_is_refused(house: House, speaker: Speaker) -> None:
    asked = house.gate.ask_consent("acme", "Ada Lovelace", "reading the news to my friends")
    house.recogniser.text = asked.phrase.replace("Ada Lovelace", "Bob Smith")
    with pytest.raises(RefusedError, match="name Ada Lovelace was not said"):
        house.gate.give_consent("acme", asked.id, speaker(110))


def test_a_phrase_answered_too_late_is_refused(house: House, speaker: Speaker) -> None:
    asked = house.gate.ask_consent("acme", "Ada", "reading")
    house.recogniser.text = asked.phrase
    house.clock[0] += Policy().phrase_s + 1
    with pytest.raises(RefusedError, match="too old"):
        house.gate.give_consent("acme", asked.id, speaker(110))


def test_a_replayed_recording_is_refused(house: House) -> None:
    house.consent(seed=5)
    with pytest.raises(RefusedError, match="used for a consent before"):
        house.consent(seed=5)
    assert house.refusals() == [("consent_given", "replayed_consent")]


def test_a_synthetic_voice_cannot_consent(house: House, speaker: Speaker) -> None:
    asked = house.gate.ask_consent("acme", "Ada", "reading")
    house.recogniser.text = asked.phrase
    ours = Sample(house.parts.marker.embed(speaker(110).signal, 24_000), 24_000)
    with pytest.raises(RefusedError, match="synthetic"):
        house.gate.give_consent("acme", asked.id, ours)


def test_a_clip_of_ours_played_faster_is_no_sample_either(house: House, speaker: Speaker) -> None:
    marked = house.parts.marker.embed(speaker(110, 12).signal, 24_000)
    faster = Sample(resample(marked, 24_000 * SPEEDS[-4], 24_000), 24_000)
    assert house.parts.marker.score(faster.signal, 24_000) < 0.5
    with pytest.raises(RefusedError, match="watermark scores"):
        house.gate.enroll("acme", "ada", house.consent(), faster, "tone")
    assert house.refusals() == [("voice_enrolled", "sample_synthetic")]


def test_what_scores_high_without_speech_is_not_called_ours() -> None:
    check_no_mark("sample_synthetic", "the sample", Mark(score=1.0, speed=1.0, speech_s=0.0))
    with pytest.raises(RefusedError, match="the sample is synthetic"):
        check_no_mark("sample_synthetic", "the sample", Mark(score=1.0, speed=1.0, speech_s=3.0))


def test_one_person_cannot_consent_for_another(house: House, speaker: Speaker) -> None:
    consent = house.consent(pitch_hz=110)
    with pytest.raises(RefusedError, match="encoder A hears"):
        house.gate.enroll("acme", "bob", consent, speaker(180), "tone")
    assert house.refusals() == [("voice_enrolled", "another_speaker")]


def test_a_consent_of_another_tenant_does_not_exist(house: House, speaker: Speaker) -> None:
    consent = house.consent(tenant="acme")
    with pytest.raises(RefusedError, match="no consent"):
        house.gate.enroll("zeta", "ada", consent, speaker(110), "tone")


def test_a_consent_that_was_only_asked_for_is_none(house: House, speaker: Speaker) -> None:
    asked = house.gate.ask_consent("acme", "Ada", "reading")
    with pytest.raises(RefusedError, match="is asked"):
        house.gate.enroll("acme", "ada", asked.id, speaker(110), "tone")


def bad_samples(speaker: Speaker, marked: Signal) -> dict[str, Sample]:
    good = speaker(110)
    rng = np.random.default_rng(0)
    noise = 0.1 * rng.standard_normal(len(good.signal)).astype(np.float32)
    two = np.concatenate([speaker(90, 8).signal, speaker(200, 8).signal])
    return {
        "sample_too_short": speaker(110, 2),
        "sample_too_long": speaker(110, 61),
        "sample_clipped": Sample(np.clip(good.signal * 8, -1, 1), 24_000),
        "sample_noisy": Sample(good.signal + noise, 24_000),
        "sample_synthetic": Sample(marked, 24_000),
        "two_speakers": Sample(two, 24_000),
    }


@pytest.mark.parametrize(
    "rule",
    [
        "sample_too_short",
        "sample_too_long",
        "sample_clipped",
        "sample_noisy",
        "sample_synthetic",
        "two_speakers",
    ],
)
def test_an_unfit_sample_is_refused_by_the_rule_it_breaks(
    house: House, speaker: Speaker, rule: str
) -> None:
    consent = house.consent()
    marked = house.parts.marker.embed(speaker(110).signal, 24_000)
    sample = bad_samples(speaker, marked)[rule]
    with pytest.raises(RefusedError) as refusal:
        house.gate.enroll("acme", "ada", consent, sample, "tone")
    assert refusal.value.rule == rule
    assert house.refusals() == [("voice_enrolled", rule)]
    assert house.parts.voices.voices("acme") == []


def test_a_voice_that_must_not_be_made_is_refused_without_saying_whose(
    house: House, speaker: Speaker
) -> None:
    house.gate.forbid("a head of state", speaker(112))
    consent = house.consent(pitch_hz=110)
    with pytest.raises(RefusedError, match="must not be made") as refusal:
        house.gate.enroll("acme", "ada", consent, speaker(110), "tone")
    assert refusal.value.rule == "no_go_voice"
    assert "head of state" not in str(refusal.value)


def test_a_revoked_consent_silences_and_deletes_the_voice(house: House) -> None:
    voice = house.voice()
    consent = house.parts.voices.voices("acme")[0].consent_id
    stream = iter(house.gate.stream("acme", voice, Utterance("One sentence here. " * 6)))
    next(stream)
    assert house.gate.revoke("acme", consent) == [voice]
    with pytest.raises(RefusedError, match="is revoked"):
        next(stream)
    with pytest.raises(RefusedError, match="no voice"):
        house.gate.speak("acme", voice, HELLO)
    assert ("speech", "no_consent") in house.refusals()
    assert len(house.parts.voices.clips()) == 1  # what did leave can be found again


def test_an_expired_consent_silences_the_voice(house: House) -> None:
    voice = house.voice()
    house.clock[0] += Policy().consent_s + 1
    with pytest.raises(RefusedError, match="has expired"):
        house.gate.speak("acme", voice, HELLO)


def test_a_tenant_cannot_speak_with_the_voice_of_another(house: House) -> None:
    voice = house.voice(tenant="acme")
    with pytest.raises(RefusedError, match="no voice"):
        house.gate.speak("zeta", voice, HELLO)


@pytest.mark.parametrize("permit", [None, Permit("speak", "made up"), "used", "other action"])
def test_an_engine_reached_around_the_gate_refuses_and_tells(
    house: House, permit: Permit | str | None
) -> None:
    office = house.gate._office
    engine = house.gate._engines["tone"]
    house.voice()
    profile = engine.enroll(
        Sample(np.zeros(24_000, np.float32), 24_000), office.issue("enroll"), print
    )
    if permit == "used":
        permit = office.issue("speak")
        engine.speak(HELLO, profile, permit)
    if permit == "other action":
        permit = office.issue("enroll")
    with pytest.raises(RefusedError, match="through the gate"):
        engine.speak(HELLO, profile, permit)  # type: ignore[arg-type]
    assert house.refusals()[-1][1] == "around_the_gate"


def test_a_permit_of_another_office_opens_nothing() -> None:
    engine = ToneEngine(PermitOffice().redeem)
    with pytest.raises(RefusedError, match="through the gate"):
        engine.enroll(
            Sample(np.zeros(9, np.float32), 24_000), PermitOffice().issue("enroll"), print
        )


class DeafMarker:
    """A watermark that fails to take."""

    name = "broken"

    def embed(self, signal: Signal, rate_hz: int) -> Signal:
        return signal if rate_hz else -signal

    def score(self, signal: Signal, rate_hz: float) -> float:
        return 0.89 if signal.size and rate_hz else 0.0


def test_a_clip_in_which_the_mark_is_not_found_never_leaves(house: House) -> None:
    voice = house.voice()
    gate = Gate(replace(house.parts, marker=DeafMarker()))
    with pytest.raises(RefusedError, match="watermark scores 0"):
        next(iter(gate.stream("acme", voice, HELLO)))
    assert house.refusals()[-1] == ("speech", "mark_not_found")
    assert house.parts.voices.clips() == []


def test_every_piece_of_a_stream_carries_the_mark_even_a_single_word(house: House) -> None:
    voice = house.voice()
    for text in ("Yes.", "No. Yes. No.", HELLO.text * 3):
        for piece in house.gate.stream("acme", voice, Utterance(text)):
            assert house.parts.marker.score(piece, 24_000) >= 0.9


def test_a_listener_who_leaves_early_is_logged_with_what_was_heard(house: House) -> None:
    voice = house.voice()
    stream = iter(house.gate.stream("acme", voice, Utterance("One sentence here. " * 6)))
    first = next(stream)
    stream.close()  # type: ignore[attr-defined]
    (clip,) = house.parts.voices.clips()
    assert clip.duration_s == pytest.approx(len(first) / 24_000)


def test_what_an_engine_marked_itself_is_not_marked_twice(house: House, speaker: Speaker) -> None:
    marker = house.parts.marker
    theirs = marker.embed(speaker(110, 2.0).signal, 24_000)
    (piece,) = marked([theirs], 24_000, lambda signal, _rate, _start: signal, marker, 0.9)
    assert np.array_equal(piece, theirs)


def test_limits_hold_per_tenant(house: House, speaker: Speaker) -> None:
    voice = house.voice()
    tight = house.make_gate(
        Policy(n_voices=1, n_characters_per_day=100, n_characters_per_request=80)
    )
    with pytest.raises(RefusedError, match="1 used, 1 asked, 1 allowed"):
        tight.enroll("acme", "second", house.consent(seed=2), speaker(110), "tone")
    with pytest.raises(RefusedError, match="characters in one request"):
        tight.speak("acme", voice, Utterance("x" * 81))
    tight.speak("acme", voice, Utterance("a" * 70))
    with pytest.raises(RefusedError, match="70 used, 40 asked, 100 allowed"):
        tight.speak("acme", voice, Utterance("a" * 40))
    house.clock[0] += 86_401
    tight.speak("acme", voice, Utterance("a" * 40))


@pytest.mark.parametrize("text", ["", " \n", "...", "?! --"])
def test_a_text_without_words_is_refused_and_costs_nothing(house: House, text: str) -> None:
    voice = house.voice()
    with pytest.raises(RefusedError, match="no words"):
        house.gate.speak("acme", voice, Utterance(text))
    assert house.refusals()[-1] == ("speech_started", "nothing_to_say")
    assert house.parts.voices.characters_since("acme", 0.0) == 0


def test_requests_under_way_count_towards_the_day_and_unheard_ones_are_given_back(
    house: House,
) -> None:
    voice = house.voice()
    tight = house.make_gate(Policy(n_characters_per_day=100))
    under_way = iter(tight.stream("acme", voice, Utterance("a" * 70)))
    with pytest.raises(RefusedError, match="70 used, 40 asked, 100 allowed"):
        tight.stream("acme", voice, Utterance("a" * 40))
    next(under_way)
    deaf = Gate(replace(house.parts, marker=DeafMarker()))
    with pytest.raises(RefusedError, match="watermark"):
        deaf.speak("acme", voice, Utterance("b" * 30))
    assert house.parts.voices.characters_since("acme", 0.0) == 70


def test_a_rehearsal_leaves_no_clip_and_no_charge(house: House) -> None:
    house.gate.rehearse("tone")
    assert house.parts.voices.clips() == []
    assert house.refusals() == []


def test_profiles_and_embeddings_are_sealed_at_rest(house: House) -> None:
    house.voice()
    (voice,) = house.parts.voices.voices("acme")
    assert b"pitch_hz" not in voice.sealed_profile
    assert b"pitch_hz" in house.parts.vault.unseal(voice.sealed_profile)


def test_names_cannot_smuggle_lines_into_the_phrase(house: House) -> None:
    asked = house.gate.ask_consent("acme", "Ada\nLovelace", "reading")
    assert asked.speaker == "Ada Lovelace"
    for name in ("", "x" * 101, "A\x00da"):
        with pytest.raises(RefusedError, match="one line"):
            house.gate.ask_consent("acme", name, "reading")


def test_every_refusal_in_the_audit_names_its_rule(house: House) -> None:
    with pytest.raises(RefusedError):
        house.gate.speak("acme", "nobody", HELLO)
    entry = house.parts.audit.entries()[-1]
    detail = json.loads(entry.detail)
    assert (entry.event, detail["rule"], detail["asked"]) == (
        "refused",
        "no_such_voice",
        "speech_started",
    )
