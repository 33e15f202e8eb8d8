"""Recorded work as tasks: logs of real machines, read into jobs.

swf     Standard Workload Format (Feitelson, Tsafrir and Krakov 2014), fields of job 1-18
philly  the reduced table of Microsoft Philly 2017: timestamp, duration, num_gpus, gpu_time, cluster
openb   pods of the Alibaba GPU cluster 2023: whole and shared GPUs, with creation and deletion

A trace says how long a job ran on its own machine; it is taken to run as long here.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from stargate.control.job import Job, gang
from stargate.errors import Problem, SpecError
from stargate.fleet.scenario import Task

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TraceRead:
    """Tasks in the order of arrival, and how many rows could not be used, by reason."""

    tasks: tuple[Task, ...]
    skipped: Mapping[str, int]


class _Recorded(NamedTuple):
    """A row of a trace: when it came, how long it ran, how long it was said to, on how many."""

    at_s: float
    ran_s: float
    told_s: float
    n: int
    tenant: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class _Format:
    """How the rows of a format are read, and what each must hold."""

    title: str
    wants: str
    rows: Callable[[Path], Iterator[tuple[int, Row]]]
    read: Callable[[Row], _Recorded]
    gangs: bool = True


def read_trace(path: Path, resource: str, slots_of_a_node: int) -> TraceRead:
    """A trace by the look of its file; times count from its first job.

    Raises `SpecError` where it is of no known format, where a line is broken, or where no job ran.
    """
    form = _FORMATS[format_of(path)]
    jobs, lines, n_skipped = list[_Recorded](), dict[str, int](), 0
    for line, row in form.rows(path):
        job = _recorded(form, path, line, row)
        if job.ran_s <= 0 or job.n <= 0:
            n_skipped += 1
            continue
        if job.name and lines.setdefault(job.name, line) != line:
            message = f"another job is called {job.name!r}, in line {lines[job.name]}"
            raise _refused(path, message, "give each job a name of its own", line)
        jobs.append(job)
    if not jobs:
        raise _refused(path, "no job that ran", f"each line wants {form.wants}")
    jobs.sort(key=attrgetter("at_s"))
    sizes = {n: gang(n, slots_of_a_node if form.gangs else 1) for n in {job.n for job in jobs}}
    tasks = (
        Task(
            job.at_s - jobs[0].at_s,
            Job(job.name or f"job-{i}", *sizes[job.n], job.told_s, resource, tenant=job.tenant),
            job.ran_s,
        )
        for i, job in enumerate(jobs)
    )
    return TraceRead(tuple(tasks), {"no accelerator or no run time": n_skipped})


def format_of(path: Path) -> str:
    """`swf`, `philly` or `openb`, by the ending and the first line."""
    if path.suffix == ".swf":
        return "swf"
    head = next(_lines(path), "").strip().split(",")
    for name, wanted in _HEADERS.items():
        if set(wanted) <= set(head):
            return name
    mend = "give an .swf file, or a table with the columns of " + " or of ".join(
        f"{name} ({', '.join(columns)})" for name, columns in _HEADERS.items()
    )
    raise _refused(path, "a trace of no known format", mend)


_HEADERS = {
    "philly": ("timestamp", "duration", "num_gpus"),
    "openb": ("name", "num_gpu", "creation_time", "deletion_time"),
}


def _recorded(form: _Format, path: Path, line: int, row: Row) -> _Recorded:
    try:
        job = form.read(row)
    except (KeyError, TypeError, ValueError):
        job = None
    if job is None or not all(map(math.isfinite, (job.at_s, job.ran_s, job.told_s))):
        raise _refused(path, f"no job of {form.title}", f"it wants {form.wants}", line)
    return job


def _of_swf(row: Row) -> _Recorded:
    """Every processor is a worker of its own. The requested time is what the scheduler is told."""
    asked, ran_s = int(row["asked"]), float(row["ran"])
    return _Recorded(
        float(row["submitted"]),
        ran_s,
        max(float(row["asked_time"]), ran_s),
        asked if asked > 0 else int(row["allocated"]),
        f"user-{row['user']}",
        row["job"],
    )


def _of_philly(row: Row) -> _Recorded:
    """A gang of the fewest equal workers; the virtual cluster is the tenant."""
    at, ran_s = datetime.fromisoformat(row["timestamp"]), float(row["duration"])
    at_s = at.replace(tzinfo=at.tzinfo or UTC).timestamp()
    return _Recorded(at_s, ran_s, ran_s, int(row["num_gpus"]), row.get("cluster") or "")


def _of_openb(row: Row) -> _Recorded:
    """Pods that ask for whole GPUs; a share of one takes a whole one. Pods without are left out.

    Shares are placed by `control.sharing`, which `validate fleet` scores.
    """
    at_s = float(row["creation_time"])
    ran_s = float(row["deletion_time"] or 0) - at_s
    return _Recorded(at_s, ran_s, ran_s, int(row["num_gpu"]), row.get("qos") or "", row["name"])


_SWF_FIELDS = (
    *("job", "submitted", "waited", "ran", "allocated", "cpu", "memory", "asked", "asked_time"),
    *("asked_memory", "status", "user"),
)


def _swf_rows(path: Path) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(_lines(path), 1):
        fields = line.split()
        if fields and not fields[0].startswith(";"):
            yield number, dict(zip(_SWF_FIELDS, fields, strict=False))


def _table_rows(path: Path) -> Iterator[tuple[int, Row]]:
    table = csv.DictReader(_lines(path))
    for row in table:
        yield table.line_num, row


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            yield from lines
    except (OSError, UnicodeDecodeError) as error:
        mend = "give a text file that can be read"
        raise _refused(path, f"cannot read the trace: {error}", mend) from None


def _refused(path: Path, message: str, mend: str, line: int = 0) -> SpecError:
    return SpecError([Problem(message, file=str(path), line=line, mend=mend)])


_FORMATS = {
    "swf": _Format(
        "SWF",
        "the 18 numbers of a job, times in s: job, submitted, waited, ran, processors, ...",
        _swf_rows,
        _of_swf,
        gangs=False,
    ),
    "philly": _Format(
        "the Philly table",
        "timestamp like 2017-10-09 07:01:55, duration in s and a whole num_gpus",
        _table_rows,
        _of_philly,
    ),
    "openb": _Format(
        "the openb pods",
        "a name, a whole num_gpu, creation_time and deletion_time in s",
        _table_rows,
        _of_openb,
    ),
}
