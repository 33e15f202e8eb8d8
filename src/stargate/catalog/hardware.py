"""Hardware of the catalogue: accelerators, nodes, links and switches, fabrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal, cast

from stargate import units
from stargate.catalog.entries import Entry, Property, confidence_of, entries
from stargate.catalog.facts import Confidence, Fact
from stargate.catalog.files import source_text
from stargate.errors import CatalogError

Dtype = Literal["fp32", "tf32", "bf16", "fp16", "fp8", "fp4", "int8"]
DTYPES: tuple[Dtype, ...] = ("fp32", "tf32", "bf16", "fp16", "fp8", "fp4", "int8")
Topology = Literal["switch", "mesh", "ring", "torus2d", "torus3d"]


def _rates(prefix: str, what: str) -> tuple[tuple[str, Property], ...]:
    return tuple(
        (f"{prefix}_{dtype}", Property(f"{what}, {dtype}", units.COMPUTE_RATE)) for dtype in DTYPES
    )


ACCELERATOR_PROPERTIES: tuple[tuple[str, Property], ...] = (
    *_rates("peak", "dense peak rate"),
    *_rates("best", "best matrix product found"),
    *_rates("sustained", "matrix products over a minute"),
    ("memory", Property("memory", units.SIZE)),
    ("memory_visible", Property("memory that the driver reports", units.SIZE)),
    ("memory_bandwidth", Property("memory bandwidth", units.BANDWIDTH)),
    ("scaleup_bandwidth", Property("scale-up bandwidth, one direction", units.BANDWIDTH)),
    ("scaleup_peer_bandwidth", Property("scale-up bandwidth to one peer", units.BANDWIDTH)),
    ("scaleup_domain", Property("accelerators in a scale-up domain")),
    ("tdp", Property("power limit", units.POWER)),
    ("idle", Property("power when idle", units.POWER)),
    ("idle_with_context", Property("power when idle with a context", units.POWER)),
    ("cores", Property("streaming multiprocessors, compute units or matrix cores")),
    ("clock", Property("clock", units.RATE)),
    ("matrix_side", Property("side of the systolic array")),
)
NODE_PROPERTIES: tuple[tuple[str, Property], ...] = (
    ("accelerators", Property("accelerators in a node")),
    ("scaleup_domain", Property("accelerators in a scale-up domain")),
    ("nics", Property("scale-out NICs of a node")),
    ("nic_bandwidth", Property("bandwidth of a NIC, one direction", units.BANDWIDTH)),
    ("max_power", Property("rated power", units.POWER)),
    ("measured_power", Property("highest power measured in training", units.POWER)),
)
LINK_PROPERTIES: tuple[tuple[str, Property], ...] = (
    ("ports", Property("ports or links")),
    ("port_bandwidth", Property("bandwidth of a port, one direction", units.BANDWIDTH)),
    ("bandwidth", Property("bandwidth of all ports, one direction", units.BANDWIDTH)),
    ("hop_latency", Property("latency of a hop", units.DURATION)),
    ("power", Property("power", units.POWER)),
    ("reach", Property("reach", units.DISTANCE)),
)
FABRIC_PROPERTIES: tuple[tuple[str, Property], ...] = (
    ("accelerators", Property("accelerators joined")),
    ("nic_bandwidth", Property("bandwidth of a NIC, one direction", units.BANDWIDTH)),
)


@dataclass(frozen=True, slots=True)
class Accelerator:
    """One accelerator: a GPU package or a TPU chip. Bandwidth is per direction.

    `best_fraction` and `sustained_fraction` are measured matrix products as fractions of the
    dense peak of their dtype. `scaleup_shape` is the size of a torus. `node_id` is the usual node.
    """

    id: str
    name: str
    vendor: str
    status: str
    released: str
    note: str
    node_id: str
    peak_flop_per_s: Mapping[str, float]
    best_fraction: Mapping[str, float]
    sustained_fraction: Mapping[str, float]
    memory_bytes: float
    memory_bytes_per_s: float
    scaleup_bytes_per_s: float
    scaleup_peer_bytes_per_s: float
    scaleup_domain: int
    scaleup_topology: Topology
    scaleup_shape: tuple[int, ...]
    in_network_reduction: bool
    tdp_w: float | None
    idle_w: float | None
    n_cores: int | None
    clock_hz: float | None
    matrix_side: int | None
    facts: Mapping[str, Fact]

    @property
    def visible_memory_bytes(self) -> float:
        """What the driver reports, or the nominal memory: vendors print GB and GiB alike."""
        fact = self.facts.get("memory_visible")
        return self.memory_bytes if fact is None else fact.value


@dataclass(frozen=True, slots=True)
class Node:
    """A server or rack sold as one: the accelerators that share NICs, power and cooling."""

    id: str
    name: str
    accelerator_id: str
    cpus: str
    cooling: str
    status: str
    note: str
    n_accelerators: int
    scaleup_domain: int
    n_nics: int | None
    nic_bytes_per_s: float | None
    max_power_w: float | None
    measured_power_w: float | None
    facts: Mapping[str, Fact]

    @property
    def scaleout_bytes_per_s(self) -> float | None:
        """Scale-out bandwidth for each accelerator, one direction."""
        if self.n_nics is None or self.nic_bytes_per_s is None:
            return None
        return self.n_nics * self.nic_bytes_per_s / self.n_accelerators


@dataclass(frozen=True, slots=True)
class Link:
    """A link, switch, NIC or optic. `bandwidth_bytes_per_s` sums its ports, one direction."""

    id: str
    name: str
    kind: str
    note: str
    n_ports: int | None
    port_bytes_per_s: float | None
    bandwidth_bytes_per_s: float | None
    hop_latency_s: float | None
    power_w: float | None
    facts: Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Tier:
    """One level of a fabric. `oversubscription` 7 means a seventh of the bandwidth goes up.

    `relative_latency` is the one-way latency as a multiple of that within a rack.
    """

    name: str
    n_accelerators: int | None
    oversubscription: float | None
    relative_latency: float | None


@dataclass(frozen=True, slots=True)
class Fabric:
    """The scale-out network of a published cluster; `tiers` run from the rack outwards.

    `source` and `confidence` speak of the tiers.
    """

    id: str
    name: str
    operator: str
    accelerator_id: str
    note: str
    n_accelerators: int | None
    nic_bytes_per_s: float | None
    tiers: tuple[Tier, ...]
    source: str
    confidence: Confidence
    facts: Mapping[str, Fact]


@cache
def accelerators() -> Mapping[str, Accelerator]:
    """Every accelerator by id."""
    found = entries("accelerators", ACCELERATOR_PROPERTIES)
    return MappingProxyType({id_: _accelerator(entry) for id_, entry in found.items()})


@cache
def nodes() -> Mapping[str, Node]:
    """Every node by id."""
    found = entries("nodes", NODE_PROPERTIES)
    return MappingProxyType({id_: _node(entry) for id_, entry in found.items()})


@cache
def links() -> Mapping[str, Link]:
    """Every link, switch, NIC and optic by id."""
    found = entries("links", LINK_PROPERTIES)
    return MappingProxyType({id_: _link(entry) for id_, entry in found.items()})


@cache
def fabrics() -> Mapping[str, Fabric]:
    """Every fabric by id."""
    found = entries("fabrics", FABRIC_PROPERTIES)
    return MappingProxyType({id_: _fabric(entry) for id_, entry in found.items()})


def _accelerator(entry: Entry) -> Accelerator:
    peaks = _by_dtype(entry, "peak")
    domain = int(entry.number("scaleup_domain"))
    scaleup = entry.number("scaleup_bandwidth")
    peer = entry.number_or_none("scaleup_peer_bandwidth")
    return Accelerator(
        id=entry.id,
        name=entry.text("name"),
        vendor=entry.text("vendor"),
        status=entry.text("status"),
        released=entry.text("released"),
        note=entry.text("note"),
        node_id=entry.text("node"),
        peak_flop_per_s=peaks,
        best_fraction=_fraction_of(_by_dtype(entry, "best"), peaks),
        sustained_fraction=_fraction_of(_by_dtype(entry, "sustained"), peaks),
        memory_bytes=entry.number("memory"),
        memory_bytes_per_s=entry.number("memory_bandwidth"),
        scaleup_bytes_per_s=scaleup,
        scaleup_peer_bytes_per_s=scaleup if peer is None else peer,
        scaleup_domain=domain,
        scaleup_topology=_topology(entry),
        scaleup_shape=tuple(int(side) for side in entry.texts("scaleup_shape")),
        in_network_reduction=entry.labels.get("in_network_reduction") is True,
        tdp_w=entry.number_or_none("tdp"),
        idle_w=entry.number_or_none("idle"),
        n_cores=_count(entry, "cores"),
        clock_hz=entry.number_or_none("clock"),
        matrix_side=_count(entry, "matrix_side"),
        facts=entry.facts,
    )


def _node(entry: Entry) -> Node:
    return Node(
        id=entry.id,
        name=entry.text("name", entry.id),
        accelerator_id=entry.text("accelerator"),
        cpus=entry.text("cpus"),
        cooling=entry.text("cooling"),
        status=entry.text("status"),
        note=entry.text("note"),
        n_accelerators=int(entry.number("accelerators")),
        scaleup_domain=int(entry.number("scaleup_domain")),
        n_nics=_count(entry, "nics"),
        nic_bytes_per_s=entry.number_or_none("nic_bandwidth"),
        max_power_w=entry.number_or_none("max_power"),
        measured_power_w=entry.number_or_none("measured_power"),
        facts=entry.facts,
    )


def _link(entry: Entry) -> Link:
    return Link(
        id=entry.id,
        name=entry.text("name", entry.id),
        kind=entry.text("kind"),
        note=entry.text("note"),
        n_ports=_count(entry, "ports"),
        port_bytes_per_s=entry.number_or_none("port_bandwidth"),
        bandwidth_bytes_per_s=entry.number_or_none("bandwidth"),
        hop_latency_s=entry.number_or_none("hop_latency"),
        power_w=entry.number_or_none("power"),
        facts=entry.facts,
    )


def _fabric(entry: Entry) -> Fabric:
    return Fabric(
        id=entry.id,
        name=entry.text("name", entry.id),
        operator=entry.text("operator"),
        accelerator_id=entry.text("accelerator"),
        note=entry.text("note"),
        n_accelerators=_count(entry, "accelerators"),
        nic_bytes_per_s=entry.number_or_none("nic_bandwidth"),
        tiers=_tiers(entry),
        source=source_text(entry.text("source")),
        confidence=confidence_of(entry.text("confidence"), entry.id),
        facts=entry.facts,
    )


def _tiers(entry: Entry) -> tuple[Tier, ...]:
    written = entry.labels.get("tiers")
    trees = written if isinstance(written, list) else []
    return tuple(_tier(cast("dict[str, object]", tree)) for tree in trees)


def _tier(tree: Mapping[str, object]) -> Tier:
    count = tree.get("accelerators")
    ratio, latency = tree.get("oversubscription"), tree.get("relative_latency")
    return Tier(
        name=str(tree["name"]),
        n_accelerators=None if count is None else int(str(count)),
        oversubscription=None if ratio is None else float(str(ratio)),
        relative_latency=None if latency is None else float(str(latency)),
    )


def _by_dtype(entry: Entry, prefix: str) -> Mapping[str, float]:
    found = {dtype: entry.number_or_none(f"{prefix}_{dtype}") for dtype in DTYPES}
    return MappingProxyType({dtype: rate for dtype, rate in found.items() if rate is not None})


def _fraction_of(rates: Mapping[str, float], peaks: Mapping[str, float]) -> Mapping[str, float]:
    return MappingProxyType({dtype: rate / peaks[dtype] for dtype, rate in rates.items()})


def _count(entry: Entry, key: str) -> int | None:
    value = entry.number_or_none(key)
    return None if value is None else int(value)


def _topology(entry: Entry) -> Topology:
    text = entry.text("scaleup_topology")
    topologies: tuple[Topology, ...] = ("switch", "mesh", "ring", "torus2d", "torus3d")
    for topology in topologies:
        if text == topology:
            return topology
    raise CatalogError(f"{entry.id}: scaleup_topology {text!r} is none of {', '.join(topologies)}")
