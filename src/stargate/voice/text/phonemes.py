"""Text to the phonemes that Kokoro was trained on, by way of the program espeak-ng.

espeak-ng (GPL) runs as a program of its own, never linked. It drops punctuation, which carries
rhythm, so the text is cut at punctuation and put together again around the phonemes.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import lru_cache

from stargate.voice.refusals import MissingError
from stargate.voice.text.normalise import normalise

PUNCTUATION = re.compile(r"([;:,.!?—…\"()“”]+)")
TIMEOUT_S = 20
LONGEST = 508  # phonemes the network takes at once, without the two that frame them

# espeak-ng writes sounds with several letters that Kokoro's training text writes with one.
# A tie (^) keeps `a^ɪ` (eye) apart from `aɪ` in two syllables.
COMMON = (
    ("ʔˌn\u0329", "tᵊn"),
    ("ʔn\u0329", "tᵊn"),
    ("a^ɪ", "I"),
    ("a^ʊ", "W"),
    ("d^ʒ", "ʤ"),
    ("e^ɪ", "A"),
    ("t^ʃ", "ʧ"),
    ("ɔ^ɪ", "Y"),
    ("ə^l", "ᵊl"),
    ("ɚ", "əɹ"),
    ("r", "ɹ"),
    ("ɐ", "ə"),
)
AMERICAN = (("o^ʊ", "O"), ("ɜːɹ", "ɜɹ"), ("ɜː", "ɜɹ"), ("ɪə", "iə"), ("ː", ""))
BRITISH = (("e^ə", "ɛː"), ("iə", "ɪə"), ("ə^ʊ", "Q"))
LANGUAGES: Mapping[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "en-US": ("en-us", COMMON + AMERICAN),
    "en-GB": ("en-gb", COMMON + BRITISH),
    "es": ("es", ()),
    "fr": ("fr-fr", ()),
    "hi": ("hi", ()),
    "it": ("it", ()),
    "pt-BR": ("pt-br", ()),
}


def phonemes(text: str, language: str = "en-US") -> str:
    """The phonemes of a text with its punctuation, in the given language."""
    voice, replacements = LANGUAGES[language]
    said = normalise(text) if language.startswith("en") else text
    pieces = PUNCTUATION.split(said)
    sounds = [piece if i % 2 else _sounds(piece.strip(), voice) for i, piece in enumerate(pieces)]
    result = "".join(_spaced(sounds))
    for written, symbol in replacements:
        result = result.replace(written, symbol)
    return result.replace("^", "").strip()


def tokens(text: str, vocabulary: Mapping[str, int], language: str = "en-US") -> list[int]:
    """The network's input: phonemes as numbers, framed by zeros; unknown symbols are dropped."""
    known = [vocabulary[symbol] for symbol in phonemes(text, language) if symbol in vocabulary]
    return [0, *known[:LONGEST], 0]


def _spaced(sounds: list[str]) -> list[str]:
    """A blank before words that follow punctuation."""
    return [f" {sound}" if i % 2 == 0 and i and sound else sound for i, sound in enumerate(sounds)]


@lru_cache(maxsize=4096)
def _sounds(words: str, voice: str) -> str:
    if not words:
        return ""
    program = shutil.which("espeak-ng")
    if program is None:
        raise MissingError("the program espeak-ng is not installed (Debian: apt install espeak-ng)")
    done = subprocess.run(
        [program, "-q", "--ipa", "--tie=^", "-v", voice, "--", words],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=True,
    )
    return " ".join(done.stdout.split())
