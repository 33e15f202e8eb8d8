from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from stargate.cli.check import command
from stargate.cli.schema import command as schema_command

GOOD = str(Path(__file__).parents[1] / "spec" / "bad" / "base.yaml")


def test_a_good_file_is_summed_up() -> None:
    result = CliRunner().invoke(command, [GOOD], catch_exceptions=False)
    assert result.exit_code == 0
    first, *rest = result.stdout.splitlines()
    assert first == f"{GOOD}: good (a small sound one)"
    assert "  network      2 sites, 1 cluster, 64 accelerators, 1 WAN link" in rest
    assert "  workloads    small, routed" in rest
    assert "  programme    1 phase, 0 gates, 5 activities" in rest


def test_the_summary_is_an_object_too() -> None:
    result = CliRunner().invoke(command, [GOOD, "--json"], catch_exceptions=False)
    report = json.loads(result.stdout)
    assert (report["schema_version"], report["ok"]) == (1, True)
    assert report["contents"]["accelerators"] == 64
    assert len(report["fingerprint"]) == 64


def test_overrides_change_the_fingerprint() -> None:
    runner = CliRunner()
    prints = {
        json.loads(runner.invoke(command, [GOOD, "--json", *more]).stdout)["fingerprint"]
        for more in ([], ["-s", "name=other"], ["--set", "network.sites.west.pue=1.25"])
    }
    assert len(prints) == 3


def test_the_schema_is_printed_as_committed() -> None:
    committed = Path(__file__).parents[2] / "stargate.schema.json"
    assert CliRunner().invoke(schema_command).stdout == committed.read_text()
