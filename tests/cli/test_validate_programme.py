from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stargate.cli import main
from stargate.programme.timelines import Vintage, catalogued_vintages

SCORES = ("n", "coverage_80", "pinball", "pinball_no_slip", "pinball_scaled", "median_abs_days")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["validate", "programme", *arguments])


def written(folder: Path, vintages: Sequence[Vintage]) -> str:
    file = folder / f"{vintages[-1].as_of}.csv"
    rows = [
        f"{v.as_of},{site.name},{r.day},,{r.power_w / 1e6},,,"
        for v in vintages
        for site in v.sites.values()
        for r in site.readings
    ]
    head = "vintage,site,date,buildings,mw_facility,mw_it,h100_equiv,capex_busd_2025"
    file.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return str(file)


@pytest.fixture(scope="module")
def open_pairs() -> dict[str, object]:
    result = run("--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_without_options_every_pair_and_every_total_is_there(open_pairs):
    assert (open_pairs["schema_version"], open_pairs["suite"]) == (1, "programme")
    assert len(open_pairs["by_pair"]) == 3
    assert all(isinstance(open_pairs[key], int | float) for key in SCORES)
    keys = {"id", "published", "ours", "error", "tolerance", "ok", "source"}
    assert all(keys <= total.keys() for total in open_pairs["totals"])


def test_two_files_give_what_the_catalogue_gives_for_their_pair(tmp_path: Path, open_pairs):
    _, second, third = catalogued_vintages()
    known, truth = written(tmp_path, [second]), written(tmp_path, [third])
    result = run("--timelines", known, "--as-of", "2026-01-24", "--truth", truth, "--json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    pair = open_pairs["by_pair"][2]
    assert [answer[key] for key in SCORES] == [pair[key] for key in SCORES]
    assert "QTS Cedar Rapids" in answer["sites_new"]
    assert "totals" not in answer


def test_one_file_of_all_vintages_serves_as_both(tmp_path: Path, open_pairs):
    every = written(tmp_path, catalogued_vintages())
    result = run("--timelines", every, "--as-of", "2026-01-24", "--truth", every, "--json")
    assert json.loads(result.stdout)["pinball"] == open_pairs["by_pair"][2]["pinball"]


def test_the_text_shows_scores_and_credit():
    result = run("--truth-kind", "latest")
    assert result.exit_code == 0
    assert "coverage" in result.stdout
    assert "CC BY 4.0" in result.stdout


def test_half_a_question_is_refused(tmp_path: Path):
    file = written(tmp_path, catalogued_vintages()[2:])
    assert run("--timelines", file).exit_code == 2


def test_a_truth_that_is_not_later_is_refused(tmp_path: Path):
    file = written(tmp_path, catalogued_vintages()[2:])
    result = run("--timelines", file, "--as-of", "2026-04-03", "--truth", file)
    assert result.exit_code == 2
    assert "later" in result.stderr


def test_a_day_before_the_files_vintages_is_refused(tmp_path: Path):
    file = written(tmp_path, catalogued_vintages()[2:])
    result = run("--timelines", file, "--as-of", "2025-04-03", "--truth", file)
    assert result.exit_code == 2
    assert "2026-04-03" in result.stderr
