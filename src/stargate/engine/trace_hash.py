"""One number for all that happened: two simulations that differ anywhere differ in it."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field

_EVENT = struct.Struct("<dBq")
_BATCH = 1 << 16


@dataclass(slots=True)
class TraceHash:
    """SHA-256 over (time, sort, subject) of every event in its order."""

    n_events: int = 0
    _batch: bytearray = field(default_factory=bytearray)
    _hash: hashlib._Hash = field(default_factory=hashlib.sha256)

    def add(self, time_s: float, sort: int, subject: int) -> None:
        """One more event."""
        self.n_events += 1
        self._batch += _EVENT.pack(time_s, sort, subject)
        if len(self._batch) >= _BATCH:
            self._hash.update(self._batch)
            self._batch.clear()

    def hexdigest(self) -> str:
        """The hash of all events so far."""
        whole = self._hash.copy()
        whole.update(self._batch)
        return whole.hexdigest()
