"""`stargate voice capacity`: needs no extra, tells cores first and what they rest on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stargate.cli import main

SPEC = """stargate: 1
workloads:
  voices: {kind: voice, enrolments: 200/day, spoken_per_day: 40 h}
  large: {kind: voice, enrolments: 20000/day, spoken_per_day: 4000 h}
"""


@pytest.fixture
def run(tmp_path: Path):
    file = tmp_path / "voices.yaml"
    file.write_text(SPEC)

    def go(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["voice", "capacity", str(file), *arguments])

    return go


def test_cores_come_first_and_the_assumed_is_named(run) -> None:
    told = run("--workload", "voices")
    assert told.exit_code == 0
    assert told.stdout.startswith("6 cores, ")
    assert "(assumed)" in told.stdout


def test_json_holds_the_same(run) -> None:
    found = json.loads(run("--workload", "large", "--json").stdout)
    assert found["schema_version"] == 1
    assert found["cores"] == found["workers"] + found["replicas"]
    assert {fact["id"] for fact in found["facts"]} >= {"voice_speech_cost", "cpu_core_power"}


def test_a_value_can_be_changed_in_passing(run) -> None:
    more = run("--workload", "voices", "-s", "workloads.voices.spoken_per_day=80 h")
    assert not more.stdout.startswith("6 cores")


def test_one_of_several_has_to_be_named(run) -> None:
    told = run()
    assert told.exit_code == 2
    assert "--workload: voices, large" in told.stderr


def test_a_voice_workload_is_none_to_train(tmp_path: Path) -> None:
    file = tmp_path / "voices.yaml"
    file.write_text(SPEC)
    told = CliRunner().invoke(main, ["predict", str(file), "--workload", "voices"])
    assert told.exit_code == 2
