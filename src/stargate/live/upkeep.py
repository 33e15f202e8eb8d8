"""Bring a machine up, as far as it is not, and take it down; its jobs stay in the book."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from stargate.errors import StargateError
from stargate.live import cluster
from stargate.live.home import LiveHome
from stargate.live.machine import Machine
from stargate.store.jobs import JobBook

START_WITHIN_S = 120.0
LEAVE_WITHIN_S = 120.0


def up(home: LiveHome, machine: Machine, log: Callable[[str], None]) -> None:
    """Start Ray's nodes and the controller, those of them that do not run."""
    if importlib.util.find_spec("ray") is None:
        raise StargateError("this needs Ray; install it with `pip install 'stargate-twin[live]'`")
    home.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    machine = _kept(home, machine)
    book = JobBook(home.book)
    try:
        before = len(book.happenings())  # rows are numbered from 1 and never removed
        cluster.bring_up(home, machine, log)
        if controller_pid(home) is None:
            log("starting the controller")
            process = _start_controller(home)
            _await(lambda: _awake(book, before), process, home)
        _await(lambda: _whole(home, machine, book, log), None, home)
    finally:
        book.close()


def down(home: LiveHome, log: Callable[[str], None]) -> None:
    """Ask the jobs to stop and keep them for the next time; then end everything."""
    pid = controller_pid(home)
    if pid is not None:
        log("asking the jobs to stop")
        book = JobBook(home.book)
        book.ask("down", "", time.time())
        book.close()
        deadline_s = time.monotonic() + LEAVE_WITHIN_S
        while controller_pid(home) is not None and time.monotonic() < deadline_s:
            time.sleep(0.1)
        if controller_pid(home) == pid:
            os.kill(pid, signal.SIGKILL)
    log("stopping the nodes")
    cluster.take_down(home)


def controller_pid(home: LiveHome) -> int | None:
    """The process that holds the controller's lock, if one does."""
    if not home.controller_lock.exists():
        return None
    with home.controller_lock.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(lock.read().strip() or 0)
    return None


def nodes_down(book: JobBook) -> set[int]:
    """The nodes that the controller last saw dead."""
    missing: set[int] = set()
    for row in book.happenings():
        if row.kind == "node_down":
            missing.add(row.detail["node"])
        elif row.kind == "node_up":
            missing.discard(row.detail["node"])
    return missing


def _awake(book: JobBook, before: int) -> bool:
    """Whether a controller has come since, who has looked which nodes answer."""
    return any(row.kind == "wake" for row in book.happenings(after=before))


def _whole(home: LiveHome, machine: Machine, book: JobBook, log: Callable[[str], None]) -> bool:
    """Whether every node answers; one that died while starting is started again.

    Ray gives a node half a minute to come up, which a busy host may not keep.
    """
    cluster.bring_up(home, machine, log)
    return not nodes_down(book)


def _kept(home: LiveHome, machine: Machine) -> Machine:
    """A machine keeps its shape as long as its record lasts, which speaks of nodes by number."""
    if not home.machine.exists():
        machine.write(home.machine)
        return machine
    kept = Machine.read(home.machine)
    if replace(machine, memory_bytes=kept.memory_bytes) != kept:
        raise StargateError(
            f"{home.directory} keeps the jobs of another machine; "
            "leave its sites, cores and policy as they are, or choose another --home"
        )
    return kept


def _start_controller(home: LiveHome) -> subprocess.Popen[bytes]:
    with home.controller_log.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "stargate.live", str(home.directory)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": _python_path()},
        )


def _python_path() -> str:
    """So that what is started finds this very package."""
    ours = str(Path(__file__).parents[2])
    return os.pathsep.join(filter(None, [ours, os.environ.get("PYTHONPATH", "")]))


def _await(
    done: Callable[[], bool], process: subprocess.Popen[bytes] | None, home: LiveHome
) -> None:
    deadline_s = time.monotonic() + START_WITHIN_S
    while not done():
        if time.monotonic() > deadline_s or (process is not None and process.poll() is not None):
            raise StargateError(f"the machine does not come up; {home.controller_log} says why")
        time.sleep(0.1)
