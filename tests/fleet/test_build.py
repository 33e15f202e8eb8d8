from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stargate.cli.specification import load_specification
from stargate.control.job import gang
from stargate.errors import SpecError
from stargate.fleet.account import run
from stargate.fleet.build import scenario_of
from stargate.fleet.day import day_profile
from stargate.perf.voice_capacity import voice_capacity
from stargate.plant.reliability import daly_interval_s

EXAMPLE = str(Path(__file__).parents[2] / "examples" / "campus-month.yaml")
FAILURES_PER_H = 1.973e-5


def test_a_training_gang_takes_the_predicted_time_of_all_its_steps() -> None:
    scenario, _ = scenario_of(load_specification(EXAMPLE))
    task = next(task for task in scenario.tasks if task.job.id == "frontier")
    steps = np.ceil(4.0e12 / (1024 * 8192))
    assert task.work_s == pytest.approx(steps * task.step_s)
    assert (task.job.workers, task.job.slots) == gang(2048, 8)


def test_checkpoints_left_open_are_at_dalys_interval() -> None:
    scenario, _ = scenario_of(load_specification(EXAMPLE))
    task = next(task for task in scenario.tasks if task.job.id == "frontier")
    mtbf_s = 3600.0 / (FAILURES_PER_H * 2048)
    assert task.job.checkpoints.interval_s == pytest.approx(daly_interval_s(30.0, mtbf_s))


def test_voices_become_single_core_jobs_and_a_service() -> None:
    document = load_specification(EXAMPLE)
    scenario, _ = scenario_of(document)
    voices = [task for task in scenario.tasks if task.job.id.startswith("voices-voice-")]
    assert len(voices) == pytest.approx(500 * 30, rel=0.03)
    assert all(task.job.workers * task.job.slots == 1 for task in voices)
    service = scenario.services[0]
    asked = document.voice_workloads["voices"]
    mean = asked.spoken_per_day_s / 86_400 / asked.utterance_s
    assert sum(service.by_hour) / 24 == pytest.approx(mean)
    assert max(service.by_hour) == pytest.approx(2.5 * mean)


def test_the_busiest_hour_needs_the_replicas_that_voice_capacity_counts() -> None:
    """And as many requests wait in it as Erlang's formula says, within sampling error."""
    document = load_specification(
        EXAMPLE, ["fleet.horizon=10 days", "fleet.jobs.frontier.at=9 days"]
    )
    scenario, seed = scenario_of(document)
    service = run(scenario, seed).services[0]
    capacity = voice_capacity(document.voice_workloads["voices"])
    assert service.replicas.values.max() == capacity.replicas
    busiest = service.hours % 24 == 14
    waited = float((service.waits_s[busiest] > 0).mean())
    assert waited == pytest.approx(capacity.waiting, rel=0.1)


@pytest.mark.parametrize("peak", [1.0, 1.5, 3.0, 12.0])
def test_a_day_has_its_mean_and_its_peak(peak: float) -> None:
    profile = day_profile(peak)
    assert sum(profile) / 24 == pytest.approx(1.0)
    assert max(profile) == pytest.approx(peak)
    assert min(profile) >= 0.0


def test_facts_that_were_looked_up_are_told_and_stated_ones_are_not() -> None:
    scenario, _ = scenario_of(load_specification(EXAMPLE))
    told = {fact.id for fact in scenario.facts}
    assert {"failure_rate_llama3_h100", "gpu_node_repair", "voice_speech_cost"} <= told
    assert "pue_microsoft" not in told


def test_the_seed_and_policy_of_the_command_line_go_before_the_files() -> None:
    document = load_specification(EXAMPLE)
    scenario, seed = scenario_of(document, seed=9, policy="fifo")
    assert seed == 9
    assert not scenario.policy.backfill


def test_a_document_without_a_fleet_is_told_what_is_missing() -> None:
    startup = str(Path(EXAMPLE).with_name("startup-100mw.yaml"))
    with pytest.raises(SpecError, match="fleet"):
        scenario_of(load_specification(startup))
