"""`stargate voice serve`: replicas that answer, and workers that enrol, over one home.

Replicas are processes that share one socket; each has the networks in its own memory and speaks
one text at a time. What they must agree on (voices, audit, queue, rates) is in the home's files.
"""

from __future__ import annotations

import multiprocessing
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import uvicorn
from fastapi import FastAPI

from stargate.errors import StargateError
from stargate.store.buckets import BucketStore
from stargate.voice.assets import Assets
from stargate.voice.audio_files import CODECS, DECODE_RATE_HZ, encode
from stargate.voice.crew import at_work, crew, work_in
from stargate.voice.home import Home
from stargate.voice.http.app import make_app
from stargate.voice.http.service import Page, Service
from stargate.voice.keys import KeyRing, RateLimit
from stargate.voice.policy import Policy
from stargate.voice.refusals import MissingError

KEYS_FILE = "api-keys.json"
LOOK_EVERY_S = 1.0


@dataclass(frozen=True)
class Settings:
    """What a replica is told; it goes to new processes."""

    directory: Path
    assets: Path
    engine: str
    n_per_minute: float
    console: Mapping[str, Page] = field(default_factory=dict)


def application(settings: Settings) -> FastAPI:
    """The application of one replica, with all it needs to speak loaded."""
    home = Home(settings.directory, Assets(settings.assets))
    rehearse(home, settings.engine)
    buckets = BucketStore(settings.directory / "rates.db")
    service = Service(
        home=home,
        ring=KeyRing(settings.directory / KEYS_FILE),
        limit=RateLimit(settings.n_per_minute, time.time, buckets),
        engine=settings.engine,
        policy=home.policy or Policy(),
        console=settings.console,
    )
    return make_app(service)


def rehearse(home: Home, engine: str) -> None:
    """Load networks and encoders now, and not when the first to ask waits for them."""
    gate = home.gate
    with suppress(MissingError):  # whoever asks for this engine is told what is missing
        gate.rehearse(engine)
    silence = np.zeros(DECODE_RATE_HZ, np.float32)
    with suppress(MissingError):
        for audio_format in CODECS:
            encode(silence, DECODE_RATE_HZ, audio_format)


def serve(settings: Settings, host: str, port: int, n_replicas: int, workers: str) -> None:
    """Answer until interrupted; `workers` is a number of processes, 0 for none, or Ray's address.

    With none, enrolments wait for `stargate voice work` over the same home.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that workers are dismissed
    with _at_work(settings.directory, settings.assets, workers), _bound(host, port) as bound:
        if n_replicas == 1:
            answer_at(settings, bound)
        else:
            _keep_replicas(settings, bound, n_replicas)


def work(directory: Path, assets: Path, workers: str, until_empty: bool = False) -> None:
    """Work enrolments off until interrupted, or until none waits or is worked on."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with _at_work(directory, assets, workers) as home:
        while not (until_empty and home.enrolments.empty()):
            time.sleep(LOOK_EVERY_S)


def answer_at(settings: Settings, bound: socket.socket) -> None:
    """Answer at a socket, in this process."""
    config = uvicorn.Config(application(settings), log_level="warning")
    sys.stderr.write("ready\n")
    uvicorn.Server(config).run(sockets=[bound])


@contextmanager
def _at_work(directory: Path, assets: Path, workers: str) -> Iterator[Home]:
    home = Home(directory, Assets(assets))
    home.require_safeguards()
    try:
        if workers == "0":
            yield home
        else:
            with at_work(home.enrolments, crew(partial(work_in, directory, assets), workers)):
                yield home
    finally:
        home.close()


@contextmanager
def _bound(host: str, port: int) -> Iterator[socket.socket]:
    try:
        bound = socket.create_server((host, port), reuse_port=False)
    except OSError as error:
        raise StargateError(f"cannot listen at {host}:{port}: {error.strerror}") from None
    with bound:
        yield bound


def _keep_replicas(settings: Settings, bound: socket.socket, n: int) -> None:
    """Processes that answer at one socket; one that dies is replaced."""
    context = multiprocessing.get_context("spawn")
    living = [context.Process(target=answer_at, args=(settings, bound)) for _ in range(n)]
    for process in living:
        process.start()
    try:
        while True:
            time.sleep(LOOK_EVERY_S)
            for i, process in enumerate(living):
                if not process.is_alive():
                    living[i] = context.Process(target=answer_at, args=(settings, bound))
                    living[i].start()
    finally:
        for process in living:
            process.terminate()
        for process in living:
            process.join()
