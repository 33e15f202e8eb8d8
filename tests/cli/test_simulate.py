"""`stargate simulate`: the answer first, the same numbers as JSON, traces, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from stargate.cli import main

SPEC = """
stargate: 1
name: two nodes
network:
  sites:
    - id: here
      it_power: 1 MW
      clusters: [{id: pod, accelerator: h100-sxm, count: 16}]
fleet:
  horizon: 2 days
  power: {pod: {idle: 2 kW, busy: 8 kW}}
  jobs:
    - {id: hourly, cluster: pod, accelerators: 8, duration: 90 min, every: 1 h}
"""


@pytest.fixture
def spec(tmp_path: Path) -> str:
    file = tmp_path / "two-nodes.yaml"
    file.write_text(SPEC)
    return str(file)


def _run(*arguments: str) -> dict[str, object]:
    done = CliRunner().invoke(main, ["simulate", *arguments, "--json"])
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_the_answer_is_the_first_line(spec: str) -> None:
    done = CliRunner().invoke(main, ["simulate", spec])
    assert done.exit_code == 0
    assert done.stdout.startswith("Of 48 jobs in 2.0\u00a0days: ")


def test_the_same_seed_gives_the_same_json(spec: str) -> None:
    assert _run(spec, "--seed", "5") == _run(spec, "--seed", "5")


def test_a_job_that_can_never_run_is_refused_with_exit_code_1(spec: str, tmp_path: Path) -> None:
    log = tmp_path / "log.swf"
    log.write_text("1 0 3 50 64 -1 -1 64 600 -1 1 21 1 1 1 1 -1 -1\n")
    done = CliRunner().invoke(main, ["simulate", spec, "--trace", str(log)])
    assert done.exit_code == 1
    assert "refused: 1: 64 x 1 pod are more than pod holds" in done.stdout


def test_a_trace_takes_the_place_of_the_jobs(spec: str, tmp_path: Path) -> None:
    log = tmp_path / "log.swf"
    log.write_text("1 0 3 50 8 -1 -1 8 600 -1 1 21 1 1 1 1 -1 -1\n")
    found = _run(spec, "--trace", str(log))
    summary = found["summary"]
    assert isinstance(summary, dict)
    assert summary["n_jobs"] == 1


def test_an_unknown_cluster_is_told_the_known_ones(spec: str, tmp_path: Path) -> None:
    log = tmp_path / "log.swf"
    log.write_text("")
    done = CliRunner().invoke(main, ["simulate", spec, "--trace", str(log), "--cluster", "pdo"])
    assert done.exit_code == 2
    assert "known: pod" in done.output


def test_a_report_is_one_file_that_names_its_seed(spec: str, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    CliRunner().invoke(main, ["simulate", spec, "--seed", "3", "-o", str(report)])
    page = report.read_text()
    assert "seed 3" in page
    assert 'id="chart-power"' in page
    assert "stargate simulate" in page


def test_a_trace_of_which_no_job_can_run_is_told_without_a_span_of_time(tmp_path: Path) -> None:
    spec, log = tmp_path / "spec.yaml", tmp_path / "log.swf"
    spec.write_text(SPEC.split("fleet:")[0])
    log.write_text("1 0 3 50 64 -1 -1 64 600 -1 1 21\n")
    done = CliRunner().invoke(main, ["simulate", str(spec), "--trace", str(log)])
    assert done.exit_code == 1
    assert "Of 1 jobs in 0\u00a0s: 1 refused." in done.stdout
    assert "nan\u00a0%" not in done.stdout


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--cluster", "pod"], "--cluster says where a --trace runs"),
        (["--replay", "{spec}"], "--replay takes the place of FILE"),
    ],
)
def test_options_that_would_do_nothing_are_refused(
    spec: str, options: list[str], told: str
) -> None:
    done = CliRunner().invoke(main, ["simulate", spec, *(o.format(spec=spec) for o in options)])
    assert done.exit_code == 2
    assert told in done.output
