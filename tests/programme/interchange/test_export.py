"""Plans for other tools: what comes back from MS Project XML, and tables that can be read again."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.cli import main
from stargate.programme.interchange.ms_project_writing import ms_project
from stargate.programme.interchange.reading import plan_in
from stargate.programme.interchange.specification import specification
from stargate.programme.interchange.tables import Table, tables
from stargate.programme.plan import plan
from stargate.spec.document import Document
from stargate.spec.loader import load_document
from stargate.units import DAY_S

EXAMPLE = str(Path(__file__).parents[3] / "examples" / "startup-100mw.yaml")
PLACE = {"template": "works", "accelerator": "h100-sxm", "accelerators": 10, "it_power": "1 MW"}


def document_of(tasks: list[dict], **more: object) -> Document:
    programme = {
        "price_base": 2025,
        "data_date": "2024-01-01",
        "horizon": "2049-12-31",
        "discount_rate": "8 %",
        "templates": [{"id": "works", "tasks": tasks}],
        "phases": [
            {"id": "P", "blocks": [{"site": "a", **PLACE}]},
            {"id": "Q", "needs": ["P"], "blocks": [{"site": "b", **PLACE}]},
        ],
        **more,
    }
    return Document.model_validate({"stargate": 1, "programme": programme})


def again(document: Document, folder: Path) -> tuple[list[str], Document]:
    """Written as MS Project XML and imported; with what the format could not hold."""
    assert document.programme is not None
    written = ms_project(document.programme, plan(document, samples=50))
    back = plan_in(written.content, "plan.xml")
    path = folder / "back.yaml"
    path.write_text(specification(back), encoding="utf-8")
    return list(written.dropped.lines()), load_document(path)


def network(document: Document) -> dict[str, set[tuple[str, str, int]]]:
    """What every activity waits for: predecessor, kind, lag to the tenth of a minute."""
    assert document.programme is not None
    return {
        a.id: {(w.of[0], w.kind, round(w.lag_s / 6)) for w in a.waits}
        for a in document.programme.activities()
    }


def imported_network(document: Document) -> dict[str, set[tuple[str, str, int]]]:
    """The same of the imported template, without what its phase adds."""
    assert document.programme is not None
    (template,) = document.programme.templates
    return {
        task.id: {(link.of[0], link.kind, round(link.lag_s / 6)) for link in task.after}
        for task in template.tasks
    }


KINDS = st.sampled_from(["FS", "SS", "FF"])
LAGS = st.integers(-90, 90)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 40), KINDS, LAGS, st.integers(0, 9)), min_size=1, max_size=6)
)
def test_what_is_exported_comes_back_as_the_same_network(tmp_path_factory, shape: list):
    tasks: list[dict] = []
    for i, (days, kind, lag, of) in enumerate(shape):
        points = {
            name: f"{days * factor} days"
            for name, factor in zip(("low", "mode", "high"), (1, 2, 5), strict=True)
        }
        task: dict = {"id": f"t{i}", "duration": {"dist": "pert", **points}}
        if i:
            sign = "+" if lag >= 0 else "-"
            task["after"] = [f"t{of % i}:{kind}{sign}{abs(lag)} days"]
        tasks.append(task)
    document = document_of(tasks)
    dropped, back = again(document, tmp_path_factory.mktemp("again"))
    assert dropped == []
    assert imported_network(back) == network(document)


def test_durations_and_dates_come_back(tmp_path: Path):
    tasks = [
        {"id": "a", "duration": "100 days"},
        {"id": "b", "duration": "7 days", "after": ["a:SS+30 days"], "not_before": "2024-03-01"},
    ]
    document = document_of(tasks)
    _, back = again(document, tmp_path)
    before, after = (plan(d, samples=5) for d in (document, back))
    assert after.phases[-1].online.p50 == pytest.approx(before.phases[-1].online.p50, abs=DAY_S)
    held = {task.id.removeprefix("plan.works."): task for task in after.tasks}
    for task in before.tasks:
        assert held[task.id].finish.p50 == pytest.approx(task.finish.p50, abs=1.0)


def test_calendars_resources_and_deadlines_come_back(tmp_path: Path):
    """Two blocks compete for two crews of which each task needs both, six days a week."""
    tasks = [
        {
            "id": "a",
            "duration": "50 days",
            "calendar": "site",
            "uses": {"crew": 2},
            "deadline": "2024-03-15",
        }
    ]
    document = document_of(
        tasks,
        calendars=[
            {
                "id": "site",
                "week": ["mon", "tue", "wed", "thu", "fri", "sat"],
                "holidays": ["2024-01-29", "2024-02-05"],
            }
        ],
        resources=[{"id": "crew", "unit": "crews", "capacity": [{"amount": 2}]}],
    )
    dropped, back = again(document, tmp_path)
    assert dropped == []
    before, after = (plan(d, samples=5) for d in (document, back))
    held = {task.id.removeprefix("plan.works."): task for task in after.tasks}
    for task in before.tasks:
        assert held[task.id].finish.p50 == pytest.approx(task.finish.p50, abs=1.0)
        assert held[task.id].deadline == task.deadline
        assert held[task.id].probability_by_deadline == task.probability_by_deadline
    assert {t.probability_by_deadline for t in before.tasks if t.deadline} == {0.0, 1.0}


def test_what_the_format_cannot_hold_is_listed(tmp_path: Path):
    tasks = [
        {"id": "grid", "duration": {"dist": "lognormal", "median": "50 months", "sigma": 0.3}},
        {"id": "gas", "duration": "12 months"},
        {"id": "racks", "duration": "1 month", "after": ["any(grid, gas)"]},
    ]
    dropped, back = again(document_of(tasks), tmp_path)
    assert any("other distributions" in line for line in dropped)
    assert any("first of several" in line for line in dropped)
    assert ("P.a.gas", "FS", 0) in imported_network(back)["P.a.racks"]


def test_tables_hold_every_phase_task_and_future():
    result = plan(load_document(EXAMPLE), samples=300)
    found = tables(result)
    rows = {name: list(csv.DictReader(io.StringIO(t.csv()))) for name, t in found.items()}
    assert [row["id"] for row in rows["phases"]] == [phase.id for phase in result.phases]
    assert len(rows["tasks"]) == len(result.tasks)
    assert len(rows["samples"]) == 300
    days = [float(row["first_online_day"] or math.inf) for row in rows["samples"]]
    assert np.floor(result.phases[0].online_s / DAY_S).tolist() == days
    assert all(row["source"] for row in rows["facts"])


def test_a_text_that_looks_like_a_formula_is_disarmed():
    text = Table({"name": ["=1+1", "@x", "-5", "-x", None]}).csv()
    assert text.splitlines() == ["name", "'=1+1", "'@x", "-5", "'-x", '""']


def export(*arguments: str):
    return CliRunner().invoke(main, ["export", EXAMPLE, "--samples", "100", *arguments])


def test_every_format_is_written(tmp_path: Path):
    for name in ("plan.xml", "plan.json", "samples.csv", "tables", "samples.parquet"):
        done = export("-o", str(tmp_path / name))
        assert done.exit_code == 0, done.stderr
        assert done.stdout.strip().endswith(name)
    assert json.loads((tmp_path / "plan.json").read_text())["schema_version"] == 1
    assert {path.name for path in (tmp_path / "tables").iterdir()} == {
        f"{name}.csv"
        for name in ("phases", "tasks", "gates", "series", "drivers", "facts", "samples")
    }


def test_parquet_holds_what_the_tables_hold(tmp_path: Path):
    parquet = pytest.importorskip("pyarrow.parquet")
    assert export("-o", str(tmp_path / "folder"), "--parquet").exit_code == 0
    read = parquet.read_table(tmp_path / "folder" / "samples.parquet")
    assert read.num_rows == 100
    assert {"first_online_day", "first_capex_usd"} <= set(read.column_names)


def test_an_unknown_format_is_refused(tmp_path: Path):
    done = export("-o", str(tmp_path / "plan.docx"))
    assert done.exit_code == 2
    assert ".xml, .json" in done.stderr
