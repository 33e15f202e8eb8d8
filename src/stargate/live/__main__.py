"""The controller's process: `python -m stargate.live HOME`; one at a time for a home."""

from __future__ import annotations

import fcntl
import os
import sys
import time
from pathlib import Path

from stargate.live.cluster import Cluster
from stargate.live.controller import Controller
from stargate.live.home import LiveHome
from stargate.live.loopback import HOST, enter
from stargate.live.machine import Machine
from stargate.live.ray_executor import NAMESPACE, RayExecutor
from stargate.store.jobs import JobBook

LOOK_EVERY_S = 0.2


def main(directory: str) -> None:
    """Run the jobs of a home until asked to leave."""
    home = LiveHome(Path(directory))
    with home.controller_lock.open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        _join(home)
        machine = Machine.read(home.machine)
        book = JobBook(home.book)
        controller = Controller(book, machine, RayExecutor(home, machine), time.time)
        while not (controller.leaving and controller.idle):
            controller.step(LOOK_EVERY_S)
        book.close()


def _join(home: LiveHome) -> None:
    enter(home.token)
    import ray

    cluster = Cluster.read(home.cluster)
    assert cluster is not None, "the cluster is started before its controller"
    ray.init(
        address=cluster.address,
        _node_ip_address=HOST,
        namespace=NAMESPACE,
        log_to_driver=False,
        logging_level="error",
    )


if __name__ == "__main__":
    main(sys.argv[1])
