"""The training run: compute from speed, goodput and time, on the capacity that stands."""

from __future__ import annotations

import numpy as np
import pytest

from stargate import catalog
from stargate.programme.training_run import (
    active_parameters,
    speed_of,
    training_compute_flop,
    uptime_of,
)
from stargate.spec.gate import Goodput
from stargate.spec.workload import TrainingWorkload
from stargate.units import DAY_S

GOODPUT = {
    "failures_per_accelerator": "1.973e-5/h",
    "checkpoint": "30 s",
    "detect": "1 min",
    "restart": "9 min",
}
RUN = {
    "id": "R",
    "workload": "train",
    "on": ["P"],
    "accelerators": 65536,
    "duration": "100 days",
    "evaluation": "30 days",
    "goodput": GOODPUT,
}


def test_llama_405b_took_the_compute_that_its_paper_says():
    """arXiv 2407.21783: 405e9 parameters, 15.6e12 tokens, 3.8e25 FLOP."""
    assert training_compute_flop(405e9, np.array([15.6e12]))[0] == pytest.approx(3.8e25, rel=0.005)


def test_active_parameters_are_the_weights_that_multiply():
    work = TrainingWorkload(model="llama-3.1-405b", seq_len=8192, global_batch=2048)
    found = active_parameters(catalog.model("llama-3.1-405b"), work)
    assert found == pytest.approx(405e9 - 128_256 * 16_384, rel=0.01)


def test_a_machine_is_searched_for_its_best_strategy():
    model = catalog.model("llama-3.1-405b")
    work = TrainingWorkload(model="llama-3.1-405b", seq_len=8192, global_batch=2048)
    speed = speed_of(model, work, "h100-sxm", 16_384)
    assert speed.tokens_per_s == pytest.approx(2048 * 8192 / speed.step_time_s)
    assert 0.3 < speed.mfu < 0.5  # the paper: 38 to 43 %
    assert speed.sigma > 0


def test_the_checkpoint_interval_is_the_best_for_the_machine():
    small, large = (uptime_of(Goodput.model_validate(GOODPUT), n) for n in (1_024, 65_536))
    assert small.goodput > 0.97 > large.goodput > 0.4
    assert small.interval_s > large.interval_s
    assert small.mtbf_s == pytest.approx(64 * large.mtbf_s)


def test_compute_is_speed_times_goodput_times_time(document, outcome_of):
    outcome = outcome_of(document(runs=[RUN]), 50)
    run = outcome.runs["R"]
    share = uptime_of(Goodput.model_validate(GOODPUT), 65_536).goodput
    assert np.all(run.accelerators == 65_536)
    assert run.compute_flop == pytest.approx(6e9 * 10 * 65_536 * share * 100 * DAY_S)


def test_the_run_starts_when_its_phase_is_on_line_and_evidence_comes_after(document, outcome_of):
    schedule = outcome_of(document(runs=[RUN]), 50).schedule
    assert np.all(schedule.start["R"] == schedule.finish["P.online"])
    assert schedule.finish["R"] - schedule.start["R"] == pytest.approx(130 * DAY_S)


def test_a_run_is_halved_until_the_capacity_holds_it(document, outcome_of):
    """71,942 accelerators stand; half of them are lost in some futures."""
    lost = {"id": "X", "probability": 0.5, "impact": {"capacity_lost": 0.5}}
    outcome = outcome_of(document(runs=[RUN], risks=[lost]), 400)
    counts, often = np.unique(outcome.runs["R"].accelerators, return_counts=True)
    assert counts.tolist() == [32_768, 65_536]
    assert often == pytest.approx([200, 200], abs=3)


def test_a_run_on_what_never_comes_gives_no_evidence(document, outcome_of):
    tasks = [{"id": "build", "duration": "1 month", "success": 0.5}]
    gate = {
        "id": "G",
        "kind": "capability",
        "decide": "2025-01-01",
        "criteria": [
            {
                "metric": "C",
                "at_least": 1.0,
                "evidence": {"kind": "forecast", "run": "R", "of": "compute"},
            }
        ],
    }
    parts = {"templates": [{"id": "works", "tasks": tasks}], "runs": [RUN], "gates": [gate]}
    outcome = outcome_of(document(**parts), 400)
    built = np.isfinite(outcome.schedule.finish["P.online"])
    assert np.array_equal(outcome.decisions["G"].opened, built)
    assert np.all(np.isnan(outcome.runs["R"].compute_flop[~built]))
