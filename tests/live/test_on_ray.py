"""The live machine as a user has it: commands, real Ray processes on this host, real faults."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stargate.live.cluster import Cluster
from stargate.live.history import Story, stories
from stargate.live.home import LiveHome
from stargate.live.machine import Machine
from stargate.live.upkeep import controller_pid, nodes_down
from stargate.store.jobs import JobBook

pytest.importorskip("ray", reason="ray is not installed")
WITHIN_S = 120.0
COUNTS = """
n=$(cat $STARGATE_CHECKPOINT/n 2>/dev/null || echo 0)
echo from $n warden $PPID
while [ $n -lt 20 ]; do n=$((n+1)); echo $n > $STARGATE_CHECKPOINT/n; sleep 0.2; done
"""
"""Counts to 20 in 4 s, saving as it goes; what it says first is where it began."""


@dataclass
class Machinery:
    """A machine that is up, by its command line and its book."""

    home: LiveHome
    book: JobBook
    machine: Machine = field(init=False)

    def stargate(self, *words: str, code: int = 0) -> str:
        run = "from stargate.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", run, words[0], "--home", str(self.home.directory), *words[1:]],
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
        assert done.returncode == code, done.stderr + done.stdout
        return done.stdout

    def up(self, *words: str) -> None:
        self.stargate("up", *words)
        self.machine = Machine.read(self.home.machine)

    def submit(self, *words: str) -> str:
        return self.stargate("submit", *words).strip()

    def story(self, job: str) -> Story:
        return stories(self.book, self.machine)[job]

    def until(self, job: str, *states: str) -> Story:
        self.wait(lambda: self.story(job).state in states, f"{job} to be {states}")
        return self.story(job)

    def counted(self, job: str) -> int:
        file = self.home.checkpoint(job) / "n"
        text = file.read_text() if file.exists() else ""
        return int(text or 0)

    def wait(self, done: Callable[[], bool], what: str) -> None:
        deadline_s = time.monotonic() + WITHIN_S
        while not done():
            assert time.monotonic() < deadline_s, f"waited for {what}"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machinery]:
    home = LiveHome(tmp_path_factory.mktemp("live"))
    made = Machinery(home, JobBook(home.book))
    try:
        made.up("--sites", "abilene,atlanta")
        yield made
    finally:
        made.stargate("down")
        made.book.close()


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def group(leader: int) -> list[int]:
    """The processes of a keeper: Ray's, of one node."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == leader:
                found.append(int(entry.name))
    return found


def listening(pids: list[int]) -> set[str]:
    """The addresses that processes listen on, as in /proc/net/tcp."""
    inodes = set()
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            try:
                target = str(link.readlink())
            except OSError:
                continue
            if target.startswith("socket:"):
                inodes.add(target[8:-1])
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    ]
    return {row[1].partition(":")[0] for row in rows if row[3] == "0A" and row[9] in inodes}


def test_a_job_runs_and_its_output_is_kept(machine: Machinery) -> None:
    out = machine.stargate(
        "submit", "--name", "hello", "--wait", "--", "sh", "-c", "echo $STARGATE_SITE"
    )
    assert out.endswith("done\n")
    job = out.split()[0]
    assert machine.stargate("logs", job).strip() in ("abilene", "atlanta")
    (told,) = json.loads(machine.stargate("jobs", job, "--json"))["jobs"]
    assert (told["state"], told["exit_code"], len(told["attempts"])) == ("done", 0, 1)


def test_a_job_that_fails_is_told_with_its_exit_code(machine: Machinery) -> None:
    machine.stargate(
        "submit", "--name", "bad", "--retries", "1", "--wait", "--", "sh", "-c", "exit 3", code=3
    )
    told = machine.stargate("jobs", "bad")
    assert told.count(": exit 3 (exit code 3)") == 2


def test_a_machine_that_is_up_keeps_its_shape(machine: Machinery) -> None:
    machine.stargate("up", "--sites", "abilene,atlanta")
    machine.stargate("up", "--sites", "abilene", code=2)


def test_what_can_never_run_is_refused_at_once(machine: Machinery) -> None:
    machine.stargate("submit", "--site", "nowhere", "--", "true", code=1)
    machine.stargate("submit", "--cores", "2", "--", "true", code=1)


def test_cancelling_ends_every_process_of_a_job(machine: Machinery) -> None:
    job = machine.submit(
        "--name", "endless", "--", "sh", "-c", "setsid sleep 1000 & echo $!; sleep 1000"
    )
    machine.until(job, "running")
    machine.wait(lambda: machine.stargate("logs", job) != "", "the first line")
    left_behind = int(machine.stargate("logs", job))
    machine.stargate("cancel", job)
    assert machine.until(job, "cancelled").exit_code == -signal.SIGTERM
    assert not Path(f"/proc/{left_behind}").exists()


def test_when_a_worker_is_killed_the_job_goes_on_from_its_checkpoint(machine: Machinery) -> None:
    job = machine.submit("--name", "worker", "--", "sh", "-c", COUNTS)
    machine.wait(lambda: machine.counted(job) >= 5, "some work")
    warden = int(machine.stargate("logs", job).split()[3])
    os.kill(parent(warden), signal.SIGKILL)
    told = machine.until(job, "done")
    assert [attempt.lost for attempt in told.attempts] == [True, False]
    assert int(machine.stargate("logs", job).split()[1]) >= 5


def test_when_a_node_is_killed_the_job_goes_on_at_another_site(machine: Machinery) -> None:
    job = machine.submit("--name", "moving", "--", "sh", "-c", COUNTS)
    machine.wait(lambda: machine.counted(job) >= 5, "some work")
    (site,) = machine.story(job).attempts[0].sites
    cluster = Cluster.read(machine.home.cluster)
    assert cluster is not None
    for pid in group(cluster.keepers[f"{site}.0"]):
        os.kill(pid, signal.SIGKILL)
    told = machine.until(job, "done")
    assert told.attempts[0].lost
    assert told.attempts[-1].sites != (site,)
    assert int(machine.stargate("logs", job).split()[1]) >= 5
    machine.up()
    assert nodes_down(machine.book) == set()


def test_a_frozen_node_is_given_up_and_its_job_never_runs_twice(machine: Machinery) -> None:
    job = machine.submit("--name", "frozen", "--", "sh", "-c", COUNTS)
    machine.wait(lambda: machine.counted(job) >= 2, "some work")
    (site,) = machine.story(job).attempts[0].sites
    first = int(machine.stargate("logs", job).split()[3])
    cluster = Cluster.read(machine.home.cluster)
    assert cluster is not None
    frozen = group(cluster.keepers[f"{site}.0"])
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    told = machine.until(job, "done")
    if len(told.attempts) > 1:  # it may have been done before the silence was noticed
        assert not Path(f"/proc/{first}").exists()
        assert told.attempts[-1].sites != (site,)
    machine.wait(lambda: bool(nodes_down(machine.book)), "the node to be given up")
    for pid in frozen:
        os.kill(pid, signal.SIGKILL)
    machine.up()
    assert nodes_down(machine.book) == set()


def test_while_the_controller_is_dead_jobs_go_on_and_nothing_is_lost(machine: Machinery) -> None:
    running = machine.submit("--name", "lasting", "--", "sh", "-c", COUNTS)
    machine.until(running, "running")
    pid = controller_pid(machine.home)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    machine.wait(lambda: controller_pid(machine.home) is None, "its lock to be free")
    waiting = machine.submit("--name", "late", "--", "true")
    machine.wait(lambda: machine.counted(running) == 20, "the job to end without a controller")
    assert machine.story(running).state == "running"
    machine.up()
    assert len(machine.until(running, "done").attempts) == 1
    machine.until(waiting, "done")


def test_a_gang_across_sites_starts_whole_or_not_at_all(machine: Machinery) -> None:
    blocks = machine.submit("--name", "block", "--site", "atlanta", "--", "sleep", "1000")
    machine.until(blocks, "running")
    say = "echo $STARGATE_RANK of $STARGATE_WORLD_SIZE at $STARGATE_SITE"
    gang = machine.submit("--name", "gang", "--members", "2", "--", "sh", "-c", say)
    other = machine.submit(
        "--name", "small", "--site", "abilene", "--expected", "1 s", "--", "true"
    )
    machine.until(other, "done")
    assert machine.story(gang).attempts == []
    machine.stargate("cancel", blocks)
    told = machine.until(gang, "done")
    assert set(told.attempts[0].sites) == {"abilene", "atlanta"}
    said = {machine.stargate("logs", gang, "--member", str(n)).strip() for n in range(2)}
    assert {line.partition(" at ")[0] for line in said} == {"0 of 2", "1 of 2"}
    assert {line.partition(" at ")[2] for line in said} == {"abilene", "atlanta"}


def test_when_one_of_a_gang_fails_the_others_end(machine: Machinery) -> None:
    script = "if [ $STARGATE_RANK = 0 ]; then exit 5; else sleep 1000; fi"
    job = machine.submit("--name", "pair", "--members", "2", "--", "sh", "-c", script)
    told = machine.until(job, "failed")
    assert told.attempts[0].codes == (5, -signal.SIGTERM)
    assert told.why == "member 0: exit code 5"


def test_ray_answers_on_this_host_alone(machine: Machinery) -> None:
    cluster = Cluster.read(machine.home.cluster)
    assert cluster is not None
    found = listening([pid for keeper in cluster.keepers.values() for pid in group(keeper)])
    assert found
    assert found <= {"0100007F", "0000000000000000FFFF00000100007F"}


def test_the_record_plays_again_in_the_simulator_with_every_decision_the_same(
    machine: Machinery, tmp_path: Path
) -> None:
    machine.stargate("submit", "--name", "told", "--wait", "--", "true")
    log = tmp_path / "events.jsonl"
    machine.stargate("jobs", "--log", str(log))
    said = "from stargate.cli import main; main()"
    words = [sys.executable, "-c", said, "simulate", "--replay", str(log), "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    assert json.loads(done.stdout)["n_decisions"] >= 1
