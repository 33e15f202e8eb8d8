"""Recorded work as tasks: logs of real machines, read into jobs.

swf     Standard Workload Format (Feitelson, Tsafrir and Krakov 2014), fields of job 1-18
philly  the reduced table of Microsoft Philly 2017: timestamp, duration, num_gpus, gpu_time, cluster
openb   pods of the Alibaba GPU cluster 2023: whole and shared GPUs, with creation and deletion

A trace says how long a job ran on its own machine; it is taken to run as long here.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from stargate.control.job import Job, gang
from stargate.errors import Problem, SpecError
from stargate.fleet.scenario import Task


@dataclass(frozen=True, slots=True)
class TraceRead:
    """Tasks in the order of arrival, and how many rows could not be used, by reason."""

    tasks: tuple[Task, ...]
    skipped: Mapping[str, int]


def read_trace(path: Path, resource: str, slots_of_a_node: int) -> TraceRead:
    """A trace by the look of its file; raises `SpecError` where it is none that is known."""
    return _FORMATS[format_of(path)](path, resource, slots_of_a_node)


def format_of(path: Path) -> str:
    """`swf`, `philly` or `openb`, by the ending and the first line."""
    if path.suffix == ".swf":
        return "swf"
    try:
        with path.open(encoding="utf-8") as lines:
            head = lines.readline().strip().split(",")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError([Problem(f"cannot read the trace: {error}", file=str(path))]) from None
    for name, wanted in _HEADERS.items():
        if set(wanted) <= set(head):
            return name
    mend = "give an .swf file, or a table with the columns of " + " or of ".join(
        f"{name} ({', '.join(columns)})" for name, columns in _HEADERS.items()
    )
    raise SpecError([Problem("a trace of no known format", file=str(path), mend=mend)])


_HEADERS = {
    "philly": ("timestamp", "duration", "num_gpus"),
    "openb": ("cpu_milli", "num_gpu", "gpu_milli", "creation_time", "deletion_time"),
}


def read_swf(path: Path, resource: str, slots_of_a_node: int) -> TraceRead:
    """Every processor is a worker of its own. The requested time is what the scheduler is told."""
    rows, skipped = list[tuple[float, float, float, int, str, str]](), {"no run time": 0}
    for number, line in enumerate(_lines(path), 1):
        fields = line.split()
        if not fields or fields[0].startswith(";"):
            continue
        try:
            job, submitted_s, ran_s = fields[0], float(fields[1]), float(fields[3])
            processors = int(fields[7]) if int(fields[7]) > 0 else int(fields[4])
            asked_s, user = float(fields[8]), fields[11]
        except (IndexError, ValueError):
            raise SpecError([Problem("no job of SWF", file=str(path), line=number)]) from None
        if ran_s <= 0 or processors <= 0:
            skipped["no run time"] += 1
            continue
        rows.append((submitted_s, ran_s, max(asked_s, ran_s), processors, job, user))
    del slots_of_a_node
    start_s = min((row[0] for row in rows), default=0.0)
    tasks = [
        Task(at - start_s, Job(name, n, 1, told, resource, tenant=f"user-{user}"), ran)
        for at, ran, told, n, name, user in rows
    ]
    return TraceRead(tuple(sorted(tasks, key=lambda task: task.at_s)), skipped)


def read_philly(path: Path, resource: str, slots_of_a_node: int) -> TraceRead:
    """A gang of the fewest equal workers; the virtual cluster is the tenant."""
    rows = [
        (
            datetime.fromisoformat(row["timestamp"]),
            float(row["duration"]),
            int(row["num_gpus"]),
            row.get("cluster", ""),
        )
        for row in csv.DictReader(_lines(path))
    ]
    usable = sorted((row for row in rows if row[1] > 0 and row[2] > 0), key=lambda row: row[0])
    start = min((row[0] for row in usable), default=datetime(1970, 1, 1))  # noqa: DTZ001
    sizes = {n: gang(n, slots_of_a_node) for n in {row[2] for row in usable}}
    tasks = tuple(
        Task(
            (at - start).total_seconds(),
            Job(f"job-{i}", *sizes[n], long_s, resource, tenant=tenant),
            long_s,
        )
        for i, (at, long_s, n, tenant) in enumerate(usable)
    )
    return TraceRead(tasks, {"no run time": len(rows) - len(usable)})


def read_openb(path: Path, resource: str, slots_of_a_node: int) -> TraceRead:
    """Pods that ask for whole GPUs; a share of one takes a whole one. Pods without are left out.

    Shares are placed by `control.sharing`, which `validate fleet` scores.
    """
    rows = list(csv.DictReader(_lines(path)))
    tasks = list[Task]()
    for row in rows:
        n = int(row["num_gpu"])
        long_s = float(row["deletion_time"] or 0) - float(row["creation_time"])
        if n > 0 and long_s > 0:
            workers, slots = gang(n, slots_of_a_node)
            job = Job(row["name"], workers, slots, long_s, resource, tenant=row.get("qos", ""))
            tasks.append(Task(float(row["creation_time"]), job, long_s))
    tasks.sort(key=lambda task: task.at_s)
    return TraceRead(tuple(tasks), {"no GPU or no run time": len(rows) - len(tasks)})


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            yield from lines
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError([Problem(f"cannot read the trace: {error}", file=str(path))]) from None


_FORMATS: Mapping[str, Callable[[Path, str, int], TraceRead]] = {
    "swf": read_swf,
    "philly": read_philly,
    "openb": read_openb,
}
