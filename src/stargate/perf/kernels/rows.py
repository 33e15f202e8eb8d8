"""Kernel measurements from CSV tables, recognised by their columns.

The catalogue's `gemm.csv`, `attention.csv` and `collectives.csv` are such tables. A header may
carry a unit, `rate [TFLOP/s]`. What was measured is a `time`, or a `rate` (bus bandwidth for
collectives). A row that says too little, or what no formula covers, is skipped with its reason.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from stargate import catalog
from stargate.catalog.quantities import to_si
from stargate.errors import CatalogError, Problem, SpecError, UnitError
from stargate.perf import attention
from stargate.perf.gemm import gemm_flop
from stargate.perf.kernels.table import Kernels, Row, stacked
from stargate.perf.shape import INPUT_BYTES

# A table of a kind has these columns; the first kind that fits is taken.
COLUMNS: dict[str, frozenset[str]] = {
    "gemm": frozenset({"accelerator", "dtype", "m", "n", "k"}),
    "attention": frozenset({"accelerator", "pass", "head_dim", "causal", "seq_len"}),
    "collectives": frozenset({"accelerator", "ranks", "collective", "size"}),
    "moe_alltoall": frozenset({"accelerator", "dispatch_bandwidth", "combine_bandwidth"}),
    "operations": frozenset({"id", "what", "value", "unit"}),
}
SHIPPED = ("gemm", "attention", "collectives")
# Other spellings of a header, with its unit.
SPELLINGS = {
    "tflops": "rate [TFLOP/s]",
    "bytes": "size [B]",
    "busbw_gbs": "busbw [GB/s]",
    "algo": "algorithm",
    "time_us": "time [us]",
    "time_ms": "time [ms]",
    "dispatch_gbs": "dispatch_bandwidth [GB/s]",
    "combine_gbs": "combine_bandwidth [GB/s]",
}
# Where a table states neither batch nor heads: the setting of the FlashAttention papers
# (arXiv 2307.08691, section 4.1), 16,384 tokens of width 2,048.
USUAL_TOKENS, USUAL_WIDTH = 16384.0, 2048.0
PASSES = {"fwd": (1.0, 0.0), "bwd": (0.0, 1.0), "fwd+bwd": (1.0, 1.0)}
ALGORITHMS = {"ring": "ring", "tree": "tree", "nvls": "in_switch"}
_HEADER = re.compile(r"(?P<name>\w+)(?: \[(?P<unit>[^\]]+)\])?")

Cells = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that says nothing about a coefficient, and why."""

    name: str
    reason: str


class UnusableKernelError(Exception):
    """Why a row cannot be used, in words."""


def shipped() -> tuple[Kernels | Skipped, ...]:
    """The measurements that come with Stargate."""
    folder = files("stargate") / "catalog" / "data"
    return tuple(
        answer
        for name in SHIPPED
        for answer in parse((folder / f"{name}.csv").read_text(encoding="utf-8"), f"{name}.csv")
    )


def is_kernels(path: Path) -> bool:
    """Whether a file has the columns of a table of kernels."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            lines = (line for line in file if not line.startswith("#"))
            header = next(csv.reader(lines), None)
    except (OSError, csv.Error):
        return False
    return _kind({_named(head)[0] for head in header or ()}) is not None


def load(path: Path) -> tuple[Kernels | Skipped, ...]:
    """The kernels of a CSV file, and the rows that were skipped."""
    try:
        return parse(path.read_text(encoding="utf-8-sig", errors="replace"), path.name)
    except OSError as error:
        raise SpecError([Problem(f"cannot read kernels: {error}", file=str(path))]) from error


def parse(text: str, file: str) -> tuple[Kernels | Skipped, ...]:
    """The kernels of a CSV text with a header line; lines that start with `#` are remarks."""
    lines = [(i, line) for i, line in enumerate(text.splitlines(), 1) if not line.startswith("#")]
    reader = csv.DictReader(io.StringIO("\n".join(line for _, line in lines)))
    named = {head: _named(head) for head in reader.fieldnames or ()}
    kind = _kind({name for name, _ in named.values()})
    if kind is None:
        known = "; ".join(f"{kind}: {', '.join(sorted(c))}" for kind, c in COLUMNS.items())
        raise SpecError([Problem("no table of kernels", file=file, line=1, mend=known)])
    answers = [
        _read(kind, f"{file}:{lines[index][0]}", raw, named)
        for index, raw in enumerate(reader, start=1)
        if index < len(lines)
    ]
    rows = [answer for answer in answers if isinstance(answer, Row)]
    return (*stacked(rows), *(answer for answer in answers if isinstance(answer, Skipped)))


def _kind(names: set[str]) -> str | None:
    return next((kind for kind, needed in COLUMNS.items() if needed <= names), None)


def _named(head: str) -> tuple[str, str]:
    """A header's name and unit."""
    match = _HEADER.fullmatch(SPELLINGS.get(head.strip(), head.strip()))
    return (match["name"], match["unit"] or "1") if match else (head, "1")


def _read(
    kind: str, name: str, raw: Mapping[str, str | None], named: Mapping[str, tuple[str, str]]
) -> Row | Skipped:
    cells = {named[h][0]: (cell or "").strip() for h, cell in raw.items() if h in named}
    units = dict(named.values())
    try:
        return READERS[kind](Measurement(name, cells, units))
    except UnusableKernelError as error:
        return Skipped(name, str(error))


@dataclass(frozen=True, slots=True)
class Measurement:
    """The cells of a row by column, and the columns' units."""

    name: str
    cells: Cells
    units: Mapping[str, str]

    def text(self, column: str) -> str:
        """A cell in small letters; empty where there is none."""
        return self.cells.get(column, "").lower()

    def number(self, column: str, fallback: float | None = None) -> float:
        """A positive number in SI."""
        cell = self.cells.get(column, "")
        if not cell and fallback is not None:
            return fallback
        try:
            value = to_si(cell, self.units.get(column, "1"))
        except (ValueError, CatalogError, UnitError):
            value = math.nan
        if not (math.isfinite(value) and value > 0):
            raise UnusableKernelError(f"{column}: {cell!r} is no number above zero")
        return value

    def accelerator(self) -> str:
        """The catalogue's name of the part."""
        try:
            return catalog.accelerator(self.text("accelerator")).id
        except CatalogError:
            cell = self.cells["accelerator"]
            raise UnusableKernelError(f"the catalogue has no accelerator {cell!r}") from None

    def time_s(self, amount: float, rate: str) -> float:
        """The time as measured, or what `amount` takes at the rate that was measured."""
        return self.number("time") if self.cells.get("time") else amount / self.number(rate)

    def row(self, kind: str, texts: Cells, sizes: Mapping[str, float], measured_s: float) -> Row:
        """The finished row."""
        source = self.cells.get("source", "") or self.name.rsplit(":", 1)[0]
        return Row(self.name, kind, self.accelerator(), source, texts, sizes, measured_s)


def _gemm(measured: Measurement) -> Row:
    """A product: m rows a group, `groups` of them (1)."""
    if measured.text("kind") == "gemm-best":
        raise UnusableKernelError("the best product defines the scale of the shares")
    dtype = measured.text("dtype")
    if dtype not in INPUT_BYTES:
        raise UnusableKernelError(f"dtype: {dtype!r} is none of {', '.join(INPUT_BYTES)}")
    sizes = {name: measured.number(name) for name in ("m", "n", "k")}
    groups = measured.number("groups", 1.0)
    grouped = float(groups > 1 or "grouped" in measured.text("kind"))
    time_s = measured.time_s(float(gemm_flop(**sizes, groups=groups)), "rate")
    sizes |= {"groups": groups, "grouped": grouped, "cast": 0.0}
    return measured.row("gemm", {"dtype": dtype}, sizes, time_s)


def _attention(measured: Measurement) -> Row:
    """A flash kernel, whose rate counts no masked scores."""
    way = measured.text("pass")
    if way not in PASSES:
        raise UnusableKernelError(f"pass: {way!r} is none of {', '.join(PASSES)}")
    if measured.text("dtype") not in ("", "bf16", "fp16"):
        raise UnusableKernelError("attention is modelled in 16 bit")
    if measured.text("causal") not in ("0", "1"):
        raise UnusableKernelError("causal: neither 0 nor 1")
    seq_len, head_dim = measured.number("seq_len"), measured.number("head_dim")
    causal = measured.text("causal") == "1"
    keys = float(attention.visible_keys(seq_len, 0.0)) if causal else seq_len
    tokens = seq_len * measured.number("batch", max(USUAL_TOKENS / seq_len, 1.0))
    heads = measured.number("heads", max(USUAL_WIDTH / head_dim, 1.0))
    forward, backward = PASSES[way]
    flop = float(attention.attention_flop(tokens, keys, heads, head_dim, head_dim))
    work = flop * (forward + backward * attention.BACKWARD_FLOP_RATIO)
    sizes = {"tokens": tokens, "keys": keys, "heads": heads, "head_dim": head_dim}
    sizes |= {"seq_len": seq_len, "forward": forward, "backward": backward}
    return measured.row("attention", {}, sizes, measured.time_s(work, "rate"))


def _collectives(measured: Measurement) -> Row:
    """A collective; `busbw` as nccl-tests has it (doc/PERFORMANCE.md)."""
    ranks, size = measured.number("ranks"), measured.number("size")
    collective = measured.text("collective")
    if collective not in BUS_PASSES or ranks < 2:
        known = ", ".join(BUS_PASSES)
        raise UnusableKernelError(f"collective: {collective!r} of {ranks:g} is none of {known}")
    texts = {
        "collective": collective,
        "algorithm": ALGORITHMS.get(measured.text("algorithm").split(",")[0], "auto"),
        "fabric": measured.text("fabric") or "infiniband",
    }
    moved = BUS_PASSES[collective] * (ranks - 1) / ranks * size
    sizes = {
        "size": size,
        "ranks": ranks,
        "per_domain": max(ranks // measured.number("domains", 1.0), 1.0),
        "nic": measured.number("nic", math.inf),
    }
    return measured.row("collectives", texts, sizes, measured.time_s(moved, "busbw"))


BUS_PASSES = {
    "all_reduce": 2.0,
    "all_gather": 1.0,
    "reduce_scatter": 1.0,
    "all_to_all": 1.0,
}


def _alone(_: Measurement) -> Row:
    """Facts that priors rest on, which no formula predicts from sizes."""
    raise UnusableKernelError("a figure without the sizes behind it: priors rest on it, no fit")


READERS: dict[str, Callable[[Measurement], Row]] = {
    "gemm": _gemm,
    "attention": _attention,
    "collectives": _collectives,
    "moe_alltoall": _alone,
    "operations": _alone,
}
