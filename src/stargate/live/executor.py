"""What a controller needs done, and what it hears back; Ray does it, or a fake in tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from stargate.live.order import Order


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt at a job: `nodes` holds the node of each member."""

    job: str
    attempt: int
    nodes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Began:
    """Every member is there, and all were let go."""

    run: Run


@dataclass(frozen=True, slots=True)
class Ended:
    """No member runs any more. A code is None where a member was lost with what it ran on."""

    run: Run
    codes: tuple[int | None, ...]
    why: str = ""

    @property
    def lost(self) -> bool:
        """Whether it was cut short, rather than ending by itself."""
        return None in self.codes


@dataclass(frozen=True, slots=True)
class NodeDown:
    """A node no longer answers."""

    node: int


@dataclass(frozen=True, slots=True)
class NodeUp:
    """A node answers again."""

    node: int


Report = Began | Ended | NodeDown | NodeUp


class Executor(Protocol):
    """Starts and stops attempts, and tells what becomes of them. None of these waits long."""

    def start(self, run: Run, order: Order) -> None:
        """Bring all members up, or none; `Ended` with None for codes if that fails."""
        ...

    def adopt(self, run: Run, order: Order) -> None:
        """Take up an attempt that an earlier controller started, or `Ended` if it is gone."""
        ...

    def stop(self, run: Run) -> None:
        """Ask all members to end, by force after a while; `Ended` when they have."""
        ...

    def reports(self, timeout_s: float) -> Sequence[Report]:
        """What has happened since; waits that long for the first of it."""
        ...
