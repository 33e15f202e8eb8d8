"""Where a person's or a service's voices live, and the real parts of their gate.

A home is a directory: `voices.db`, `audit.db` and `keys/`. Whatever is missing (a package, a
weight, a program) is named when it is first needed, not before.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from stargate.store.audit import AuditLog, Entry
from stargate.store.enrolments import EnrolmentQueue
from stargate.store.voices import Clip, VoiceStore
from stargate.voice import content_credentials
from stargate.voice.assets import SAFEGUARDS, Assets, Level
from stargate.voice.audio_files import decode, encode
from stargate.voice.detection import Finding, detect
from stargate.voice.engine import Engine, Progress, Sample
from stargate.voice.gate import Gate
from stargate.voice.manifest import judge_manifest
from stargate.voice.marking import Marker
from stargate.voice.parts import Parts
from stargate.voice.payload import KeyedPayload
from stargate.voice.permit import PermitOffice
from stargate.voice.policy import Policy
from stargate.voice.speech import Speech
from stargate.voice.tone import ToneEngine
from stargate.voice.vault import FileVault

if TYPE_CHECKING:
    from stargate.voice.opinion import OpinionScore
    from stargate.voice.recogniser import WhisperRecogniser
    from stargate.voice.speech_meter import SileroMeter

DIRECTORY_VARIABLE = "STARGATE_VOICE_HOME"


def home_directory() -> Path:
    """$STARGATE_VOICE_HOME, or the user's data directory."""
    if given := os.environ.get(DIRECTORY_VARIABLE):
        return Path(given)
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "stargate" / "voice"


@dataclass
class Home:
    """Everything that belongs to one installation, made when first asked for."""

    directory: Path
    assets: Assets
    policy: Policy | None = None

    @cached_property
    def vault(self) -> FileVault:
        """The keys."""
        return FileVault(self.directory / "keys")

    @cached_property
    def voices(self) -> VoiceStore:
        """Consents, voices and clips."""
        return VoiceStore(self.directory / "voices.db")

    @cached_property
    def enrolments(self) -> EnrolmentQueue:
        """Enrolments that wait, run or ran."""
        return EnrolmentQueue(self.directory / "voices.db")

    @cached_property
    def audit(self) -> AuditLog:
        """The audit."""
        return AuditLog(self.directory / "audit.db", self.vault.audit_key, time.time)

    @cached_property
    def marker(self) -> Marker:
        """The watermark."""
        self.assets.require(_safeguard("watermark"))
        from stargate.voice.inference import calm_torch
        from stargate.voice.watermark import PerthWatermark

        calm_torch()
        return PerthWatermark(self.assets.path("watermark"))

    @cached_property
    def recogniser(self) -> WhisperRecogniser:
        """Speech to words."""
        from stargate.voice.recogniser import WhisperRecogniser

        return WhisperRecogniser(self.assets.path("recogniser").parent)

    @cached_property
    def speech_meter(self) -> SileroMeter:
        """How much of a sound is speech."""
        from stargate.voice.speech_meter import SileroMeter

        return SileroMeter()

    @cached_property
    def gate(self) -> Gate:
        """The gate; all its safeguards must be there, whichever are needed."""
        self.require_safeguards()
        from stargate.voice.listening import EncoderEars

        parts = Parts(
            voices=self.voices,
            audit=self.audit,
            vault=self.vault,
            marker=self.marker,
            ears=EncoderEars(self.assets, self.marker, self.speech_meter),
            recogniser=self.recogniser,
            opinion=self._opinion(),
            engines=self._engines,
            now_s=time.time,
        )
        return Gate(parts, self.policy)

    def require_safeguards(self) -> None:
        """Name what has to be installed before the gate can open; nothing is loaded for it."""
        for name in ("watermark", "consent", "signature"):
            self.assets.require(_safeguard(name))

    def file(self, speech: Speech, audio_format: str) -> bytes:
        """A clip as a file; a WAV file carries its content credential where c2pa is installed."""
        data = encode(speech.signal, speech.rate_hz, audio_format)
        if audio_format != "wav" or not content_credentials.available():
            return data
        claim = json.loads(speech.manifest)["claim"]
        return content_credentials.embed(data, claim, self.directory / "keys")

    def detect(self, data: bytes, manifest: str | None = None) -> Finding:
        """Look for signs that the recording in the bytes of a file was made here."""
        sample, verdict = Sample(*decode(data)), None
        if manifest is not None:
            verdict = judge_manifest(manifest, sample.signal, self.vault)
        credential = content_credentials.judge(data) if content_credentials.available() else None
        payload = KeyedPayload(self.vault.payload_key)
        clips = self._clips()
        finding = detect(
            sample, self.marker, self.speech_meter, clips, verdict, credential, payload
        )
        detail = {"score": finding.score, "manifest": verdict.state if verdict else None}
        self.audit.append(
            "detected", "system", finding.trace.clip_id if finding.trace else "", detail
        )
        return finding

    def _clips(self) -> list[Clip]:
        """Every clip that was made; one that the log has lost as the audit knows it."""
        logged = self.voices.clips()
        lost = (e for e in self.audit.entries() if e.event == "spoken")
        known = {clip.id for clip in logged}
        return logged + [_from_audit(entry) for entry in lost if entry.subject not in known]

    def close(self) -> None:
        """Let go of the files that were opened."""
        for part in ("voices", "enrolments", "audit"):
            if part in self.__dict__:
                getattr(self, part).close()

    def _opinion(self) -> OpinionScore | None:
        from stargate.voice.opinion import OpinionScore

        ready = self.assets.holds("dnsmos")
        return OpinionScore(self.assets.path("dnsmos")) if ready else None

    def _engines(self, office: PermitOffice) -> Mapping[str, Engine]:
        from stargate.voice.brought import brought_engines
        from stargate.voice.kokoro.engine import NAME, KokoroEngine

        return {
            "tone": ToneEngine(office.redeem),
            NAME: KokoroEngine(self.assets, office.redeem),
            **brought_engines(office.redeem, self._words),
        }

    def _words(self, sample: Sample) -> str:
        return " ".join(self.recogniser.words(sample.signal, sample.rate_hz))


def _from_audit(entry: Entry) -> Clip:
    """A clip without its fingerprint: its payload can still be read."""
    detail = json.loads(entry.detail)
    return Clip(
        id=entry.subject,
        tenant=entry.tenant,
        voice_id=detail["voice"],
        n_characters=0,
        duration_s=detail["duration_s"],
        sha256=detail["sha256"],
        fingerprint=b"",
        manifest="",
        created_s=entry.time_s,
    )


def prepare(assets: Assets, progress: Progress) -> None:
    """Let every recorded voice be heard once, unless that was done for these weights."""
    from stargate.voice.kokoro.engine import KokoroEngine

    engine = KokoroEngine(assets, PermitOffice().redeem)
    if not engine.prepared:
        engine.prepare(progress)


def _safeguard(name: str) -> Level:
    return next(level for level in SAFEGUARDS if level.name == name)
