"""Every attack that the page on threats lists is tried where the page says."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/explanation/voice-threats.md"
TRIED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_every_attack_names_a_test_that_is_there() -> None:
    named = TRIED.findall(PAGE.read_text("utf-8"))
    assert len(named) >= 15
    gone = [f"{file}::{name}" for file, name in named if f"def {name}(" not in text(file)]
    assert gone == []


def text(file: str) -> str:
    return (ROOT / file).read_text("utf-8")
