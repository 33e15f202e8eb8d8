"""Long text cut where a speaker would breathe, so that speech can start before it is all made.

A piece should be made before what goes before it has been heard. Where making it takes a share r
of the time that it lasts, it is if L_k <= L_1 + (1/r - 1) (L_1 + ... + L_(k-1)). So pieces grow
as the speech goes on. Every cut costs a little of the melody, so r is that of two idle cores;
where it is more, a listener may hear a pause after the first piece, where a speaker would breathe.
"""

from __future__ import annotations

import re

ABBREVIATED = "".join(rf"(?<!\b{title}\.)" for title in ("Mr", "Mrs", "Ms", "Dr", "St", "Prof"))
SENTENCE_END = re.compile(ABBREVIATED + r"(?<=[.!?…])[\"')\]]*\s+")
CLAUSE_END = re.compile(r"(?<=[,;:—])\s+")
WORD_BREAK = re.compile(
    r"\s+(?=(?:and|or|but|because|that|which|when|while|if|as|to|of|in|on|for|with|from|by)\b)"
)
BLANK = re.compile(r"\s+")
WORD = re.compile(r"\w")
LOOK_AHEAD = 10  # characters in which a joining word is seen whole
FIRST_LIMIT = 36
LIMIT = 220
"""Characters: about 0.07 s of speech each, so that the first piece lasts two seconds or so."""
SHARE = 0.25  # r
PER_DIGIT = 5  # characters: 2024 is said in eighteen, $2.50 in twenty-seven
LEAST_SHARE = 0.3  # of the room there is: a cut before it would leave a scrap


def clauses(text: str, first_limit: int = FIRST_LIMIT, limit: int = LIMIT) -> list[str]:
    """Pieces to say one after the other; the first is short, for an early first sound."""
    pieces: list[str] = []
    n_said = 0
    for sentence in SENTENCE_END.split(text.strip()):
        rest = sentence.strip()
        while rest:
            room = int(first_limit + (1 / SHARE - 1) * n_said)
            cut = _cut(rest, min(limit, room), limit)
            piece, rest = rest[:cut].rstrip(), rest[cut:].lstrip()
            if has_words(piece):
                pieces.append(piece)
                n_said += spoken_length(piece)
    return pieces


def spoken_length(text: str) -> int:
    """Characters as they are said: figures are written shorter than they are spoken."""
    return len(text) + (PER_DIGIT - 1) * sum(map(str.isdigit, text))


def has_words(text: str) -> bool:
    """Whether there is anything in a text that can be said."""
    return WORD.search(text) is not None


def _cut(text: str, room: int, limit: int) -> int:
    """Where to cut: at the last clause end, else before a joining word, else between words."""
    if spoken_length(text) <= room:
        return len(text)
    for boundary in (CLAUSE_END, WORD_BREAK, BLANK):
        starts = (found.start() for found in boundary.finditer(text[: room + LOOK_AHEAD]))
        ends = [at for at in starts if at <= room and spoken_length(text[:at]) <= room]
        if ends and spoken_length(text[: ends[-1]]) >= LEAST_SHARE * room:
            return ends[-1]
    blank = BLANK.search(text)  # a word that is longer than the room
    return min(blank.start() if blank else len(text), limit)
