"""Workloads and strategies as a person writes them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stargate.errors import SpecError
from stargate.spec.workload import Strategy, TrainingWorkload


def test_the_short_form_reads_every_part() -> None:
    strategy = Strategy.from_text("tp=8, pp=4,vp=2,mb=2,sp=no,recompute=full,zero=0,shard=4")
    assert (strategy.tp, strategy.pp, strategy.vp, strategy.micro_batch) == (8, 4, 2, 2)
    assert (strategy.recompute, strategy.zero, strategy.shard) == ("full", 0, 4)
    assert not strategy.shards_sequence


def test_sequence_parallelism_goes_with_tensor_parallelism_unless_said() -> None:
    assert Strategy(tp=8).shards_sequence
    assert not Strategy(tp=1).shards_sequence
    assert not Strategy(tp=8, sequence_parallel=False).shards_sequence


BROKEN = (
    ("tp=8,pp", "cannot read 'pp'"),
    ("tq=8", "cannot read 'tq=8'"),
    ("tp=8,tp=4", "given twice"),
    ("tp=0", "greater than or equal to 1"),
    ("tp=eight", "valid integer"),
    ("vp=2", "without a pipeline"),
    ("zero=4", "less than or equal to 3"),
    ("sp=yes", "needs tp above 1"),
    ("sp=maybe,tp=2", "boolean"),
    ("recompute=some", "none"),
    ("recompute_layers=2", "set recompute=full"),
    ("pp=2,vp=2,schedule=gpipe", "does not interleave"),
)


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_a_strategy_that_says_nothing_sensible_is_refused(text: str, message: str) -> None:
    with pytest.raises(SpecError) as refused:
        Strategy.from_text(text)
    assert message in str(refused.value)
    assert all(problem.path.startswith("strategy") for problem in refused.value.problems)


@given(st.text(max_size=40))
def test_no_text_makes_the_reader_fail_otherwise(text: str) -> None:
    with suppress(SpecError):
        assert isinstance(Strategy.from_text(text), Strategy)


@pytest.mark.parametrize("field", ["seq_len", "global_batch"])
def test_a_workload_needs_a_sequence_and_a_batch(field: str) -> None:
    stated = {"model": "gpt3-175b", "seq_len": 2048, "global_batch": 64} | {field: 0}
    with pytest.raises(ValidationError):
        TrainingWorkload.model_validate(stated)
