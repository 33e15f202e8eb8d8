"""`stargate import-plan`: what it prints, writes and refuses."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from stargate.cli import main

SAMPLES = Path(__file__).parents[1] / "programme" / "interchange"


def run(*arguments: str):
    return CliRunner().invoke(main, ["import-plan", *arguments])


def test_a_schedule_becomes_a_file_and_what_was_dropped_is_told(tmp_path: Path):
    path = tmp_path / "deep" / "plan.yaml"
    done = run(str(SAMPLES / "plant.xer"), "-o", str(path))
    assert done.exit_code == 0
    assert "4 tasks from Primavera XER" in done.stdout
    assert "level-of-effort activities: Site office" in done.stdout
    assert "stands in" in done.stdout
    planned = CliRunner().invoke(main, ["plan", str(path), "--samples", "50"])
    assert planned.exit_code == 0


def test_json_tells_the_same(tmp_path: Path):
    path = tmp_path / "plan.yaml"
    told = json.loads(run(str(SAMPLES / "hall.msp.xml"), "-o", str(path), "--json").stdout)
    assert (told["schema_version"], told["tasks"]) == (1, 4)
    assert told["dropped"]


def test_a_file_that_is_there_is_kept(tmp_path: Path):
    path = tmp_path / "plan.yaml"
    path.write_text("mine")
    assert run(str(SAMPLES / "plant.xer"), "-o", str(path)).exit_code == 2
    assert path.read_text() == "mine"
    assert run(str(SAMPLES / "plant.xer"), "-o", str(path), "--force").exit_code == 0


def test_junk_exits_with_two_and_no_traceback(tmp_path: Path):
    junk = tmp_path / "junk.xml"
    junk.write_bytes(b"\x00\xff<")
    done = run(str(junk), "-o", str(tmp_path / "plan.yaml"))
    assert done.exit_code == 2
    assert "no XML" in done.stderr
    assert "Traceback" not in done.output
