"""Who works enrolments off: processes of this machine, or a Ray cluster. The queue is the same.

A worker does one enrolment and ends, which gives its memory back and keeps what it took apart.
Workers open the home's directory themselves: on a cluster it must lie on a disk that all nodes
share under one path.
"""

from __future__ import annotations

import multiprocessing
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from stargate.errors import StargateError

if TYPE_CHECKING:
    from stargate.store.enrolments import EnrolmentQueue

LOOK_EVERY_S = 0.5
RAY_PREFIXES = ("ray://", "auto")
RAY_MEMORY_BYTES = 3 * 2**30
"""What Ray sets aside for an enrolment: the limit that the engine keeps to."""

Work = Callable[[str], None]
"""Works off the next enrolment under the name of a worker, if one waits; can be pickled."""


class Crew(Protocol):
    """Workers that can be called, as far as there is room."""

    @property
    def room(self) -> int:
        """How many may be busy at once."""
        ...

    def busy(self) -> set[str]:
        """The names of those that have not ended."""
        ...

    def call(self, name: str) -> None:
        """Let one more work off what waits."""
        ...

    def dismiss(self) -> None:
        """Stop them all."""
        ...


class ProcessCrew:
    """At most n processes, each new: this one may have threads."""

    def __init__(self, work: Work, n: int) -> None:
        self._work = work
        self._processes: dict[str, BaseProcess] = {}
        self.room = n

    def busy(self) -> set[str]:
        """Those whose process lives."""
        self._processes = {name: p for name, p in self._processes.items() if p.is_alive()}
        return set(self._processes)

    def call(self, name: str) -> None:
        """Start a process."""
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=_apart, args=(self._work, name), name=name)
        process.start()
        self._processes[name] = process

    def dismiss(self) -> None:
        """End the processes."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            process.join()


class RayCrew:
    """Tasks of a Ray cluster, which starts their processes and ends them."""

    def __init__(self, work: Work, address: str) -> None:
        self._ray, self._ours = _connected(address)
        self._task = self._ray.remote(num_cpus=1, memory=RAY_MEMORY_BYTES, max_retries=0)(_called)
        self._held = self._ray.put(work)
        self._tasks: dict[Any, str] = {}
        self.room = max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def busy(self) -> set[str]:
        """Those whose task has not ended, though it may still wait for room."""
        tasks = list(self._tasks)
        ended = self._ray.wait(tasks, num_returns=len(tasks), timeout=0)[0] if tasks else []
        for task in ended:
            del self._tasks[task]
        return set(self._tasks.values())

    def call(self, name: str) -> None:
        """Hand Ray a task."""
        self._tasks[self._task.remote(self._held, name)] = name

    def dismiss(self) -> None:
        """Cancel the tasks, and leave the cluster if this crew joined it."""
        for task in self._tasks:
            self._ray.cancel(task, force=True)
        if self._ours:
            self._ray.shutdown()


def crew(work: Work, workers: str) -> Crew:
    """The crew that `workers` names: a number of processes, or the address of a Ray cluster."""
    if workers.startswith(RAY_PREFIXES):
        return RayCrew(work, workers)
    if not workers.isdigit() or int(workers) < 1:
        message = f"{workers!r} is no number of workers; write 2, ray://host:10001 or auto"
        raise StargateError(message)
    return ProcessCrew(work, int(workers))


@contextmanager
def at_work(queue: EnrolmentQueue, called: Crew) -> Iterator[None]:
    """Let a crew work enrolments off in the background until the block ends."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(LOOK_EVERY_S):
            call_workers(queue, called)

    thread = threading.Thread(target=look, name="enrolments", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        busy = called.busy()
        called.dismiss()
        for name in busy:
            queue.release(name)


def call_workers(queue: EnrolmentQueue, called: Crew) -> None:
    """One worker for each enrolment that waits and for which none is on its way, while room is."""
    queue.give_back_lost(time.time())
    busy = called.busy()
    on_their_way = len(busy - queue.workers())
    for _ in range(min(queue.n_waiting() - on_their_way, called.room - len(busy))):
        called.call(new_name())


def work_in(directory: Path, assets: Path, worker: str) -> None:
    """Work off the next enrolment of a home, from a process of its own."""
    from stargate.voice.assets import Assets
    from stargate.voice.enrolments import work_off_next
    from stargate.voice.home import Home

    home = Home(directory, Assets(assets))
    try:
        work_off_next(home, worker)
    finally:
        home.close()


def new_name() -> str:
    """A name that no other worker has: the machine, the process that called it, and chance."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


def _apart(work: Work, name: str) -> None:
    """In a process of its own, which the terminal's interrupt is not meant for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    work(name)


def _called(work: Work, name: str) -> None:
    """What a Ray worker runs; Ray takes functions, not callables."""
    work(name)


def _connected(address: str) -> tuple[Any, bool]:
    """Ray, and whether it is this call that joined a cluster."""
    try:
        import ray
    except ImportError:
        message = f"{address} asks for Ray, which is not installed; install ray, or give a number"
        raise StargateError(message) from None
    if ray.is_initialized():
        return ray, False
    try:
        ray.init(address=address, logging_level="error")
    except ConnectionError as error:
        raise StargateError(
            f"no Ray cluster answers at {address}: {error}; "
            "start one with `ray start --head`, or give a number of processes"
        ) from None
    return ray, True
