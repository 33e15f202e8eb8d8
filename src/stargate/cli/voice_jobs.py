"""A workload of `kind: voice` as jobs of the live machine: learning is a batch, speaking serves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from stargate.cli.specification import load_specification
from stargate.cli.voice_capacity import chosen

if TYPE_CHECKING:
    from stargate.live.order import Order

FIRST_PORT = 8880
VOICE = ("stargate", "voice")


def voice_orders(file: str, workload: str | None, wishes: Order) -> list[Order]:
    """As many workers and replicas as the workload takes; `wishes` holds what is common to them.

    They work on the voices of this user's home, each worker until nobody waits to be enrolled.
    """
    from stargate.catalog import fact
    from stargate.perf.voice_capacity import voice_capacity

    name, asked = chosen(load_specification(file).voice_workloads, workload)
    takes = voice_capacity(asked)
    learner = replace(
        wishes,
        name=f"{name}-learn",
        argv=(*VOICE, *_places(), "work", "--workers", "1", "--until-empty"),
        memory_bytes=fact("voice_enrolment_memory").value,
        retries=max(1, wishes.retries),
    )
    speakers = [_speaker(wishes, name, FIRST_PORT + n) for n in range(takes.replicas)]
    return [learner] * takes.workers + speakers


def _speaker(wishes: Order, name: str, port: int) -> Order:
    from stargate.catalog import fact

    return replace(
        wishes,
        name=f"{name}-speak",
        argv=(*VOICE, *_places(), "serve", "--port", str(port), "--workers", "0"),
        memory_bytes=fact("voice_replica_memory").value,
        service=True,
        health=f"http://127.0.0.1:{port}/console/",
    )


def _places() -> tuple[str, ...]:
    """Where this user's voices and weights are; the job's own environment may say otherwise."""
    from stargate.voice.assets import asset_directory
    from stargate.voice.home import home_directory

    places: tuple[tuple[str, Path], ...] = (
        ("--home", home_directory()),
        ("--assets", asset_directory()),
    )
    return tuple(word for option, path in places for word in (option, str(path.absolute())))
