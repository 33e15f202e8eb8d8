"""Runs one member of a job, and lets nothing of it survive: `python warden.py ORDER.json`.

The worker that starts a warden holds the other end of its standard input; when that closes, the
worker is gone, and the warden kills what it runs. When a stop file appears it asks the command to
end, and kills it after the grace. It adopts whatever the command leaves behind (it is a subreaper)
and kills that too. It holds a lock from before the start until everything is gone, so that the
next attempt cannot overlap. The exit code goes to a file, which outlives all others. Linux only.

It imports the standard library alone, to start fast.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LOOK_EVERY_S = 0.1
HEALTH_EVERY_S = 5.0
HEALTH_TIMEOUT_S = 5.0
FIRST_HEALTH_S = 120.0
SICK_AFTER = 3
NOT_STARTED, SICK = 127, 75  # as shells and sysexits(3) have them
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # prctl(2)


@dataclass(slots=True)
class Health:
    """Asks a service whether it is well; it has a while to come up, then may miss a few."""

    url: str
    since_s: float
    next_s: float = 0.0
    well_once: bool = False
    n_missed: int = 0

    def sick(self, now_s: float) -> bool:
        """Whether it has stopped answering, or never began to."""
        if not self.url or now_s < self.next_s:
            return False
        self.next_s = now_s + HEALTH_EVERY_S
        well = _answers(self.url)
        self.well_once |= well
        self.n_missed = 0 if well else self.n_missed + 1
        if not self.well_once:
            return now_s > self.since_s + FIRST_HEALTH_S
        return self.n_missed >= SICK_AFTER


@dataclass(slots=True)
class Watch:
    """What can end a member from outside."""

    order: dict[str, Any]
    orphaned: bool = field(default=False)

    def wait(self) -> str:
        """After a moment: "" to go on, else why not."""
        if not self.orphaned and select.select([0], [], [], LOOK_EVERY_S)[0]:
            self.orphaned = os.read(0, 1) == b""
        if self.orphaned:
            return "orphaned"
        return "stopped" if Path(self.order["stop"]).exists() else ""


def main(file: str) -> None:
    """Wait for the attempt before to be gone, run, clean up, and write down the exit code."""
    order: dict[str, Any] = json.loads(Path(file).read_text(encoding="utf-8"))
    watch = Watch(order)
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with Path(order["lock"]).open("w") as lock:
        while not _locked(lock.fileno()):
            if watch.wait():
                return
        code, why = _run(order, watch)
        _kill_all()
        if why != "orphaned":
            _write(Path(order["exit"]), {"code": code, "why": why, "time_s": time.time()})


def _run(order: dict[str, Any], watch: Watch) -> tuple[int, str]:
    with Path(order["log"]).open("ab") as log:
        try:
            child = subprocess.Popen(
                order["argv"],
                cwd=order["cwd"],
                env=order["env"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_the_warden,
            )
        except OSError as error:
            log.write(f"cannot start: {error}\n".encode())
            return NOT_STARTED, f"cannot start: {error}"
        return _watched(child, order, watch)


def _watched(
    child: subprocess.Popen[bytes], order: dict[str, Any], watch: Watch
) -> tuple[int, str]:
    health = Health(order["health"], time.monotonic())
    while (code := child.poll()) is None:
        if why := watch.wait():
            return _end(child, order["grace_s"] if why == "stopped" else 0.0), why
        if health.sick(time.monotonic()):
            _end(child, order["grace_s"])
            return SICK, f"{health.url} no longer answers"
    return code, f"killed by signal {-code}" if code < 0 else f"exit code {code}"


def _end(child: subprocess.Popen[bytes], grace_s: float) -> int:
    """Ask the whole group to end, wait, then make it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM if grace_s > 0 else signal.SIGKILL)
    try:
        return child.wait(grace_s or None)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        return child.wait()


def _kill_all() -> None:
    """Kill what is left, whoever has adopted whom, until this process has no children."""
    while children := list(_children()):
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)


def _children() -> Iterator[int]:
    file = Path(f"/proc/self/task/{os.getpid()}/children")
    return map(int, file.read_text().split())


def _die_with_the_warden() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=HEALTH_TIMEOUT_S) as answer:
            return 200 <= answer.status < 400
    except (OSError, ValueError):
        return False


def _write(file: Path, content: dict[str, object]) -> None:
    """All of it or nothing."""
    partial = file.with_name(file.name + ".partial")
    partial.write_text(json.dumps(content), encoding="utf-8")
    partial.replace(file)


if __name__ == "__main__":
    main(sys.argv[1])
