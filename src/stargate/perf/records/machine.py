"""The machine that a record describes: accelerator, scale-up domain, NICs, software generation."""

from __future__ import annotations

import re
from dataclasses import replace

from stargate import catalog
from stargate.errors import CatalogError
from stargate.perf.coefficients import generations
from stargate.perf.collective_constants import share_of
from stargate.perf.machine import Machine, family_of
from stargate.perf.network import TORUS_AXES, Network
from stargate.perf.records.fields import (
    Row,
    UnusableRecordError,
    container_of,
    first_match,
    recalls,
    release_of,
)

GBIT = 1e9 / 8
NIC_GBIT_MIN, NIC_GBIT_MAX = 0.5, 20_000.0
FABRICS: tuple[tuple[str, str], ...] = (
    (r"omni-?path", "omni-path"),
    (r"\befa\b", "efa"),
    (r"roce", "roce"),
    (r"infiniband|\bib\b|connectx|quantum|hdr|ndr", "infiniband"),
    (r"ethernet", "ethernet"),
)
SLICES = re.compile(r"(\d+) slices?(?:\(s\))?", re.I)
OVERSUBSCRIBED = re.compile(r"pods of ([\d,]+), 1:(\d+(?:\.\d+)?)", re.I)
LAST_YEAR_OF_FP16 = 2022  # training went to bf16, and attention to flash kernels, after that
MEMORY_SIZE = re.compile(r"-\d+ ?GB$", re.I)
BLOCKING = re.compile(r"CUDA_LAUNCH_BLOCKING=1")
SHARDED = re.compile(r"zero|fsdp|full", re.I)
FULLY_SHARDED = re.compile(r"fsdp|zero-?3|\bfull\b", re.I)
GENERATION = re.compile(r"([a-z]+)-(\d{4})(?:\.(\d{2}))?")


def machine_of(row: Row) -> Machine:
    """The machine of a row, or `UnusableRecordError`."""
    name, count = row.text("accelerator"), row.needed("n_acc", "the number of accelerators")
    if not name:
        raise UnusableRecordError("the accelerator is not stated")
    try:
        part = catalog.accelerator(_without_recalled_size(row, name))
        software = _software(row, part.id)
    except CatalogError as error:
        raise UnusableRecordError(str(error)) from None
    domain = _domain(row, part.scaleup_domain, part.scaleup_topology, count)
    network = Network.of(
        part,
        _nic_bytes_per_s(row, part.id, needed=count > domain),
        domain=domain,
        fabric=first_match(FABRICS, row.text("interconnect_basis")) or "infiniband",
        oversubscription=_oversubscription(row.text("interconnect_basis")),
    )
    machine = Machine.of(part, count, network=network, software=software)
    return replace(machine, blocking=BLOCKING.search(row.text("notes")) is not None)


def _without_recalled_size(row: Row, name: str) -> str:
    """The accelerator's name; without its memory where that is only recalled, so the usual one."""
    if not recalls(row, "memory size"):
        return name
    row.assume("memory size recalled, not stated: that of the usual part")
    return MEMORY_SIZE.sub("", name)


def _domain(row: Row, usual: int, topology: str, count: int) -> int:
    """Accelerators of a scale-up domain: a rack, a TPU slice, or the usual node.

    A torus holds the whole job unless the record counts its slices or the pod is smaller. The
    domain of NVL72 stays 72 where `node_size` says 4 (a tray).
    """
    if topology not in TORUS_AXES:
        return usual
    slices = SLICES.search(row.text("interconnect_basis"))
    if slices and count % max(int(slices[1]), 1) == 0:
        return max(count // max(int(slices[1]), 1), 1)
    return min(count, usual)


def _nic_bytes_per_s(row: Row, accelerator_id: str, *, needed: bool) -> float:
    """NIC rate of each accelerator: stated, or that of the catalogue's usual node."""
    stated = row.number("scaleout_gbps_per_acc")
    if stated is not None and not NIC_GBIT_MIN <= stated <= NIC_GBIT_MAX:
        raise UnusableRecordError(f"a NIC of {stated:g} Gb/s is beyond reason")
    if stated is not None:
        return stated * GBIT
    node = catalog.node_of(accelerator_id)
    usual = node.scaleout_bytes_per_s if node else None
    if needed:
        row.assume("NIC rate not stated: that of the usual node")
    return usual or share_of("nic_bytes_per_s", accelerator_id)


def _oversubscription(text: str) -> tuple[tuple[int, float], ...]:
    found = OVERSUBSCRIBED.search(text)
    if not found:
        return ()
    return ((int(found[1].replace(",", "")), max(float(found[2]), 1.0)),)


def _software(row: Row, accelerator_id: str) -> str | None:
    """The newest catalogued generation of the record's stack that is not younger than the record.

    Generations are named stack-year or stack-year.month. Where the family of accelerators knows
    none of the record's stacks, that of its others stands in; without a date its usual one does.
    """
    released = release_of(row)
    dated: dict[str, list[tuple[tuple[int, int], str]]] = {}
    for name in generations(family_of(accelerator_id)):
        found = GENERATION.fullmatch(name)
        if found:
            date = int(found[2]), int(found[3] or 0)
            dated.setdefault(found[1], []).append((date, name))
    stack = next((s for s in (*_stacks(row), *dated) if s in dated), None)
    if released is None or stack is None:
        return None
    known = sorted(dated[stack])
    return max([pair for pair in known if pair[0] <= released] or known[:1])[1]


def _stacks(row: Row) -> tuple[str, ...]:
    """Software stacks that a record may have used, the likeliest first.

    MLPerf submissions are tuned beyond a release, and MegaScale names its own. A table of a NeMo
    container is Megatron's, whatever shards. A sharded optimiser or weights before 2023, without
    sequence parallelism, were DeepSpeed's; later, fully sharded data parallel without a pipeline is
    PyTorch's. The rest is Megatron's.
    """
    if row.text("family").startswith("mlperf"):
        return ("mlperf", "megatron")
    if "megascale" in row.text("model").lower():
        return ("megascale", "megatron")
    sharding = f"{row.text('fsdp_shard')} {row.text('optimizer_sharding')}"
    if container_of(row):
        return ("megatron",)
    if _before_megatron_sharded(row) and FULLY_SHARDED.search(sharding):
        return ("zero", "deepspeed", "megatron")
    if _before_megatron_sharded(row) and SHARDED.search(sharding):
        return ("deepspeed", "megatron")
    if FULLY_SHARDED.search(sharding) and (row.count("pp") or 1) == 1:
        return ("fsdp",)
    return ("megatron",)


def _before_megatron_sharded(row: Row) -> bool:
    year = row.count("year")
    return year is not None and year <= 2022 and row.text("seq_parallel").lower() != "yes"
