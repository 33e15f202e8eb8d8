"""A record that is broken is refused in words; one that is whole gives its decisions again."""

from __future__ import annotations

import pytest

from stargate.control.decide import decide
from stargate.control.happenings import Happening, decided, machine, play, read, submitted
from stargate.control.job import Checkpoints, Job
from stargate.control.policy import POLICIES
from stargate.control.pool import Pool
from stargate.control.state import State, carry_out, submit
from stargate.errors import StargateError

POOL = Pool("pod", 2, 4)


def _record() -> list[Happening]:
    """A machine, a job that comes and is started."""
    state, job = State.of([POOL], POLICIES["easy"]), Job("a", 1, 4, 10.0, checkpoints=Checkpoints())
    submit(state, job, 0.0)
    decision = decide(state, 0.0)
    carry_out(state, decision, 0.0)
    return [machine([POOL], POLICIES["easy"], 0.0), submitted(job, 0.0), decided(decision, 0.0)]


def test_what_was_written_is_read_and_decided_again() -> None:
    record = _record()
    text = "\n".join(each.line() for each in record)
    state, differences = play(read(text))
    assert set(state.running) == {"a"}
    assert differences == []


def test_a_decision_that_would_come_out_otherwise_is_told() -> None:
    record = _record()
    record[2] = Happening(0.0, "decide", detail={"starts": [["a", 0, [[1, 4]]]], "stops": []})
    state, differences = play(record)
    assert [each.decided[0][0].nodes for each in differences] == [((0, 4),)]
    assert state.running["a"].nodes == ((1, 4),)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the event log is empty"),
        ("hello", "line 1 is none of an event log: 'hello'"),
        ('{"time_s": 1, "kind": "submit"}', "begins with the machine, not with 'submit'"),
        ('{"time_s": 1, "kind": "machine"}', "lacks its pools or policy"),
    ],
)
def test_what_is_no_event_log_is_refused_in_words(text: str, told: str) -> None:
    with pytest.raises(StargateError, match=told):
        play(read(text))


@pytest.mark.parametrize("wrong", [Happening(1.0, "wat"), Happening(1.0, "finish", "nobody")])
def test_a_happening_that_does_not_follow_is_told_with_its_number(wrong: Happening) -> None:
    with pytest.raises(StargateError, match=rf"happening 4 .*'{wrong.kind}' of '{wrong.job}'"):
        play([*_record(), wrong])
