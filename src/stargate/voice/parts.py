"""What a gate is built from: stores, keys, ears and engines. `home` has the real ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stargate.store.audit import AuditLog
from stargate.store.voices import VoiceStore
from stargate.voice.consent import Recogniser
from stargate.voice.engine import Engine
from stargate.voice.marking import Marker
from stargate.voice.permit import PermitOffice
from stargate.voice.policy import Ears
from stargate.voice.signal.spectrum import Signal
from stargate.voice.vault import Vault


@dataclass(frozen=True, slots=True)
class Parts:
    """`engines` makes the engines for the office whose permits they will take."""

    voices: VoiceStore
    audit: AuditLog
    vault: Vault
    marker: Marker
    ears: Ears
    recogniser: Recogniser
    opinion: Callable[[Signal, int], float] | None
    engines: Callable[[PermitOffice], Mapping[str, Engine]]
    now_s: Callable[[], float]
