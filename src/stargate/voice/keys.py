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
from typing import Protocol

from stargate.store.buckets import Level

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

    @property
    def empty(self) -> bool:
        """Whether no key was ever issued."""
        return not self._read()

    def _read(self) -> dict[str, dict[str, str]]:
        return json.loads(self._file.read_text()) if self._file.exists() else {}


class Buckets(Protocol):
    """Levels by name; see `store.buckets` for some that processes share."""

    def change(self, name: str, change: Callable[[Level | None], Level]) -> None:
        """Replace a level by what `change` makes of it, with no one coming in between."""
        ...


class OwnBuckets:
    """The levels of this process alone."""

    def __init__(self) -> None:
        self._levels: dict[str, Level] = {}
        self._lock = threading.Lock()

    def change(self, name: str, change: Callable[[Level | None], Level]) -> None:
        """Replace a level."""
        with self._lock:
            self._levels[name] = change(self._levels.get(name))


@dataclass(frozen=True, slots=True)
class Standing:
    """How a tenant stands with its rate: `wait_s` is 0 if the request may go on."""

    n_per_minute: float
    n_left: float
    wait_s: float
    full_in_s: float


class RateLimit:
    """A bucket per tenant that fills evenly; a request takes one drop, or waits."""

    def __init__(
        self, n_per_minute: float, now_s: Callable[[], float], buckets: Buckets | None = None
    ) -> None:
        self._n_per_minute = n_per_minute
        self._now_s = now_s
        self._buckets = buckets or OwnBuckets()

    def take(self, tenant: str) -> Standing:
        """Count a request, if it may go on; how the tenant stands then."""
        now_s, full = self._now_s(), self._n_per_minute
        per_s = full / 60
        stands = Standing(full, 0.0, 0.0, 0.0)

        def taken(last: Level | None) -> Level:
            nonlocal stands
            level, then_s = last or (full, now_s)
            level = min(full, level + (now_s - then_s) * per_s)
            wait_s = max(0.0, (1 - level) / per_s)
            left = level if wait_s else level - 1
            stands = Standing(full, left, wait_s, (full - left) / per_s)
            return left, now_s

        self._buckets.change(tenant, taken)
        return stands


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
