"""One member of a job as a Ray actor: it holds the member's cores and its warden."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from threading import Lock

from stargate.live.executor import Run
from stargate.live.home import LiveHome
from stargate.live.order import Order

WARDEN = Path(__file__).with_name("warden.py")
THREADS = 4
"""Of an actor: one waits for the warden, the others answer a controller that comes back."""


class Runner:
    """Waits to be let go, then runs its member once."""

    def __init__(self) -> None:
        self._warden: subprocess.Popen[bytes] | None = None
        self._lock = Lock()

    def ready(self) -> bool:
        """Answers once it is there."""
        return True

    def run(self, order_file: str) -> None:
        """Run the member, or wait for it if it runs already; its exit file tells how it ended."""
        with self._lock:
            if self._warden is None:
                command = [sys.executable, "-I", str(WARDEN), order_file]
                self._warden = subprocess.Popen(command, stdin=subprocess.PIPE)
        self._warden.wait()


def write_order(home: LiveHome, run: Run, member: int, order: Order, site: str) -> Path:
    """What the warden of a member is told; what the command may hold is the owner's to read."""
    files = home.member(run, member)
    told = {
        "argv": list(order.argv),
        "cwd": order.cwd,
        "env": {**os.environ, "PATH": _path(), **order.env, **_place(home, run, member, site)},
        "grace_s": order.grace_s,
        "health": order.health,
        "log": str(files.log),
        "exit": str(files.exit),
        "stop": str(files.stop),
        "lock": str(files.lock),
    }
    files.order.touch(mode=0o600)
    files.order.write_text(json.dumps(told), encoding="utf-8")
    return files.order


def _path() -> str:
    """So that `stargate` and `python` are those that run the machine."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def _place(home: LiveHome, run: Run, member: int, site: str) -> Mapping[str, str]:
    """What a command is told of where it stands."""
    return {
        "STARGATE_JOB": run.job,
        "STARGATE_ATTEMPT": str(run.attempt),
        "STARGATE_RANK": str(member),
        "STARGATE_WORLD_SIZE": str(len(run.nodes)),
        "STARGATE_SITE": site,
        "STARGATE_CHECKPOINT": str(home.checkpoint(run.job)),
    }
