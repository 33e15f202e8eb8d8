"""A gate whose ears, mark and recogniser are simple enough to reason about, and need no weights."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from stargate.store.audit import AuditLog
from stargate.store.voices import VoiceStore
from stargate.voice.engine import Sample
from stargate.voice.gate import Gate
from stargate.voice.mark_search import Mark, look_for_mark
from stargate.voice.parts import Parts
from stargate.voice.policy import Embedding, Policy
from stargate.voice.recogniser import plain_words
from stargate.voice.signal.activity import measure, speech_frames
from stargate.voice.signal.pitch import median_pitch_hz
from stargate.voice.signal.spectrum import Signal, frames, resample
from stargate.voice.tone import ToneEngine

RATE_HZ = 24_000
PILOT_HZ = 3_777.0


def speech_like(pitch_hz: float, seconds: float = 8.0, seed: int = 0) -> Sample:
    """Syllables of harmonics with pauses between them and a little noise: fit to enrol from."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(0.3 * RATE_HZ)) / RATE_HZ
    harmonics = [np.sin(2 * np.pi * pitch_hz * k * time) / k for k in range(1, 16)]
    syllable = 0.15 * np.sum(harmonics, axis=0) * np.sin(np.linspace(0, np.pi, len(time)))
    with_pause = np.concatenate([syllable, np.zeros(int(0.1 * RATE_HZ))])
    signal = np.tile(with_pause, int(seconds / 0.4) + 1)[: int(seconds * RATE_HZ)]
    noise = 1e-3 * rng.standard_normal(len(signal))
    return Sample((signal + noise).astype(np.float32), RATE_HZ)


class PilotMarker:
    """Marks with a faint tone, and finds it within 1.65 % of its pitch, as Perth does its mark."""

    name = "pilot"

    def embed(self, signal: Signal, rate_hz: int) -> Signal:
        pilot = 0.02 * np.sin(2 * np.pi * PILOT_HZ * np.arange(len(signal)) / rate_hz)
        return (signal + pilot).astype(np.float32)

    def score(self, signal: Signal, rate_hz: float) -> float:
        n = 4 * len(signal)  # so that a tone between two bins is not lost
        level = np.abs(np.fft.rfft(signal, n)) / len(signal) * 2 / 0.02
        frequency_hz = np.fft.rfftfreq(n, 1 / rate_hz)
        near = np.abs(frequency_hz / PILOT_HZ - 1) <= 0.0165
        return float(np.clip(level[near].max(initial=0.0), 0, 1))


def speech_s(signal: Signal, rate_hz: float) -> float:
    """Seconds of sound: hums are speech enough here."""
    return measure(signal, int(rate_hz)).speech_s


class PitchEars:
    """Two encoders that tell voices apart by pitch alone: an octave is a right angle."""

    def embed(self, sample: Sample) -> Mapping[str, Embedding]:
        pitch_hz = median_pitch_hz(sample.at(RATE_HZ), RATE_HZ)
        angle = np.log2(pitch_hz / 100) * np.pi / 2
        vector = np.array([np.cos(angle), np.sin(angle)], np.float32)
        return {"a": vector, "b": vector}

    def speech(self, sample: Sample) -> Sample:
        hop = int(0.03 * sample.rate_hz)
        pieces = frames(sample.signal, hop, hop)
        level_db = 10 * np.log10((pieces.astype(float) ** 2).mean(axis=1) + 1e-12)
        return Sample(pieces[speech_frames(level_db)].ravel(), sample.rate_hz)

    def mark(self, sample: Sample) -> Mark:
        return look_for_mark(sample, PilotMarker(), speech_s)


@dataclass
class ScriptedRecogniser:
    """Hears what the test says that it hears."""

    text: str = ""

    def words(self, signal: Signal, rate_hz: int) -> list[str]:
        assert len(resample(signal, rate_hz, 16_000))
        return plain_words(self.text)


@dataclass
class OpenVault:
    """Signs with a shared key and seals by turning bits: enough to see that it was used."""

    audit_key: bytes = b"audit"
    payload_key: bytes = b"payload"
    public_key: str = "ours"
    keys: dict[str, bytes] = field(default_factory=lambda: {"ours": b"key", "theirs": b"other"})

    def seal(self, data: bytes) -> bytes:
        return bytes(255 - byte for byte in data)

    unseal = seal

    def sign(self, message: bytes) -> str:
        return hmac.new(self.keys[self.public_key], message, hashlib.sha256).hexdigest()

    def verify(self, public_key: str, message: bytes, signature: str) -> bool:
        key = self.keys.get(public_key, b"unknown")
        return hmac.compare_digest(hmac.new(key, message, hashlib.sha256).hexdigest(), signature)


@dataclass
class House:
    """A gate and everything behind it, for tests to look at and to tamper with."""

    gate: Gate
    parts: Parts
    recogniser: ScriptedRecogniser
    clock: list[float]
    make_gate: Callable[[Policy], Gate]

    def consent(self, pitch_hz: float = 110.0, tenant: str = "acme", seed: int = 1) -> str:
        """An accepted consent of a person who speaks at a pitch."""
        asked = self.gate.ask_consent(tenant, "Ada Lovelace", "reading books aloud")
        self.recogniser.text = asked.phrase
        return self.gate.give_consent(tenant, asked.id, speech_like(pitch_hz, seed=seed)).id

    def voice(self, tenant: str = "acme", name: str = "ada") -> str:
        """An enrolled voice."""
        consent = self.consent(tenant=tenant)
        return self.gate.enroll(tenant, name, consent, speech_like(110.0), "tone").id

    def speech_s(self, signal: Signal, rate_hz: float) -> float:
        return speech_s(signal, rate_hz)

    def refusals(self) -> list[tuple[str, str]]:
        """(what was asked, the rule that refused it), from the audit, oldest first."""
        import json

        entries = [e for e in self.parts.audit.entries() if e.event == "refused"]
        details = [json.loads(entry.detail) for entry in entries]
        return [(str(d.get("asked", "")), str(d["rule"])) for d in details]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    clock = [1_000_000.0]
    recogniser = ScriptedRecogniser()
    vault = OpenVault()
    parts = Parts(
        voices=VoiceStore(tmp_path / "voices.db"),
        audit=AuditLog(tmp_path / "audit.db", vault.audit_key, lambda: clock[0]),
        vault=vault,
        marker=PilotMarker(),
        ears=PitchEars(),
        recogniser=recogniser,
        opinion=None,
        engines=lambda office: {"tone": ToneEngine(office.redeem)},
        now_s=lambda: clock[0],
    )
    yield House(Gate(parts), parts, recogniser, clock, lambda policy: Gate(parts, policy))
    parts.voices.close()
    parts.audit.close()


@pytest.fixture
def speaker() -> Callable[..., Sample]:
    return speech_like
