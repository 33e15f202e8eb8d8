"""Scarce resources and calendars in a programme: nothing overbooked, nobody delayed for nothing."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from stargate.programme import booking, limits
from stargate.programme.booking import compiler_is_there
from stargate.spec.document import Document
from stargate.units import DAY_S, MONTH_S

SPREAD = {"dist": "pert", "low": "3 mo", "mode": "6 mo", "high": "18 mo"}


def campuses(n_blocks: int, crews: float, **task: Any) -> dict[str, Any]:
    """Blocks that are built by the same crews."""
    build = {"id": "build", "duration": SPREAD, "uses": {"crews": 1}, **task}
    return {
        "resources": [{"id": "crews", "capacity": [{"amount": crews}]}],
        "templates": [{"id": "works", "tasks": [build]}],
        "phases": [
            {
                "id": "P",
                "blocks": [
                    {
                        "site": f"s{i}",
                        "template": "works",
                        "it_power": "100 MW",
                        "accelerator": "h100-sxm",
                        "accelerators": 70_000,
                    }
                    for i in range(n_blocks)
                ],
            }
        ],
    }


def spans(outcome, n_blocks: int) -> list[tuple[np.ndarray, np.ndarray]]:
    names = [f"P.s{i}.build" for i in range(n_blocks)]
    return [(outcome.schedule.start[name], outcome.schedule.finish[name]) for name in names]


@pytest.mark.parametrize("crews", [1, 2, 3])
def test_in_no_sample_do_more_crews_work_than_there_are(document, outcome_of, crews: int):
    found = spans(outcome_of(document(**campuses(6, crews)), 400), 6)
    for start, _ in found:
        busy = sum((s <= start) & (start < f) for s, f in found)
        assert busy.max() <= crews
    assert max(sum((s <= x) & (x < f) for s, f in found).max() for x, _ in found) == crews


def test_one_crew_builds_one_after_the_other_in_the_order_of_the_file(document, outcome_of):
    found = spans(outcome_of(document(**campuses(4, 1)), 200), 4)
    for (_, end), (start, _) in pairwise(found):
        assert np.array_equal(start, end)


def test_enough_capacity_changes_nothing(document, outcome_of):
    limited = outcome_of(document(**campuses(4, 4)), 300).schedule
    free = outcome_of(document(**campuses(4, 4, uses={})), 300).schedule
    assert all(np.array_equal(limited.finish[name], free.finish[name]) for name in free.finish)


@pytest.mark.parametrize("n_blocks", [2, 5, 7])
def test_more_capacity_never_delays_on_average(document, outcome_of, n_blocks: int):
    def online_s(crews: int) -> float:
        outcome = outcome_of(document(**campuses(n_blocks, crews)), 500)
        return float(outcome.schedule.finish["P.online"].mean())

    means = [online_s(crews) for crews in range(1, n_blocks + 1)]
    assert means == sorted(means, reverse=True)
    assert means[0] > means[-1]


def test_the_urgent_task_is_served_first(document, outcome_of):
    parts = campuses(2, 1)
    urgent = {"id": "soon", "tasks": [parts["templates"][0]["tasks"][0] | {"priority": 5}]}
    parts["templates"].append(urgent)
    parts["phases"][0]["blocks"][1]["template"] = "soon"
    (first, _), (second, _) = spans(outcome_of(document(**parts), 50), 2)
    assert np.all(second == 0.0)
    assert np.all(first > 0.0)


def test_capacity_that_comes_later_is_waited_for(document, outcome_of):
    parts = campuses(2, 1)
    parts["resources"][0]["capacity"] = [{"amount": 0}, {"since": "2025-01-01", "amount": 2}]
    found = spans(outcome_of(document(**parts), 50), 2)
    assert all(np.all(start == 366 * DAY_S) for start, _ in found)


def test_an_allocation_of_accelerators_is_used_up(document, outcome_of):
    """70,000 each; 100,000 to begin with and 100,000 a year later serve one, and then one more."""
    parts = campuses(3, 1, uses={"chips": "accelerators"})
    supply = [{"amount": 100_000}, {"since": "2025-01-01", "amount": 100_000}]
    parts["resources"] = [{"id": "chips", "kind": "supply", "capacity": supply}]
    (first, _), (second, _), (third, end) = spans(outcome_of(document(**parts), 50), 3)
    assert np.all(first == 0.0)
    assert np.all(second == 366 * DAY_S)
    assert np.all(np.isinf(third) & np.isinf(end))


def test_a_calendar_stretches_a_task(document, outcome_of):
    parts = campuses(1, 1, uses={}, duration="100 days", calendar="site")
    parts["calendars"] = [{"id": "site", "week": ["mon", "tue", "wed", "thu"]}]
    schedule = outcome_of(document(**parts), 5).schedule
    # From Monday, 1 January 2024: 25 weeks, the last of which ends after its Thursday.
    assert schedule.finish["P.online"] / DAY_S == pytest.approx([24 * 7 + 4] * 5)


def test_a_crew_is_held_over_the_winter(document, outcome_of):
    parts = campuses(2, 1, duration="8 months", calendar="concrete")
    parts["calendars"] = [{"id": "concrete", "rests": [{"first": "12-01", "last": "02-28"}]}]
    (_, end), (start, _) = spans(outcome_of(document(**parts), 5), 2)
    assert np.all(start >= end)
    assert np.all(end >= 8 * MONTH_S)


def test_without_variance_a_resource_gives_the_textbook_schedule(document, outcome_of):
    """Five tasks of 2, 3, 4, 5 and 6 months, two crews, in the order of the file: 0, 0, 2, 3, 6."""
    parts = campuses(5, 2)
    months = (2, 3, 4, 5, 6)
    parts["templates"] = [
        {"id": f"w{i}", "tasks": [parts["templates"][0]["tasks"][0] | {"duration": f"{m} months"}]}
        for i, m in enumerate(months)
    ]
    for i, block in enumerate(parts["phases"][0]["blocks"]):
        block["template"] = f"w{i}"
    starts = [s[0] / MONTH_S for s, _ in spans(outcome_of(document(**parts), 3), 5)]
    assert starts == pytest.approx([0, 0, 2, 3, 6])


def test_a_task_that_uses_what_there_is_not_is_refused(document):
    with pytest.raises(ValueError, match="no resource is called 'crew'"):
        document(**campuses(1, 1, uses={"crew": 1}))


def test_a_document_reads_its_limits_from_text():
    parts = campuses(1, 1)
    said = {"price_base": 2025, "data_date": "2024-01-01", "horizon": "2030-12-31"}
    document = Document.model_validate(
        {"stargate": 1, "programme": said | {"discount_rate": "8 %"} | parts}
    )
    assert document.programme is not None
    assert document.programme.resources[0].capacity[0].amount == 1


def test_many_tasks_without_a_compiler_are_told_of(document, monkeypatch):
    many, few = (document(**campuses(n, 2)).programme for n in (40, 3))
    monkeypatch.setattr(limits, "compiler_is_there", lambda: False)
    assert "numba" in (limits.slow_notice(many) or "")
    assert limits.slow_notice(few) is None
    monkeypatch.setattr(limits, "compiler_is_there", lambda: True)
    assert limits.slow_notice(many) is None


@pytest.mark.skipif(not compiler_is_there(), reason="numba, of the extra `fast`, is not installed")
def test_a_programme_is_scheduled_alike_with_and_without_the_compiler(
    document, outcome_of, monkeypatch
):
    built = document(**campuses(24, 3))
    compiled = outcome_of(built, 60).schedule.finish
    monkeypatch.setattr(booking, "quickest", lambda: booking.LOOPS)
    plain = outcome_of(built, 60).schedule.finish
    assert all(np.array_equal(compiled[name], plain[name]) for name in plain)
