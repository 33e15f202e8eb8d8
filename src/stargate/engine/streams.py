"""Named random streams: a draw that is added in one place changes nothing in another."""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, *names: str) -> np.random.Generator:
    """The generator of that name under a seed; the same for both always, unlike any other.

    The names are hashed (SHA-256) into the entropy of NumPy's `SeedSequence`, so that streams are
    independent whatever the names and however many there are.
    """
    digest = hashlib.sha256("\x1f".join(names).encode()).digest()
    words = np.frombuffer(digest, dtype="<u4").tolist()
    return np.random.default_rng(np.random.SeedSequence([seed, *words]))
