"""The report on a copy: arithmetic of words, shares and their wording."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stargate.voice.consent import SAME_WORD, check_words, new_nonce, nonce_words, phrase
from stargate.voice.profile import VoiceProfile
from stargate.voice.quality import SAME_SPEAKER, STRANGERS, WORDS, in_words, share_below
from stargate.voice.recogniser import plain_words, word_errors
from stargate.voice.refusals import RefusedError

WORD = st.sampled_from(["a", "b", "c"])


@given(st.lists(WORD, max_size=8), st.lists(WORD, max_size=8))
def test_word_errors_are_a_distance(one: list[str], other: list[str]) -> None:
    errors = word_errors(one, other)
    assert errors == word_errors(other, one)
    assert (errors == 0) == (one == other)
    assert abs(len(one) - len(other)) <= errors <= max(len(one), len(other))


def test_word_errors_count_what_was_changed_left_out_and_put_in() -> None:
    reference = plain_words("The well-known depth of a well.")
    assert word_errors(reference, ["the", "well", "known", "depth", "of", "well", "done"]) == 2


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_a_nearer_copy_never_reads_worse(one: float, other: float) -> None:
    low, high = sorted((one, other))
    for distribution in (STRANGERS, SAME_SPEAKER):
        assert share_below(low, distribution) <= share_below(high, distribution)
    scale = [words for _, words in WORDS]
    assert scale.index(in_words(low)) <= scale.index(in_words(high))


def test_no_wording_claims_that_a_copy_is_the_person() -> None:
    for _, words in WORDS:
        assert not {"identical", "same", "indistinguishable"} & set(words.split())


def test_the_measured_error_rates_are_what_the_distributions_say() -> None:
    assert 1 - share_below(0.642, STRANGERS) == pytest.approx(0.033)
    assert share_below(0.642, SAME_SPEAKER) == pytest.approx(0.033)


def test_a_profile_reads_back_and_holds_no_pickles() -> None:
    profile = VoiceProfile("tone", "tone", {"pitch_hz": np.array([110.0], np.float32)})
    again = VoiceProfile.from_bytes(profile.to_bytes())
    assert (again.engine, again.level) == ("tone", "tone")
    assert again.arrays["pitch_hz"] == profile.arrays["pitch_hz"]


def test_every_nonce_is_new_and_of_words_that_survive_plain_spelling() -> None:
    assert all(plain_words(word) == [word] for word in nonce_words())
    drawn = {tuple(new_nonce()) for _ in range(200)}
    assert len(drawn) == 200


def test_no_random_word_passes_for_another() -> None:
    for one, other in permutations(nonce_words(), 2):
        assert SequenceMatcher(None, one, other).ratio() < SAME_WORD


def test_small_slips_of_recognition_are_forgiven_but_not_in_the_random_words() -> None:
    wanted = phrase("Ada Lovelace", "reading books", ["lemon", "tiger", "anchor", "velvet"])
    heard = plain_words(wanted.replace("Ada Lovelace", "Eda Lovelis").replace("may be", "maybe"))
    assert 0 < check_words(wanted, "Ada Lovelace", heard) < 0.15
    heard = plain_words(wanted)
    with pytest.raises(RefusedError, match="random words"):
        check_words(wanted, "Ada Lovelace", [*heard[:-1], "valley"])
    assert check_words(wanted, "Ada Lovelace", [*heard[:-1], "velvets"]) < 0.15
    with pytest.raises(RefusedError, match="random words"):
        check_words(wanted, "Ada Lovelace", [*heard[:-4], "tiger", "lemon", "anchor", "velvet"])
