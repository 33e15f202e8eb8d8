"""What is written becomes what is said."""

from __future__ import annotations

import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.voice.text.clauses import FIRST_LIMIT, LIMIT, SHARE, clauses, spoken_length
from stargate.voice.text.normalise import normalise
from stargate.voice.text.numbers import ONES, TENS, cardinal, ordinal, year
from stargate.voice.text.phonemes import phonemes

needs_espeak = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="the program espeak-ng is not installed"
)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Dr. Smith paid $2.50.", "doctor Smith paid two dollars and fifty cents."),
        ("$1 and £0.01", "one dollar and one penny"),
        ("It costs $100B.", "It costs one hundred billion dollars."),
        ("$1.5 million", "one point five million dollars"),
        ("at 10:05 a.m. today", "at ten oh five ay em today"),
        ("At 9:00 we left", "At nine o'clock we left"),
        ("the 21st of May 1984", "the twenty-first of May nineteen eighty-four"),
        ("in the 1990s", "in the nineteen nineties"),
        ("1,204 rooms", "one thousand two hundred four rooms"),
        ("3.14%", "three point one four percent"),
        ("5 GW, 400 km", "five gigawatts, four hundred kilometers"),
        ("rooms 10-12", "rooms ten to twelve"),
        ("agent 007", "agent zero zero seven"),
        ("St. Mary & NASA's NPU", "saint Mary and NASA's N P U"),
        ("-5 degrees", "minus five degrees"),
        ("well-known state-of-the-art", "well-known state-of-the-art"),
    ],
)
def test_numbers_and_abbreviations_are_written_out(written: str, said: str) -> None:
    assert normalise(written) == said


@given(st.integers(0, 10**15 - 1))
def test_a_number_read_back_from_its_words_is_the_number(number: int) -> None:
    assert _value(cardinal(number)) == number


def _value(words: str) -> int:
    """An independent reading of English number words."""
    total = group = 0
    for word in words.replace("-", " ").split():
        if word in ONES:
            group += ONES.index(word)
        elif word in TENS:
            group += 10 * TENS.index(word)
        elif word == "hundred":
            group *= 100
        else:
            scale = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}[word]
            total, group = total + group * 10**scale, 0
    return total + group


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "first"), (12, "twelfth"), (20, "twentieth"), (43, "forty-third"), (100, "one hundredth")],
)
def test_ordinals(number: int, words: str) -> None:
    assert ordinal(number) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1984, "nineteen eighty-four"),
        (1905, "nineteen oh five"),
        (1900, "nineteen hundred"),
        (2005, "two thousand five"),
        (2028, "two thousand twenty-eight"),
    ],
)
def test_years_are_said_in_pairs(number: int, words: str) -> None:
    assert year(number) == words


@settings(max_examples=60)
@given(st.text(st.sampled_from("abc ,.;!?$%&'0123456789-:\n"), max_size=400))
def test_any_text_can_be_normalised_and_loses_no_digit_unsaid(text: str) -> None:
    assert not any(character.isdigit() for character in normalise(text))


@settings(max_examples=60)
@given(st.text(st.sampled_from("abcd   ,.;!?"), min_size=1, max_size=1500))
def test_clauses_keep_every_word_and_no_clause_is_too_long(text: str) -> None:
    pieces = clauses(text)
    assert all(len(piece) <= LIMIT for piece in pieces)
    letters = [c for c in "".join(pieces) if c.isalpha()]
    assert letters == [c for c in text if c.isalpha()]


def test_the_first_clause_is_short_so_that_sound_starts_early() -> None:
    text = (
        "Whoever speaks at length and without any pause makes the listener wait for the end of it."
    )
    pieces = clauses(text)
    assert len(pieces[0]) <= FIRST_LIMIT
    assert " ".join(pieces) == text


@given(st.text(alphabet="ab ,.;!\n17", max_size=900))
def test_a_clause_is_no_longer_than_what_is_heard_while_it_is_made(text: str) -> None:
    said = 0
    for piece in clauses(text):
        length = spoken_length(piece)
        assert length * SHARE <= FIRST_LIMIT * SHARE + said * (1 - SHARE) or " " not in piece
        said += length


def test_a_clause_is_not_cut_into_a_scrap_and_joining_words_begin_one() -> None:
    text = "Oh, she had not thought for a moment that it could end with her. Then she left."
    assert clauses(text)[0] == "Oh, she had not thought for a moment"


def test_a_title_ends_no_sentence() -> None:
    text = "They had sent for old Dr. Smith of St. Ives, Prof. Jones and Mrs. Brown as well. Then."
    assert all(not piece.endswith(("Dr.", "St.", "Prof.", "Mrs.")) for piece in clauses(text, 90))


def test_figures_count_as_long_as_they_are_said() -> None:
    assert clauses("In a year, in a time and in a month.") == [
        "In a year, in a time and in a month."
    ]
    assert clauses("In 1984, in 1997 and in 2024 again.")[0] == "In 1984,"


@needs_espeak
def test_phonemes_are_those_that_the_network_was_trained_on() -> None:
    assert phonemes("Five judges, no chair.") == "fˈIv ʤˈʌʤᵻz, nˈO ʧˈɛɹ."


@needs_espeak
def test_text_that_looks_like_an_option_is_only_spoken() -> None:
    assert phonemes("--version -f /etc/passwd")
