"""Which sites there are, with how many nodes of how many cores; for `control` one pool."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from stargate.control.policy import POLICIES, Policy
from stargate.control.pool import Pool
from stargate.control.recovery import Retry
from stargate.errors import StargateError
from stargate.spec.network import Network

RETRY = Retry(backoff_s=1.0, backoff_s_max=60.0)
_SITE = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]*)(?::(\d+))?")


@dataclass(frozen=True, slots=True)
class Machine:
    """`sites` holds the site of each node; every node has as many cores and as much memory."""

    sites: tuple[str, ...]
    cores: int
    memory_bytes: int
    policy_name: str = "easy"

    @property
    def pool(self) -> Pool:
        """All nodes: one pool that spans the sites, so that a gang may too."""
        return Pool(
            id="machine",
            n_nodes=len(self.sites),
            slots=self.cores,
            memory_per_slot_bytes=self.memory_bytes / self.cores,
            spans=self.sites,
        )

    @property
    def policy(self) -> Policy:
        """The policy of that name, patient with jobs that fail again and again."""
        return replace(POLICIES[self.policy_name], retry=RETRY)

    def node_name(self, node: int) -> str:
        """What the Ray node is labelled with: the site, and its number there."""
        site = self.sites[node]
        return f"{site}.{self.sites[:node].count(site)}"

    def write(self, file: Path) -> None:
        """Keep it."""
        file.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> Machine:
        """What `write` kept."""
        content = json.loads(file.read_text(encoding="utf-8"))
        content["sites"] = tuple(content["sites"])
        return cls(**content)


def of_text(text: str, cores: int, policy: str) -> Machine:
    """The machine that `abilene:2,atlanta` means: sites and their numbers of nodes."""
    sites: list[str] = []
    for part in text.split(","):
        found = _SITE.fullmatch(part.strip())
        if found is None or found[1] in sites or int(found[2] or 1) < 1:
            message = f"{part.strip()!r} is no new site; write abilene:2,atlanta (site:nodes)"
            raise StargateError(message)
        sites += [found[1]] * int(found[2] or 1)
    return _of(sites, cores, policy)


def of_network(network: Network, cores: int, policy: str) -> Machine:
    """A node for each site of a specification."""
    return _of([site.id for site in network.sites], cores, policy)


def _of(sites: list[str], cores: int, policy: str) -> Machine:
    """Memory is divided evenly, a tenth left to what runs the machine."""
    ours = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(tuple(sites), cores, int(0.9 * ours / len(sites)), policy)
