"""Published measurements of training steps, read into what the model can be asked.

A record is a row of a CSV file with the columns of `catalog/data/records/training.csv`. Reading
never fails on a row: it gives a `Record`, or an `Unusable` with the reason in words. Each thing
that a rule filled in is listed in `Record.assumptions`; the rules stand in `fields` (texts),
`model`, `machine` and `layout`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from stargate.errors import Problem, SpecError
from stargate.perf.machine import Machine
from stargate.perf.records.fields import (
    RecomputeChoice,
    Row,
    UnusableRecordError,
    recompute_of,
    release_name,
)
from stargate.perf.records.layout import strategies_of, workload_of
from stargate.perf.records.machine import machine_of
from stargate.perf.records.model import model_of
from stargate.spec.model import Transformer
from stargate.spec.workload import Strategy, TrainingWorkload

SUITES = {"training": "training.csv", "training-vtrain": "training_vtrain.csv"}
AGREEMENT = 1.1  # two statements of one quantity may differ by rounding, no more
NEEDED_COLUMNS = ("id", "accelerator", "n_acc", "layers", "hidden", "seq_len")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record comes from, and how complete its grade says it is (A to D).

    `release` is the year and month of the software that is named, else the year of the record.
    """

    id: str
    family: str
    source: str
    model: str
    accelerator: str
    grade: str
    release: str


@dataclass(frozen=True, slots=True)
class Record:
    """A measured step that the model can be asked for.

    `strategies` has one entry, or one for each choice that the record leaves open. `offloads`
    says that activations leave the device, so that its memory says nothing.
    """

    origin: Origin
    measured_s: float
    model: Transformer
    machine: Machine
    workload: TrainingWorkload
    strategies: tuple[Strategy, ...]
    offloads: bool
    assumptions: tuple[str, ...]
    table: str = ""


@dataclass(frozen=True, slots=True)
class Unusable:
    """A record that cannot be scored, and why."""

    origin: Origin
    reason: str
    measured_s: float | None = None


def open_records(suite: str = "training") -> tuple[Record | Unusable, ...]:
    """The records that come with Stargate."""
    return _shipped(SUITES[suite])


@cache
def _shipped(file: str) -> tuple[Record | Unusable, ...]:
    path = files("stargate") / "catalog" / "data" / "records" / file
    return parse(path.read_text(encoding="utf-8"), file)


def load(path: Path) -> tuple[Record | Unusable, ...]:
    """The records of a CSV file; raises `SpecError` where it is no such file at all."""
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise SpecError([Problem(f"cannot read records: {error}", file=str(path))]) from error
    return parse(text, str(path))


def parse(text: str, file: str = "") -> tuple[Record | Unusable, ...]:
    """The records of a CSV text with a header line."""
    try:
        reader = csv.DictReader(io.StringIO(text.replace("\0", ""), newline=""))
        missing = [name for name in NEEDED_COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            mend = f"the header must name {', '.join(NEEDED_COLUMNS)}"
            message = f"no records: the header lacks {', '.join(missing)}"
            raise SpecError([Problem(message, file=file, line=1, mend=mend)])
        rows = [read_record(row, number) for number, row in enumerate(reader, start=2)]
    except csv.Error as error:
        raise SpecError([Problem(f"broken CSV: {error}", file=file)]) from error
    return tuple(_named_once(rows))


def _named_once(rows: Iterable[Record | Unusable]) -> Iterator[Record | Unusable]:
    """The rows; of those with one name only the first can be used, since a name finds one row."""
    seen: set[str] = set()
    for row in rows:
        name = row.origin.id
        yield Unusable(row.origin, f"another row is named {name!r}") if name in seen else row
        seen.add(name)


def read_record(values: Mapping[str, str], line: int = 0) -> Record | Unusable:
    """One row; whatever is wrong with it becomes the reason of an `Unusable`."""
    row = Row({key: value for key, value in values.items() if isinstance(key, str)})
    origin = Origin(
        id=row.text("id") or f"line {line}",
        family=row.text("family") or "unknown",
        source=row.text("source"),
        model=row.text("model"),
        accelerator=row.text("accelerator") or "unknown",
        grade=(row.text("completeness") or "?")[0].upper(),
        release=release_name(row),
    )
    measured_s = None
    try:
        if len(row.values) < len(values):
            raise UnusableRecordError("the row has more fields than the header names")
        machine = machine_of(row)
        model = model_of(row)
        workload = workload_of(row, model)
        measured_s = _measured_s(row, machine, workload)
        strategies = strategies_of(row, machine, model, workload)
        recompute = recompute_of(row)
    except UnusableRecordError as error:
        return Unusable(origin, str(error), measured_s)
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        return Unusable(origin, f"impossible: {message}", measured_s)
    return _record(row, origin, measured_s, machine, workload, strategies, recompute)


def _record(
    row: Row,
    origin: Origin,
    measured_s: float,
    machine: Machine,
    workload: TrainingWorkload,
    strategies: tuple[Strategy, ...],
    recompute: RecomputeChoice,
) -> Record:
    assert isinstance(workload.model, Transformer)
    return Record(
        origin=origin,
        measured_s=measured_s,
        model=workload.model,
        machine=machine,
        workload=workload,
        strategies=strategies,
        offloads=recompute.offload,
        assumptions=tuple(dict.fromkeys(row.assumptions)),
        table=row.text("table"),
    )


def _measured_s(row: Row, machine: Machine, workload: TrainingWorkload) -> float:
    """The step time: as implied or stated, else from tokens per second and accelerator.

    Where the record states both, they must tell the same story.
    """
    rate = row.number("tokens_per_s_per_acc")
    derived = workload.global_batch * workload.seq_len / (rate * machine.count) if rate else None
    stated = row.number("implied_step_time_s") or row.number("step_time_s")
    if stated is None and derived is None:
        raise UnusableRecordError("no step time and no throughput is stated")
    if stated and derived and not 1 / AGREEMENT <= derived / stated <= AGREEMENT:
        raise UnusableRecordError(
            f"step time {stated:.4g} s and throughput ({derived:.4g} s) contradict each other"
        )
    return stated or derived or 0.0


def known_reason(record_id: str) -> str:
    """Why a record that comes with Stargate is missed, where that is known."""
    return next((why for ids, why in _reasons() if re.fullmatch(ids, record_id)), "")


@cache
def _reasons() -> tuple[tuple[str, str], ...]:
    path = files("stargate") / "catalog" / "data" / "records" / "reasons.csv"
    rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))
    return tuple((row["pattern"], row["reason"]) for row in rows)


def matches(origin: Origin, family: str | None, grade: str | None) -> bool:
    """Whether a record is of a family (`mlperf-*` takes several) and a grade."""
    of_family = family is None or fnmatchcase(origin.family, family)
    return of_family and (grade is None or origin.grade == grade.upper())
