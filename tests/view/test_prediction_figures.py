"""Charts of a prediction: the pipeline, the search, the machine sizes."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from stargate import catalog
from stargate.perf.machine import Machine
from stargate.perf.question import Question
from stargate.perf.sample import Sample, sample_of_search
from stargate.perf.stages import StagePasses
from stargate.perf.timeline import replay
from stargate.programme.fronts import Front, front_of
from stargate.spec.workload import TrainingWorkload
from stargate.view.figures.front import front_chart, height, offer_columns, offer_row
from stargate.view.figures.pipeline import pipeline_chart
from stargate.view.figures.search import search_picture

BASIS = "Basis: given."
MODEL = catalog.model("llama-3.1-8b")
WORK = TrainingWorkload(model="llama-3.1-8b", seq_len=8192, global_batch=128)
QUESTION = Question(MODEL, Machine.of("h100-sxm", 64), WORK)


def passes(micro_batches: int, pp: int = 4) -> StagePasses:
    one = np.ones((pp, 1))
    return StagePasses("1f1b", micro_batches, one, 2.0 * one, one, one)


@pytest.fixture(scope="module")
def sample() -> Sample:
    return sample_of_search(MODEL, QUESTION.machine, WORK, n=300, slowest=2.0)


@pytest.fixture(scope="module")
def front() -> Front:
    return front_of(QUESTION, [32, 64])


def test_every_chart_explains_itself_and_names_its_units(sample: Sample, front: Front) -> None:
    charts = [
        pipeline_chart(replay(passes(8)), {"optimizer": 1.0}, basis=BASIS),
        search_picture(sample, slowest=2.0, basis=BASIS),
        front_chart(front, basis=BASIS),
    ]
    for chart in charts:
        assert chart.title
        assert len(chart.caption) > 40
        assert chart.basis == BASIS
        assert len(chart.alt) > 10
        assert chart.rows
        assert all(len(row) == len(chart.columns) for row in chart.rows)
    axes = [charts[0].figure.layout.xaxis, *charts[2].figure.select_xaxes()]
    axes += list(charts[2].figure.select_yaxes())
    assert all(re.search(r"\((s|USD per billion tokens)\)", axis.title.text) for axis in axes)


def test_the_boxes_of_the_pipeline_cover_the_time_that_stages_work() -> None:
    timeline = replay(passes(8))
    chart = pipeline_chart(timeline, {"optimizer": 1.5}, basis=BASIS)
    width: dict[str, float] = {}
    for trace in chart.figure.data:
        boxes = np.array([x for x in trace.x if x is not None]).reshape(-1, 5)
        width[trace.name] = float((boxes[:, 1] - boxes[:, 0]).sum())
    assert width == pytest.approx({"forward": 32.0, "backward": 64.0, "once a step": 6.0})


def test_a_long_step_shows_its_beginning_and_its_end() -> None:
    short = pipeline_chart(replay(passes(8)), {"optimizer": 1.0}, basis=BASIS)
    long = pipeline_chart(replay(passes(2000)), {"optimizer": 1.0}, basis=BASIS)
    assert len(list(short.figure.select_xaxes())) == 1
    left, right = (axis.range for axis in long.figure.select_xaxes())
    assert left[0] == 0
    assert left[1] < right[0]
    assert right[1] <= replay(passes(2000)).total_s + 1.0
    assert left[1] - left[0] == pytest.approx(right[1] - right[0])
    drawn = sum(len(trace.x) for trace in long.figure.data) / 6
    assert drawn < 4 * 500


def test_the_idle_time_of_the_pipeline_stands_in_its_table() -> None:
    chart = pipeline_chart(replay(passes(8)), {}, basis=BASIS)
    # (p - 1) / (m + p - 1) = 3 / 11 of the pipeline's time.
    assert {row[3].replace("\u00a0", " ") for row in chart.rows} == {"27 %"}


def test_each_strategy_of_the_search_is_one_line_over_all_axes(sample: Sample) -> None:
    chart = search_picture(sample, slowest=2.0, basis=BASIS)
    n_axes = len(chart.figure.layout.xaxis.tickvals)
    lines = [trace for trace in chart.figure.data if not trace.showlegend and len(trace.x) > 1]
    n_lines = sum(len(trace.x) for trace in lines) / (n_axes + 1)
    assert n_lines == len(sample.table)
    at = [y for trace in lines for y in trace.y if y is not None]
    assert min(at) >= -0.06
    assert max(at) <= 1.06


def test_axes_on_which_nothing_differs_are_left_out(sample: Sample) -> None:
    titles = search_picture(sample, slowest=2.0, basis=BASIS).figure.layout.xaxis.ticktext
    assert not any("ep" in re.sub(r"<[^>]+>", "", title).split() for title in titles)
    assert any("step" in title for title in titles)


def test_the_front_is_drawn_in_dollars_per_billion_tokens(front: Front) -> None:
    chart = front_chart(front, basis=BASIS)
    offer = front.bests[0]
    assert offer.usd_per_step is not None
    tokens = WORK.global_batch * WORK.seq_len
    said = offer.usd_per_step / tokens * 1e9
    assert height(front, offer, priced=True) == pytest.approx(said)
    assert offer_row(front, offer)[4] == f"{said:,.0f}"
    markers = [trace for trace in chart.figure.data if trace.mode == "markers"]
    assert [trace.name for trace in markers] == ["32", "64"]
    assert sum(len(trace.x) for trace in markers) == len(front.offers)


def test_without_a_known_power_the_front_is_drawn_in_accelerator_hours() -> None:
    question = Question(MODEL, Machine.of("tpu-v5p", 64), WORK)
    front = front_of(question, [32, 64])
    assert front.offers[0].usd_per_step is None
    title = front_chart(front, basis=BASIS).figure.layout.yaxis.title.text
    assert title == "Accelerator-hours per billion tokens"
    assert offer_row(front, front.offers[0])[4] == "–"


def test_a_run_of_known_length_is_told_in_days_dollars_and_energy(front: Front) -> None:
    of_run = replace(front, tokens=1e12)
    offer = of_run.bests[0]
    row = dict(zip(offer_columns(of_run), offer_row(of_run, offer), strict=True))
    steps = 1e12 / (WORK.global_batch * WORK.seq_len)
    assert row["Days"] == f"{steps * offer.candidate.step_time_s / 86400:,.1f}"
    assert offer.usd_per_step is not None
    assert float(row["USD million"]) == pytest.approx(steps * offer.usd_per_step / 1e6, rel=0.01)
    assert len(offer_columns(front)) == len(offer_row(front, offer))
