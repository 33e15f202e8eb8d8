from __future__ import annotations

import os
from pathlib import Path

import pytest

from stargate.errors import SpecError
from stargate.fleet.openb import PUBLISHED, allocation_curve, read_openb
from stargate.fleet.traces import format_of, read_trace

DATA = Path(os.environ.get("STARGATE_DATA", Path(__file__).parents[3] / "shared" / "data"))
TRACES = DATA / "traces"
needs_traces = pytest.mark.skipif(not TRACES.is_dir(), reason="the shared traces are not here")


def test_a_line_of_swf_is_read_as_the_format_says(tmp_path: Path) -> None:
    log = tmp_path / "log.swf"
    job = "{n} {at} 3 50 4 -1 -1 8 600 -1 1 21 1 1 1 1 -1 -1\n"
    log.write_text("; Version: 2.2\n" + job.format(n=7, at=100) + job.format(n=8, at=160))
    tasks = read_trace(log, "core", 16).tasks
    assert [task.at_s for task in tasks] == [0.0, 60.0]
    first = tasks[0].job
    assert (first.workers, first.slots, first.expected_s, first.tenant) == (8, 1, 600.0, "user-21")
    assert tasks[0].work_s == 50.0


def test_jobs_that_never_ran_are_left_out_and_counted(tmp_path: Path) -> None:
    log = tmp_path / "log.swf"
    log.write_text("".join(f"{n} 0 3 {ran} 4 -1 -1 8 600 -1 0 21\n" for n, ran in ((1, 0), (2, 9))))
    found = read_trace(log, "core", 16)
    assert [task.job.id for task in found.tasks] == ["2"]
    assert list(found.skipped.values()) == [1]


def test_a_broken_line_is_told_with_its_number(tmp_path: Path) -> None:
    log = tmp_path / "log.swf"
    log.write_text("; fine\n1 2 three\n")
    with pytest.raises(SpecError, match=r"log\.swf:2: no job of SWF"):
        read_trace(log, "core", 16)


PHILLY = "timestamp,duration,num_gpus\n"
OPENB = "name,num_gpu,creation_time,deletion_time\n"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("log.swf", "", r"log\.swf: no job that ran; .*processors"),
        ("log.swf", "1 0 3 -50 4 -1 -1 8 600 -1 1 21\n", r"log\.swf: no job that ran"),
        ("log.swf", "1 nan 3 50 4 -1 -1 8 600 -1 1 21\n", r"log\.swf:1: no job of SWF; it wants"),
        ("log.swf", "1 0 3 inf 4 -1 -1 8 600 -1 1 21\n", r"log\.swf:1: no job of SWF; it wants"),
        ("log.swf", 2 * "1 0 3 50 4 -1 -1 8 600 -1 1 21\n", r"log\.swf:2: .*'1', in line 1; give"),
        ("jobs.csv", PHILLY, r"jobs\.csv: no job that ran; .*timestamp"),
        ("jobs.csv", PHILLY + "yesterday,66,16\n", r"jobs\.csv:2: .*; it wants timestamp like"),
        ("jobs.csv", PHILLY + "2017-10-09 07:01:55,66\n", r"jobs\.csv:2: no job of the Philly"),
        ("jobs.csv", PHILLY + "2017-10-09 07:01:55,nan,8\n", r"jobs\.csv:2: no job of the Philly"),
        (
            "pods.csv",
            OPENB + "p,1,x,5\n",
            r"pods\.csv:2: no job of the openb pods; it wants a name",
        ),
        ("pods.csv", OPENB + 2 * "p,1,1,5\n", r"pods\.csv:3: another .* 'p', in line 2; give"),
    ],
)
def test_what_is_no_trace_is_told_with_its_line_and_what_would_be(
    name: str, text: str, told: str, tmp_path: Path
) -> None:
    trace = tmp_path / name
    trace.write_text(text)
    with pytest.raises(SpecError, match=told):
        read_trace(trace, "core", 16)


def test_a_table_of_no_known_format_is_told_what_is_known(tmp_path: Path) -> None:
    table = tmp_path / "jobs.csv"
    table.write_text("a,b\n1,2\n")
    with pytest.raises(SpecError, match=r"philly .*openb"):
        format_of(table)


def test_a_gang_of_the_philly_table_fills_whole_nodes(tmp_path: Path) -> None:
    table = tmp_path / "jobs.csv"
    table.write_text(
        "timestamp,duration,num_gpus,gpu_time,cluster\n"
        "2017-10-09 07:01:55,66.0,16,66.0,11cb48\n2017-10-09 07:00:55,9.0,1,9.0,a\n"
    )
    tasks = read_trace(table, "gpu", 8).tasks
    assert [(task.at_s, task.job.workers, task.job.slots) for task in tasks] == [
        (0.0, 1, 1),
        (60.0, 2, 8),
    ]


@needs_traces
@pytest.mark.parametrize(("name", "n"), [("hpc2n.swf", 3_000), ("wagap-2013.swf", 17_000)])
def test_logs_of_the_archive_are_read(name: str, n: int) -> None:
    tasks = read_trace(TRACES / "swf" / name, "core", 16).tasks
    assert len(tasks) >= n
    assert all(task.work_s > 0 for task in tasks)


@needs_traces
@pytest.mark.parametrize("rule", ["random", "dot-product", "best-fit"])
def test_one_order_of_arrival_lies_near_the_published_curve(rule: str) -> None:
    """Within 1.5 points at every per cent asked for; `validate fleet` takes twenty orders."""
    trace = read_openb(TRACES / "openb")
    known = next(name for name in PUBLISHED if name == rule)
    curve = allocation_curve(trace, known, 42)
    assert abs(curve - trace.published[known]).max() < 1.5
