"""Who works enrolments off: as many as wait, as far as there is room, in processes of their own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from stargate.errors import StargateError
from stargate.store.enrolments import Enrolment, EnrolmentQueue
from stargate.voice.assets import Assets
from stargate.voice.crew import ProcessCrew, RayCrew, at_work, call_workers, crew, work_in
from stargate.voice.engine import Sample
from stargate.voice.enrolments import of, submit
from stargate.voice.home import Home


class Dummies:
    """Workers that do nothing until they are told to end."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.names: list[str] = []

    def busy(self) -> set[str]:
        return set(self.names)

    def call(self, name: str) -> None:
        self.names.append(name)

    def dismiss(self) -> None:
        self.names.clear()


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[EnrolmentQueue]:
    queue = EnrolmentQueue(tmp_path / "voices.db")
    for i in range(3):
        queue.add(Enrolment(f"enrol_{i}", "acme", "ada", "cons_1", "tone", b"", float(i)))
    yield queue
    queue.close()


def test_as_many_are_called_as_wait_and_there_is_room_for(queue: EnrolmentQueue) -> None:
    few, many = Dummies(room=2), Dummies(room=9)
    call_workers(queue, few)
    call_workers(queue, many)
    assert (len(few.names), len(many.names)) == (2, 3)
    assert len(set(few.names + many.names)) == 5


def test_those_on_their_way_are_not_called_again(queue: EnrolmentQueue) -> None:
    called = Dummies(room=9)
    for _ in range(3):
        call_workers(queue, called)
    assert len(called.names) == 3
    for name in called.names[:2]:
        assert queue.claim(name, time.time()) is not None
    queue.add(Enrolment("enrol_9", "acme", "bob", "cons_1", "tone", b"", 9.0))
    call_workers(queue, called)  # one is on its way, two wait
    assert len(called.names) == 4


def test_what_was_begun_is_given_back_when_the_crew_is_dismissed(queue: EnrolmentQueue) -> None:
    called = Dummies(room=1)
    with at_work(queue, called):
        while not called.names:
            time.sleep(0.01)
        assert queue.claim(called.names[0], time.time()) is not None
        assert queue.n_waiting() == 2
    assert queue.n_waiting() == 3
    assert called.names == []


@pytest.fixture
def home(tmp_path: Path, speaker: Callable[..., Sample]) -> Iterator[Home]:
    """A home with one enrolment waiting, and no weights to do it with."""
    pytest.importorskip("cryptography", reason="needs the extra [voice]: cryptography")
    home = Home(tmp_path / "home", Assets(tmp_path / "assets"))
    submit(home, "acme", "ada", "cons_1", speaker(110.0, seconds=1.0), "tone")
    yield home
    home.close()


def ended(home: Home) -> Enrolment:
    (job,) = home.enrolments.of("acme")
    until_s = time.monotonic() + 60
    while job.state in ("waiting", "running") and time.monotonic() < until_s:
        time.sleep(0.1)
        job = of(home, "acme", job.id)
    return job


def test_a_process_takes_it_up_and_says_what_is_missing(home: Home) -> None:
    work = partial(work_in, home.directory, home.assets.directory)
    with at_work(home.enrolments, ProcessCrew(work, 1)):
        job = ended(home)
    assert job.state == "failed"
    assert "resemble-perth" in job.message
    assert job.sealed_sample is not None


@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_a_ray_cluster_takes_it_up_too(home: Home) -> None:
    ray = pytest.importorskip("ray", reason="ray is not installed")
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level="error")
    try:
        work = partial(work_in, home.directory, home.assets.directory)
        called = RayCrew(work, "auto")
        with at_work(home.enrolments, called):
            job = ended(home)
        assert (job.state, called.room) == ("failed", 1)
        assert "resemble-perth" in job.message
    finally:
        ray.shutdown()


@pytest.mark.parametrize("workers", ["0", "-1", "many"])
def test_what_is_no_number_of_workers_is_refused(workers: str) -> None:
    with pytest.raises(StargateError, match="no number of workers"):
        crew(print, workers)
