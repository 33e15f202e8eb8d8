"""Things of one kind side by side: the values that tell them apart, as texts of the data files."""

from __future__ import annotations

from collections.abc import Mapping

from stargate.catalog.index import Item, items

# Which values stand in a comparison, and the head of their column.
COMPARED: Mapping[str, Mapping[str, str]] = {
    "accelerator": {
        "peak_bf16": "bf16",
        "peak_fp8": "fp8",
        "memory": "memory",
        "memory_bandwidth": "memory bandwidth",
        "scaleup_bandwidth": "scale-up",
        "scaleup_domain": "domain",
        "tdp": "power limit",
    },
    "node": {
        "accelerators": "accelerators",
        "scaleup_domain": "domain",
        "nics": "NICs",
        "nic_bandwidth": "each",
        "max_power": "rated power",
    },
    "link": {
        "ports": "ports",
        "port_bandwidth": "each",
        "bandwidth": "all",
        "hop_latency": "hop",
        "power": "power",
    },
    "fabric": {"accelerators": "accelerators", "nic_bandwidth": "NIC"},
    "model": {"parameters": "parameters", "active_parameters": "active"},
    "reference-class": {
        "mean": "mean overrun",
        "p_tail": "share in tail",
        "low": "low",
        "mode": "mode",
        "high": "high",
    },
}


def header(kind: str) -> list[str]:
    """The column heads of a comparison of `kind`."""
    return ["id", "name", *COMPARED[kind].values()]


def row(item: Item) -> list[str]:
    """One line of a comparison; what is not known is empty."""
    texts = {fact.id.removeprefix(f"{item.id}."): fact.text for fact in item.facts}
    return [item.id, item.name, *(texts.get(key, "") for key in COMPARED[item.kind])]


def markdown(kind: str) -> str:
    """The comparison as a Markdown table."""
    lines = [header(kind), ["---"] * len(header(kind)), *map(row, items(kind).values())]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
