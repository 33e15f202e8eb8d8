"""Memory is bounded by tiles: of a sample stay few bytes, whatever the plan."""

from __future__ import annotations

import tracemalloc

import pytest

from stargate.programme import draws as draws_module
from stargate.programme import plan as plan_module
from stargate.programme.columns import bytes_a_sample
from stargate.programme.kept import Columns
from stargate.programme.plan import plan

SMALL_TILE = 4000
SPREAD = {"dist": "pert", "low": "5 mo", "mode": "8 mo", "high": "20 mo"}
STOP = {"id": "stop", "kind": "abandon", "phase": "P", "decide": "2024-06-01"}
WAIT = {"id": "wait", "kind": "defer", "phase": "P", "decide": "2024-02-01", "by": "1 year"}
FUNDS = {"kind": "judgement", "value": {"dist": "uniform", "low": 0, "high": 1}}
CRITERION = {"metric": "funds", "at_least": 0.4, "evidence": FUNDS}


def programme() -> dict[str, object]:
    """A phase of thirty tasks in a row behind a gate with two attempts; money, two options."""
    block = {"site": "a", "template": "works", "it_power": "100 MW", "accelerator": "h100-sxm"}
    block |= {"it_power_per_accelerator": "1.39 kW"}
    gate = {"id": "G", "kind": "finance", "decide": "2024-03-01", "criteria": [CRITERION]}
    tasks = [
        {"id": f"t{i}", "duration": SPREAD, "after": [f"t{i - 1}"] if i else []} for i in range(30)
    ]
    revenue = {"id": "r", "payee": "us", "per": "it_power", "price": "$13M/MW/year"}
    return {
        "templates": [{"id": "works", "tasks": tasks}],
        "phases": [{"id": "P", "needs": ["G"], "blocks": [block]}],
        "costs": [{"id": "c", "per": "it_power", "rate": "$38M/MW"}],
        "gates": [gate | {"retry_every": "6 months", "retries": 1}],
        "finance": {"parties": [{"id": "us"}], "capital": {"us": 1.0}, "revenues": [revenue]},
        "options": [STOP, WAIT],
    }


@pytest.fixture
def built(document, monkeypatch):
    monkeypatch.setattr(draws_module, "TILE", SMALL_TILE)
    return document(**programme())


def columns_of(document, n: int, monkeypatch) -> Columns:
    """What is kept of the samples of a plan."""
    found: list[Columns] = []
    told = plan_module.summary.gate_results

    def spy(said, columns):
        found.append(columns)
        return told(said, columns)

    with monkeypatch.context() as patched:
        patched.setattr(plan_module.summary, "gate_results", spy)
        plan(document, samples=n, seed=1)
    return found[0]


def peak_bytes(document, n: int) -> int:
    """The most memory that making a plan takes at once."""
    tracemalloc.start()
    plan(document, samples=n, seed=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_of_a_sample_stay_few_bytes(built, monkeypatch):
    """The phase's date and capital in 8 bytes each, the day of the gate in 8, its evidence twice in
    4, the worth in 8, finance in 8 and thrice 4, two accounts of thrice 4 and a count, the delay
    twice in 4, the options alone, together and what each adds in 4.
    """
    by_hand = 2 * 8 + 8 + 2 * 4 + 8 + (8 + 3 * 4) + 2 * (3 * 4 + 1) + 2 * 4 + 5 * 4
    columns = columns_of(built, 2 * SMALL_TILE, monkeypatch)
    assert bytes_a_sample(columns, columns.n) == by_hand


def test_more_samples_take_no_more_memory_than_their_columns_twice(built, monkeypatch):
    """Twice while tiles are put together; a fifth more for what a tile tells of all its samples."""
    plan(built, samples=10, seed=1)
    few, many = 2 * SMALL_TILE, 6 * SMALL_TILE
    columns = columns_of(built, few, monkeypatch)
    grown = (peak_bytes(built, many) - peak_bytes(built, few)) / (many - few)
    assert grown <= 2.2 * bytes_a_sample(columns, columns.n)
