"""`stargate compare`: what it prints, writes and refuses."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from stargate.cli import main

EXAMPLES = Path(__file__).parents[2] / "examples"
STARGATE = str(EXAMPLES / "stargate.yaml")
CHANGE = ("-s", "programme.gates.G5.criteria.0.at_least=150")


def run(*arguments: str):
    return CliRunner().invoke(main, ["compare", *arguments, "--samples", "300"])


def test_one_file_is_compared_with_itself_under_overrides():
    told = json.loads(run(STARGATE, *CHANGE, "--json").stdout)
    assert told["schema_version"] == 1
    assert told["changes"] == [
        {"path": "programme.gates.G5.criteria.0.at_least", "a": "145", "b": "150"}
    ]
    phases = {phase["id"]: phase for phase in told["phases"]}
    assert phases["P4"]["online"]["difference_days"]["mean"] == 0.0
    assert told["gates"][0]["odds"]["difference"] < 0


def test_two_files_are_compared_and_a_report_is_written(tmp_path: Path):
    report = tmp_path / "deep" / "report.html"
    done = run(STARGATE, str(EXAMPLES / "startup-100mw.yaml"), "-o", str(report))
    assert done.exit_code == 0
    assert "only in A" in done.stdout
    assert report.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_report_tells_what_changes_in_words_and_charts(tmp_path: Path):
    report = tmp_path / "report.html"
    done = run(STARGATE, *CHANGE, "-o", str(report), "--as-of", "2024-06-01")
    assert done.exit_code == 0
    assert "B less A" in done.stdout
    page = report.read_text(encoding="utf-8")
    assert 'id="chart-difference-dates"' in page
    assert 'id="chart-online"' in page
    assert "programme.gates.G5.criteria.0.at_least" in page


def test_one_file_and_no_change_is_no_comparison():
    done = run(STARGATE)
    assert done.exit_code == 2
    assert "nothing to compare" in done.stderr
