"""Who may ask over HTTP: keys, the tenant and the role each stands for, and how often it may ask.

A key is shown once, when it is made; only its SHA-256 is kept. Roles: `speaker` may speak and
list; `owner` may also consent, enrol, revoke and delete.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

ROLES = ("speaker", "owner")


@dataclass(frozen=True, slots=True)
class Holder:
    """What a key stands for."""

    tenant: str
    role: str


class KeyRing:
    """The keys in one file that only its owner can read."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def issue(self, tenant: str, role: str) -> str:
        """A new key; this is the only time that it can be seen."""
        if role not in ROLES:
            raise ValueError(f"role must be one of {', '.join(ROLES)}")
        key = f"sk-{secrets.token_urlsafe(32)}"
        held = self._read()
        held[_digest(key)] = asdict(Holder(tenant, role))
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.touch(mode=0o600)
        self._file.write_text(json.dumps(held, indent=1))
        return key

    def holder(self, key: str) -> Holder | None:
        """What a key stands for; None for a key that was never issued."""
        found = self._read().get(_digest(key))
        return Holder(**found) if found else None

    def _read(self) -> dict[str, dict[str, str]]:
        return json.loads(self._file.read_text()) if self._file.exists() else {}


class RateLimit:
    """A bucket per tenant that fills evenly; a request takes one drop, or waits."""

    def __init__(self, n_per_minute: float, now_s: Callable[[], float]) -> None:
        self._n_per_minute = n_per_minute
        self._now_s = now_s
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def wait_s(self, tenant: str) -> float:
        """0 if the request may go on, which is then counted; else how long to wait."""
        with self._lock:
            now_s = self._now_s()
            level, then_s = self._buckets.get(tenant, (self._n_per_minute, now_s))
            level = min(self._n_per_minute, level + (now_s - then_s) * self._n_per_minute / 60)
            allowed = level >= 1
            self._buckets[tenant] = (level - 1 if allowed else level, now_s)
            return 0.0 if allowed else (1 - level) * 60 / self._n_per_minute


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
