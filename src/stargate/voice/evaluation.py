"""`stargate voice evaluate`: the table of how near copies come, on a folder of speakers.

What a speaker said is parted in two (see `speakers`): one part is enrolled from, encoder B judges
against the other. Enrolment runs in a process of its own, whose processor time and peak memory
are reported.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from stargate.voice.assets import LEVELS, MEASURES, SAFEGUARDS, Assets
from stargate.voice.encoders.dvector import RATE_HZ as JUDGE_RATE_HZ
from stargate.voice.encoders.dvector import DVectorEncoder
from stargate.voice.engine import Sample, Utterance
from stargate.voice.inference import calm_torch
from stargate.voice.kokoro.engine import GENERIC, KokoroEngine
from stargate.voice.kokoro.synthesis import RATE_HZ
from stargate.voice.permit import PermitOffice
from stargate.voice.policy import Embedding
from stargate.voice.profile import VoiceProfile
from stargate.voice.quality import Spoken, Tools, assess, mean_opinion, word_error_rate
from stargate.voice.refusals import MissingError
from stargate.voice.signal.spectrum import Signal
from stargate.voice.speakers import Speaker, recorded_voice

CONDITIONS = ("generic", "nearest", "blend", "tuned", "tuned_eq")
N_STRANGERS = 12


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A profile and what it cost."""

    profile: VoiceProfile
    cpu_s: float
    wall_s: float
    peak_bytes: int


class Judge:
    """Encoder B alone."""

    def __init__(self, assets: Assets) -> None:
        self._encoder = DVectorEncoder(assets.path("encoder_b"))

    def embed(self, sample: Sample) -> Mapping[str, Embedding]:
        """How the voice sounds to the judge."""
        return {"b": self._encoder(sample.at(JUDGE_RATE_HZ))}


def recorded_voices(names: Sequence[str], assets: Assets) -> list[Speaker]:
    """Recorded voices of the engine in the place of people."""
    office = PermitOffice()
    engine = KokoroEngine(assets, office.redeem)
    known = [name for name in engine.voices if name not in GENERIC]
    if unknown := sorted(set(names) - set(known)):
        raise MissingError(f"no recorded voice {', '.join(unknown)}; there are {', '.join(known)}")

    def say(text: str, name: str) -> Sample:
        pieces = engine.speak(Utterance(text), engine.stock(name), office.issue("speak"))
        return Sample(np.concatenate(list(pieces)), RATE_HZ)

    return [recorded_voice(name, partial(say, name=name)) for name in names]


def evaluate(
    speakers: list[Speaker], assets: Assets, progress: Callable[[str], None] = lambda _line: None
) -> dict[str, object]:
    """Enrol every speaker and measure; the object that `--json` prints."""
    for level in (LEVELS[-1], *MEASURES, SAFEGUARDS[1]):
        assets.require(level)
    tools = _measures(assets)
    rows = []
    for speaker in speakers:
        progress(f"{speaker.name}: enrolling from {speaker.enrolled.duration_s:.1f} s")
        enrolment = enrol_apart(speaker, assets.directory)
        rows.append(_Bench(assets, tools, speaker).row(enrolment, speakers, progress))
    return _table(rows)


def enrol_apart(speaker: Speaker, assets: Path) -> Enrolment:
    """Enrol in a process of its own, so that its memory is counted and given back."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        data, cpu_s, wall_s, peak_bytes = pool.apply(_enrol, (speaker, assets))
    return Enrolment(VoiceProfile.from_bytes(data), cpu_s, wall_s, peak_bytes)


def _enrol(speaker: Speaker, assets: Path) -> tuple[bytes, float, float, int]:
    calm_torch()
    office = PermitOffice()
    started_s = time.perf_counter()
    engine = KokoroEngine(Assets(assets), office.redeem, left_out=_left_out(speaker))
    profile = engine.enroll(speaker.enrolled, office.issue("enroll"), _to_stderr)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = usage.ru_utime + usage.ru_stime
    return profile.to_bytes(), cpu_s, time.perf_counter() - started_s, usage.ru_maxrss * 1024


def _left_out(speaker: Speaker) -> frozenset[str]:
    return frozenset({speaker.recorded_voice} - {None})  # pyrefly: ignore


def _to_stderr(what: str, share: float) -> None:
    sys.stderr.write(f"\r  {share:4.0%} {what}   ")
    sys.stderr.write("\n" if share >= 1 else "")
    sys.stderr.flush()


def _measures(assets: Assets) -> Tools:
    from stargate.voice.opinion import OpinionScore
    from stargate.voice.recogniser import WhisperRecogniser

    recogniser = WhisperRecogniser(assets.path("recogniser").parent)
    return Tools(Judge(assets), recogniser, OpinionScore(assets.path("dnsmos")))


class _Bench:
    """Lets the voices that may stand for one speaker speak, and measures them."""

    def __init__(self, assets: Assets, tools: Tools, speaker: Speaker) -> None:
        self._office = PermitOffice()
        self._engine = KokoroEngine(assets, self._office.redeem, left_out=_left_out(speaker))
        self._tools = tools
        self._speaker = speaker

    def row(
        self, enrolment: Enrolment, everyone: list[Speaker], progress: Callable[[str], None]
    ) -> dict[str, object]:
        """Everything about the speaker."""
        speaker, held_out = self._speaker, self._embed(self._speaker.held_out)
        profiles = dict(self._engine.comparisons(speaker.enrolled))
        profiles["tuned"] = self._engine.unequalised(enrolment.profile)
        profiles["tuned_eq"] = enrolment.profile
        measured: dict[str, Spoken] = {}
        for name in CONDITIONS:
            measured[name] = self._assess(profiles[name], held_out)
            progress(f"{speaker.name}: {name} {measured[name].cosine:.3f}")
        cosines = {name: spoken.cosine for name, spoken in measured.items()}
        cosines["real"] = float(self._embed(speaker.enrolled) @ held_out)
        cosines["stranger"] = self._stranger(held_out, everyone)
        copy = measured["tuned_eq"]
        return {
            "name": speaker.name,
            "enrolled_s": speaker.enrolled.duration_s,
            "held_out_s": speaker.held_out.duration_s,
            "cosine": cosines,
            "wer": copy.wer,
            "dnsmos": copy.opinion,
            "rtf": copy.rtf,
            "rtf_wall": copy.rtf_wall,
            "wer_generic": measured["generic"].wer,
            "dnsmos_generic": measured["generic"].opinion,
            **self._real(speaker.held_out),
            "enrol_cpu_s": enrolment.cpu_s,
            "enrol_wall_s": enrolment.wall_s,
            "enrol_peak_bytes": enrolment.peak_bytes,
        }

    def _real(self, held_out: Sample) -> dict[str, object]:
        """What the same tools say of the person; word errors if it is known what was said."""
        signal, rate_hz = held_out.signal, held_out.rate_hz
        return {
            "wer_real": word_error_rate(
                [signal], [held_out.transcript], rate_hz, self._tools.recogniser
            )
            if held_out.transcript
            else None,
            "dnsmos_real": mean_opinion([signal], rate_hz, self._tools.opinion),
        }

    def _assess(self, profile: VoiceProfile, held_out: Embedding) -> Spoken:
        return assess(lambda text: self._say(text, profile), RATE_HZ, held_out, self._tools)

    def _say(self, text: str, profile: VoiceProfile) -> Signal:
        pieces = self._engine.speak(Utterance(text), profile, self._office.issue("speak"))
        return np.concatenate(list(pieces))

    def _embed(self, sample: Sample) -> Embedding:
        return self._tools.ears.embed(sample)["b"]

    def _stranger(self, held_out: Embedding, everyone: list[Speaker]) -> float:
        """The mean cosine to other people; to recorded voices where there is no one else."""
        name = self._speaker.name
        others = [self._embed(other.held_out) for other in everyone if other.name != name]
        if not others:
            text = "The hogs were fed chopped corn and garbage."
            step = max(1, len(self._engine.voices) // N_STRANGERS)
            names = self._engine.voices[::step]
            spoken = [self._say(text, self._engine.stock(name)) for name in names]
            others = [self._embed(Sample(signal, RATE_HZ)) for signal in spoken]
        return float(np.mean([held_out @ other for other in others]))


def _table(rows: list[dict[str, object]]) -> dict[str, object]:
    """Speakers, and the mean of each column; peak memory is the largest."""

    def column(name: str) -> list[float]:
        return [float(str(row[name])) for row in rows]

    cosines = [row["cosine"] for row in rows]
    assert all(isinstance(cosine, dict) for cosine in cosines)
    names = (*CONDITIONS, "real", "stranger")
    mean = {name: float(np.mean([c[name] for c in cosines])) for name in names}  # pyrefly: ignore
    totals = ("wer", "dnsmos", "rtf", "rtf_wall", "enrol_cpu_s", "enrol_wall_s")
    return {
        "speakers": rows,
        "mean": mean,
        **{name: float(np.mean(column(name))) for name in totals},
        "enrol_peak_bytes": int(max(column("enrol_peak_bytes"))),
    }
