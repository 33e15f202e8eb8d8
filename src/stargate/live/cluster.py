"""Ray's processes: a head that runs no jobs, and a node for each node of the machine.

Each is kept by a process of its own (`ray start --block`), which ends it when it is told to.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from stargate.errors import StargateError
from stargate.live.home import LiveHome
from stargate.live.loopback import HOST, environment, make_token
from stargate.live.machine import Machine

NODE = "stargate/node"
SITE = "stargate/site"
OBJECT_STORE_BYTES = 80 * 2**20  # Ray's least; jobs are commands and share no objects
START_WITHIN_S = 120.0
END_WITHIN_S = 5.0


@dataclass(slots=True)
class Cluster:
    """Where it answers, Ray's own directory, and the keepers of its nodes by name."""

    address: str
    directory: str
    keepers: dict[str, int] = field(default_factory=dict[str, int])

    def write(self, file: Path) -> None:
        """Keep it."""
        file.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> Cluster | None:
        """What was kept, if anything."""
        return cls(**json.loads(file.read_text(encoding="utf-8"))) if file.exists() else None


def bring_up(home: LiveHome, machine: Machine, log: Callable[[str], None]) -> Cluster:
    """Start what does not run; a head that is gone takes all nodes with it."""
    cluster = Cluster.read(home.cluster)
    if cluster is None or not _alive(cluster.keepers.get("head", 0)):
        if cluster is not None:
            take_down(home)
        cluster = _new_head(home, log)
    for node in range(len(machine.sites)):
        name = machine.node_name(node)
        if not _alive(cluster.keepers.get(name, 0)):
            log(f"starting node {name}")
            _clear(cluster.keepers.pop(name, None))
            cluster.keepers[name] = _start_node(home, cluster, machine, node)
            cluster.write(home.cluster)
    return cluster


def take_down(home: LiveHome) -> None:
    """End every node and the head."""
    cluster = Cluster.read(home.cluster)
    if cluster is None:
        return
    pids = [pid for pid in reversed(cluster.keepers.values()) if _alive(pid)]
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    _wait(lambda: not any(map(_alive, pids)), END_WITHIN_S)
    for pid in pids:
        _clear(pid)
    shutil.rmtree(cluster.directory, ignore_errors=True)
    home.cluster.unlink()


def _clear(keeper: int | None) -> None:
    """Each keeper leads a group, which may be left with what it started.

    A number that has been given to somebody else's process since is left alone.
    """
    if keeper is not None and not _foreign(keeper):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(keeper, signal.SIGKILL)


def _new_head(home: LiveHome, log: Callable[[str], None]) -> Cluster:
    log("starting the head")
    make_token(home.token)
    port = _free_port()
    # Ray's sockets are there, whose paths may have 107 characters at the most.
    cluster = Cluster(f"{HOST}:{port}", tempfile.mkdtemp(prefix="stargate-", dir="/tmp"))
    arguments = [
        *("--head", "--port", str(port), "--num-cpus", "0"),
        *("--include-dashboard", "false", "--temp-dir", cluster.directory),
    ]
    cluster.keepers["head"] = _keep(home, "head", arguments)
    cluster.write(home.cluster)
    _head_answers(home, cluster, port)
    return cluster


def _start_node(home: LiveHome, cluster: Cluster, machine: Machine, node: int) -> int:
    name, site = machine.node_name(node), machine.sites[node]
    labels = f"{NODE}={name},{SITE}={site}"
    arguments = [
        *("--address", cluster.address, "--num-cpus", str(machine.cores)),
        *("--memory", str(machine.memory_bytes), "--labels", labels),
    ]
    return _keep(home, name, arguments)


def _keep(home: LiveHome, name: str, arguments: list[str]) -> int:
    """Start the keeper of a node; it has a session of its own, which no terminal interrupts."""
    command = [
        *(sys.executable, "-m", "stargate.live.node", "start", "--block"),
        *("--node-ip-address", HOST, "--disable-usage-stats"),
        *("--object-store-memory", str(OBJECT_STORE_BYTES), "--include-log-monitor", "false"),
        *("--dashboard-agent-listen-port", "0", *arguments),
    ]
    logs = home.directory / "ray"
    logs.mkdir(exist_ok=True)
    with (logs / f"{name}.log").open("ab") as log:
        keeper = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **environment(home.token)},
        )
    return keeper.pid


def _head_answers(home: LiveHome, cluster: Cluster, port: int) -> None:
    pid = cluster.keepers["head"]
    if not _wait(lambda: _listens(port) or not _alive(pid), START_WITHIN_S) or not _alive(pid):
        log = home.directory / "ray" / "head.log"
        raise StargateError(f"Ray does not come up; {log} says why")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind((HOST, 0))
        return int(free.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0


def _alive(pid: int) -> bool:
    """Whether a process runs and is one of ours: numbers are given out again.

    For a moment after its start a process has no command line; one that has ended has none either.
    """
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z" and (not words or b"stargate.live.node" in words)


def _foreign(pid: int) -> bool:
    """Whether a process runs that is none of ours."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return bool(words) and b"stargate.live.node" not in words


def _wait(done: Callable[[], bool], within_s: float) -> bool:
    deadline_s = time.monotonic() + within_s
    while not done():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.1)
    return True
