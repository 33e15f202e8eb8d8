"""C2PA credentials in WAV files: valid as made, broken by a single changed byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("c2pa", reason="needs the extra [voice]: c2pa-python")
pytest.importorskip("cryptography", reason="needs the extra [voice]: cryptography")

from stargate.voice.audio_files import decode, encode
from stargate.voice.content_credentials import embed, judge

TONE = (0.3 * np.sin(np.arange(24_000) / 10)).astype(np.float32)


def test_a_credential_is_valid_until_a_byte_of_the_sound_changes(tmp_path: Path) -> None:
    plain = encode(TONE, 24_000, "wav")
    signed = embed(plain, {"clip": "clip_1"}, tmp_path)
    assert judge(signed) == "valid"
    assert judge(plain) is None
    assert decode(signed)[0] == pytest.approx(decode(plain)[0])
    changed = bytearray(signed)
    changed[20_000] ^= 0x7F
    assert "dataHash" in (judge(bytes(changed)) or "")


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    embed(encode(TONE, 24_000, "wav"), {}, tmp_path)
    key = tmp_path / "content.key"
    first = key.read_bytes()
    embed(encode(TONE, 24_000, "wav"), {}, tmp_path)
    assert key.read_bytes() == first
    assert key.stat().st_mode & 0o077 == 0
