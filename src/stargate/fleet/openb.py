"""The Alibaba GPU cluster of 2023 filled to the brim, by each of six rules of placement.

The experiment of Weng et al. (USENIX ATC 2023, figure 7): the pods of the trace in random order,
and more drawn from among them until 130 % of the cluster's accelerators are asked for; each is put
on a node by the rule or lost. How much is allocated when so much has been asked for is the curve.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stargate.control.fragmentation import Typical
from stargate.control.sharing import Ask, Memory, Nodes, SharingRule, choices, gpus_for
from stargate.engine.streams import stream
from stargate.errors import Problem, SpecError

FloatArray = NDArray[np.float64]
INFLATION = 1.3
# The names of the published curves, worst rule first.
PUBLISHED: dict[SharingRule, str] = {
    "random": "01-Random",
    "dot-product": "02-DotProd",
    "clustering": "03-GpuClustering",
    "packing": "04-GpuPacking",
    "best-fit": "05-BestFit",
    "fgd": "06-FGD",
}


@dataclass(frozen=True, slots=True)
class Openb:
    """The trace: nodes as (CPU, memory, accelerators), the work, and the published curves.

    A curve holds the allocated per cent of the accelerators at each whole per cent asked for, the
    mean of ten orders of arrival.
    """

    nodes: tuple[tuple[int, int, int], ...]
    work: tuple[Ask, ...]
    published: dict[SharingRule, FloatArray]

    @property
    def gpu_milli(self) -> int:
        """All accelerators, in thousandths."""
        return 1000 * sum(gpus for _, _, gpus in self.nodes)


def read_openb(folder: Path) -> Openb:
    """From the three tables; raises `SpecError` where they are not there."""
    nodes = [
        (int(row["cpu_milli"]), int(row["memory_mib"]), int(row["gpu"]))
        for row in _table(folder / "openb_node_list_gpu_node.csv")
    ]
    work = [
        Ask(*(int(row[name]) for name in ("cpu_milli", "memory_mib", "num_gpu", "gpu_milli")))
        for row in sorted(_table(folder / "openb_pod_list_default.csv"), key=lambda r: r["name"])
    ]
    found = defaultdict[str, list[list[float]]](list)
    for row in _table(folder / "expected_allocation_default.csv"):
        found[row["sc_policy"]].append([float(row[str(x)] or "nan") for x in range(131)])
    curves = {rule: np.nanmean(found[name], axis=0) for rule, name in PUBLISHED.items()}
    return Openb(tuple(nodes), tuple(work), curves)


def _table(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))
    except OSError as error:
        raise SpecError([Problem(f"cannot read the trace: {error}", file=str(path))]) from None


def arrivals(trace: Openb, rng: np.random.Generator) -> list[Ask]:
    """The work in random order, and more of it until enough is asked for."""
    wanted = INFLATION * trace.gpu_milli
    order = [trace.work[i] for i in rng.permutation(len(trace.work))]
    asked = sum(ask.n_gpus * ask.gpu_milli for ask in order)
    while True:
        more = trace.work[int(rng.integers(len(trace.work)))]
        if asked + more.gpu_milli > wanted:
            return order
        asked += more.n_gpus * more.gpu_milli
        order.append(more)


def allocation_curve(trace: Openb, rule: SharingRule, seed: int) -> FloatArray:
    """Allocated per cent of the accelerators at each whole per cent asked for, 0 to 130."""
    rng = stream(seed, "openb", rule)
    nodes = Nodes.empty(*zip(*trace.nodes, strict=True))
    memory = Memory(Typical.of(trace.work))
    asked, given = [0], [0]
    for ask in arrivals(trace, stream(seed, "openb", "arrivals")):
        milli = ask.n_gpus * ask.gpu_milli
        asked.append(asked[-1] + milli)
        given.append(given[-1] + milli * _put(nodes, ask, rule, memory, rng))
    percent = 100.0 / trace.gpu_milli
    reached = np.searchsorted(np.array(asked) * percent, np.arange(131.0), side="left")
    return np.array(given)[np.minimum(reached, len(given) - 1)] * percent


def _put(
    nodes: Nodes, ask: Ask, rule: SharingRule, memory: Memory, rng: np.random.Generator
) -> bool:
    """Put the work on a node, drawing where the rule leaves a choice; False if none can take it."""
    able = choices(nodes, ask, rule, memory)
    if not len(able):
        return False
    node = int(able[rng.integers(len(able))])
    gpus = gpus_for(nodes, node, ask, rule, memory)
    nodes.take(node, gpus[int(rng.integers(len(gpus)))], ask)
    return True
