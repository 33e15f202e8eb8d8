"""What an engine keeps of a person: a few thousand numbers, never the recording."""

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
    """A voice as one engine can speak it. `level` says how far it was adapted to the person."""

    engine: str
    level: str
    arrays: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The profile as a file; read it with `from_bytes`."""
        buffer = io.BytesIO()
        header = json.dumps({"format": FORMAT, "engine": self.engine, "level": self.level})
        columns: dict[str, Any] = {**self.arrays}
        np.savez(buffer, header=np.frombuffer(header.encode(), np.uint8), **columns)
        return buffer.getvalue()

    @staticmethod
    def from_bytes(data: bytes) -> VoiceProfile:
        """The profile in a file of `to_bytes`; nothing in it can run (no pickles)."""
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            header = json.loads(file["header"].tobytes())
            arrays = {name: file[name] for name in file.files if name != "header"}
        return VoiceProfile(header["engine"], header["level"], arrays)
