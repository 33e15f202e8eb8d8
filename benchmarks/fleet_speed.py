"""How fast a month of a recorded cluster is simulated, against the same month in SimPy.

    python benchmarks/fleet_speed.py [--trace ../shared/data/traces/philly/jobs_reduced.csv]

The month is 15 October to 14 November 2017 of Microsoft Philly (34,120 jobs), on 312 and on 88
nodes of 8 GPUs. Prints CPU seconds, and the ratio to SimPy where it is installed: there a job is a
process that takes its GPUs from one container, first come first served, without nodes, failures,
energy or a trace hash. Results are the best of three runs.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from stargate.control.policy import POLICIES
from stargate.control.pool import Pool
from stargate.fleet.scenario import Hardware, Scenario, Site, Task
from stargate.fleet.simulate import simulate
from stargate.fleet.traces import read_trace

DAY_S = 86_400.0
CASES = (("fifo", 312), ("fifo", 88), ("easy", 88))


def month(path: Path) -> tuple[Task, ...]:
    """The jobs of the 30 days from 15 October 2017; times of the trace count from its first job."""
    tasks = read_trace(path, "gpu", 8).tasks
    from_s = (datetime(2017, 10, 15) - _first(path)).total_seconds()  # noqa: DTZ001
    return tuple(task for task in tasks if from_s <= task.at_s < from_s + 30 * DAY_S)


def _first(path: Path) -> datetime:
    with path.open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if float(row["duration"]) > 0]
    return min(datetime.fromisoformat(row["timestamp"]) for row in rows)


def ours(tasks: tuple[Task, ...], policy: str, nodes: int) -> None:
    """One simulation."""
    hardware = Hardware(Pool("philly", nodes, 8, "gpu"))
    simulate(Scenario("month", (Site(""),), (hardware,), tasks, POLICIES[policy]))


def in_simpy(tasks: tuple[Task, ...], n_gpus: int) -> None:
    """The same jobs, first come first served, in SimPy."""
    import simpy

    env = simpy.Environment()
    gpus = simpy.Container(env, n_gpus, init=n_gpus)

    def job(n: int, long_s: float):
        yield gpus.get(n)
        yield env.timeout(long_s)
        yield gpus.put(n)

    def source():
        for task in tasks:
            yield env.timeout(task.at_s - env.now)
            env.process(job(task.job.workers * task.job.slots, task.work_s))

    env.process(source())
    env.run()


def best_s(run: Callable[[], None], times: int = 3) -> float:
    """CPU seconds of the fastest of some runs."""
    found = []
    for _ in range(times):
        start_s = time.process_time()
        run()
        found.append(time.process_time() - start_s)
    return min(found)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    default = "../shared/data/traces/philly/jobs_reduced.csv"
    parser.add_argument("--trace", type=Path, default=Path(default))
    tasks = month(parser.parse_args().trace)
    print(f"{len(tasks):,} jobs")
    for policy, nodes in CASES:
        took_s = best_s(lambda policy=policy, nodes=nodes: ours(tasks, policy, nodes))
        line = f"{policy} on {nodes} nodes: {took_s:.2f} s, {len(tasks) / took_s:,.0f} jobs/s"
        try:
            peer_s = best_s(lambda nodes=nodes: in_simpy(tasks, 8 * nodes))
        except ImportError:
            print(f"{line}; SimPy is not installed")
            continue
        print(f"{line}; SimPy's fifo without nodes {peer_s:.2f} s, ratio {took_s / peer_s:.2f}")


if __name__ == "__main__":
    main()
