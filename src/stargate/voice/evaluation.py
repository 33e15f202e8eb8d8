"""`stargate voice evaluate`: the table of how near copies come, on real speakers.

Two thirds of each speaker's recording (at most 15 s) are enrolled from; the rest is held out, and
encoder B judges against it. Enrolment runs in a process of its own, whose processor time and peak
memory are reported.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stargate.voice.assets import LEVELS, MEASURES, SAFEGUARDS, Assets
from stargate.voice.audio_files import read_file
from stargate.voice.encoders.dvector import RATE_HZ as JUDGE_RATE_HZ
from stargate.voice.encoders.dvector import DVectorEncoder
from stargate.voice.engine import Sample, Utterance
from stargate.voice.inference import calm_torch
from stargate.voice.kokoro.engine import KokoroEngine
from stargate.voice.kokoro.synthesis import RATE_HZ
from stargate.voice.permit import PermitOffice
from stargate.voice.policy import Embedding
from stargate.voice.profile import VoiceProfile
from stargate.voice.quality import Spoken, Tools, assess
from stargate.voice.refusals import MissingError
from stargate.voice.signal.spectrum import Signal

LIBRIVOX = Path("/usr/share/pocketsphinx/test/data/librivox")
LIBRIVOX_ENROLLED, LIBRIVOX_HELD_OUT = ("0870", "0880", "0890"), ("0920", "0930")
ENROLLED_SHARE = 0.67
LONGEST_ENROLLED_S = 15.0
SUFFIXES = {".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a"}
CONDITIONS = ("generic", "nearest", "blend", "tuned", "tuned_eq")
N_STRANGERS = 12


@dataclass(frozen=True, slots=True)
class Speaker:
    """A person's speech, parted into what is enrolled from and what is held out."""

    name: str
    enrolled: Sample
    held_out: Sample


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A profile and what it cost."""

    profile: VoiceProfile
    cpu_s: float
    wall_s: float
    peak_bytes: int


class Judge:
    """Encoder B alone, in the shape of a gate's ears."""

    def __init__(self, assets: Assets) -> None:
        self._encoder = DVectorEncoder(assets.path("encoder_b"))

    def embed(self, sample: Sample) -> Mapping[str, Embedding]:
        """How the voice sounds to the judge."""
        return {"b": self._encoder(sample.at(JUDGE_RATE_HZ))}

    def mark(self, sample: Sample) -> float:
        """The judge hears no watermark."""
        raise NotImplementedError


def librivox_reader() -> Speaker:
    """The public-domain reader of Debian's pocketsphinx-testdata, 24.7 s in five files."""
    enrolled, held_out = (
        _joined(librivox_takes(t)) for t in (LIBRIVOX_ENROLLED, LIBRIVOX_HELD_OUT)
    )
    return Speaker("librivox", enrolled, held_out)


def librivox_takes(takes: Sequence[str] = LIBRIVOX_ENROLLED + LIBRIVOX_HELD_OUT) -> list[Sample]:
    """Takes of that reader, each a sentence."""
    if not LIBRIVOX.is_dir():
        raise MissingError(
            "the LibriVox reader of the Debian package pocketsphinx-testdata is not installed"
        )
    return [Sample(*read_file(next(LIBRIVOX.glob(f"*-{take}.wav")))) for take in takes]


def speakers_in(folder: Path) -> list[Speaker]:
    """One speaker a file, or one a folder of files."""
    found = [path for path in sorted(folder.iterdir()) if path.is_dir() or _is_sound(path)]
    if not found:
        raise MissingError(f"{folder} holds no sound files and no folders of them")
    return [_parted(path) for path in found]


def evaluate(
    speakers: list[Speaker], assets: Assets, progress: Callable[[str], None] = lambda _line: None
) -> dict[str, object]:
    """Enrol every speaker and measure; the object that `--json` prints."""
    for level in (LEVELS[-1], *MEASURES, SAFEGUARDS[1]):
        assets.require(level)
    bench = _Bench(assets)
    rows = []
    for speaker in speakers:
        progress(f"{speaker.name}: enrolling from {speaker.enrolled.duration_s:.1f} s")
        enrolment = enrol_apart(speaker.enrolled, assets.directory)
        rows.append(bench.row(speaker, enrolment, speakers, progress))
    return _table(rows)


def enrol_apart(sample: Sample, assets: Path) -> Enrolment:
    """Enrol in a process of its own, so that its memory is counted and given back."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        data, cpu_s, wall_s, peak_bytes = pool.apply(_enrol, (sample, assets))
    return Enrolment(VoiceProfile.from_bytes(data), cpu_s, wall_s, peak_bytes)


def _enrol(sample: Sample, assets: Path) -> tuple[bytes, float, float, int]:
    calm_torch()
    office = PermitOffice()
    started_s = time.perf_counter()
    engine = KokoroEngine(Assets(assets), office.redeem)
    profile = engine.enroll(sample, office.issue("enroll"), _to_stderr)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = usage.ru_utime + usage.ru_stime
    return profile.to_bytes(), cpu_s, time.perf_counter() - started_s, usage.ru_maxrss * 1024


def _to_stderr(what: str, share: float) -> None:
    sys.stderr.write(f"\r  {share:4.0%} {what}   ")
    sys.stderr.write("\n" if share >= 1 else "")
    sys.stderr.flush()


class _Bench:
    """Lets voices speak and measures them, with everything loaded once."""

    def __init__(self, assets: Assets) -> None:
        from stargate.voice.opinion import OpinionScore
        from stargate.voice.recogniser import WhisperRecogniser

        self._office = PermitOffice()
        self._engine = KokoroEngine(assets, self._office.redeem)
        recogniser = WhisperRecogniser(assets.path("recogniser").parent)
        self._tools = Tools(Judge(assets), recogniser, OpinionScore(assets.path("dnsmos")))

    def row(
        self,
        speaker: Speaker,
        enrolment: Enrolment,
        everyone: list[Speaker],
        progress: Callable[[str], None],
    ) -> dict[str, object]:
        """Everything about one speaker."""
        held_out = self._embed(speaker.held_out)
        profiles = dict(self._engine.comparisons(speaker.enrolled))
        profiles["tuned"] = self._engine.unequalised(enrolment.profile)
        profiles["tuned_eq"] = enrolment.profile
        measured: dict[str, Spoken] = {}
        for name in CONDITIONS:
            measured[name] = self._assess(profiles[name], held_out)
            progress(f"{speaker.name}: {name} {measured[name].cosine:.3f}")
        cosines = {name: spoken.cosine for name, spoken in measured.items()}
        cosines["real"] = float(self._embed(speaker.enrolled) @ held_out)
        cosines["stranger"] = self._stranger(held_out, speaker, everyone)
        copy = measured["tuned_eq"]
        real = self._tools.opinion
        assert real is not None
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
            "dnsmos_real": real(speaker.held_out.signal, speaker.held_out.rate_hz),
            "enrol_cpu_s": enrolment.cpu_s,
            "enrol_wall_s": enrolment.wall_s,
            "enrol_peak_bytes": enrolment.peak_bytes,
        }

    def _assess(self, profile: VoiceProfile, held_out: Embedding) -> Spoken:
        return assess(lambda text: self._say(text, profile), RATE_HZ, held_out, self._tools)

    def _say(self, text: str, profile: VoiceProfile) -> Signal:
        pieces = self._engine.speak(Utterance(text), profile, self._office.issue("speak"))
        return np.concatenate(list(pieces))

    def _embed(self, sample: Sample) -> Embedding:
        return self._tools.ears.embed(sample)["b"]

    def _stranger(self, held_out: Embedding, speaker: Speaker, everyone: list[Speaker]) -> float:
        """The mean cosine to other people; to recorded voices where there is no one else."""
        others = [self._embed(other.held_out) for other in everyone if other.name != speaker.name]
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


def _parted(path: Path) -> Speaker:
    files = sorted(filter(_is_sound, path.iterdir())) if path.is_dir() else [path]
    whole = _joined([Sample(*read_file(file)) for file in files])
    cut = int(len(whole.signal) * ENROLLED_SHARE)
    longest = int(LONGEST_ENROLLED_S * whole.rate_hz)
    enrolled = Sample(whole.signal[: min(cut, longest)], whole.rate_hz)
    return Speaker(path.stem, enrolled, Sample(whole.signal[cut:], whole.rate_hz))


def _joined(samples: Sequence[Sample]) -> Sample:
    rate_hz = samples[0].rate_hz
    return Sample(np.concatenate([sample.at(rate_hz) for sample in samples]), rate_hz)


def _is_sound(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES
