"""Small programmes to test on, and a machine whose speed needs no performance model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stargate.programme.capacity import planned_blocks
from stargate.programme.draws import Sampled
from stargate.programme.over_time import quarters_s
from stargate.programme.simulation import Outcome, simulate
from stargate.programme.training_run import Speed
from stargate.spec.document import Document
from stargate.spec.workload import Strategy

H100 = {"accelerator": "h100-sxm", "it_power_per_accelerator": "1.39 kW"}
MODEL = {"layers": 2, "hidden": 64, "heads": 4, "ffn_hidden": 128, "vocabulary": 1000}


def block(site: str, template: str | None = "works", **more: object) -> dict[str, object]:
    """A block of 100 MW of IT."""
    return {"site": site, "template": template, "it_power": "100 MW", **H100, **more}


@pytest.fixture
def document() -> Callable[..., Document]:
    """A document around the parts of a programme; one phase of one block unless told otherwise."""

    def build(**parts: Any) -> Document:
        programme = {
            "price_base": 2025,
            "data_date": "2024-01-01",
            "horizon": "2033-12-31",
            "discount_rate": "8 %",
            "templates": [{"id": "works", "tasks": [{"id": "build", "duration": "10 months"}]}],
            "phases": [{"id": "P", "blocks": [block("a")]}],
            **parts,
        }
        work = {"model": MODEL, "seq_len": 1024, "global_batch": 64}
        return Document.model_validate(
            {"stargate": 1, "workloads": {"train": work}, "programme": programme}
        )

    return build


@pytest.fixture
def plain_speed() -> Callable[[str, int], Speed]:
    """Ten tokens a second and accelerator, a model of a billion weights, no uncertainty."""

    def speed(_run: str, accelerators: int) -> Speed:
        return Speed(accelerators, Strategy(), 1.0, (1.0, 1.0), 0.4, 10.0 * accelerators, 1e9)

    return speed


@pytest.fixture
def outcome_of(plain_speed: Callable[[str, int], Speed]) -> Callable[..., Outcome]:
    """What is drawn for a document, without the summaries over time."""

    def simulated(document: Document, n: int, seed: int = 1) -> Outcome:
        programme = document.programme
        assert programme is not None
        blocks, _ = planned_blocks(programme, document.network)
        grid_s = quarters_s(programme.data_date, programme.horizon)
        draws = Sampled(seed, n)
        return simulate(programme, programme.activities(), blocks, draws, grid_s, plain_speed)

    return simulated
