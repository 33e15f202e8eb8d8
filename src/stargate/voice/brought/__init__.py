"""Engines of other makers, run with weights that the user brings. See `stargate.voice.weights`.

Each module adapts one of them to `Speaks`; `BroughtEngine` is what the gate sees of any. They
were written against the sources of the versions that `weights` names, and are tested with
stand-ins that take calls exactly as those do. No real weights were exercised.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stargate.voice.brought.chatterbox import Chatterbox
from stargate.voice.brought.engine import BroughtEngine, Speaks
from stargate.voice.brought.f5 import F5Tts
from stargate.voice.brought.pocket import PocketTts
from stargate.voice.brought.server import Server
from stargate.voice.brought.xtts import XttsV2
from stargate.voice.engine import Sample
from stargate.voice.permit import Redeem


def brought_engines(redeem: Redeem, hear: Callable[[Sample], str]) -> Mapping[str, BroughtEngine]:
    """All of them by name; one that lacks something names it when it is first used."""
    adapted: tuple[Speaks, ...] = (PocketTts(), XttsV2(), Chatterbox(), F5Tts(hear), Server())
    return {a.capabilities.engine: BroughtEngine(a, redeem) for a in adapted}
