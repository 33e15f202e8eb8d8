"""Counting false alarms, and the attacks themselves."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import numpy as np
import pytest

from stargate.voice.engine import Sample
from stargate.voice.mark_search import Mark
from stargate.voice.refusals import MissingError
from stargate.voice.signal.pitch import median_pitch_hz
from stargate.voice.speakers import READING
from stargate.voice.survival import ATTACKS, counted
from stargate.voice.trial import Seen, dealt, reliability, tabulated
from stargate.voice.unmarked import ESPEAK, SENTENCES, WINDOW_S, sounds, upper_bound, windows

Speaker = Callable[..., Sample]


def test_the_bound_is_that_of_clopper_and_pearson() -> None:
    assert upper_bound(0, 299) == pytest.approx(1 - 0.05 ** (1 / 299))  # closed form at nought
    assert upper_bound(0, 298) > 0.01 > upper_bound(0, 299)
    assert upper_bound(1, 100) == pytest.approx(0.0466, abs=1e-4)  # R: binom.test(1, 100, alt="l")
    assert upper_bound(5, 5) == 1.0


def test_windows_do_not_overlap_and_a_rest_is_left_out() -> None:
    ramp = Sample(np.arange(10_000, dtype=np.float32), 1_000)
    parts = list(windows(ramp))
    assert [len(part.signal) for part in parts] == [3000, 3000, 3000]
    assert np.array_equal(np.concatenate([part.signal for part in parts]), ramp.signal[:9000])


def test_sounds_that_are_no_speech_fill_their_windows() -> None:
    found = list(sounds())
    assert len({kind for kind, _ in found}) == 4
    for _, window in found:
        assert window.duration_s == WINDOW_S
        assert np.isfinite(window.signal).all()
        assert np.abs(window.signal).max() == pytest.approx(0.3)


def test_no_sentence_or_voice_that_set_the_threshold_is_counted_again() -> None:
    assert not set(SENTENCES) & set(READING)
    assert len(set(ESPEAK)) == len(ESPEAK)


def test_only_windows_with_speech_count_and_bound_the_rate() -> None:
    loud = [Mark(0.95, 1.0, 0.0)] * 5  # sounds that score high, and no one speaks
    row = counted("some", [*loud, Mark(0.95, 1.0, 2.0), *[Mark(0.1, 1.0, 2.0)] * 9])
    assert (row["n_windows"], row["n_judged"], row["n_alarms"]) == (15, 10, 1)
    assert row["rate_at_most"] == upper_bound(1, 10)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="the attack needs ffmpeg")
@pytest.mark.parametrize("rate_hz", [16_000, 24_000])
@pytest.mark.parametrize(
    ("name", "semitones"), [("a semitone higher", 1), ("two semitones lower", -2)]
)
def test_a_change_of_pitch_is_what_it_says_at_any_rate(
    speaker: Speaker, name: str, semitones: int, rate_hz: int
) -> None:
    signal = speaker(110.0).at(rate_hz)
    higher = ATTACKS[name](signal, rate_hz)
    assert len(higher) == pytest.approx(len(signal), rel=0.02)
    heard_hz = median_pitch_hz(Sample(higher, rate_hz).at(24_000), 24_000)
    assert heard_hz == pytest.approx(110 * 2 ** (semitones / 12), rel=0.02)


def test_an_attack_without_its_program_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingError, match="ffmpeg"):
        ATTACKS["mp3 at 64 kb/s"](np.zeros(24_000, np.float32), 24_000)


def seen(alarm: float, found: float, attack: str = "8 kHz sampling") -> Seen:
    return Seen("ada", attack, Mark(alarm, 1.0, 2.0), Mark(found, 1.0, 2.0))


def test_alarms_and_finds_are_counted_by_attack() -> None:
    looks = [seen(0.1, 1.0), seen(1.0, 1.0), seen(0.2, 0.1), seen(0.0, 1.0, "as it is")]
    table = tabulated(looks)
    assert (table["n_judged"], table["n_alarms"]) == (4, 1)
    assert table["rate_at_most"] == upper_bound(1, 4)
    rows = {row["attack"]: row for row in table["attacks"] if row["n_marked"]}
    assert {name: row["n_found"] for name, row in rows.items()} == {
        "as it is": 1,
        "8 kHz sampling": 2,
    }


def test_every_second_window_is_as_it_is_and_the_others_are_attacked_in_turn() -> None:
    n = 4 * (len(ATTACKS) - 1)
    long = Sample(np.zeros(24_000 * 3 * n, np.float32), 24_000)
    names = [name for _, _, name in dealt([("ada", long)], ATTACKS)]
    assert names[::2] == ["as it is"] * (n // 2)
    assert all(names[1::2].count(name) == 2 for name in ATTACKS if name != "as it is")


def test_a_chance_that_is_stated_is_held_against_the_share_that_is_marked() -> None:
    marks = [(True, Mark(1.0, 1.0, 2.0))] * 50 + [(False, Mark(0.0, 1.0, 2.0))] * 500
    rows = reliability([*marks, (False, Mark(1.0, 1.0, 0.0))])
    assert [row["n_marked"] for row in rows] == [0, 0, 0, 0, 50]
    assert [row["n_unmarked"] for row in rows] == [500, 0, 0, 0, 0]
    assert (rows[0]["share_marked"], rows[-1]["share_marked"]) == (0.0, 1.0)
    one_in_fifty = [*marks[:1], *marks[50:99]]  # one marked, 49 not: each kind weighs the same
    wrong = reliability([(not is_marked, mark) for is_marked, mark in one_in_fifty])
    assert wrong[0]["share_marked"] == 1.0  # said: hardly ever
