"""Accelerators, nodes, links and fabrics agree with each other and with what vendors print."""

from __future__ import annotations

import csv
import math
from itertools import pairwise
from pathlib import Path

import pytest

from stargate import catalog
from stargate.catalog import hardware
from stargate.errors import CatalogError

PARTS = list(hardware.accelerators().values())
NAMES = {part.id: part for part in PARTS}

# NVLink generation of each accelerator that has one.
NVLINK = {
    "v100-sxm2-32": "nvlink2",
    "a100-sxm-40": "nvlink3",
    "a100-sxm-80": "nvlink3",
    "h100-sxm": "nvlink4",
    "h200-sxm": "nvlink4",
    "b200-sxm": "nvlink5",
    "gb200": "nvlink5",
    "b300-sxm": "nvlink5",
    "gb300": "nvlink5",
    "rubin": "nvlink6",
}
# Rate, memory and bandwidth as vendors print them (dense), to catch a slipped column.
PRINTED = {
    "a100-sxm-80": (312e12, 80e9, 2.039e12, 400),
    "h100-sxm": (989e12, 80e9, 3.35e12, 700),
    "h200-sxm": (989e12, 141e9, 4.8e12, 700),
    "mi300x": (1307e12, 192e9, 5.3e12, 750),
    "mi325x": (1307e12, 256e9, 6.0e12, 1000),
    "gb300": (2500e12, 288e9, 8.0e12, 1400),
    "l40s": (362e12, 48e9, 864e9, 350),
}


@pytest.mark.parametrize("name", PRINTED)
def test_values_are_those_that_the_vendor_prints(name: str):
    part = catalog.accelerator(name)
    found = (part.peak_flop_per_s["bf16"], part.memory_bytes, part.memory_bytes_per_s, part.tdp_w)
    assert found == pytest.approx(PRINTED[name])


@pytest.mark.parametrize("part", PARTS, ids=lambda p: p.id)
def test_a_narrower_type_is_never_slower(part: hardware.Accelerator):
    order = ("fp32", "tf32", "bf16", "fp8", "fp4")
    peaks = [part.peak_flop_per_s[d] for d in order if d in part.peak_flop_per_s]
    assert peaks
    assert all(slow <= fast for slow, fast in pairwise(peaks))


@pytest.mark.parametrize("part", PARTS, ids=lambda p: p.id)
def test_measured_rates_stay_below_the_peak(part: hardware.Accelerator):
    for fraction in (*part.best_fraction.values(), *part.sustained_fraction.values()):
        assert 0.3 < fraction < 1.0


@pytest.mark.parametrize("part", PARTS, ids=lambda p: p.id)
def test_memory_is_slower_than_arithmetic_and_faster_than_links(part: hardware.Accelerator):
    assert part.scaleup_bytes_per_s < part.memory_bytes_per_s < max(part.peak_flop_per_s.values())
    assert part.scaleup_peer_bytes_per_s <= part.scaleup_bytes_per_s
    assert 0.9 < part.visible_memory_bytes / part.memory_bytes < 1.1


@pytest.mark.parametrize("part", PARTS, ids=lambda p: p.id)
def test_power_is_ordered(part: hardware.Accelerator):
    known = [part.idle_w, part.tdp_w]
    assert all(low < high for low, high in pairwise([w for w in known if w is not None]))


@pytest.mark.parametrize("name", NVLINK)
def test_scale_up_bandwidth_is_that_of_the_links_in_one_direction(name: str):
    link = catalog.link(NVLINK[name])
    assert catalog.accelerator(name).scaleup_bytes_per_s == link.bandwidth_bytes_per_s


@pytest.mark.parametrize("name", ["mi300x", "mi325x", "mi350x", "mi355x", "gaudi2", "gaudi3"])
def test_a_full_mesh_has_one_link_to_each_peer(name: str):
    part = catalog.accelerator(name)
    links = part.scaleup_domain - 1
    assert part.scaleup_peer_bytes_per_s * links == pytest.approx(part.scaleup_bytes_per_s)


@pytest.mark.parametrize("name", ["tpu-v3", "tpu-v4", "tpu-v5e", "tpu-v5p", "tpu-v6e", "tpu-7x"])
def test_a_torus_has_two_links_an_axis_and_fills_its_shape(name: str):
    part = catalog.accelerator(name)
    assert len(part.scaleup_shape) == int(part.scaleup_topology[-2])
    links = 2 * len(part.scaleup_shape)
    assert part.scaleup_peer_bytes_per_s * links == pytest.approx(part.scaleup_bytes_per_s)
    assert math.prod(part.scaleup_shape) == part.scaleup_domain


def test_only_switched_fabrics_reduce_within_the_network():
    assert all(p.scaleup_topology == "switch" for p in PARTS if p.in_network_reduction)
    assert catalog.accelerator("h100-sxm").in_network_reduction
    assert not catalog.accelerator("a100-sxm-80").in_network_reduction


@pytest.mark.parametrize("part", [p for p in PARTS if p.node_id], ids=lambda p: p.id)
def test_the_usual_node_of_an_accelerator_holds_it(part: hardware.Accelerator):
    node = catalog.node(part.node_id)
    assert node.accelerator_id == part.id
    assert catalog.node_of(part.id) is node


def test_every_node_holds_a_known_accelerator():
    assert {node.accelerator_id for node in hardware.nodes().values()} <= set(NAMES)


def test_every_fabric_joins_a_known_accelerator():
    used = {fabric.accelerator_id for fabric in hardware.fabrics().values()}
    assert used - {""} <= set(NAMES)


def test_scale_out_bandwidth_is_shared_by_the_accelerators_of_a_node():
    assert catalog.node("dgx-h100").scaleout_bytes_per_s == 50e9
    assert catalog.node("dgx-a100").scaleout_bytes_per_s == 25e9
    assert catalog.node("gb300-nvl72").scaleout_bytes_per_s == 100e9
    assert catalog.node("tpu-v4-cube").scaleout_bytes_per_s is None


@pytest.mark.parametrize("node", hardware.nodes().values(), ids=lambda n: n.id)
def test_a_node_draws_more_than_its_accelerators(node: hardware.Node):
    tdp = NAMES[node.accelerator_id].tdp_w
    if node.max_power_w is not None and tdp is not None:
        assert node.max_power_w > node.n_accelerators * tdp
        assert (node.measured_power_w or 0) <= node.max_power_w


def test_the_uplink_of_llama_3_training_is_oversubscribed_seven_to_one():
    tiers = catalog.fabric("meta-24k-roce").tiers
    assert [tier.oversubscription for tier in tiers] == [1, 1, 7]
    assert tiers[1].n_accelerators == 3072


def test_switch_bandwidth_is_the_sum_of_its_ports():
    for link in hardware.links().values():
        if link.kind in ("switch", "nic") and link.n_ports and link.port_bytes_per_s:
            total = link.n_ports * link.port_bytes_per_s
            assert link.bandwidth_bytes_per_s == pytest.approx(total, rel=1e-6) or (
                link.id == "quantum-hdr-qm8700"
            )


SPELLINGS = {
    "H100": "h100-sxm",
    "H100-80GB": "h100-sxm",
    "h100 80gb sxm": "h100-sxm",
    "A100": "a100-sxm-80",
    "A100-80GB": "a100-sxm-80",
    "a100-80gb-sxm": "a100-sxm-80",
    "A100-40GB": "a100-sxm-40",
    "H100-96GB(HBM2e,500W)": "h100-96-500w",
    "H800": "h800-sxm",
    "H20": "h20",
    "H200": "h200-sxm",
    "B200": "b200-sxm",
    "B300": "b300-sxm",
    "GB200": "gb200",
    "GB300": "gb300",
    "MI300X": "mi300x",
    "MI325X": "mi325x",
    "MI350X": "mi350x",
    "MI355X": "mi355x",
    "TPU-v4": "tpu-v4",
    "TPU v5e": "tpu-v5e",
    "TPU-v5p": "tpu-v5p",
    "TPU v6e": "tpu-v6e",
    "Trillium": "tpu-v6e",
    "TPU-v7x": "tpu-7x",
    "TPU-v7x (Ironwood)": "tpu-7x",
    "Gaudi2": "gaudi2",
    "Gaudi3": "gaudi3",
    "Trainium2": "trainium2",
    "L40S": "l40s",
    "RTX PRO 6000": "rtx-pro-6000",
    "NVIDIA H100 80GB HBM3": "h100-sxm",
    "NVIDIA A100-SXM4-40GB": "a100-sxm-40",
    "AMD Instinct MI300X": "mi300x",
    "Intel Gaudi 3": "gaudi3",
    "Google TPU v5p": "tpu-v5p",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_accelerators_are_found_as_people_write_them(spelling: str):
    assert catalog.accelerator(spelling).id == SPELLINGS[spelling]


@pytest.mark.parametrize("table", ["training", "training_vtrain", "serving"])
def test_every_accelerator_of_the_records_is_known(shared_data: Path, table: str):
    with (shared_data / "records" / f"{table}.csv").open(encoding="utf-8") as file:
        names = {row["accelerator"] for row in csv.DictReader(file)}
    assert names
    for name in names:
        assert catalog.accelerator(name)


def test_an_unknown_accelerator_is_refused_with_close_matches():
    with pytest.raises(CatalogError, match="h100-sxm"):
        catalog.accelerator("h100-smx")
    with pytest.raises(CatalogError, match="stargate catalog"):
        catalog.accelerator("zx81")


COLUMNS = {
    "bf16_tflops": ("peak_bf16", 1e12),
    "fp8_tflops": ("peak_fp8", 1e12),
    "fp4_tflops": ("peak_fp4", 1e12),
    "int8_tops": ("peak_int8", 1e12),
    "hbm_gb": ("memory", 1e9),
    "hbm_gbs": ("memory_bandwidth", 1e9),
    "scaleup_gbs_dir": ("scaleup_bandwidth", 1e9),
    "power_spec_w": ("tdp", 1.0),
    "idle_w": ("idle", 1.0),
    "maxach_fp8_tflops": ("best_fp8", 1e12),
}


def test_values_are_those_of_the_compiled_table(shared_data: Path):
    with (shared_data / "catalog" / "accelerators.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 32
    for row in rows:
        facts = catalog.accelerator(row["id"]).facts
        for column, (key, worth) in COLUMNS.items():
            if row[column] and (row["id"], key) != ("v100-sxm2-32", "peak_bf16"):
                assert facts[key].value == pytest.approx(float(row[column]) * worth), row["id"]
