"""Speech on its way out: what was handed over is signed and logged, even if the listener leaves."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import numpy as np

from stargate.store.voices import Clip, Voice
from stargate.voice import fingerprint
from stargate.voice.audited import note_refusal
from stargate.voice.manifest import signed_manifest, sound_sha256
from stargate.voice.parts import Parts
from stargate.voice.refusals import RefusedError
from stargate.voice.signal.spectrum import Signal


@dataclass(frozen=True, slots=True)
class Speech:
    """A clip that left: its sound, and the signed statement that goes with it."""

    id: str
    signal: Signal
    rate_hz: int
    manifest: str


class Release:
    """Iterate over it once for the pieces; then `manifest` holds the statement on all of them."""

    def __init__(
        self,
        *,
        clip_id: str,
        voice: Voice,
        n_characters: int,
        rate_hz: int,
        mark: str,
        pieces: Iterator[Signal],
        before_each: Callable[[], object],
        parts: Parts,
    ) -> None:
        self.clip_id = clip_id
        self.rate_hz = rate_hz
        self.manifest: str | None = None
        self._voice = voice
        self._n_characters = n_characters
        self._mark = mark
        self._pieces = pieces
        self._before_each = before_each
        self._parts = parts

    def __iter__(self) -> Generator[Signal]:
        """The pieces; a consent that is revoked meanwhile ends the speech."""
        released: list[Signal] = []
        try:
            for piece in self._pieces:
                self._before_each()
                released.append(piece)
                yield piece
        except RefusedError as refusal:
            tenant = self._voice.tenant
            note_refusal(self._parts.audit, tenant, "speech", self.clip_id, refusal)
            raise
        finally:
            if released:
                self._log(np.concatenate(released))
            else:
                self._parts.voices.take_back_charge(self.clip_id)

    def whole(self) -> Speech:
        """All pieces as one clip."""
        signal = np.concatenate(list(self))
        assert self.manifest is not None
        return Speech(self.clip_id, signal, self.rate_hz, self.manifest)

    def _log(self, signal: Signal) -> None:
        now_s = self._parts.now_s()
        facts = {
            "clip": self.clip_id,
            "voice": self._voice.id,
            "consent": self._voice.consent_id,
            "engine": self._voice.engine,
            "watermark": self._mark,
            "payload": "keyed",
            "time_s": now_s,
        }
        self.manifest = signed_manifest(self._parts.vault, signal, self.rate_hz, facts)
        clip = Clip(
            id=self.clip_id,
            tenant=self._voice.tenant,
            voice_id=self._voice.id,
            n_characters=self._n_characters,
            duration_s=len(signal) / self.rate_hz,
            sha256=sound_sha256(signal),
            fingerprint=fingerprint.to_bytes(fingerprint.fingerprint(signal, self.rate_hz)),
            manifest=self.manifest,
            created_s=now_s,
        )
        self._parts.voices.add(clip)
        detail = {"voice": clip.voice_id, "duration_s": clip.duration_s, "sha256": clip.sha256}
        self._parts.audit.append("spoken", clip.tenant, clip.id, detail)
