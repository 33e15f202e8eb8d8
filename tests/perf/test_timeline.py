"""The replay of pipeline schedules: against the closed forms, and what no schedule may break."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate import catalog
from stargate.perf import pipeline
from stargate.perf.machine import Machine
from stargate.perf.pipeline_order import BACKWARD, FORWARD, WEIGHT_GRADIENT
from stargate.perf.search import predict
from stargate.perf.stages import StagePasses, chunk_layers, stage_passes
from stargate.perf.strategy import SCHEDULES
from stargate.perf.timeline import Timeline, replay, saved_bytes_over_time
from stargate.spec.workload import Schedule, Strategy, TrainingWorkload


def equal_stages(
    schedule: Schedule,
    pp: int,
    vp: int,
    micro_batches: int,
    times_s: tuple[float, float, float] = (1.0, 2.0, 1.0),
    hop_s: float = 0.0,
) -> StagePasses:
    """Stages that all take the same forward, backward and weight-gradient time."""
    one = np.ones((pp, vp)) / vp
    forward_s, backward_s, weight_s = times_s
    return StagePasses(
        *(schedule, micro_batches, one * forward_s, one * backward_s, one * weight_s, one, hop_s)
    )


def closed_form_s(passes: StagePasses) -> float:
    """m (F + B) and the bubble of `perf.pipeline`, for equal stages."""
    pp, vp = np.array([passes.n_stages]), np.array([passes.n_chunks])
    schedule = np.array([SCHEDULES.index(passes.schedule)])
    each_s = float((passes.forward_s + passes.backward_s)[0].sum())
    weight_s = float(passes.weight_gradient_s[0].sum())
    others_s = each_s * (passes.n_stages - 1)
    m = float(passes.micro_batches)
    bubble_s = pipeline.bubble_time_s(others_s, weight_s, m, pp, vp, schedule)
    return m * each_s + float(bubble_s[0])


@pytest.mark.parametrize(
    ("schedule", "pp", "vp", "micro_batches"),
    [
        ("gpipe", 1, 1, 3),
        ("gpipe", 4, 1, 8),
        ("1f1b", 1, 1, 5),
        ("1f1b", 4, 1, 2),
        ("1f1b", 8, 1, 64),
        ("1f1b", 4, 2, 8),
        ("1f1b", 4, 3, 4),
        ("1f1b", 16, 8, 32),
        ("zero-bubble", 4, 1, 8),
        ("zero-bubble", 8, 1, 64),
        ("zero-bubble", 8, 1, 9),
        ("zero-bubble", 8, 1, 3),
        ("zero-bubble", 4, 1, 1),
    ],
)
def test_equal_stages_take_the_closed_form(
    schedule: Schedule, pp: int, vp: int, micro_batches: int
) -> None:
    passes = equal_stages(schedule, pp, vp, micro_batches)
    assert replay(passes).total_s == pytest.approx(closed_form_s(passes), rel=1e-12)


def test_the_published_bubble_of_1f1b_is_p_minus_1_passes() -> None:
    # arXiv 2104.04473, section 2.2: t_pb = (p - 1)(t_f + t_b); figure 4 with p = 4, m = 8.
    assert replay(equal_stages("1f1b", 4, 1, 8)).total_s == pytest.approx(8 * 3 + 3 * 3)
    # Interleaving divides it by v.
    assert replay(equal_stages("1f1b", 4, 2, 8)).total_s == pytest.approx(8 * 3 + 3 * 3 / 2)


def test_the_published_bubble_of_zero_bubble_is_a_third() -> None:
    # arXiv 2401.10241, table 2 with T_F = T_B = T_W: (p - 1)(1 + 1 - 1) instead of (p - 1) 3.
    assert replay(equal_stages("zero-bubble", 4, 1, 8)).total_s == pytest.approx(8 * 3 + 3)


@pytest.mark.parametrize(
    ("schedule", "pp", "vp", "micro_batches"),
    [
        *(("gpipe", 4, 1, 8), ("1f1b", 4, 1, 8), ("1f1b", 4, 1, 2)),
        *(("1f1b", 4, 3, 8), ("1f1b", 8, 2, 16), ("zero-bubble", 4, 1, 8)),
    ],
)
def test_the_first_stage_holds_what_the_memory_model_says(
    schedule: Schedule, pp: int, vp: int, micro_batches: int
) -> None:
    passes = equal_stages(schedule, pp, vp, micro_batches)
    _, held = saved_bytes_over_time(replay(passes), passes, 0)
    live = pipeline.live_micro_batches(
        *(np.array([pp]), np.array([vp]), np.array([float(micro_batches)])),
        np.array([SCHEDULES.index(schedule)]),
    )
    assert held.max() == pytest.approx(live[0])
    assert held.min() >= -1e-9
    assert held[-1] == pytest.approx(0.0, abs=1e-9)


@st.composite
def any_passes(draw: st.DrawFn) -> StagePasses:
    """Stages of unequal times under any schedule, full groups or not."""
    schedule = draw(st.sampled_from(SCHEDULES))
    pp = draw(st.integers(1, 6))
    vp = draw(st.integers(1, 3)) if schedule == "1f1b" and pp > 1 else 1
    seed = draw(st.integers(0, 2**32 - 1))
    some = np.random.default_rng(seed).uniform(0.5, 2.0, (3, pp, vp))
    micro_batches = draw(st.integers(1, 13))
    hop_s = draw(st.sampled_from([0.0, 0.1]))
    return StagePasses(schedule, micro_batches, some[0], some[1] + some[2], some[2], some[0], hop_s)


@settings(max_examples=60, deadline=None)
@given(any_passes())
def test_every_pass_runs_once_and_waits_for_its_stage_and_its_input(passes: StagePasses) -> None:
    timeline = replay(passes)
    p, v, m = passes.n_stages, passes.n_chunks, passes.micro_batches
    kinds = 3 if passes.schedule == "zero-bubble" else 2
    ids = set(zip(*(c.tolist() for c in columns_of(timeline)), strict=True))
    assert len(ids) == len(timeline) == kinds * p * v * m
    for stage in range(p):
        own = timeline.of_stage(stage)
        assert np.all(own.start_s[1:] >= own.end_s[:-1] - 1e-12)
        assert own.duration_s.sum() == pytest.approx(passes.busy_s[stage])
    assert_inputs_arrive(timeline, passes)


def columns_of(timeline: Timeline) -> tuple[np.ndarray, ...]:
    return timeline.kind, timeline.stage, timeline.chunk, timeline.micro_batch


def assert_inputs_arrive(timeline: Timeline, passes: StagePasses) -> None:
    p, v = passes.n_stages, passes.n_chunks
    keys = list(zip(*(c.tolist() for c in columns_of(timeline)), strict=True))
    start, end = (
        dict(zip(keys, c.tolist(), strict=True)) for c in (timeline.start_s, timeline.end_s)
    )
    for (kind, stage, chunk, i), start_s in start.items():
        place = chunk * p + stage
        if kind == WEIGHT_GRADIENT:
            assert start_s >= end[BACKWARD, stage, chunk, i] - 1e-12
            continue
        if kind == BACKWARD:
            assert start_s >= end[FORWARD, stage, chunk, i] - 1e-12
        before = place - 1 if kind == FORWARD else place + 1
        if 0 <= before < p * v:
            hop_s = passes.hop_s if p > 1 else 0.0
            assert start_s >= end[kind, before % p, before // p, i] + hop_s - 1e-12


@settings(max_examples=40, deadline=None)
@given(any_passes())
def test_a_step_is_never_shorter_than_its_busiest_stage_or_one_micro_batch(
    passes: StagePasses,
) -> None:
    total_s = replay(passes).total_s
    assert total_s >= passes.busy_s.max() - 1e-9
    one = passes.forward_s.sum() + passes.backward_s.sum()
    late_s = passes.weight_gradient_s.sum() if passes.schedule == "zero-bubble" else 0.0
    assert total_s >= one - late_s - 1e-9


@pytest.mark.parametrize(
    ("layers", "pp", "vp"), [(126, 16, 8), (96, 8, 3), (61, 16, 1), (10, 4, 2)]
)
def test_chunks_hold_all_layers_and_the_ends_stay_short_first(
    layers: int, pp: int, vp: int
) -> None:
    held = chunk_layers(layers, pp, vp)
    assert held.sum() == pytest.approx(layers)
    assert held.min() >= 0
    assert held[-1].sum() == held.sum(1).min()


@pytest.mark.parametrize(
    "strategy",
    [
        "tp=8,pp=8,vp=3,mb=1,recompute=full",
        "tp=8,pp=8,mb=1,recompute=full",
        "tp=8,pp=4,mb=2,recompute=full",
        "tp=8,pp=8,mb=1,recompute=full,schedule=zero-bubble",
        "tp=8,mb=1,recompute=full,zero=3,sp=yes",
    ],
)
def test_the_replay_of_a_real_strategy_takes_what_the_step_time_says(strategy: str) -> None:
    model, machine = catalog.model("gpt3-175b"), Machine.of("a100-sxm-80", 512)
    work = TrainingWorkload(model="gpt3-175b", seq_len=2048, global_batch=512)
    chosen = Strategy.from_text(strategy)
    best = predict(model, machine, work, chosen).best
    passes = stage_passes(model, machine, work, chosen)
    once = ("optimizer", "stragglers", "fixed", "data_parallel")
    least_s = best.step_time_s - sum(best.breakdown_s[term] for term in once)
    host_s = machine.coefficients.micro_batch_s * passes.micro_batches
    most_s = best.step_time_s - best.breakdown_s["optimizer"] - best.breakdown_s["stragglers"]
    total_s = replay(passes).total_s
    assert total_s >= 0.999 * (least_s + host_s)
    assert total_s <= 1.02 * most_s
