"""The machine that a record describes: accelerator, scale-up domain, NICs, software generation."""

from __future__ import annotations

import re

from stargate import catalog
from stargate.errors import CatalogError
from stargate.perf.coefficients import generations
from stargate.perf.collective_constants import share_of
from stargate.perf.machine import Machine, family_of
from stargate.perf.network import TORUS_AXES, Network
from stargate.perf.records.fields import Row, UnusableRecordError, first_match

GBIT = 1e9 / 8
FABRICS: tuple[tuple[str, str], ...] = (
    (r"omni-?path", "omni-path"),
    (r"\befa\b", "efa"),
    (r"roce", "roce"),
    (r"infiniband|\bib\b|connectx|quantum|hdr|ndr", "infiniband"),
    (r"ethernet", "ethernet"),
)
SLICES = re.compile(r"(\d+) slices?(?:\(s\))?", re.I)
OVERSUBSCRIBED = re.compile(r"pods of ([\d,]+), 1:(\d+(?:\.\d+)?)", re.I)
SHARDED_STACKS = re.compile(r"fsdp|zero-?3|zero 3", re.I)


def machine_of(row: Row) -> Machine:
    """The machine of a row, or `UnusableRecordError`."""
    name, count = row.text("accelerator"), row.needed("n_acc", "the number of accelerators")
    if not name:
        raise UnusableRecordError("the accelerator is not stated")
    try:
        part = catalog.accelerator(name)
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
    return Machine.of(part, count, network=network, software=software)


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
    """The newest catalogued generation of the record's stack that is not younger than it.

    Generations are named stack-year; a record's stack is fsdp where weights are fully sharded,
    else megatron; where the family knows no such stack, its usual generation stands in.
    """
    year = row.count("year")
    sharded = SHARDED_STACKS.search(f"{row.text('fsdp_shard')} {row.text('optimizer_sharding')}")
    stack = "fsdp" if sharded else "megatron"
    dated = sorted(
        (int(name.rpartition("-")[2]), name)
        for name in generations(family_of(accelerator_id))
        if re.fullmatch(rf"{stack}-\d{{4}}", name)
    )
    if year is None or not dated:
        return None
    return max([pair for pair in dated if pair[0] <= year] or dated[:1])[1]
