"""Workloads of `kind: voice`, beside those that train."""

from __future__ import annotations

from pathlib import Path

import pytest

from stargate.errors import SpecError
from stargate.spec.document import Document
from stargate.spec.loader import load_document

VOICES = "{kind: voice, enrolments: 200/day, spoken_per_day: 40 h}"
TRAINING = "{model: gpt3-175b, seq_len: 2048, global_batch: 64}"


def written(tmp_path: Path, voices: str = VOICES) -> Document:
    file = tmp_path / "file.yaml"
    file.write_text(f"stargate: 1\nworkloads:\n  v: {voices}\n  t: {TRAINING}\n")
    return load_document(str(file))


def test_each_kind_is_read_as_what_it_is(tmp_path: Path) -> None:
    document = written(tmp_path)
    assert list(document.training_jobs) == ["t"]
    assert list(document.voice_workloads) == ["v"]
    assert document.voice_workloads["v"].enrolments_per_s * 86_400 == pytest.approx(200)
    assert document.voice_workloads["v"].spoken_per_day_s == 40 * 3600


def test_a_key_of_the_other_kind_is_refused_with_those_of_this_one(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as told:
        written(tmp_path, "{kind: voice, seq_len: 3}")
    (problem,) = told.value.problems
    assert "unknown key 'seq_len'" in problem.message
    assert "enrolments" in str(told.value)
    assert "global_batch" not in str(told.value)


@pytest.mark.parametrize("field", ["peak_factor: 0.5", "enrolments: 3", "waiting: 100 %"])
def test_what_cannot_be_is_refused(tmp_path: Path, field: str) -> None:
    with pytest.raises(SpecError, match=field.partition(":")[0]):
        written(tmp_path, f"{{kind: voice, {field}}}")
