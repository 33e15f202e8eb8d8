"""Was this recording made here? Three looks, and a plain statement of what they cannot see.

The watermark is scored as it is and, since a change of speed hides it, at speeds around; it is
judged in speech alone, since sounds with few overtones score high without it. The
manifest is checked if one came along; the log of fingerprints is searched. Each look that finds
something says so; none proves that a recording is real.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stargate.store.voices import Clip
from stargate.voice import fingerprint
from stargate.voice.engine import Sample
from stargate.voice.manifest import Verdict
from stargate.voice.mark_search import SpeechMeter, look_for_mark, loudest
from stargate.voice.marking import Marker
from stargate.voice.payload import KeyedPayload

READ_S = 30.0
LIMITS = (
    "Finds speech that this program marked, signed or logged; it does not tell real from synthetic "
    "speech in general.",
    "Noise (15 dB and less) removes the watermark from some clips; a change of speed or pitch "
    "hides it in three of ten short ones, and beyond 0.79 to 1.27 in all.",
    "Up to one recording in a hundred of people's own speech is taken for marked: the watermark "
    "alone, without a clip or a manifest beside it, proves nothing against anyone.",
    "The watermark is judged in speech alone, in the loudest eight seconds: music, tones and noise "
    "that hold no speech are not judged, whatever they score.",
    "Transcoding removes the manifest. The fingerprint finds only clips logged by this "
    "installation, from about two seconds on.",
    "A recording in which nothing is found may still be synthetic.",
)


@dataclass(frozen=True, slots=True)
class Trace:
    """The clip that a recording is: it leads to the voice, the tenant, the request.

    `bit_error_rate` is that of the fingerprint (0.5 is chance, or no fingerprint in the log);
    `payload_chance` how likely chance alone would show the clip's payload, None if it did not.
    """

    clip_id: str
    voice_id: str
    tenant: str
    created_s: float
    bit_error_rate: float
    speed: float
    payload_chance: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What the looks found. `probability` is that of the watermark being there.

    It is None where no speech was found in what was looked at (`speech_s`): the score tells
    nothing then, and what is synthetic is so by manifest or trace alone. A content credential
    alone is no sign that a clip was made here: anyone may sign one.
    """

    synthetic: bool
    probability: float | None
    score: float
    speed: float
    speech_s: float
    manifest: Verdict | None
    content_credential: str | None
    trace: Trace | None
    limits: tuple[str, ...] = LIMITS


def detect(
    sample: Sample,
    marker: Marker,
    speech_s: SpeechMeter,
    clips: Iterable[Clip],
    manifest: Verdict | None = None,
    content_credential: str | None = None,
    payload: KeyedPayload | None = None,
) -> Finding:
    """Look for the watermark, judge the manifest, read the payload, search the log."""
    mark = look_for_mark(sample, marker, speech_s)
    known, played = list(clips), mark.speed if mark.found else 1.0
    carried = read_payload(sample, known, payload, played) if payload else None
    trace = carried or find_clip(sample, known, played)
    vouched = manifest is not None and manifest.state == "valid"
    return Finding(
        synthetic=mark.found or vouched or trace is not None,
        probability=mark.probability,
        score=mark.score,
        speed=mark.speed,
        speech_s=mark.speech_s,
        manifest=manifest,
        content_credential=content_credential,
        trace=trace,
    )


def read_payload(
    sample: Sample, clips: Sequence[Clip], payload: KeyedPayload, speed: float
) -> Trace | None:
    """The clip whose payload the recording carries; its fingerprint is compared, not needed."""
    excerpt = loudest(sample, READ_S)
    match = payload.find(excerpt, [clip.id for clip in clips], speed)
    if match is None:
        return None
    clip = next(clip for clip in clips if clip.id == match.clip_id)
    heard = fingerprint.fingerprint(excerpt.signal, excerpt.rate_hz / speed)
    rate, _ = fingerprint.error_rate(heard, fingerprint.from_bytes(clip.fingerprint))
    return Trace(clip.id, clip.voice_id, clip.tenant, clip.created_s, rate, speed, match.chance)


def find_clip(sample: Sample, clips: Iterable[Clip], speed: float = 1.0) -> Trace | None:
    """The logged clip that is the same sound for the longest time, if there is one.

    Two clips may begin with the same words; bits that agree beyond chance are counted.
    """
    heard = fingerprint.fingerprint(sample.signal, sample.rate_hz / speed)
    best: Trace | None = None
    most = 0.0
    for clip in clips:
        rate, n_frames = fingerprint.error_rate(heard, fingerprint.from_bytes(clip.fingerprint))
        agreeing = (0.5 - rate) * n_frames
        if rate < fingerprint.MATCH_ERROR_RATE and agreeing > most:
            best = Trace(clip.id, clip.voice_id, clip.tenant, clip.created_s, rate, speed)
            most = agreeing
    return best
