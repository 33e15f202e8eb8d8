from __future__ import annotations

from stargate.engine.trace_hash import TraceHash


def _hash(*events: tuple[float, int, int]) -> str:
    trace = TraceHash()
    for event in events:
        trace.add(*event)
    return trace.hexdigest()


def test_the_same_events_give_the_same_hash() -> None:
    assert _hash((1.0, 2, 3), (4.0, 5, 6)) == _hash((1.0, 2, 3), (4.0, 5, 6))


def test_any_difference_changes_the_hash() -> None:
    plain = _hash((1.0, 2, 3), (4.0, 5, 6))
    others = [_hash((4.0, 5, 6), (1.0, 2, 3)), _hash((1.0, 2, 3)), _hash((1.0, 2, 3), (4.5, 5, 6))]
    assert plain not in others


def test_reading_the_hash_does_not_end_it() -> None:
    trace = TraceHash()
    trace.add(1.0, 2, 3)
    trace.hexdigest()
    trace.add(4.0, 5, 6)
    assert trace.hexdigest() == _hash((1.0, 2, 3), (4.0, 5, 6))
