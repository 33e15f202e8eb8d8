"""Read dated site timelines from CSV as people keep them: columns in any order and by other names.

Days are ISO, with a time of day or without, or with slashes or dots; whether the day or the month
comes first is told from all the days of the file, and a file that leaves it open is refused. Power
is in MW. Rows without a day or a power are left out; all faults are told with their lines.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from stargate.errors import Problem, SpecError
from stargate.programme.timelines import Vintage, vintages_of

_MEGAWATT = 1e6
# What a column may be called, in letters and digits alone; the first of each is its own name.
NAMES = {
    "vintage": ("vintage", "asof", "snapshot", "edition"),
    "site": ("site", "sitename", "datacenter", "datacentre", "name", "project"),
    "date": ("date", "day"),
    "mw_facility": (
        *("mwfacility", "facilitymw", "facilitypowermw", "facilitypower"),
        *("powermw", "totalfacilitypowermw", "mw"),
    ),
}
_NUMBERS = re.compile(r"(\d{1,4})[./](\d{1,2})[./](\d{1,4})")


def read_vintages(path: Path, undated: date | None = None) -> tuple[Vintage, ...]:
    """The vintages of a file; rows without one are of the day `undated`.

    Raises `SpecError` with all that cannot be read.
    """
    rows = _rows(path, undated)
    order = _Order.of([row[name] for row in rows for name in ("vintage", "date")])
    problems = [p for row in rows for p in _faults(row, order, str(path))]
    if problems:
        raise SpecError(problems)
    read = [(order.day(row["vintage"]), order.day(row["date"]), row) for row in rows]
    return vintages_of(
        (vintage, row["site"], day, _number(row["mw_facility"]) * _MEGAWATT)
        for vintage, day, row in read
        if vintage is not None and day is not None
    )


def _rows(path: Path, undated: date | None) -> list[dict[str, str]]:
    """The rows that have a day and a power, under our names, with their line."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = [(n, line) for n, line in enumerate(file, start=1) if not line.startswith("#")]
    head = lines[0][1] if lines else ""
    reader = csv.reader((line for _, line in lines), delimiter=max(",;\t", key=head.count))
    titles = next(reader, [])
    place = _places(titles)
    missing = [name for name in NAMES if name not in place]
    if undated is not None and "vintage" in missing:
        missing.remove("vintage")
    if missing or len(lines) < 2:
        raise SpecError([Problem(_without(missing, titles), file=str(path), mend=_mend(missing))])
    rows = [
        {name: cells[at].strip() if at < len(cells) else "" for name, at in place.items()}
        | {"line": str(reader.line_num - 1 + lines[0][0])}
        for cells in reader
    ]
    told = [{**row, "vintage": row.get("vintage") or str(undated or "")} for row in rows]
    return [row for row in told if row["date"] and row["mw_facility"]]


def _places(titles: Sequence[str]) -> dict[str, int]:
    plain = [re.sub(r"[^a-z0-9]", "", title.lower()) for title in titles]
    found: dict[str, int] = {}
    for name, known in NAMES.items():
        place = next((plain.index(other) for other in known if other in plain), None)
        if place is not None:
            found[name] = place
    return found


def _without(missing: Sequence[str], titles: Sequence[str]) -> str:
    if not missing:
        return "no rows"
    return f"no column {', '.join(missing)}; it has {', '.join(titles) or 'nothing'}"


def _mend(missing: Sequence[str]) -> str:
    need = f"a timeline needs {', '.join(NAMES)} and at least one row"
    if list(missing) == ["vintage"]:
        return f"{need}; or say with --truth-as-of of which day the file is"
    return need


@dataclass(frozen=True, slots=True)
class _Order:
    """Whether days with slashes state the day first; None: the file leaves it open."""

    day_first: bool | None

    @classmethod
    def of(cls, texts: Sequence[str]) -> _Order:
        """From a number above 12 in one of the two places."""
        found = [m for text in texts if (m := _NUMBERS.match(text)) and len(m.group(1)) < 4]
        first, second = (max((int(m.group(k)) for m in found), default=0) for k in (1, 2))
        return cls(None if (first > 12) == (second > 12) else first > 12)

    def day(self, text: str) -> date | None:
        """The day that a text states; None if it states none, or one that may be either."""
        try:
            return self._day(text)
        except ValueError:
            return None

    def _day(self, text: str) -> date | None:
        numbers = _NUMBERS.match(text)
        if numbers is None:
            return date.fromisoformat(text[:10]) if len(text) >= 10 else None
        first, second, third = numbers.groups()
        if len(first) == 4:
            return date(int(first), int(second), int(third))
        if len(third) != 4 or (self.day_first is None and first != second):
            return None
        day, month = (first, second) if self.day_first else (second, first)
        return date(int(third), int(month), int(day))


def _faults(row: Mapping[str, str], order: _Order, file: str) -> Iterator[Problem]:
    line = int(row["line"])
    for name in ("vintage", "date"):
        if order.day(row[name]) is None:
            text = f"{name} {row[name]!r} is not a day, or may be either of two"
            yield Problem(text, file=file, line=line, mend="write it like 2026-04-03")
    if not _number(row["mw_facility"]) >= 0:
        text = f"mw_facility {row['mw_facility']!r} is not a power in MW"
        yield Problem(text, file=file, line=line, mend="write a number, or leave it empty")


def _number(text: str) -> float:
    """A number, its thousands apart by commas or not; nan for what is none."""
    plain = text.replace(",", "") if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d*)?", text) else text
    try:
        return float(plain)
    except ValueError:
        return float("nan")
