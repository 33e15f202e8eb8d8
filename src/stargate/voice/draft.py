"""Where an enrolment keeps what it has learnt so far, so that it can go on if it is stopped.

What is learnt of a voice is kept as the voice itself is: sealed. A draft belongs to one recording,
one consent and one engine; another recording begins anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from stargate.store.drafts import DraftStore
from stargate.voice.signal.spectrum import Signal
from stargate.voice.vault import Vault


class Draft(Protocol):
    """What an engine sees of it; the state is in the engine's own form."""

    def read(self) -> bytes:
        """What was learnt before; nothing if this is the beginning."""
        ...

    def write(self, state: bytes) -> None:
        """Keep what is learnt now instead."""
        ...


class NoDraft:
    """Keeps nothing: what is stopped begins anew."""

    def read(self) -> bytes:
        """Nothing."""
        return b""

    def write(self, state: bytes) -> None:
        """Forget it."""


NO_DRAFT = NoDraft()


@dataclass(frozen=True, slots=True)
class SealedDraft:
    """A draft in the store."""

    key: str
    consent_id: str
    store: DraftStore
    vault: Vault
    now_s: Callable[[], float]

    def read(self) -> bytes:
        """What was learnt before."""
        sealed = self.store.read(self.key)
        return b"" if sealed is None else self.vault.unseal(sealed)

    def write(self, state: bytes) -> None:
        """Keep what is learnt now; nothing if the consent was revoked meanwhile."""
        self.store.write(self.key, self.consent_id, self.vault.seal(state), self.now_s())

    def drop(self) -> None:
        """Erase it."""
        self.store.drop(self.key)


def draft_key(consent_id: str, engine: str, recording: Signal) -> str:
    """What a draft is found by again: the same recording, consent and engine."""
    digest = hashlib.sha256(f"{consent_id} {engine} ".encode())
    digest.update(recording.tobytes())
    return digest.hexdigest()
