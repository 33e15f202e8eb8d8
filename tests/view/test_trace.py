"""The trace of a step keeps the rules of the Trace Event Format, and tells the step's time."""

from __future__ import annotations

import itertools
import json
import math
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from stargate import catalog
from stargate.perf.machine import Machine
from stargate.perf.question import Question
from stargate.perf.search import Candidate, predict
from stargate.spec.workload import Strategy, TrainingWorkload
from stargate.view.trace import trace, write_trace

STRATEGIES = (
    "tp=8,pp=8,vp=3,mb=1,recompute=full",
    "tp=8,pp=8,mb=1,recompute=full,schedule=zero-bubble",
    "tp=8,pp=4,mb=2,recompute=full,schedule=gpipe",
    "tp=8,mb=1,zero=3,recompute=full",
)


@pytest.fixture(params=STRATEGIES)
def asked(request: pytest.FixtureRequest) -> tuple[Question, Candidate]:
    model, machine = catalog.model("gpt3-175b"), Machine.of("a100-sxm-80", 512)
    work = TrainingWorkload(model="gpt3-175b", seq_len=2048, global_batch=256)
    strategy = Strategy.from_text(request.param)
    return Question(model, machine, work), predict(model, machine, work, strategy).best


def numbers(value: object) -> Iterator[float]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from numbers(inner)
    elif isinstance(value, int | float):
        yield value


def test_the_file_keeps_the_rules_of_the_format(
    asked: tuple[Question, Candidate], tmp_path: Path
) -> None:
    path = tmp_path / "deep" / "trace.json"
    write_trace(*asked, path)
    content = json.loads(path.read_text(encoding="utf-8"))
    events = content["traceEvents"]
    assert all(math.isfinite(number) for number in numbers(content))
    assert {event["ph"] for event in events} == {"M", "X", "C"}
    timed = [event for event in events if event["ph"] != "M"]
    assert [e["ph"] for e in events[: len(events) - len(timed)]] == ["M"] * (
        len(events) - len(timed)
    )
    assert [e["ts"] for e in timed] == sorted(e["ts"] for e in timed)
    named = {e["tid"] for e in events if e["name"] == "thread_name"}
    assert {e["tid"] for e in timed if e["ph"] == "X"} == named
    assert all(isinstance(e["pid"], int) and e["name"] for e in events)


def test_slices_of_a_stage_follow_one_another(asked: tuple[Question, Candidate]) -> None:
    lanes: dict[object, list[tuple[int, int]]] = defaultdict(list)
    for event in trace(*asked)["traceEvents"]:
        if event["ph"] == "X":
            start, length = round(event["ts"] * 1e3), round(event["dur"] * 1e3)
            assert length >= 0
            lanes[event["tid"]].append((start, start + length))
    assert len(lanes) == asked[1].strategy.pp
    for lane in lanes.values():
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(lane))


def test_every_micro_batch_passes_every_stage(asked: tuple[Question, Candidate]) -> None:
    question, best = asked
    strategy = best.strategy
    assert strategy.dp is not None
    micro_batches = question.workload.global_batch // (strategy.dp * strategy.micro_batch)
    slices = [e for e in trace(*asked)["traceEvents"] if e["ph"] == "X"]
    for kind in ("forward", "backward"):
        found = sum(e["cat"] == kind for e in slices)
        assert found == strategy.pp * strategy.vp * micro_batches


def test_the_trace_ends_when_the_step_does(asked: tuple[Question, Candidate]) -> None:
    content = trace(*asked)
    end_s = max(e["ts"] + e["dur"] for e in content["traceEvents"] if e["ph"] == "X") / 1e6
    assert content["otherData"]["replayed_step_time_s"] == pytest.approx(end_s, abs=1e-8)
    assert end_s == pytest.approx(asked[1].step_time_s, rel=0.02)


def test_activations_rise_from_nothing_and_are_let_go(asked: tuple[Question, Candidate]) -> None:
    counters: dict[str, list[float]] = defaultdict(list)
    for event in trace(*asked)["traceEvents"]:
        if event["ph"] == "C":
            counters[event["name"]].append(event["args"]["GB"])
    assert len(counters) == asked[1].strategy.pp
    for values in counters.values():
        assert max(values) > 0
        assert values[-1] == pytest.approx(0.0, abs=1e-5)
    assert max(map(max, counters.values())) * 1e9 <= asked[1].memory["activations"] * 1.001
