"""How a voice sounds to each encoder, as bytes to be sealed."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from stargate.voice.policy import Embedding


def to_bytes(embeddings: Mapping[str, Embedding]) -> bytes:
    """The embeddings as a file; read it with `from_bytes`."""
    buffer = io.BytesIO()
    columns: dict[str, Any] = {**embeddings}
    np.savez(buffer, **columns)
    return buffer.getvalue()


def from_bytes(data: bytes) -> dict[str, Embedding]:
    """The embeddings in a file of `to_bytes`."""
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}
