"""A plan on a terminal, and in a pipe."""

from __future__ import annotations

import io
import math
from dataclasses import replace

import pytest
from rich.console import Console

from stargate.view.answer import verdict
from stargate.view.terminal import console, print_plan


def printed(plan, out: io.StringIO, made: Console) -> str:
    print_plan(plan, made)
    return out.getvalue().replace("\u00a0", " ")


def test_a_pipe_gets_every_column_and_no_colour(plan, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    out = io.StringIO()
    text = printed(plan, out, console(out))
    assert "\x1b" not in text
    for said in ("Phase four (assumed)", "Feb 2030", "0.4 %", "131.4", "3,850", "1.83 million"):
        assert said in text
    assert "…" not in text


def test_the_verdict_stands_before_any_table(plan):
    out = io.StringIO()
    head = printed(plan, out, Console(file=out, width=110, highlight=False)).partition("P10")[0]
    for said in (
        "Phase five on line: February 2030 (P50)",
        "target 31 December 2028 kept in 0.4 %",
        "Capital of the programme: $",
        "opens: 42 % at the first attempt, 71 % at some attempt",
    ):
        assert said in head
    assert "─" not in head


def test_a_median_beyond_the_horizon_is_no_date(plan):
    five = plan.phases[-1]
    late = replace(five, online=replace(five.online, p50=math.inf, p80=math.inf))
    words = verdict(replace(plan, phases=(plan.phases[0], late)))[0].replace("\u00a0", " ")
    assert "on line: not by" in words
    assert "never" not in words


def test_gates_and_drivers_are_shown_with_their_numbers(plan):
    out = io.StringIO()
    text = printed(plan, out, console(out))
    assert "eci ≥ 145" in text
    assert "71 %" in text
    assert "+9.0 months" in text


def test_no_color_is_honoured_on_a_terminal(plan, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    out = io.StringIO()
    made = Console(file=out, force_terminal=True, width=140, highlight=False)
    assert not any(f"\x1b[{code}m" in printed(plan, out, made) for code in range(30, 38))


@pytest.mark.parametrize("width", [60, 80, 140])
def test_lines_keep_to_the_width(plan, width):
    out = io.StringIO()
    made = Console(file=out, width=width, highlight=False)
    assert max(len(line) for line in printed(plan, out, made).splitlines()) <= width
