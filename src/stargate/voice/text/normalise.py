"""Written English made sayable: every rule is a pattern and the words that replace it.

The rules run in order, each over the whole text, so `$2.50` is money before `2.50` is a number.
Text in other languages is left to espeak-ng's own rules.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from stargate.voice.text.numbers import cardinal, decimal, digits, ordinal, year

Match = re.Match[str]

ABBREVIATIONS = {
    "mr": "mister",
    "mrs": "missus",
    "ms": "miz",
    "dr": "doctor",
    "prof": "professor",
    "st": "saint",
    "jr": "junior",
    "sr": "senior",
    "vs": "versus",
    "etc": "et cetera",
    "approx": "approximately",
    "dept": "department",
    "no": "number",
}
ALWAYS_ABBREVIATED = "mr|mrs|ms|dr|prof|jr|sr|vs|etc|approx|dept"
PHRASES = {"e.g.": "for example", "i.e.": "that is", "a.m.": "ay em", "p.m.": "pee em"}
CURRENCIES = {"$": ("dollar", "cent"), "€": ("euro", "cent"), "£": ("pound", "penny")}
PLURALS = {"penny": "pence"}
SCALES = {"k": "thousand", "m": "million", "b": "billion", "bn": "billion", "t": "trillion"}
UNITS = {
    "km": "kilometers",
    "cm": "centimeters",
    "mm": "millimeters",
    "kg": "kilograms",
    "mb": "megabytes",
    "gb": "gigabytes",
    "tb": "terabytes",
    "kw": "kilowatts",
    "mw": "megawatts",
    "gw": "gigawatts",
    "ms": "milliseconds",
    "hz": "hertz",
    "khz": "kilohertz",
    "mhz": "megahertz",
    "ghz": "gigahertz",
}
SYMBOLS = {
    "&": " and ",
    "@": " at ",
    "%": " percent",
    "+": " plus ",
    "=": " equals ",
    "#": " number ",
}
LARGE = "million|billion|trillion"
NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"


def normalise(text: str) -> str:
    """The text as it is said, in words; punctuation that carries rhythm stays."""
    said = unicodedata.normalize("NFKC", text).translate(_PLAIN_PUNCTUATION)
    for pattern, words in _RULES:
        said = pattern.sub(words, said)
    return re.sub(r"\s+", " ", said).strip()


_PLAIN_PUNCTUATION = str.maketrans({"‘": "'", "’": "'", "–": "—", "\u00ad": ""})


def _money(match: Match) -> str:
    sign, amount, scale = match["sign"], match["amount"].replace(",", ""), match["scale"]
    unit, small = CURRENCIES[sign]
    if scale:
        return f"{decimal(amount)} {SCALES.get(scale.lower(), scale.lower())} {unit}s"
    whole, _, part = amount.partition(".")
    large_words = f"{cardinal(int(whole))} {_counted(unit, int(whole))}"
    cents = int(part[:2].ljust(2, "0")) if part else 0
    if not cents:
        return large_words
    small_words = f"{cardinal(cents)} {_counted(small, cents)}"
    return f"{large_words} and {small_words}" if int(whole) else small_words


def _counted(noun: str, n: int) -> str:
    return noun if n == 1 else PLURALS.get(noun, f"{noun}s")


def _clock(match: Match) -> str:
    hour, minute = int(match["hour"]), int(match["minute"])
    words = cardinal(hour)
    if minute:
        return f"{words} {'oh ' if minute < 10 else ''}{cardinal(minute)}"
    return (
        words
        if match.string[match.end() :].lstrip()[:1].lower() in {"a", "p"}
        else f"{words} o'clock"
    )


def _range(match: Match) -> str:
    return f"{match['low']} to {match['high']}"


def _acronym(match: Match) -> str:
    """`NPU` is spelt out; an acronym with a vowel inside, such as `NASA`, may be a word."""
    letters = match[0]
    return letters if re.search(r"[AEIOU]", letters[1:]) and len(letters) > 3 else " ".join(letters)


def _abbreviation(match: Match) -> str:
    return ABBREVIATIONS[match["word"].lower()]


def _rule(
    pattern: str, words: Callable[[Match], str]
) -> tuple[re.Pattern[str], Callable[[Match], str]]:
    return re.compile(pattern, re.IGNORECASE), words


_RULES = (
    _rule("|".join(map(re.escape, PHRASES)), lambda m: PHRASES[m[0].lower()]),
    _rule(rf"\b(?P<word>{ALWAYS_ABBREVIATED})\.(?=\s|,|$)", _abbreviation),
    _rule(r"\b(?P<word>st)\.\s(?=[A-Z])", lambda m: f"{_abbreviation(m)} "),
    _rule(r"\b(?P<word>no)\.\s?(?=\d)", lambda m: f"{_abbreviation(m)} "),
    _rule(
        rf"(?P<sign>[$€£])(?P<amount>{NUMBER})(?:\s?(?P<scale>k|m|bn?|t|thousand|{LARGE})\b)?",
        _money,
    ),
    _rule(r"\b(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)\b", _clock),
    _rule(r"\b(?P<low>\d+)[—-](?P<high>\d+)\b", _range),
    _rule(r"\b(\d+)(?:st|nd|rd|th)\b", lambda m: ordinal(int(m[1]))),
    _rule(r"\b(1[1-9]\d\d|20\d\d)s\b", lambda m: _decade(int(m[1]))),
    _rule(
        rf"\b({NUMBER})\s?({'|'.join(UNITS)})\b", lambda m: f"{decimal(m[1])} {UNITS[m[2].lower()]}"
    ),
    _rule(r"(?<![\d.,])(1[1-9]\d\d|20\d\d)(?![\d.,]\d|\d)", lambda m: year(int(m[1]))),
    _rule(r"(?<![\d.])0\d+\b(?!\.)", lambda m: digits(m[0])),
    _rule(rf"(?<=\s)-(?={NUMBER})|^-(?={NUMBER})", lambda _: "minus "),
    _rule(NUMBER, lambda m: decimal(m[0])),
    _rule("[" + re.escape("".join(SYMBOLS)) + "]", lambda m: SYMBOLS[m[0]]),
    (re.compile(r"\b[A-Z]{2,5}\b"), _acronym),
)


def _decade(number: int) -> str:
    words = year(number)
    return f"{words[:-1]}ies" if words.endswith("y") else f"{words}s"
