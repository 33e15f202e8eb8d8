"""Long text cut where a speaker would breathe, so that speech can start before it is all made."""

from __future__ import annotations

import re

SENTENCE_END = re.compile(r"(?<=[.!?…])[\"')\]]*\s+")
CLAUSE_END = re.compile(r"(?<=[,;:—])\s+")
WORD_BREAK = re.compile(
    r"\s+(?=(?:and|or|but|because|that|which|when|while|if|as|to|of|in|on|for|with|from|by)\b)"
)
FIRST_LIMIT = 45
LIMIT = 220
"""Characters: about 0.06 s of speech each, so that the first piece lasts two or three seconds."""


def clauses(text: str, first_limit: int = FIRST_LIMIT, limit: int = LIMIT) -> list[str]:
    """Pieces to say one after the other; the first is short, for an early first sound."""
    pieces: list[str] = []
    for sentence in SENTENCE_END.split(text.strip()):
        pieces.extend(_packed(sentence.strip(), limit if pieces else first_limit, limit))
    return [piece for piece in pieces if re.search(r"\w", piece)]


def _packed(sentence: str, first_limit: int, limit: int) -> list[str]:
    """Cut at clause ends, else before joining words, else between words; refill to the limit."""
    if len(sentence) <= first_limit:
        return [sentence]
    parts = [sentence]
    for boundary in (CLAUSE_END, WORD_BREAK, re.compile(r"\s+")):
        parts = [
            piece
            for part in parts
            for piece in (boundary.split(part) if len(part) > first_limit else [part])
        ]
        if max(map(len, parts)) <= limit and len(parts[0]) <= first_limit:
            break
    return _refilled(parts, first_limit, limit)


def _refilled(parts: list[str], first_limit: int, limit: int) -> list[str]:
    filled: list[str] = []
    for part in parts:
        room = first_limit if len(filled) == 1 else limit
        if filled and len(filled[-1]) + 1 + len(part) <= room:
            filled[-1] = f"{filled[-1]} {part}"
        else:
            filled.extend(part[i : i + limit] for i in range(0, len(part), limit))
    return filled
