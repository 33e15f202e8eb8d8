"""`stargate plan`: what it prints, writes and refuses."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from stargate.cli import main

EXAMPLE = str(Path(__file__).parents[2] / "examples" / "stargate.yaml")


def run(*arguments: str):
    return CliRunner().invoke(main, ["plan", EXAMPLE, "--samples", "400", *arguments])


def test_json_is_one_object_of_the_documented_shape():
    done = run("--json")
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert told["schema_version"] == 1
    assert len(told["phases"]) == 5
    wanted = {"id", "online", "probability_by_target", "cost_usd", "it_mw", "facility_mw"}
    assert all(wanted <= phase.keys() for phase in told["phases"])
    assert told["phases"][4]["online"].keys() == {"p10", "p50", "p80", "p90"}
    assert told["phases"][0]["online"]["p50"] == "2020-05-19"
    assert told["phases"][4]["facility_mw"] == 5000
    assert told["gates"]
    assert told["drivers"]
    assert told["facts"]


def test_a_table_is_printed_and_a_report_written(tmp_path: Path):
    report = tmp_path / "deep" / "report.html"
    done = run("-o", str(report))
    assert done.exit_code == 0
    assert "Phase 5, Stargate" in done.stdout
    assert str(report) in done.stdout.replace("\n", "")
    assert report.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_seed_and_overrides_change_the_answer():
    first, again, other = (
        json.loads(run("--json", *more).stdout)["phases"][4]["cost_usd"]
        for more in ((), (), ("--seed", "8"))
    )
    dearer = json.loads(run("--json", "-s", "programme.costs.2.rate=$40M/MW").stdout)
    assert first == again != other
    assert dearer["phases"][4]["cost_usd"]["p50"] > 1.2 * first["p50"]


def test_never_is_null():
    shut = ("-s", "programme.gates.0.criteria.0.at_least=900")
    five = json.loads(run("--json", *shut).stdout)["phases"][4]
    assert five["online"] == {"p10": None, "p50": None, "p80": None, "p90": None}
    assert five["probability_by_target"] == 0.0


def test_a_file_without_a_programme_exits_with_two(tmp_path: Path):
    file = tmp_path / "empty.yaml"
    file.write_text("stargate: 1\n", encoding="utf-8")
    done = CliRunner().invoke(main, ["plan", str(file)])
    assert done.exit_code == 2
    assert "nothing to plan" in done.stderr


def test_a_forecast_of_a_later_day_says_what_has_moved():
    told = json.loads(run("--json", "--as-of", "2026-08-31").stdout)
    assert told["data_date"] == "2026-08-31"
    tracking = told["tracking"]
    assert tracking["planned"] == "2024-03-29"
    slips = {slip["id"]: slip for slip in tracking["slips"]}
    assert slips["P4"]["state"] == "ended"
    assert slips["P4"]["forecast"]["p50"] == "2026-04-16"
    assert slips["P5"]["slip_days"] > 0
    assert slips["G5"]["forecast"]["p50"] == "2025-09-23"
    assert all(record["known"] <= "2026-08-31" for record in tracking["records"])
    assert {c["name"] for c in tracking["classes"]} == {"ai_site_first_power"}


def test_on_the_data_date_the_forecast_is_the_plan():
    planned, same = (
        json.loads(run("--json", *more).stdout) for more in ((), ("--as-of", "2024-03-29"))
    )
    assert planned == same
    assert planned["tracking"]["slips"] == []


def test_the_report_and_the_terminal_tell_of_slips(tmp_path: Path):
    report = tmp_path / "report.html"
    done = run("--as-of", "2026-08-31", "-o", str(report))
    assert done.exit_code == 0
    assert "Since the plan of 29" in done.stdout
    page = report.read_text(encoding="utf-8")
    assert 'id="since"' in page
    assert "Fairwater Wisconsin" in page
    assert "--as-of 2026-08-31" in page


def test_a_day_that_cannot_be_is_refused():
    assert run("--as-of", "2024-02-30").exit_code == 2
    early = run("--as-of", "2020-01-01")
    assert early.exit_code == 2
    assert "not between the data date" in early.stderr
