"""What became of each job: its happenings, added up for people."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from stargate.control.explain import explain
from stargate.control.happenings import Happening, play
from stargate.live.machine import Machine
from stargate.live.order import Order
from stargate.store.jobs import JobBook, Row

JobState = Literal[
    "waiting", "starting", "running", "cancelling", "done", "failed", "cancelled", "refused"
]
OVER = ("done", "failed", "cancelled", "refused")


@dataclass(slots=True)
class Attempt:
    """One start of a job: where its members stood, and how it ended, once it has."""

    number: int
    sites: tuple[str, ...]
    start_s: float
    end_s: float | None = None
    codes: tuple[int | None, ...] = ()
    why: str = ""
    lost: bool = False


@dataclass(slots=True)
class Story:
    """A job from its submission to now."""

    id: str
    order: Order
    submitted_s: float
    state: JobState = "waiting"
    attempts: list[Attempt] = field(default_factory=list[Attempt])
    why: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in OVER

    @property
    def exit_code(self) -> int | None:
        """Of the last attempt: the first member's that is not 0, or 0; None while there is none."""
        codes = self.attempts[-1].codes if self.attempts else ()
        return next((code for code in codes if code != 0), 0) if codes else None


def stories(book: JobBook, machine: Machine) -> dict[str, Story]:
    """Every job by its id, oldest first."""
    found = {job: Story(job, Order.read(order), at_s) for job, at_s, order in book.orders()}
    for row in book.happenings():
        if row.kind == "decide":
            _started(found, row, machine)
        elif row.job:
            _NEXT.get(row.kind, _nothing)(found[row.job], row)
    return found


def watched(book: JobBook, machine: Machine, every_s: float) -> Iterator[dict[str, Story]]:
    """The stories, again and again; they are added up anew only when something has happened."""
    found, seen = stories(book, machine), 0
    while True:
        if news := book.happenings(after=seen):
            found, seen = stories(book, machine), news[-1].number
        yield found
        time.sleep(every_s)


def _started(found: dict[str, Story], row: Row, machine: Machine) -> None:
    for job, _, nodes in row.detail["starts"]:
        story = found[job]
        where = [
            machine.sites[node]
            for node, held in nodes
            for _ in range(held // row.detail["cores"][job])
        ]
        story.attempts.append(Attempt(len(story.attempts) + 1, tuple(where), row.time_s))
        story.state, story.why = "starting", ""


def _ended(story: Story, row: Row) -> None:
    if not story.attempts or not row.detail:
        return
    attempt = story.attempts[-1]
    attempt.end_s, attempt.codes = row.time_s, tuple(row.detail["codes"])
    attempt.why, attempt.lost = row.detail["why"], row.detail["lost"]
    story.why = attempt.why


def _becomes(state: JobState) -> Any:
    def change(story: Story, row: Row) -> None:
        _ended(story, row)
        story.state = state

    return change


def _began(story: Story, row: Row) -> None:
    del row
    if story.state == "starting":
        story.state = "running"


def _cancelling(story: Story, row: Row) -> None:
    del row
    story.state = "cancelling"


def _finished(story: Story, row: Row) -> None:
    _ended(story, row)
    story.state = row.detail["outcome"]


def _refused(story: Story, row: Row) -> None:
    story.state, story.why = "refused", row.detail["why"]


def _nothing(story: Story, row: Row) -> None:
    del story, row


_NEXT = {
    "began": _began,
    "cancelling": _cancelling,
    "fail": _becomes("waiting"),
    "stopped": _becomes("waiting"),
    "cancel": _becomes("cancelled"),
    "finish": _finished,
    "refused": _refused,
}


def why_waiting(book: JobBook, job: str, now_s: float) -> str:
    """What a waiting job waits for, in words; nothing if it does not wait."""
    rows = [Happening(r.time_s, r.kind, r.job, r.detail) for r in book.happenings()]
    if not any(row.job == job for row in rows):
        return "the controller has not seen it yet"
    state, _ = play(rows)
    if job not in state.lane_of or job in state.running:
        return ""
    return explain(state, job, now_s).why


def log_lines(rows: Sequence[Row]) -> str:
    """The record as an event log, which the simulator plays again: a JSON object a line."""
    return "".join(Happening(r.time_s, r.kind, r.job, r.detail).line() + "\n" for r in rows)
