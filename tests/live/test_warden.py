"""The warden of a job's member, without Ray: what ends, what is left, what is written down."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from stargate.live import warden
from stargate.live.warden import SICK_AFTER, Health

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prctl is Linux's")
WITHIN_S = 30.0


def until(done: Callable[[], bool]) -> None:
    """Wait for something to become so; fails if it does not."""
    deadline_s = time.monotonic() + WITHIN_S
    while not done():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


@dataclass
class Member:
    """A member under a warden."""

    directory: Path
    process: subprocess.Popen[bytes]
    number: int = 1

    @property
    def exit(self) -> dict[str, Any]:
        self.process.wait(WITHIN_S)
        return json.loads((self.directory / f"{self.number}.exit").read_text())

    @property
    def log(self) -> str:
        file = self.directory / f"{self.number}.log"
        return file.read_text() if file.exists() else ""

    def said(self, word: str) -> str:
        """The log, once the word is in it."""
        until(lambda: word in self.log)
        return self.log

    def stop(self) -> None:
        (self.directory / f"{self.number}.stop").touch()

    def orphan(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Any]:
    started: list[Member] = []

    def start(script: str, grace_s: float = 5.0, argv: list[str] | None = None) -> Member:
        number = len(started) + 1
        order = {
            "argv": argv or ["bash", "-c", script],
            "cwd": str(tmp_path),
            "env": {"PATH": "/usr/bin:/bin"},
            "grace_s": grace_s,
            "health": "",
            "lock": str(tmp_path / "lock"),
            **{name: str(tmp_path / f"{number}.{name}") for name in ("log", "exit", "stop")},
        }
        file = tmp_path / f"{number}.json"
        file.write_text(json.dumps(order))
        command = [sys.executable, "-I", warden.__file__, str(file)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE)
        started.append(Member(tmp_path, process, number))
        return started[-1]

    yield start
    for member in started:
        member.orphan()
        member.process.wait(WITHIN_S)


def alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for yet does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return status != "Z"


def end(pid: int) -> None:
    """Fails unless the process ends."""
    until(lambda: not alive(pid))


def test_the_exit_code_and_both_streams_are_kept(run: Any) -> None:
    member = run("echo out; echo err >&2; exit 7")
    assert member.exit["code"] == 7
    assert member.log == "out\nerr\n"


def test_a_command_that_cannot_start_says_so(run: Any) -> None:
    member = run("", argv=["/no/such/command"])
    assert member.exit["code"] == warden.NOT_STARTED
    assert "cannot start" in member.log


def test_a_command_that_is_killed_is_told_apart(run: Any) -> None:
    member = run("kill -9 $$")
    assert (member.exit["code"], member.exit["why"]) == (-9, "killed by signal 9")


def test_stopping_lets_a_command_save_its_work(run: Any) -> None:
    member = run("trap 'echo saved; exit 0' TERM; echo ready; while :; do sleep 0.1; done")
    member.said("ready")
    member.stop()
    assert (member.exit["code"], member.exit["why"]) == (0, "stopped")
    assert "saved" in member.log


def test_who_does_not_end_within_the_grace_is_killed(run: Any) -> None:
    member = run("trap '' TERM; echo ready; while :; do sleep 0.1; done", grace_s=0.3)
    member.said("ready")
    member.stop()
    assert member.exit["code"] == -9


def test_nothing_that_a_command_starts_outlives_it(run: Any) -> None:
    member = run("setsid sleep 1000 & echo pid $!; sleep 0.2; exit 0")
    assert member.exit["code"] == 0
    end(int(member.log.split()[1]))


def test_stopping_reaches_processes_that_left_the_group(run: Any) -> None:
    member = run("setsid sleep 1000 & echo pid $! ready; sleep 1000")
    pid = int(member.said("ready").split()[1])
    member.stop()
    assert member.exit["why"] == "stopped"
    end(pid)


def test_when_the_worker_is_gone_everything_is_killed_and_no_exit_code_made_up(run: Any) -> None:
    member = run("sleep 1000 & echo pid $! ready; wait")
    pid = int(member.said("ready").split()[1])
    member.orphan()
    member.process.wait(WITHIN_S)
    end(pid)
    assert not (member.directory / "1.exit").exists()


def test_when_the_warden_is_killed_so_is_the_command(run: Any) -> None:
    member = run("echo pid $$ ready; sleep 1000")
    pid = int(member.said("ready").split()[1])
    member.process.kill()
    end(pid)


def opens(member: Member, file: Path) -> bool:
    """Whether a warden has come so far that it holds a file open."""
    held = Path(f"/proc/{member.process.pid}/fd")
    return any(os.path.realpath(link) == str(file) for link in held.iterdir())


def test_two_attempts_never_run_at_once(run: Any, tmp_path: Path) -> None:
    first = run("trap '' TERM; echo pid $$ ready; while :; do sleep 0.1; done", grace_s=0.5)
    pid = int(first.said("ready").split()[1])
    second = run(f"kill -0 {pid} && echo both || echo alone")
    until(lambda: opens(second, tmp_path / "lock"))
    first.stop()
    assert second.exit["code"] == 0
    assert first.exit["code"] == -9
    assert second.log.endswith("alone\n")


class _Answer(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(type(self).status)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_service_is_sick_when_it_has_missed_a_few_and_not_before(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    health, now_s = Health(url, since_s=0.0), 0.0
    assert not health.sick(now_s)
    monkeypatch.setattr(_Answer, "status", 500)
    found = [health.sick(warden.HEALTH_EVERY_S * (n + 1)) for n in range(SICK_AFTER)]
    assert found == [False] * (SICK_AFTER - 1) + [True]


def test_a_service_may_take_a_while_to_come_up_but_not_for_ever(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Answer, "status", 503)
    health = Health(url, since_s=0.0)
    assert not health.sick(warden.FIRST_HEALTH_S - 1)
    assert health.sick(warden.FIRST_HEALTH_S + warden.HEALTH_EVERY_S)
