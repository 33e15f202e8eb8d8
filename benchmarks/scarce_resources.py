"""How fast tasks that share scarce resources are scheduled, against the plain Python twin.

    python benchmarks/scarce_resources.py [--tasks 300] [--samples 2000]

Every task of a network takes one of a few crews for its time; all share one line of free capacity.
Prints CPU seconds of placing all tasks in all samples, by each way, and the ratio to the plain
loops, which run a few samples only.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from stargate.programme.booking import ARRAYS, LOOPS, Line, Ways, compiler_is_there, quickest

CREWS = 6.0
TWIN_SAMPLES = 20


def placed_s(ways: Ways, n_tasks: int, n: int) -> tuple[float, np.ndarray]:
    """CPU seconds of placing all tasks in n samples, and the end of the last in each."""
    rng = np.random.default_rng(1)
    line = Line([-np.inf], [CREWS], n)
    times, free, last = line.times_s, line.free, np.zeros(n)
    one = np.ones(n)
    start_s = time.process_time()
    for _ in range(n_tasks):
        # Drawn for as many samples as ever, so that few samples are the first of many.
        ready = rng.uniform(0.0, 300.0, 2000)[:n]
        length = rng.uniform(5.0, 20.0, 2000)[:n]
        start = ways.earliest(times, free, ready, length, one)
        times, free = ways.book(times, free, start, start + length, one)
        last = np.maximum(last, start + length)
    return time.process_time() - start_s, last


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=300)
    parser.add_argument("--samples", type=int, default=2000)
    chosen = parser.parse_args()
    twin_s, twin_end = placed_s(LOOPS, chosen.tasks, TWIN_SAMPLES)
    twin_s *= chosen.samples / TWIN_SAMPLES
    print(f"{chosen.tasks} tasks on {CREWS:.0f} crews x {chosen.samples:,} samples")
    print(f"plain twin (scaled from {TWIN_SAMPLES} samples)  {twin_s:7.2f} s of CPU")
    ways = [("NumPy, all samples at once", ARRAYS)]
    if compiler_is_there():
        placed_s(quickest(), 2, 2)
        ways.append(("loops compiled by numba", quickest()))
    for name, way in ways:
        spent_s, end = placed_s(way, chosen.tasks, chosen.samples)
        same = np.array_equal(end[:TWIN_SAMPLES], twin_end)
        print(f"{name:30}  {spent_s:7.2f} s of CPU, {twin_s / spent_s:5.1f} times as fast", end="")
        print(", the same to the bit" if same else ", NOT THE SAME")


if __name__ == "__main__":
    main()
