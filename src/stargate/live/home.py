"""Where a machine keeps everything: its book, its logs, what its jobs leave behind."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from stargate.live.executor import Run


@dataclass(frozen=True, slots=True)
class LiveHome:
    """The files of one machine."""

    directory: Path

    @property
    def book(self) -> Path:
        """The jobs."""
        return self.directory / "jobs.db"

    @property
    def machine(self) -> Path:
        """The sites."""
        return self.directory / "machine.json"

    @property
    def cluster(self) -> Path:
        """Which processes make up the cluster, and where it answers."""
        return self.directory / "cluster.json"

    @property
    def token(self) -> Path:
        """The secret without which the cluster answers nobody."""
        return self.directory / "token"

    @property
    def controller_lock(self) -> Path:
        """Held by the controller as long as it lives; there is never a second."""
        return self.directory / "controller.lock"

    @property
    def controller_log(self) -> Path:
        """What the controller has to say."""
        return self.directory / "controller.log"

    def job(self, job: str) -> Path:
        """A job's own directory; it stays from attempt to attempt."""
        return self.directory / "jobs" / job

    def checkpoint(self, job: str) -> Path:
        """Where a job saves what it wants to find again."""
        return self.job(job) / "checkpoint"

    def member(self, run: Run, member: int) -> MemberFiles:
        """The files of one member in one attempt."""
        return MemberFiles(self.job(run.job), run.attempt, member)


@dataclass(frozen=True, slots=True)
class MemberFiles:
    """The files of one member of a job in one attempt."""

    directory: Path
    attempt: int
    member: int

    def _file(self, suffix: str) -> Path:
        return self.directory / f"attempt-{self.attempt}.member-{self.member}.{suffix}"

    @property
    def log(self) -> Path:
        """What it prints, both streams."""
        return self._file("log")

    @property
    def order(self) -> Path:
        """What its warden is told."""
        return self._file("json")

    @property
    def exit(self) -> Path:
        """Its exit code, once it has ended."""
        return self._file("exit")

    @property
    def stop(self) -> Path:
        """There when it shall stop."""
        return self._file("stop")

    @property
    def lock(self) -> Path:
        """Held while it runs, whatever the attempt: no two attempts run at once."""
        return self.directory / f"member-{self.member}.lock"


def home_directory() -> Path:
    """Where the machine is kept unless told: $STARGATE_LIVE_HOME, or below the user's data."""
    named = os.environ.get("STARGATE_LIVE_HOME")
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(named) if named else Path(data) / "stargate" / "live"
