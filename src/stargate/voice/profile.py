"""What an engine keeps of a person: some numbers, or what another maker's engine keeps.

Of the engines only F5-TTS keeps a part of the recording itself; see `brought.f5`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

FORMAT = 1


@dataclass(frozen=True, slots=True)
class VoiceProfile:
    """A voice as one engine can speak it. `level` says how far it was adapted to the person.

    `state` is what a library of another maker keeps, in its own form.
    """

    engine: str
    level: str
    arrays: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    state: bytes = b""

    def to_bytes(self) -> bytes:
        """The profile as a file; read it with `from_bytes`."""
        buffer = io.BytesIO()
        header = json.dumps({"format": FORMAT, "engine": self.engine, "level": self.level})
        columns: dict[str, Any] = {**self.arrays}
        parts = {"header": header.encode(), "state": self.state}
        columns |= {name: np.frombuffer(data, np.uint8) for name, data in parts.items()}
        np.savez(buffer, **columns)
        return buffer.getvalue()

    @staticmethod
    def from_bytes(data: bytes) -> VoiceProfile:
        """The profile in a file of `to_bytes`; nothing in it can run (no pickles)."""
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            header = json.loads(file["header"].tobytes())
            state = file["state"].tobytes() if "state" in file.files else b""
            arrays = {name: file[name] for name in file.files if name not in ("header", "state")}
        return VoiceProfile(header["engine"], header["level"], arrays, state)
