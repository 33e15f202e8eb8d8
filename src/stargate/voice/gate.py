"""The only door to a voice: consent, policy, synthesis, watermark, self-check, signature, audit.

Nothing that a caller can ask of the gate skips a step. Whatever a safeguard forbids is raised as
`RefusedError` and stands in the audit, as does everything that was done.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial

import numpy as np

from stargate.errors import StargateError
from stargate.store.voices import Charge, Consent, NoGo, Voice
from stargate.voice.audited import note_refusal
from stargate.voice.consent import check_words, new_nonce, phrase
from stargate.voice.draft import SealedDraft, draft_key
from stargate.voice.embeddings import from_bytes, to_bytes
from stargate.voice.engine import Engine, Progress, Sample, Utterance
from stargate.voice.lookups import consent_of, voice_of
from stargate.voice.marking import Lay, marked
from stargate.voice.parts import Parts
from stargate.voice.payload import KeyedPayload
from stargate.voice.permit import PermitOffice
from stargate.voice.policy import (
    DAY_S,
    Embedding,
    Policy,
    check_allowance,
    check_no_go,
    check_no_mark,
    check_same_speaker,
    check_sample,
    check_utterance,
)
from stargate.voice.profile import VoiceProfile
from stargate.voice.quality import SENTENCES, Tools, assess, summary
from stargate.voice.refusals import MissingError, RefusedError
from stargate.voice.signal.spectrum import Signal
from stargate.voice.speech import Release, Speech
from stargate.voice.text.clauses import has_words

LEARNT = 0.8  # of an enrolment: what is left is measuring the copy
SYSTEM = "system"  # the tenant under which the audit keeps what no tenant asked


class Gate:
    """One gate over one store. `tenant` is who asks; tenants never see each other's voices."""

    def __init__(self, parts: Parts, policy: Policy | None = None) -> None:
        self._parts = parts
        self._policy = policy or Policy()
        self._office = PermitOffice(
            lambda refusal: note_refusal(parts.audit, SYSTEM, "permit", "engine", refusal)
        )
        self._engines = parts.engines(self._office)

    def ask_consent(self, tenant: str, speaker: str, purpose: str, language: str = "en") -> Consent:
        """Give out a phrase to be spoken by the person whose voice it is."""
        now_s = self._parts.now_s()
        speaker, purpose = _line("name", speaker), _line("purpose", purpose)
        asked = Consent(
            id=f"cons_{secrets.token_hex(8)}",
            tenant=tenant,
            speaker=speaker,
            language=language,
            purpose=purpose,
            phrase=phrase(speaker, purpose, new_nonce()),
            state="asked",
            created_s=now_s,
            expires_s=now_s + self._policy.phrase_s,
        )
        with self._recorded("consent_asked", tenant, asked.id):
            self._parts.voices.add(asked)
        return asked

    def give_consent(self, tenant: str, consent_id: str, answer: Sample) -> Consent:
        """Check the spoken phrase. It is used up by one answer, right or wrong."""
        with self._recorded("consent_given", tenant, consent_id) as detail:
            asked = consent_of(self._parts.voices, tenant, consent_id)
            if asked.state != "asked" or self._parts.now_s() > asked.expires_s:
                raise RefusedError("phrase_spent", "this phrase was answered before, or is too old")
            try:
                detail["word_error_rate"] = self._check_answer(asked, answer)
            except RefusedError:
                self._parts.voices.close_challenge(consent_id)
                raise
            self._accept(consent_id, answer)
        return consent_of(self._parts.voices, tenant, consent_id)

    def enroll(
        self,
        tenant: str,
        name: str,
        consent_id: str,
        sample: Sample,
        engine: str,
        progress: Progress = lambda _what, _share: None,
    ) -> Voice:
        """Learn a voice: the sample must be fit, allowed, and of the person who consented.

        An enrolment that was stopped goes on where it was, if it is asked for again as it was.
        """
        with (
            self._recorded("voice_enrolled", tenant, name) as detail,
            self._draft(consent_id, engine, sample) as draft,
        ):
            detail["consent"] = consent_id
            self._check_name(tenant, name)
            progress("checking the recording", 0.0)
            report = self._check_sample(self._good_consent(tenant, consent_id), sample)
            learning, permit = _up_to(LEARNT, progress), self._office.issue("enroll")
            profile = self._engine(engine).enroll(sample, permit, learning, draft)
            progress("measuring how near the copy comes", LEARNT)
            report |= self._quality(self._engine(engine), profile, sample, consent_id, tenant)
            voice = Voice(
                id=f"voice_{secrets.token_hex(8)}",
                tenant=tenant,
                name=_line("name", name),
                consent_id=consent_id,
                engine=engine,
                level=profile.level,
                sealed_profile=self._parts.vault.seal(profile.to_bytes()),
                report=json.dumps(report),
                created_s=self._parts.now_s(),
            )
            self._good_consent(tenant, consent_id)  # it may have been revoked meanwhile
            self._parts.voices.add(voice)
            detail.update(voice=voice.id, engine=engine, level=profile.level)
        progress("enrolled", 1.0)
        return voice

    def speak(self, tenant: str, voice: str, utterance: Utterance) -> Speech:
        """The whole clip at once; see `stream`."""
        return self.stream(tenant, voice, utterance).whole()

    def stream(self, tenant: str, voice: str, utterance: Utterance) -> Release:
        """Speech piece by piece, each marked and checked before it is handed over."""
        clip_id = f"clip_{secrets.token_hex(8)}"
        with self._recorded("speech_started", tenant, clip_id) as detail:
            detail.update(voice=voice, n_characters=len(utterance.text))
            found = voice_of(self._parts.voices, tenant, voice)
            self._good_consent(tenant, found.consent_id)
            self._check_text(utterance)
            engine = self._engine(found.engine)
            check_utterance(utterance, engine.capabilities)
            profile = self._profile(found)
            self._charge(tenant, clip_id, len(utterance.text))
            spoken = engine.speak(utterance, profile, self._office.issue("speak"))
            rate_hz = engine.capabilities.rate_hz
            pieces = marked(
                spoken, rate_hz, self._lay(clip_id), self._parts.marker, self._policy.least_mark
            )
        return Release(
            clip_id=clip_id,
            voice=found,
            n_characters=len(utterance.text),
            rate_hz=rate_hz,
            mark=self._parts.marker.name,
            pieces=pieces,
            before_each=lambda: self._good_consent(tenant, found.consent_id),
            parts=self._parts,
        )

    def rehearse(self, engine: str) -> None:
        """Load all that speech goes through, so that the first to ask need not wait for it.

        A word is said in no person's voice, marked, checked and dropped.
        """
        chosen = self._engine(engine)
        spoken = chosen.rehearse(self._office.issue("rehearse"))
        rate_hz, least = chosen.capabilities.rate_hz, self._policy.least_mark
        for _ in marked(spoken, rate_hz, self._lay("rehearsal"), self._parts.marker, least):
            pass

    def revoke(self, tenant: str, consent_id: str) -> list[str]:
        """Withdraw a consent; every voice that rests on it is deleted. Their ids."""
        with self._recorded("consent_revoked", tenant, consent_id) as detail:
            consent_of(self._parts.voices, tenant, consent_id)
            resting = [v for v in self._parts.voices.voices(tenant) if v.consent_id == consent_id]
            deleted = self._parts.voices.revoke(consent_id)
            left = [line for voice in resting for line in self._left_elsewhere(voice)]
            detail.update(deleted=deleted, left_elsewhere=left)
        _tell(left)
        return deleted

    def delete_voice(self, tenant: str, voice: str) -> str:
        """Forget a voice; the consent stays. Its id."""
        with self._recorded("voice_deleted", tenant, voice) as detail:
            found = voice_of(self._parts.voices, tenant, voice)
            self._parts.voices.delete_voice(found.id)
            left = self._left_elsewhere(found)
            detail["left_elsewhere"] = left
        _tell(left)
        return found.id

    def forbid(self, label: str, sample: Sample) -> str:
        """Put a voice on the list of those that must not be made: its embeddings alone, sealed."""
        entry = NoGo(f"nogo_{secrets.token_hex(8)}", _line("label", label), self._sealed(sample))
        with self._recorded("voice_forbidden", SYSTEM, entry.id):
            self._parts.voices.add(entry)
        return entry.id

    def _check_answer(self, asked: Consent, answer: Sample) -> float:
        check_no_mark("consent_synthetic", "the answer", self._parts.ears.mark(answer))
        heard = self._parts.recogniser.words(answer.signal, answer.rate_hz)
        return check_words(asked.phrase, asked.speaker, heard)

    def _accept(self, consent_id: str, answer: Sample) -> None:
        digest = hashlib.sha256(answer.signal.tobytes()).hexdigest()
        expires_s = self._parts.now_s() + self._policy.consent_s
        if not self._parts.voices.accept(consent_id, digest, self._sealed(answer), expires_s):
            raise RefusedError("replayed_consent", "this recording was used for a consent before")

    def _quality(
        self, engine: Engine, profile: VoiceProfile, sample: Sample, consent_id: str, tenant: str
    ) -> dict[str, object]:
        """How near the copy comes, judged against the spoken consent, which no tuning heard."""
        if engine.capabilities.cloning == "none":
            return {}
        compared = engine.comparisons(sample)
        ears = self._parts.ears
        held_out = self._consented(self._good_consent(tenant, consent_id))["b"]
        tools = Tools(ears, self._parts.recogniser, self._parts.opinion)

        def say(text: str, voice: VoiceProfile) -> Signal:
            pieces = engine.speak(Utterance(text), voice, self._office.issue("speak"))
            return np.concatenate(list(pieces))

        rate_hz = engine.capabilities.rate_hz
        measured = {
            name: assess(partial(say, voice=voice), rate_hz, held_out, tools, SENTENCES[:2])
            for name, voice in {**compared, "copy": profile}.items()
        }
        real = float(ears.embed(sample)["b"] @ held_out)
        return {"quality": summary(measured, "copy", real)}

    def _lay(self, clip_id: str) -> Lay:
        payload = KeyedPayload(self._parts.vault.payload_key)
        return lambda signal, rate_hz, start_s: payload.lay(signal, rate_hz, clip_id, start_s)

    def _left_elsewhere(self, voice: Voice) -> list[str]:
        """Let the engine delete what it keeps but the profile; in words, what it could not."""
        try:
            engine = self._engine(voice.engine)
            engine.forget(self._profile(voice), self._office.issue("forget"))
        except StargateError as error:
            return [f"{voice.id}: {error}"]
        return []

    def _profile(self, voice: Voice) -> VoiceProfile:
        return VoiceProfile.from_bytes(self._parts.vault.unseal(voice.sealed_profile))

    def _consented(self, consent: Consent) -> dict[str, Embedding]:
        """How the voice that consented sounds."""
        assert consent.sealed_embeddings is not None
        return from_bytes(self._parts.vault.unseal(consent.sealed_embeddings))

    def _check_sample(self, consent: Consent, sample: Sample) -> dict[str, object]:
        """Every check of a sample; what it measures, for the voice's report."""
        ears, policy, vault = self._parts.ears, self._policy, self._parts.vault
        measured = check_sample(sample, ears, policy)
        heard = ears.embed(sample)
        cosines = check_same_speaker(heard, self._consented(consent), policy)
        listed = [from_bytes(vault.unseal(n.sealed_embeddings)) for n in self._parts.voices.no_go()]
        check_no_go(heard["b"], [entry["b"] for entry in listed], policy)
        return {"sample": asdict(measured), "consent_cosine": cosines}

    def _check_name(self, tenant: str, name: str) -> None:
        voices = self._parts.voices.voices(tenant)
        if any(voice.name == name for voice in voices):
            raise RefusedError("name_taken", f"there is a voice called {name} already")
        check_allowance("too_many_voices", "voices", len(voices), 1, self._policy.n_voices)

    def _check_text(self, utterance: Utterance) -> None:
        if not has_words(utterance.text) or not 0.25 <= utterance.speed <= 4.0:
            raise RefusedError("nothing_to_say", "the text has no words, or speed is not 0.25 to 4")
        n_characters, limit = len(utterance.text), self._policy.n_characters_per_request
        check_allowance("text_too_long", "characters in one request", 0, n_characters, limit)

    def _charge(self, tenant: str, clip_id: str, n_characters: int) -> None:
        """Before anything is said, so that requests at once cannot exceed the day's limit."""
        now_s, limit = self._parts.now_s(), self._policy.n_characters_per_day
        charge = Charge(clip_id, tenant, n_characters, now_s)
        used = self._parts.voices.charge(charge, now_s - DAY_S, limit)
        check_allowance("quota", "characters in a day", used, n_characters, limit)

    def _engine(self, name: str) -> Engine:
        if name not in self._engines:
            known = ", ".join(sorted(self._engines))
            raise RefusedError("unknown_engine", f"no engine {name}; there are {known}")
        return self._engines[name]

    def _good_consent(self, tenant: str, consent_id: str) -> Consent:
        found = consent_of(self._parts.voices, tenant, consent_id)
        if found.state != "accepted":
            raise RefusedError("no_consent", f"consent {consent_id} is {found.state}")
        if self._parts.now_s() > found.expires_s:
            raise RefusedError("consent_expired", f"consent {consent_id} has expired")
        return found

    def _sealed(self, sample: Sample) -> bytes:
        return self._parts.vault.seal(to_bytes(self._parts.ears.embed(sample)))

    @contextmanager
    def _draft(self, consent_id: str, engine: str, sample: Sample) -> Iterator[SealedDraft]:
        """What was learnt before; erased when the enrolment is done or refused, not if it stops."""
        parts, key = self._parts, draft_key(consent_id, engine, sample.signal)
        draft = SealedDraft(key, consent_id, parts.voices.drafts, parts.vault, parts.now_s)
        try:
            yield draft
        except RefusedError:
            draft.drop()
            raise
        draft.drop()

    @contextmanager
    def _recorded(self, event: str, tenant: str, subject: str) -> Iterator[dict[str, object]]:
        """Write to the audit that the event happened, or that it was refused and by which rule."""
        detail: dict[str, object] = {}
        try:
            yield detail
        except RefusedError as refusal:
            note_refusal(self._parts.audit, tenant, event, subject, refusal, detail)
            raise
        self._parts.audit.append(event, tenant, subject, detail)


def _up_to(share: float, progress: Progress) -> Progress:
    """Progress of a part that comes first and takes a share of the whole."""
    return lambda what, done: progress(what, share * done)


def _tell(left: list[str]) -> None:
    """Deleting is done; that something remains elsewhere must not go unsaid."""
    if left:
        raise MissingError("deleted here, but perhaps not elsewhere: " + "; ".join(left))


def _line(what: str, text: str) -> str:
    """A short text of one line, as it may stand in a phrase or a table."""
    clean = " ".join(text.split())
    if not 1 <= len(clean) <= 100 or not clean.isprintable():
        raise RefusedError("bad_text", f"the {what} must be one line of 1 to 100 characters")
    return clean
