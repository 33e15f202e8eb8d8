"""The report on a prediction shows the step, the memory, the alternatives and the basis."""

from __future__ import annotations

from dataclasses import replace
from html import escape

import pytest

from stargate import catalog
from stargate.perf.machine import Machine
from stargate.perf.question import Question
from stargate.perf.search import Prediction, predict, search
from stargate.spec.workload import Strategy, TrainingWorkload
from stargate.view.prediction_report import prediction_page


@pytest.fixture(scope="module")
def question() -> Question:
    workload = TrainingWorkload(model="gpt3-175b", seq_len=2048, global_batch=64)
    machine = Machine.of("a100-80gb-sxm", count=64)
    return Question(catalog.model("gpt3-175b"), machine, workload)


@pytest.fixture(scope="module")
def prediction(question) -> Prediction:
    return search(question.model, question.machine, question.workload)


def test_the_page_holds_the_numbers_of_the_prediction(question, prediction):
    page = prediction_page(question, prediction).replace("\u00a0", " ")
    assert f"{prediction.best.step_time_s:,.4g} s" in page
    assert f"{prediction.n_evaluated:,}" in page
    assert f"{100 * prediction.best.mfu:.1f} %" in page
    assert all(escape(fact.source) in page for fact in prediction.facts)
    for chart in ("chart-waterfall", "chart-memory", "chart-pareto"):
        assert f'id="{chart}"' in page


def test_one_strategy_alone_has_no_alternatives(question):
    strategy = Strategy.from_text("tp=8,pp=8,vp=3,mb=1,recompute=full")
    alone = predict(question.model, question.machine, question.workload, strategy)
    page = prediction_page(question, alone, command_line="stargate predict --count <64>")
    assert 'id="alternatives"' not in page
    assert 'id="chart-pareto"' not in page
    assert "--count &lt;64&gt;" in page


def test_the_same_prediction_gives_the_same_bytes(question, prediction):
    assert prediction_page(question, prediction) == prediction_page(question, replace(prediction))
