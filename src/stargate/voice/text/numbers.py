"""Numbers in English words."""

from __future__ import annotations

ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"))
LARGEST = 10**15
ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def cardinal(number: int) -> str:
    """`1204` -> `one thousand two hundred four`; beyond a thousand trillion, digit by digit."""
    if number < 0:
        return f"minus {cardinal(-number)}"
    if number >= LARGEST:
        return digits(str(number))
    for scale, name in SCALES:
        if number >= scale:
            return _joined(f"{cardinal(number // scale)} {name}", number % scale)
    if number >= 100:
        return _joined(f"{ONES[number // 100]} hundred", number % 100)
    if number < 20:
        return ONES[number]
    ten, one = divmod(number, 10)
    return f"{TENS[ten]}-{ONES[one]}" if one else TENS[ten]


def ordinal(number: int) -> str:
    """`21` -> `twenty-first`."""
    words = cardinal(number)
    start = max(words.rfind("-"), words.rfind(" ")) + 1
    return words[:start] + _ordinal_word(words[start:])


def year(number: int) -> str:
    """`1984` -> `nineteen eighty-four`, `2005` -> `two thousand five`, `1900` as hundreds."""
    century, rest = divmod(number, 100)
    if not 1000 <= number <= 2999 or century % 10 == 0:
        return cardinal(number)
    if rest == 0:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"


def decimal(text: str) -> str:
    """`3.14` -> `three point one four`; commas between thousands are dropped."""
    whole, point, fraction = text.replace(",", "").partition(".")
    words = cardinal(int(whole or 0))
    return f"{words} point {digits(fraction)}" if point and fraction else words


def digits(text: str) -> str:
    """`007` -> `zero zero seven`."""
    return " ".join(ONES[int(digit)] for digit in text)


def _joined(words: str, rest: int) -> str:
    return f"{words} {cardinal(rest)}" if rest else words


def _ordinal_word(word: str) -> str:
    if word in ORDINALS:
        return ORDINALS[word]
    return f"{word[:-1]}ieth" if word.endswith("y") else f"{word}th"
