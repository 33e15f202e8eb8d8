"""The commands of the live machine without one: what they refuse, and what they keep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from stargate.cli import main
from stargate.control import happenings as control
from stargate.control.happenings import Happening
from stargate.live.home import LiveHome
from stargate.live.machine import Machine, of_text
from stargate.live.order import Order
from stargate.store.jobs import JobBook

VOICES = (
    "stargate: 1\nworkloads:\n  voices: {kind: voice, enrolments: 200/day, spoken_per_day: 40 h}\n"
)


@pytest.fixture
def home(tmp_path: Path) -> LiveHome:
    """A machine of two sites that is not up."""
    made = LiveHome(tmp_path)
    of_text("abilene:2,atlanta", 2, "easy").write(made.machine)
    return made


@pytest.fixture
def run(home: LiveHome):
    def go(name: str, *arguments: str) -> Result:
        return CliRunner().invoke(main, [name, "--home", str(home.directory), *arguments])

    return go


def ordered(home: LiveHome) -> list[Order]:
    book = JobBook(home.book)
    found = [Order.read(content) for _, _, content in book.orders()]
    book.close()
    return found


def test_what_is_asked_for_is_what_is_kept(run: Any, home: LiveHome, tmp_path: Path) -> None:
    words = [
        *("--name", "train", "--members", "2", "--cores", "2", "--memory", "1 GiB"),
        *("--site", "atlanta", "--site", "abilene", "--retries", "3", "--expected", "2 h"),
        *("--checkpoint-every", "10 min", "--env", "A=b=c", "--cwd", str(tmp_path)),
    ]
    assert run("submit", *words, "--", "python", "train.py", "--json").stdout == "train-1\n"
    assert ordered(home) == [
        Order(
            name="train",
            argv=("python", "train.py", "--json"),
            cwd=str(tmp_path),
            env={"A": "b=c"},
            members=2,
            cores=2,
            memory_bytes=2**30,
            sites=("atlanta", "abilene"),
            retries=3,
            expected_s=7200.0,
            checkpoint_every_s=600.0,
        )
    ]


def test_replicas_are_jobs_with_a_port_each(run: Any, home: LiveHome) -> None:
    words = [
        "--service",
        "--replicas",
        "2",
        "--port",
        "9000",
        "--health",
        "http://127.0.0.1:{port}/",
    ]
    run("submit", *words, "--", "serve", "{replica}", "{port}")
    found = ordered(home)
    assert [order.argv for order in found] == [("serve", "0", "9000"), ("serve", "1", "9001")]
    assert [order.health for order in found] == ["http://127.0.0.1:9000/", "http://127.0.0.1:9001/"]


def test_a_voice_workload_becomes_what_its_capacity_says(
    run: Any, home: LiveHome, tmp_path: Path
) -> None:
    file = tmp_path / "voices.yaml"
    file.write_text(VOICES)
    counted = json.loads(
        CliRunner().invoke(main, ["voice", "capacity", str(file), "--json"]).stdout
    )
    assert run("submit", str(file), "--workload", "voices").exit_code == 0
    found = ordered(home)
    learn = [order for order in found if order.name == "voices-learn"]
    speak = [order for order in found if order.name == "voices-speak"]
    assert (len(learn), len(speak)) == (counted["workers"], counted["replicas"])
    assert not any(order.service for order in learn)
    assert all(order.service and order.health for order in speak)
    assert sum(order.memory_bytes for order in found) == pytest.approx(counted["memory_bytes"])
    assert len({order.argv for order in speak}) == len(speak)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--cores", "3", "--", "true"), "more than machine holds"),
        (("--members", "7", "--", "true"), "more than machine holds"),
        (("--site", "mars", "--", "true"), "none of its sites (mars)"),
        (("--site", "atlanta", "--members", "2", "--cores", "2", "--", "true"), "more than"),
    ],
)
def test_what_can_never_run_is_refused(run: Any, home: LiveHome, words: Any, says: str) -> None:
    refused = run("submit", *words)
    assert refused.exit_code == 1
    assert says in refused.stderr
    assert ordered(home) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "give a command after --"),
        (("--env", "novalue", "--", "true"), "is not NAME=VALUE"),
        (("--health", "http://127.0.0.1/", "--", "true"), "watches over a --service"),
        (("--memory", "3", "--", "true"), "needs a unit"),
        (("--workload", "voices", "voices.yaml", "true"), "brings its own commands"),
    ],
)
def test_what_makes_no_sense_is_said(run: Any, words: Any, says: str) -> None:
    refused = run("submit", *words)
    assert refused.exit_code == 2
    assert says in refused.stderr


def test_jobs_wait_in_the_book_for_a_machine_that_is_not_up(run: Any) -> None:
    run("submit", "--name", "early", "--", "true")
    told = json.loads(run("jobs", "--json").stdout)
    assert told["controller"] is False
    assert [(job["id"], job["state"]) for job in told["jobs"]] == [("early-1", "waiting")]
    assert "not running" in run("jobs").stdout


def test_a_waiting_job_says_what_it_waits_for(run: Any, home: LiveHome) -> None:
    run("submit", "--name", "early", "--", "true")
    assert "has not seen it yet" in run("jobs", "early").stdout
    machine, book = Machine.read(home.machine), JobBook(home.book)
    order = Order.read(book.order("early-1") or {})
    told = [
        control.machine([machine.pool], machine.policy, 0.0),
        *(Happening(1.0, "node_down", "", {"pool": 0, "node": node}) for node in range(3)),
        control.submitted(order.job("early-1"), 2.0),
    ]
    book.write([(each.time_s, each.kind, each.job, each.detail) for each in told], [1])
    book.close()
    assert "machine has 0 of 6 free, 3 nodes are down" in run("jobs", "early").stdout


def test_a_job_is_named_by_its_id_or_by_a_name_that_is_its_own(run: Any) -> None:
    for _ in range(2):
        run("submit", "--name", "twin", "--", "true")
    assert "twin-1, twin-2" in run("cancel", "twin").stderr
    assert run("cancel", "twin-2").stdout == "twin-2 will be cancelled\n"
    assert run("jobs", "nobody").exit_code == 2


@pytest.mark.parametrize("name", ["submit", "jobs", "logs", "cancel", "down"])
def test_without_a_machine_the_commands_say_how_to_start_one(name: str, tmp_path: Path) -> None:
    words = {"submit": ["true"], "logs": ["x"], "cancel": ["x"]}.get(name, [])
    told = CliRunner().invoke(main, [name, "--home", str(tmp_path / "none"), *words])
    assert told.exit_code == 2
    assert "stargate up" in told.stderr
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("sites", ["", "a,,b", "a:0", "a,a", "-a", "a:x", "a b"])
def test_sites_that_are_none_are_refused(sites: str, tmp_path: Path) -> None:
    told = CliRunner().invoke(main, ["up", "--home", str(tmp_path), "--sites", sites])
    assert told.exit_code == 2
    assert "write abilene:2,atlanta" in told.stderr


def test_nodes_are_named_by_their_site() -> None:
    machine = of_text("abilene:2,atlanta", 4, "fifo")
    assert [machine.node_name(n) for n in range(3)] == ["abilene.0", "abilene.1", "atlanta.0"]


def test_a_machine_reads_back_as_it_was_written(tmp_path: Path) -> None:
    machine = of_text("abilene:2,atlanta", 4, "priority")
    machine.write(tmp_path / "machine.json")
    assert Machine.read(tmp_path / "machine.json") == machine


def recorded(tmp_path: Path, nodes: list[list[int]]) -> Path:
    machine = of_text("abilene,atlanta", 2, "easy")
    order = Order("train", ("true",), "/", members=2, cores=2)
    told = [
        control.machine([machine.pool], machine.policy, 0.0),
        control.submitted(order.job("train-1"), 1.0),
        Happening(2.0, "decide", "", {"starts": [["train-1", 0, nodes]], "stops": []}),
        Happening(3.0, "finish", "train-1", {"outcome": "done"}),
    ]
    file = tmp_path / "events.jsonl"
    file.write_text("".join(each.line() + "\n" for each in told))
    return file


def test_a_record_that_plays_the_same_is_told_so(tmp_path: Path) -> None:
    file = recorded(tmp_path, [[0, 2], [1, 2]])
    told = CliRunner().invoke(main, ["simulate", "--replay", str(file)])
    assert told.exit_code == 0
    assert "all 1 decisions come out as they were recorded" in told.stdout


def test_a_decision_that_comes_out_otherwise_is_shown(tmp_path: Path) -> None:
    file = recorded(tmp_path, [[1, 2], [0, 2]])
    told = CliRunner().invoke(main, ["simulate", "--replay", str(file), "--json"])
    assert told.exit_code == 1
    (difference,) = json.loads(told.stdout)["differences"]
    assert difference["time_s"] == 2.0
    assert "start train-1" in CliRunner().invoke(main, ["simulate", "--replay", str(file)]).stdout


@pytest.mark.parametrize("text", ["not json\n", "{}\n", '{"time_s": 1, "kind": "wake"}\n', ""])
def test_what_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(text)
    told = CliRunner().invoke(main, ["simulate", "--replay", str(file)])
    assert told.exit_code == 2
