"""The timeline of one step as Chrome trace JSON, which ui.perfetto.dev and chrome://tracing open.

One process stands for one of the dp replicas, one thread for a pipeline stage; the slices of a
thread never overlap. After the passes follows what happens once a step. Counters show the
activations that a stage holds. Times are whole nanoseconds, written in microseconds.
Format: Google, Trace Event Format (docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import stargate
from stargate.perf.pipeline_order import KINDS
from stargate.perf.question import Question
from stargate.perf.search import Candidate, describe
from stargate.perf.stages import StagePasses, stage_passes
from stargate.perf.timeline import Timeline, replay, saved_bytes_over_time

Event = dict[str, object]

_REPLICA = 1
_NS = 1e9
_ONCE = ("data_parallel", "optimizer", "fixed", "stragglers")
_WORDS = {
    "data_parallel": "gradients and weights, what does not hide",
    "optimizer": "optimiser",
    "fixed": "fixed cost of a step",
    "stragglers": "wait for the slowest rank",
}


def write_trace(question: Question, candidate: Candidate, path: Path) -> None:
    """Write the trace of one step under one strategy."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = json.dumps(trace(question, candidate), separators=(",", ":"), allow_nan=False)
    path.write_text(content, encoding="utf-8")


def trace(question: Question, candidate: Candidate) -> dict[str, object]:
    """The trace as an object: metadata first, then all events in order of time."""
    strategy = candidate.strategy
    passes = stage_passes(question.model, question.machine, question.workload, strategy)
    timeline = replay(passes)
    once_s = once_a_step_s(candidate, passes)
    events = [*_slices(timeline, passes), *_after(timeline, once_s, passes)]
    events += _counters(timeline, passes)
    events.sort(key=lambda event: (event["ts"], event["ph"]))
    end_s = timeline.total_s + sum(once_s.values())
    return {
        "traceEvents": [*_names(question, candidate, passes), *events],
        "displayTimeUnit": "ms",
        "otherData": {
            "made_by": f"stargate {stargate.__version__}",
            "strategy": describe(strategy),
            "step_time_s": candidate.step_time_s,
            "replayed_step_time_s": end_s,
        },
    }


def once_a_step_s(candidate: Candidate, passes: StagePasses) -> dict[str, float]:
    """Seconds that follow the passes: the terms of the step less what is in each micro-batch."""
    m = passes.micro_batches
    within_s = {"data_parallel": m * passes.sharding_s, "fixed": m * passes.host_s}
    left_s = {n: candidate.breakdown_s[n] - within_s.get(n, 0.0) for n in _ONCE}
    return {name: time_s for name, time_s in left_s.items() if _ns(time_s) > 0}


def _ns(time_s: float) -> int:
    return round(time_s * _NS)


def _slice(name: str, stage: int, start_ns: int, end_ns: int, args: Mapping[str, object]) -> Event:
    return {
        "name": name,
        "cat": name.split(" ")[0],
        "ph": "X",
        "ts": start_ns / 1e3,
        "dur": (end_ns - start_ns) / 1e3,
        "pid": _REPLICA,
        "tid": stage + 1,
        "args": args,
    }


def _slices(timeline: Timeline, passes: StagePasses) -> Iterator[Event]:
    rows = zip(
        timeline.kind.tolist(),
        timeline.stage.tolist(),
        timeline.chunk.tolist(),
        timeline.micro_batch.tolist(),
        timeline.start_s.tolist(),
        timeline.end_s.tolist(),
        strict=True,
    )
    for kind, stage, chunk, micro_batch, start_s, end_s in rows:
        place = f".{chunk}" if passes.n_chunks > 1 else ""
        args = {"micro-batch": micro_batch, "chunk": chunk}
        name = f"{KINDS[kind]} {micro_batch}{place}"
        yield _slice(name, stage, _ns(start_s), _ns(end_s), args)


def _after(timeline: Timeline, once_s: Mapping[str, float], passes: StagePasses) -> Iterator[Event]:
    """What every stage does once the last pass of all has ended."""
    start_s = timeline.total_s
    for name, time_s in once_s.items():
        end_s = start_s + time_s
        for stage in range(passes.n_stages):
            yield _slice(_WORDS[name], stage, _ns(start_s), _ns(end_s), {"term": name})
        start_s = end_s


def _counters(timeline: Timeline, passes: StagePasses) -> Iterator[Event]:
    for stage in range(passes.n_stages):
        when, held = saved_bytes_over_time(timeline, passes, stage)
        for time_s, size_bytes in zip(when.tolist(), held.tolist(), strict=True):
            yield {
                "name": f"activations of stage {stage} (GB)",
                "ph": "C",
                "ts": _ns(time_s) / 1e3,
                "pid": _REPLICA,
                "args": {"GB": round(max(size_bytes, 0.0) / 1e9, 6)},
            }


def _names(question: Question, candidate: Candidate, passes: StagePasses) -> Iterator[Event]:
    """Metadata: what the process and its threads stand for, and their order."""
    model = question.model.name or question.workload.model
    dp = candidate.strategy.dp or 1
    replica = f"{model}: one of {dp} replicas" if dp > 1 else f"{model}"
    yield _named("process_name", 0, {"name": f"{replica}, {describe(candidate.strategy)}"})
    for stage in range(passes.n_stages):
        yield _named("thread_name", stage + 1, {"name": f"stage {stage}"})
        yield _named("thread_sort_index", stage + 1, {"sort_index": stage})


def _named(kind: str, thread: int, args: Mapping[str, object]) -> Event:
    return {"name": kind, "ph": "M", "pid": _REPLICA, "tid": thread, "args": args}
