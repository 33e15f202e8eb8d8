"""Speakers for an evaluation: what is enrolled from and what is held out never mix."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from stargate.voice.audio_files import encode
from stargate.voice.engine import Sample
from stargate.voice.refusals import MissingError
from stargate.voice.speakers import LONGEST_ENROLLED_S, READING, recorded_voice, speakers_in

RATE_HZ = 8_000


def write(file: Path, level: float, seconds: float, said: str = "") -> None:
    file.parent.mkdir(exist_ok=True, parents=True)
    signal = np.full(int(seconds * RATE_HZ), level, np.float32)
    file.write_bytes(encode(signal, RATE_HZ, "wav"))
    if said:
        file.with_suffix(".txt").write_text(said + "\n")


def test_takes_are_held_out_whole_with_what_was_said_in_them(tmp_path: Path) -> None:
    for i in range(6):
        write(tmp_path / "ada" / f"{i}.wav", 0.1 * (i + 1), 2.0, f"take {i}")
    (ada,) = speakers_in(tmp_path)
    assert ada.name == "ada"
    assert (ada.enrolled.duration_s, ada.held_out.duration_s) == (8.0, 4.0)
    assert ada.held_out.transcript == "take 4 take 5"
    assert float(ada.enrolled.signal.max()) < float(ada.held_out.signal.min())


def test_a_transcript_that_lacks_a_take_is_none(tmp_path: Path) -> None:
    for i, said in enumerate(("one", "two", "")):
        write(tmp_path / "ada" / f"{i}.wav", 0.1, 2.0, said)
    write(tmp_path / "ada" / "3.wav", 0.1, 2.0, "four")
    assert speakers_in(tmp_path)[0].held_out.transcript == ""


def test_one_recording_is_cut_in_two_and_not_more_than_fifteen_seconds_enrolled(
    tmp_path: Path,
) -> None:
    write(tmp_path / "bob.wav", 0.1, 60.0)
    (bob,) = speakers_in(tmp_path)
    assert bob.enrolled.duration_s == LONGEST_ENROLLED_S
    assert bob.held_out.duration_s == pytest.approx(0.33 * 60)


def test_a_folder_without_sound_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path, tmp_path / "empty"):
        with pytest.raises(MissingError, match="no sound files"):
            speakers_in(folder)


def test_a_recorded_voice_reads_and_is_named_so_that_it_can_be_left_out(
    speaker: Callable[..., Sample],
) -> None:
    found = recorded_voice("am_onyx", lambda text: speaker(110, len(text) / 20))
    assert found.recorded_voice == "am_onyx"
    said = found.held_out.transcript
    assert said
    assert " ".join(READING).endswith(said)


def test_a_voice_left_out_of_the_bank_is_in_no_mixture() -> None:
    from stargate.voice.kokoro.styles import StyleBank

    packs = np.arange(3 * 2 * 2, dtype=np.float32).reshape(3, 2, 2)
    bank = StyleBank(("a", "b", "c"), packs).without(frozenset({"b"}))
    assert bank.names == ("a", "c")
    assert np.array_equal(bank.packs, packs[[0, 2]])
