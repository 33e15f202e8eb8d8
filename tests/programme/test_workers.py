from __future__ import annotations

from collections.abc import Iterator

import pytest

from stargate.errors import StargateError
from stargate.programme.workers import make_all

TILES = [(i, 10) for i in range(5)]


MAKE = sorted  # gives back its tiles, and is known to every new process


@pytest.fixture
def ray() -> Iterator[object]:
    ray = pytest.importorskip("ray", reason="ray is not installed")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    yield ray
    ray.shutdown()


@pytest.mark.parametrize("workers", ["1", "2", "9"])
def test_whoever_makes_the_tiles_they_come_in_order(workers: str) -> None:
    assert make_all(MAKE, TILES, workers) == TILES


@pytest.mark.filterwarnings("ignore")  # Ray's own
@pytest.mark.usefixtures("ray")
def test_a_ray_cluster_makes_them_too() -> None:
    assert make_all(MAKE, TILES, "auto") == TILES


@pytest.mark.parametrize("workers", ["0", "-1", "many", "1.5"])
def test_what_is_no_number_of_workers_is_refused(workers: str) -> None:
    with pytest.raises(StargateError, match="no number of workers"):
        make_all(MAKE, TILES, workers)
