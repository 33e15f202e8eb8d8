"""Tables of measurements: what was measured under which conditions, one row a measurement.

A column header may carry a unit, `busbw [GB/s]`: the column is then called `busbw`, and
`Table.numbers("busbw")` gives it in SI.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from stargate.catalog.files import credit, read_csv, source_text
from stargate.catalog.quantities import measure_of, to_si
from stargate.errors import CatalogError

TABLES: dict[str, str] = {
    "gemm": "achieved rate of matrix products by shape and dtype",
    "attention": "achieved rate of fused attention by head size, length and causality",
    "collectives": "bus bandwidth of collectives by size and ranks (size as nccl-tests counts it)",
    "moe_alltoall": "bandwidth and latency of expert dispatch and combine",
    "diloco_bandwidth": "bandwidth for a utilisation, data parallel against DiLoCo (simulated)",
    "failure_counts": "interruptions and failures by cause, with the exposure they came from",
    "announced_sites": "what was announced of sites, money and power",
    "epoch_timelines": "dated MW, accelerators and cost of frontier sites (Epoch AI, CC BY 4.0)",
}
_HEADER = re.compile(r"(?P<name>\w+)(?: \[(?P<unit>[^\]]+)\])?")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of measurements. `rows` hold the cells as written, `units` the unit of a column."""

    name: str
    about: str
    columns: tuple[str, ...]
    units: Mapping[str, str]
    rows: tuple[Mapping[str, str], ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Mapping[str, str]]:
        return iter(self.rows)

    def texts(self, column: str) -> tuple[str, ...]:
        """The cells of a column as written."""
        self._check(column)
        return tuple(row[column] for row in self.rows)

    def numbers(self, column: str) -> NDArray[np.float64]:
        """A column as floats in SI; an empty cell is nan."""
        unit = self.units.get(column, "1")
        cells = self.texts(column)
        return np.array([to_si(cell, unit) if cell else np.nan for cell in cells])

    def where(self, **wanted: str) -> Table:
        """The rows whose cells equal all of `wanted`."""
        for column in wanted:
            self._check(column)
        kept = [row for row in self.rows if all(row[key] == wanted[key] for key in wanted)]
        return Table(self.name, self.about, self.columns, self.units, tuple(kept))

    def _check(self, column: str) -> None:
        if column not in self.columns:
            raise CatalogError(f"table {self.name} has no column {column!r}: {self.columns}")


@cache
def table(name: str) -> Table:
    """The table called `name`, one of `TABLES`."""
    if name not in TABLES:
        raise CatalogError(f"the catalogue has no table {name!r}; it has {', '.join(TABLES)}")
    raw = read_csv(name)
    headers = {header: _HEADER.fullmatch(header) for header in raw[0]}
    parts = {header: match.groupdict() for header, match in headers.items() if match}
    if len(parts) != len(headers):
        raise CatalogError(f"the catalogue's {name}.csv has a header that cannot be read")
    named = {header: str(part["name"]) for header, part in parts.items()}
    units = {named[header]: part["unit"] for header, part in parts.items() if part["unit"]}
    for unit in units.values():
        measure_of(unit)
    rows = tuple(
        MappingProxyType({named[h]: _cell(named[h], cell) for h, cell in row.items()})
        for row in raw
    )
    return Table(name, credit(name) or TABLES[name], tuple(named.values()), units, rows)


def _cell(column: str, cell: str) -> str:
    return source_text(cell) if column == "source" else cell
