"""Kernels from the tables of NVIDIA's `aiconfigurator-core` (Apache-2.0), read where it stands.

The package keeps, below `systems/data`, a folder `<system>/<operation>/<framework>/<version>` of
Parquet files, one row a measurement on one accelerator (`latency` in ms) or, for NCCL, on the ranks
of one domain (`message_size` in elements). Taken are what a training step has too: products of 512
rows and more, causal attention from 512 tokens, balanced experts of one rank with 128 rows each,
collectives in 16 bit. Long tables are thinned evenly. Nothing of it comes with Stargate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import numpy as np

from stargate import catalog
from stargate.errors import CatalogError
from stargate.perf import attention
from stargate.perf.columns import Array, Ints
from stargate.perf.kernels.rows import Skipped
from stargate.perf.kernels.table import Kernels
from stargate.perf.shape import input_bits
from stargate.spec.workload import Precision

PACKAGE = "aiconfigurator_core"
WANTED = (
    "the kernels of aiconfigurator want the package aiconfigurator-core: "
    "pip install 'stargate-twin[kernels]'"
)
ROWS_MAX = 400  # of one table, framework and type: more of one source say the same
PARTS = {"a100_sxm": "a100-sxm-80"}  # systems whose name is not the catalogue's
DTYPES = {
    "bfloat16": "bf16",
    "float16": "fp16",
    "fp8": "fp8",
    "fp8_block": "fp8-block",
    "mxfp8": "mxfp8",
    "nvfp4": "nvfp4",
}
ROW_SCALED = "sglang_sgl_kernel_fp8_scaled_mm"  # one scale a token and output channel
UNLIKE_TRAINING = ("triton", "decode")  # attention kernels that no training step runs
NCCL_OPERATIONS = {
    "all_reduce": "all_reduce",
    "all_gather": "all_gather",
    "reduce_scatter": "reduce_scatter",
    "alltoall": "all_to_all",
}
LFS_POINTER = b"version https://git-lfs"


def load(systems: Sequence[str] = ()) -> tuple[Kernels | Skipped, ...]:
    """The kernels of the installed package, of all systems or of those named."""
    return read(_folder(), systems)


def _folder() -> Path:
    spec = find_spec(PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    folder = Path(places[0]) / "systems" / "data" if places else None
    if folder is None or not folder.is_dir():
        raise CatalogError(WANTED)
    return folder


def read(folder: Path, systems: Sequence[str] = ()) -> tuple[Kernels | Skipped, ...]:
    """The kernels below a folder of the package's layout."""
    known = sorted(path.name for path in folder.iterdir() if path.is_dir())
    unknown = sorted(set(systems) - set(known))
    if unknown:
        raise CatalogError(f"no system {', '.join(unknown)}; it has {', '.join(known)}")
    chosen = systems or known
    return tuple(answer for system in chosen for answer in _system(folder / system))


def _system(folder: Path) -> Iterator[Kernels | Skipped]:
    try:
        part = catalog.accelerator(PARTS.get(folder.name, folder.name)).id
    except CatalogError:
        yield Skipped(folder.name, "the catalogue has no such accelerator")
        return
    for name, reader in READERS.items():
        for path in sorted(folder.glob(f"*/*/*/{name}.parquet")):
            version = f"{path.parts[-3]} {path.parts[-2]}"
            try:
                yield from reader(_columns(path), part, f"aiconfigurator {version}")
            except (KeyError, OSError, ValueError) as error:
                place = "/".join(path.parts[-5:])
                yield Skipped(place, f"cannot be read: {error}")


class _Table:
    """The columns of a Parquet file as arrays."""

    def __init__(self, columns: dict[str, Any], rows: Ints | None = None) -> None:
        self.columns = columns
        self.rows = np.arange(len(columns["latency"])) if rows is None else rows

    def __len__(self) -> int:
        return len(self.rows)

    def number(self, name: str) -> Array:
        return np.asarray(self.columns[name], np.float64)[self.rows]

    def number_or_zero(self, name: str) -> Array:
        """A column that older tables lack."""
        return self.number(name) if name in self.columns else np.zeros(len(self))

    def text(self, name: str) -> np.ndarray[Any, np.dtype[np.str_]]:
        return np.asarray(self.columns[name], np.str_)[self.rows]

    def where(self, kept: np.ndarray[Any, np.dtype[np.bool_]]) -> _Table:
        return _Table(self.columns, self.rows[kept])

    def thinned(self) -> _Table:
        """Every n-th row by size, so that no more than `ROWS_MAX` stay."""
        order = np.argsort(self.number("latency"), kind="stable")
        every = -(-len(order) // ROWS_MAX) or 1
        return _Table(self.columns, np.sort(self.rows[order[::every]]))


def _columns(path: Path) -> _Table:
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise CatalogError(WANTED) from error
    with path.open("rb") as file:
        if file.read(len(LFS_POINTER)) == LFS_POINTER:
            raise ValueError("a pointer of Git LFS, not the table itself")
    table = parquet.read_table(path).to_pydict()
    measured = _Table(table)
    return measured.where(measured.number("latency") > 0)


def _kernels(
    kind: str, part: str, source: str, texts: dict[str, str], table: _Table, sizes: dict[str, Array]
) -> Iterator[Kernels]:
    if len(table):
        names = [f"{source} row {row}" for row in table.rows]
        yield Kernels(kind, part, source, texts, sizes, table.number("latency") / 1e3, names)


def _gemm(table: _Table, part: str, source: str) -> Iterator[Kernels]:
    large = (table.number("m") >= 512) & (table.number("n") >= 512) & (table.number("k") >= 512)
    for dtype, rows in _by_dtype(table.where(large), "gemm_dtype"):
        sizes = {name: rows.number(name) for name in ("m", "n", "k")}
        one = np.ones(len(rows))
        sizes |= {"groups": one, "grouped": 0.0 * one, "cast": _cast(dtype) * one}
        yield from _kernels("gemm", part, source, {"dtype": dtype}, rows, sizes)


def _cast(dtype: str) -> float:
    """1 where a kernel quantises its 16-bit input too.

    The serving frameworks' layers do; with the cast left out, their 8-bit products of few columns
    take up to twice what the product alone can.
    """
    return float(input_bits(cast("Precision", dtype)) < 16)


def _by_dtype(table: _Table, column: str) -> Iterator[tuple[str, _Table]]:
    """The rows of each type of number that a training step has."""
    dtypes, kernels = table.text(column), table.text("kernel_source")
    for dtype, known in DTYPES.items():
        by_row = (dtypes == dtype) & (kernels == ROW_SCALED) & (dtype == "fp8")
        for name, rows in ((known, (dtypes == dtype) & ~by_row), ("fp8-row", by_row)):
            if rows.any():
                yield name, table.where(rows).thinned()


def _experts(table: _Table, part: str, source: str) -> Iterator[Kernels]:
    """Blocks of balanced experts that all stand on one rank.

    With expert parallelism the serving kernels also pass over the tokens of other ranks, which a
    dispatcher of training never sends.
    """
    copies = table.number("num_tokens") * table.number("topk")
    kept = (table.text("distribution") == "balanced") & (table.number("moe_ep_size") == 1)
    kept &= copies >= 128.0 * table.number("num_experts")
    for dtype, rows in _by_dtype(table.where(kept), "moe_dtype"):
        sizes = {
            "copies": rows.number("num_tokens") * rows.number("topk"),
            "groups": rows.number("num_experts"),
            "hidden": rows.number("hidden_size"),
            "ffn": rows.number("inter_size") / rows.number("moe_tp_size"),
            "gated": np.array([float("nongated" not in k) for k in rows.text("kernel_source")]),
            "grouped": np.ones(len(rows)),
            "cast": np.full(len(rows), _cast(dtype)),
        }
        yield from _kernels("experts", part, source, {"dtype": dtype}, rows, sizes)


def _attention(table: _Table, part: str, source: str) -> Iterator[Kernels]:
    """Causal, every head on its own keys or shared ones: the arithmetic is the same."""
    sequence, heads = table.number("isl"), table.number("num_heads")
    tokens = table.number("batch_size") * sequence
    kernels = table.text("kernel_source")
    kept = (
        (sequence >= 512) & (tokens * heads >= 2**16) & (table.number_or_zero("window_size") == 0)
    )
    kept &= (table.text("attn_dtype") == "bfloat16") & (table.text("kv_cache_dtype") == "bfloat16")
    for unlike in UNLIKE_TRAINING:
        kept &= np.char.find(kernels, unlike) < 0
    rows = table.where(kept).thinned()
    sequence = rows.number("isl")
    sizes = {
        "tokens": rows.number("batch_size") * sequence,
        "keys": attention.visible_keys(sequence, 0.0),
        "heads": rows.number("num_heads"),
        "head_dim": rows.number("head_dim"),
        "seq_len": sequence,
        "forward": np.ones(len(rows)),
        "backward": np.zeros(len(rows)),
    }
    yield from _kernels("attention", part, source, {}, rows, sizes)


def _collectives(table: _Table, part: str, source: str) -> Iterator[Kernels]:
    in_16_bit = table.text("nccl_dtype") == "half"
    for theirs, ours in NCCL_OPERATIONS.items():
        rows = table.where(in_16_bit & (table.text("op_name") == theirs)).thinned()
        texts = {"collective": ours, "algorithm": "auto", "fabric": "infiniband"}
        ranks = rows.number("num_gpus")
        sizes = {"size": 2.0 * rows.number("message_size"), "ranks": ranks, "per_domain": ranks}
        sizes["nic"] = np.full(len(rows), np.inf)
        yield from _kernels("collectives", part, source, texts, rows, sizes)


READERS: dict[str, Callable[[_Table, str, str], Iterator[Kernels]]] = {
    "gemm_perf": _gemm,
    "moe_perf": _experts,
    "context_attention_perf": _attention,
    "nccl_perf": _collectives,
}
