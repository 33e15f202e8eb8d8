"""The scoreboard: every record has one answer, and the statistics are what they say."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.cli import main
from stargate.perf import records
from stargate.perf.records import Unusable
from stargate.perf.score_summary import summaries_by, summarise
from stargate.perf.scoreboard import Score, score


@pytest.fixture(scope="module")
def rows():
    return score(records.open_records("training"))


def test_every_record_gets_a_prediction_or_a_reason(rows):
    everything = records.open_records("training")
    assert [row.origin for row in rows] == [record.origin for record in everything]
    for row in rows:
        assert (isinstance(row, Score) and row.predicted_s > 0) or row.reason


def test_nine_of_ten_complete_records_are_scored(rows):
    complete = [row for row in rows if row.origin.grade == "A"]
    assert sum(isinstance(row, Score) for row in complete) >= 0.9 * len(complete)


def test_the_breakdown_sums_to_the_prediction(rows):
    for row in rows:
        if isinstance(row, Score):
            assert sum(row.breakdown_s.values()) == pytest.approx(row.predicted_s, rel=1e-9)
            assert row.interval_s[0] < row.predicted_s < row.interval_s[1]


def test_a_record_scores_the_same_alone_and_in_a_batch(rows):
    everything = records.open_records("training")
    for index in range(0, len(everything), 97):
        (alone,) = score([everything[index]])
        if isinstance(alone, Score):
            together = rows[index]
            assert isinstance(together, Score)
            assert together.predicted_s == pytest.approx(alone.predicted_s, rel=1e-12)


def test_a_layout_far_beyond_the_memory_is_named_and_not_scored(rows):
    by_id = {row.origin.id: row for row in rows}
    answer = by_id["mlperf-train-092"]
    assert isinstance(answer, Unusable)
    assert "GB needed of" in answer.reason


def test_a_step_faster_than_the_peak_is_named_and_not_scored():
    fast = replace(_korthikanti(), measured_s=1e-3)
    (answer,) = score([fast])
    assert isinstance(answer, Unusable)
    assert "faster than the peak" in answer.reason


def test_a_step_that_leaves_the_machine_idle_is_named_and_not_scored():
    slow = replace(_korthikanti(), measured_s=1e4)
    (answer,) = score([slow])
    assert isinstance(answer, Unusable)
    assert "no training step" in answer.reason


@cache
def _korthikanti():
    found = next(r for r in records.open_records() if r.origin.id == "korthikanti-001")
    assert isinstance(found, records.Record)
    return found


@cache
def _scored():
    (base,) = score([_korthikanti()])
    assert isinstance(base, Score)
    return base


def _with_errors(errors):
    base = _scored()
    return [replace(base, measured_s=1.0, predicted_s=1.0 + e) for e in errors]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-0.9, 3.0), min_size=1, max_size=20))
def test_the_summary_states_the_errors(errors):
    summary = summarise(_with_errors(errors))
    sizes = np.abs(np.array(errors))
    assert summary.n == summary.n_scored == len(errors)
    assert summary.mape == pytest.approx(sizes.mean(), abs=1e-9)
    assert summary.bias == pytest.approx(np.mean(errors), abs=1e-9)
    assert summary.median_abs_error == pytest.approx(np.median(sizes), abs=1e-9)
    assert summary.p90_abs_error >= summary.median_abs_error - 1e-12


def test_a_summary_of_nothing_has_no_figures():
    assert summarise([]).mape is None
    assert summarise([]).n == 0


def test_groups_partition_the_rows(rows):
    groups = summaries_by(rows, lambda row: row.origin.family)
    assert sum(group.n for group in groups.values()) == len(rows)
    assert sum(group.n_scored for group in groups.values()) == summarise(rows).n_scored


def run(*arguments):
    return CliRunner().invoke(main, ["validate", *arguments], catch_exceptions=False)


def test_validate_prints_one_json_object():
    answer = json.loads(run("training", "--family", "korthikanti", "--json").stdout)
    assert answer["schema_version"] == 1
    assert answer["suite"] == "training"
    assert answer["n"] == answer["n_scored"] == len(answer["rows"]) == 7
    assert set(answer["by_family"]) == {"korthikanti"}
    assert set(answer["rows"][0]) == {
        "id",
        "predicted_s",
        "interval_s",
        "measured_s",
        "error",
        "skipped",
    }
    first = answer["rows"][0]
    assert first["error"] == pytest.approx(first["predicted_s"] / first["measured_s"] - 1)


def test_validate_shows_the_worst_first():
    lines = run("training", "--family", "torchtitan").output.splitlines()
    shown = [line for line in lines if "torchtitan-0" in line]
    errors = [abs(float(line.split()[-1].rstrip("%"))) for line in shown]
    assert len(errors) == 18
    assert errors == sorted(errors, reverse=True)


def test_validate_scores_a_file_with_junk_rows(tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text(
        "id,accelerator,n_acc,layers,hidden,seq_len\n"
        "a,H100-80GB,eight,2,64,128\n"
        ",,,,,\n"
        "b,Abacus,8,2,64,128\n"
    )
    answer = json.loads(run("training", "--records", str(file), "--json").stdout)
    assert answer["n"] == 3
    assert answer["n_scored"] == 0
    assert answer["mape"] is None
    assert all(row["skipped"] for row in answer["rows"])


def test_validate_refuses_a_file_that_holds_no_records(tmp_path):
    file = tmp_path / "other.csv"
    file.write_text("x,y\n1,2\n")
    with pytest.raises(SystemExit) as end:
        main.main(["validate", "training", "--records", str(file)])
    assert end.value.code == 2


def test_validate_names_the_families_where_none_matches():
    with pytest.raises(SystemExit) as end:
        main.main(["validate", "training", "--family", "nobody"])
    assert end.value.code == 2


def test_the_page_lists_every_scored_row(tmp_path, rows):
    page = tmp_path / "page.md"
    run("training", "-o", str(page))
    text = page.read_text()
    scored = [row for row in rows if isinstance(row, Score)]
    assert all(f"| {row.origin.id} |" in text for row in scored)
