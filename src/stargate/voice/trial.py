"""A trial of the detector on other people's speech: how often it is wrong, and how sure it may be.

Every window of three seconds is looked at twice: without a mark, and with one. Every second is as
it is, the others are attacked, in turn in one way each, so that every look is at another window.
Marking a recording copies no voice: nothing is learnt from it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice, pairwise

import numpy as np

from stargate.voice.engine import Sample
from stargate.voice.inference import calm_torch
from stargate.voice.mark_search import Mark, SpeechMeter, look_for_mark
from stargate.voice.marking import Marker
from stargate.voice.survival import ATTACKS, Attack, counted
from stargate.voice.unmarked import attacked, windows

PLAIN = "as it is"
EDGES = (0.0, 0.02, 0.25, 0.75, 0.98, 1.0)
"""Of chances, between which what was said is held against what was: few lie between the ends."""
N_AT_ONCE = 64
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen in one window."""

    speaker: str
    attack: str
    unmarked: Mark
    marked: Mark


def trial(
    spoken: Iterable[tuple[str, Sample]],
    marker: Marker,
    speech_s: SpeechMeter,
    progress: Progress = lambda _line: None,
) -> dict[str, object]:
    """False alarms, what the mark survives, and the reliability of the stated chances."""

    def look(given: tuple[str, Sample, str]) -> Seen:
        speaker, window, name = given
        marked = Sample(marker.embed(window.signal, window.rate_hz), window.rate_hz)
        heard = (attacked(window, ATTACKS[name]), attacked(marked, ATTACKS[name]))
        return Seen(speaker, name, *(look_for_mark(each, marker, speech_s) for each in heard))

    seen: list[Seen] = []
    with ThreadPoolExecutor(os.cpu_count(), initializer=calm_torch) as pool:
        for batch in _batches(dealt(spoken, ATTACKS)):
            seen.extend(pool.map(look, batch))
            progress(f"{len(seen)} windows, {sum(s.unmarked.found for s in seen)} taken for marked")
    return tabulated(seen)


def reliability(marks: Sequence[tuple[bool, Mark]]) -> list[dict[str, object]]:
    """By stated chance: how many windows were said to be marked so surely, and how many are.

    Marked and unmarked count alike, whatever their numbers: the chance is stated for that.
    """
    told = [(is_marked, mark.probability) for is_marked, mark in marks]
    chances = {
        kind: np.array([p for is_marked, p in told if p is not None and is_marked is kind])
        for kind in (False, True)
    }
    rows: list[dict[str, object]] = []
    for low, high in pairwise(EDGES):
        within = {kind: (p >= low) & ((p < high) | (high == 1)) for kind, p in chances.items()}
        share = {kind: float(np.mean(w)) if w.size else 0.0 for kind, w in within.items()}
        both = np.concatenate([p[within[kind]] for kind, p in chances.items()])
        rows.append(
            {
                "at_least": low,
                "below": high,
                "n_unmarked": int(within[False].sum()),
                "n_marked": int(within[True].sum()),
                "said": float(both.mean()) if both.size else None,
                "share_marked": share[True] / total if (total := sum(share.values())) else None,
            }
        )
    return rows


def dealt(
    spoken: Iterable[tuple[str, Sample]], attacks: Mapping[str, Attack]
) -> Iterator[tuple[str, Sample, str]]:
    """(speaker, window, attack): none and the attacks in turn, over all windows of all."""
    names = cycle(turn for name in attacks if name != PLAIN for turn in (PLAIN, name))
    for speaker, sample in spoken:
        for window in windows(sample):
            yield speaker, window, next(names)


def _batches(given: Iterator[tuple[str, Sample, str]]) -> Iterator[list[tuple[str, Sample, str]]]:
    while batch := list(islice(given, N_AT_ONCE)):
        yield batch


def tabulated(seen: Sequence[Seen]) -> dict[str, object]:
    """What was seen, counted."""
    by_speaker: dict[str, list[Mark]] = {}
    for each in seen:
        by_speaker.setdefault(each.speaker, []).append(each.unmarked)
    marks = [(False, each.unmarked) for each in seen] + [(True, each.marked) for each in seen]
    plain = [each.unmarked for each in seen if each.attack == PLAIN]
    other = [each.unmarked for each in seen if each.attack != PLAIN]
    return {
        **counted("all", [each.unmarked for each in seen]),
        "n_speakers": sum(any(mark.judged for mark in marks) for marks in by_speaker.values()),
        "unmarked": [counted("as they are", plain), counted("attacked", other)],
        "attacks": [_survived(name, seen) for name in ATTACKS],
        "reliability": reliability(marks),
        "speakers": [counted(name, marks) for name, marks in by_speaker.items()],
    }


def _survived(attack: str, seen: Sequence[Seen]) -> dict[str, object]:
    """How many marked windows were found after an attack, of those in which speech was heard."""
    here = [each for each in seen if each.attack == attack]
    judged = [each.marked for each in here if each.marked.judged]
    scores = [mark.score for mark in judged]
    return {
        "attack": attack,
        "n_marked": len(judged),
        "n_found": sum(mark.found for mark in judged),
        "marked_mean": float(np.mean(scores)) if scores else None,
        "marked_least": min(scores, default=None),
        "n_alarms": sum(each.unmarked.found for each in here),
    }
