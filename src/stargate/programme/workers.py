"""Who makes the tiles: this process, several processes, or a Ray cluster. The plan is the same.

A tile depends on nothing but its number, so that it does not matter who makes it. Each worker gets
one run of tiles, and results come back in their order.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

from stargate.engine.memory import keep_freed_memory
from stargate.errors import StargateError

Numbers = Sequence[tuple[int, int]]
Made = TypeVar("Made")
Make = Callable[[Numbers], list[Made]]

ALONE = "1"
_RAY_PREFIXES = ("ray://", "auto")


def make_all(make: Make[Made], numbers: Numbers, workers: str) -> list[Made]:
    """What `make` gives for all tiles (number, samples), in order.

    `workers` is a number of processes (1: this one alone), or the address of a Ray cluster:
    `ray://host:10001`, or `auto` for the one that this machine belongs to.
    """
    if workers.startswith(_RAY_PREFIXES):
        return _by_ray(make, numbers, workers)
    if not workers.isdigit() or int(workers) < 1:
        raise StargateError(
            f"{workers!r} is no number of workers; write 2, ray://host:10001 or auto"
        )
    n = min(int(workers), len(numbers))
    return _by_processes(make, numbers, n) if n > 1 else make(numbers)


def _runs(numbers: Numbers, n: int) -> Iterator[Numbers]:
    """The numbers in n runs, as even as can be."""
    for i in range(n):
        yield numbers[i * len(numbers) // n : (i + 1) * len(numbers) // n]


def _by_processes(make: Make[Made], numbers: Numbers, n: int) -> list[Made]:
    """New processes, and not copies of this one, which may have threads."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(n, context, initializer=keep_freed_memory) as pool:
        return [made for part in pool.map(make, _runs(numbers, n)) for made in part]


def _made(make: Make[Made], numbers: Numbers) -> list[Made]:
    """What a Ray worker runs; Ray takes functions, not callables."""
    return make(numbers)


def _by_ray(make: Make[Made], numbers: Numbers, address: str) -> list[Made]:
    try:
        import ray
    except ImportError:
        message = f"{address} asks for Ray, which is not installed; install ray, or give a number"
        raise StargateError(message) from None
    ours = not ray.is_initialized()
    if ours:
        try:
            ray.init(address=address, logging_level="error")
        except ConnectionError as error:
            raise StargateError(
                f"no Ray cluster answers at {address}: {error}; "
                "start one with `ray start --head`, or give a number of processes"
            ) from None
    try:
        n = min(len(numbers), max(1, int(ray.cluster_resources().get("CPU", 1))))
        task, held = ray.remote(_made), ray.put(make)
        parts = ray.get([task.remote(held, run) for run in _runs(numbers, n)])
        return [made for part in parts for made in part]
    finally:
        if ours:
            ray.shutdown()
