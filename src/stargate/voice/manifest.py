"""The signed statement that goes with every clip: made by a machine, by which, and for whom.

A manifest names the SHA-256 of the clip's 16-bit samples, so it vouches for that sound alone, in
any lossless file. It is lost when the clip is transcoded; the watermark is not: two layers that
complement each other. The source type is IPTC's term for media made by a trained model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from stargate.voice.audio_files import to_pcm16
from stargate.voice.signal.spectrum import Signal
from stargate.voice.vault import Vault

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """`state` is valid, other_audio, unknown_key, forged or unreadable."""

    state: str
    claim: Mapping[str, object]


def sound_sha256(signal: Signal) -> str:
    """The hash of the 16-bit samples."""
    return hashlib.sha256(to_pcm16(signal)).hexdigest()


def signed_manifest(vault: Vault, signal: Signal, rate_hz: int, facts: Mapping[str, object]) -> str:
    """The manifest of a clip as JSON; `facts` name voice, consent, request, engine and time."""
    claim = {
        **facts,
        "format": FORMAT,
        "generator": "stargate voice",
        "digital_source_type": SOURCE_TYPE,
        "sound_sha256": sound_sha256(signal),
        "rate_hz": rate_hz,
    }
    return json.dumps(
        {"claim": claim, "public_key": vault.public_key, "signature": vault.sign(_bytes(claim))},
        sort_keys=True,
    )


def judge_manifest(text: str, signal: Signal, vault: Vault) -> Verdict:
    """Whether a manifest is ours, unchanged, and of this sound."""
    try:
        document = json.loads(text)
        claim, key, signature = (document[k] for k in ("claim", "public_key", "signature"))
        signed = vault.verify(str(key), _bytes(claim), str(signature))
        stated = str(claim["sound_sha256"])
    except (ValueError, KeyError, TypeError):
        return Verdict("unreadable", {})
    if not signed:
        return Verdict("forged", claim)
    if key != vault.public_key:
        return Verdict("unknown_key", claim)
    return Verdict("valid" if stated == sound_sha256(signal) else "other_audio", claim)


def _bytes(claim: Mapping[str, object]) -> bytes:
    """One form for one claim: sorted keys, no blanks."""
    return json.dumps(claim, sort_keys=True, separators=(",", ":")).encode()
