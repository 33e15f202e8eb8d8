"""The measured and published constants behind `collectives`, read once from the catalogue's data.

The file states for each value where it comes from; `share_of` and `software` give the numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml

from stargate.errors import CatalogError

Share = Literal["scaleup_share", "in_switch_share", "nic_share", "fabric_step_s", "nic_bytes_per_s"]


@dataclass(frozen=True, slots=True)
class Protocol:
    """One way in which a library moves bytes: `rate` is the share of the wire that it can use."""

    rate: float
    base_s: float
    scaleup_step_s: float
    scaleout_step_s: float


@dataclass(frozen=True, slots=True)
class InSwitch:
    """Reduction inside the scale-up switch, and the tree that joins several such domains.

    Groups of fewer than `ranks_min` in a domain fall back to rings.
    """

    base_s: float
    per_rank_s: float
    scaleout_step_s: float
    ranks_min: int


@dataclass(frozen=True, slots=True)
class Software:
    """A communication library: its algorithms for all-reduce and its fixed costs.

    One collective drives at most `nics_per_collective` NICs of a domain; domains larger than a node
    are joined by trees only up to `rack_tree_domains_max` of them.
    """

    name: str
    all_reduce: tuple[str, ...]
    nics_per_collective: int
    rack_tree_domains_max: int
    launch_s: float
    per_peer_s: float
    protocols: tuple[Protocol, ...]
    in_switch: InSwitch | None


@cache
def _constants() -> dict[str, dict[str, dict[str, Any]]]:
    path = files("stargate") / "catalog" / "data" / "collectives.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def share_of(table: Share, *names: str) -> float:
    """The value of the first of `names` that the table holds, or its default."""
    rows = _constants()[table]
    for name in (*names, "default"):
        if name in rows:
            return float(rows[name]["value"])
    known = ", ".join(sorted(rows))
    raise CatalogError(f"{table} holds none of {', '.join(names)}; it knows {known}")


@cache
def software(name: str) -> Software:
    """The communication library of that name."""
    rows = _constants()["software"]
    if name not in rows:
        raise CatalogError(f"unknown communication library {name!r}; known: {', '.join(rows)}")
    row = rows[name]
    return Software(
        name=name,
        all_reduce=tuple(row["all_reduce"]),
        nics_per_collective=row["nics_per_collective"],
        rack_tree_domains_max=row["rack_tree_domains_max"],
        launch_s=row["launch_s"],
        per_peer_s=row["per_peer_s"],
        protocols=tuple(Protocol(**values) for values in row["protocols"].values()),
        in_switch=InSwitch(**row["in_switch"]) if "in_switch" in row else None,
    )
