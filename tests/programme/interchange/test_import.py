"""Schedules of other tools: what is kept, what is listed as left out, and what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.errors import SpecError
from stargate.programme.interchange.assignments import assignments
from stargate.programme.interchange.clndr_data import days_of
from stargate.programme.interchange.foreign import (
    WEEKDAYS,
    Dropped,
    ForeignPlan,
    ForeignResource,
    ForeignTask,
)
from stargate.programme.interchange.ms_project import duration_s
from stargate.programme.interchange.reading import plan_in, read_plan
from stargate.programme.interchange.specification import identifiers, specification
from stargate.programme.plan import plan
from stargate.spec.document import Document
from stargate.spec.loader import load_document
from stargate.units import DAY_S

HERE = Path(__file__).parent
SAMPLES = ("hall.msp.xml", "plant.p6.xml", "plant.xer")


def imported(name: str, folder: Path) -> tuple[ForeignPlan, Document]:
    found = read_plan(HERE / name)
    path = folder / "plan.yaml"
    path.write_text(specification(found), encoding="utf-8")
    return found, load_document(path)


def by_name(found: ForeignPlan) -> dict[str, ForeignTask]:
    return {task.name: task for task in found.tasks}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_becomes_a_specification_that_plans(name: str, tmp_path: Path):
    found, document = imported(name, tmp_path)
    result = plan(document, samples=50)
    assert len(result.tasks) == len(found.tasks)
    assert result.phases[0].probability_online == 1.0


def test_working_time_becomes_elapsed_time(tmp_path: Path):
    tasks = by_name(imported("hall.msp.xml", tmp_path)[0])
    assert tasks["Foundations"].duration_s == 20 * DAY_S  # 160 h of 8 a day, by its calendar
    assert tasks["Curing"].duration_s == 7 * DAY_S  # elapsed days
    plant = by_name(imported("plant.p6.xml", tmp_path)[0])
    assert plant["Order turbines"].duration_s == 30 * DAY_S  # 720 h without rest
    assert plant["Civil works"].duration_s == 70 * DAY_S  # 600 h of a 60-hour week


def test_links_keep_their_kind_and_lag(tmp_path: Path):
    tasks = by_name(imported("hall.msp.xml", tmp_path)[0])
    (frame,) = tasks["Frame & roof"].links
    assert (frame.of, frame.kind, frame.lag_s) == ("2", "FS", 8 * 3600 * 168 / 40)
    (curing,) = tasks["Curing"].links
    assert (curing.kind, curing.lag_s) == ("SS", DAY_S)
    assert [(k.kind, k.lag_s < 0) for k in tasks["Power on"].links] == [
        ("FF", False),
        ("FS", True),
        ("FS", False),
    ]


def test_three_points_make_a_pert(tmp_path: Path):
    _, document = imported("hall.msp.xml", tmp_path)
    assert document.programme is not None
    (frame,) = [t for t in document.programme.templates[0].tasks if t.name == "Frame & roof"]
    points = [getattr(frame.duration, name) / DAY_S for name in ("low", "mode", "high")]
    assert points == pytest.approx([25, 30, 50])  # working days
    assert frame.calendar == "calendar-1"


def test_the_week_and_the_days_off_of_a_calendar_are_kept(tmp_path: Path):
    _, document = imported("hall.msp.xml", tmp_path)
    assert document.programme is not None
    (calendar,) = document.programme.calendars
    assert calendar.week == ("mon", "tue", "wed", "thu", "fri")
    assert calendar.holidays == tuple(date(2025, 12, day) for day in (24, 25, 26))
    curing = [t for t in document.programme.templates[0].tasks if t.name == "Curing"]
    assert [task.calendar for task in curing] == [None]  # elapsed days


@pytest.mark.parametrize("name", ["plant.p6.xml", "plant.xer"])
def test_both_formats_of_primavera_tell_the_same(name: str, tmp_path: Path):
    found, document = imported(name, tmp_path)
    tasks = by_name(found)
    assert found.data_date == date(2025, 1, 31)
    assert set(tasks) == {"Order turbines", "Civil works", "Synchronised", "Commissioning"}
    assert tasks["Civil works"].points_s == pytest.approx((67.2 * DAY_S, 84 * DAY_S, 168 * DAY_S))
    assert tasks["Civil works"].not_before == date(2025, 3, 1)
    assert {(k.of, k.kind, k.lag_s) for k in tasks["Synchronised"].links} == {
        ("1001", "FS", 2 * DAY_S),
        ("1002", "FF", 0.0),
    }
    assert document.programme is not None
    (actual,) = document.programme.actuals
    assert (actual.of, actual.start) == ("plan.works.A1000", date(2025, 1, 6))
    assert tasks["Synchronised"].deadline == date(2026, 12, 31)


@pytest.mark.parametrize("name", ["plant.p6.xml", "plant.xer"])
def test_both_formats_of_primavera_keep_calendars_and_resources(name: str, tmp_path: Path):
    found, document = imported(name, tmp_path)
    assert document.programme is not None
    (calendar,) = document.programme.calendars
    assert calendar.week == ("mon", "tue", "wed", "thu", "fri", "sat")
    assert calendar.holidays == (date(2025, 5, 1),)
    (team,) = document.programme.resources
    assert [(level.since, level.amount) for level in team.capacity] == [
        (None, 2),
        (date(2026, 1, 1), 3),
    ]
    (works,) = (t for t in document.programme.templates[0].tasks if t.name == "Commissioning")
    assert (works.calendar, works.uses) == (calendar.id, {team.id: 2})
    assert by_name(found)["Commissioning"].duration_s == pytest.approx(30 * DAY_S)
    lines = "\n".join(found.dropped.lines())
    assert "materials (not imported): Concrete" in lines
    assert "days of rest on which a calendar works by exception: Six days" in lines


def test_resources_and_deadlines_of_ms_project_are_kept(tmp_path: Path):
    found, document = imported("hall.msp.xml", tmp_path)
    assert document.programme is not None
    (crew,) = document.programme.resources
    assert (crew.name, crew.capacity[0].amount) == ("crew", 2)
    tasks = {task.name: task for task in document.programme.templates[0].tasks}
    assert tasks["Frame & roof"].uses == {crew.id: 1.5}
    assert tasks["Curing"].uses == {crew.id: 1}
    assert tasks["Power on"].uses == {}, "a milestone holds nothing"
    assert tasks["Power on"].deadline == date(2025, 12, 31)
    (told,) = (t for t in plan(document, samples=50).tasks if t.deadline)
    assert told.finish.p50 / DAY_S < (date(2026, 1, 1) - found.data_date).days
    assert told.probability_by_deadline == pytest.approx(1.0)
    assert "concrete" in "\n".join(found.dropped.lines())


def test_a_resource_is_never_too_little_for_one_task():
    """Else the task would wait for ever; MS Project lets such an overload stand."""
    dropped = Dropped()
    crane = ForeignResource("1", "crane", ((None, 1.0), (date(2026, 1, 1), 3.0)))
    found = assignments([crane], [("a", "1", 4.0), ("b", "1", 1.0)], dropped)
    assert [amount for _, amount in found.resources["1"].levels] == [4.0, 4.0]
    assert list(dropped.lines()) == ["resources assigned beyond their most (raised to it): crane"]


@given(st.text(alphabet="(0|)ds19 DaysOfWeekExceptions\x7f", max_size=200))
def test_a_damaged_calendar_of_xer_breaks_nothing(text: str):
    assert days_of(text).week <= set(WEEKDAYS)


def test_days_of_a_calendar_of_xer_are_told_from_its_text():
    text = (
        "(0||CalendarData()((0||DaysOfWeek()((0||1()())(0||2()((0||0(s|08:00|f|12:00)())))))"
        "(0||Exceptions()((0||0(d|45778)())(0||1(d|45779)((0||0(s|08:00|f|12:00)())))))))"
    )
    days = days_of(text)
    assert days.week == {"mon"}
    assert days.off == {date(2025, 5, 1)}
    assert days.extra == {date(2025, 5, 2)}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hall.msp.xml", ["start to finish", "summary", "exceptions", "materials"]),
        ("hall.msp.xml", ["links to what is not imported: Power on"]),
        ("plant.p6.xml", ["start to finish", "level-of-effort", "materials"]),
        ("plant.xer", ["start to finish", "level-of-effort", "materials"]),
    ],
)
def test_what_is_left_out_is_listed(name: str, words: list[str], tmp_path: Path):
    found, _ = imported(name, tmp_path)
    lines = "\n".join(found.dropped.lines())
    assert [word for word in words if word not in lines] == []
    head = (tmp_path / "plan.yaml").read_text().partition("stargate: 1")[0]
    assert all(line in head for line in found.dropped.lines())


def test_what_is_done_is_done_in_the_plan(tmp_path: Path):
    _, document = imported("hall.msp.xml", tmp_path)
    tasks = {task.name.partition(" · ")[2]: task for task in plan(document, samples=20).tasks}
    assert tasks["Foundations"].finish.p90 < 0
    assert tasks["Frame & roof"].start.p50 < 0 <= tasks["Frame & roof"].finish.p10


def test_a_calendar_of_primavera_that_states_its_days_is_kept():
    hours = "".join(
        f"<StandardWorkHours><DayOfWeek>{day}</DayOfWeek><WorkTime><Start>07:00:00</Start>"
        "<Finish>16:59:00</Finish></WorkTime></StandardWorkHours>"
        for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
    )
    rest = "<StandardWorkHours><DayOfWeek>Sunday</DayOfWeek></StandardWorkHours>"
    off = "<HolidayOrException><Date>2025-05-01T00:00:00</Date></HolidayOrException>"
    days = (
        f"<StandardWorkWeek>{hours}{rest}</StandardWorkWeek>"
        f"<HolidayOrExceptions>{off}</HolidayOrExceptions>"
    )
    content = (HERE / "plant.p6.xml").read_text()
    stated = content.replace("<HoursPerWeek>60</HoursPerWeek>", days, 1)
    found = plan_in(stated.encode(), "plan.xml")
    calendar, _ = found.calendars
    assert calendar.week == ("mon", "tue", "wed", "thu", "fri", "sat")
    assert calendar.holidays == (date(2025, 5, 1),)
    civil = by_name(found)["Civil works"]
    assert (civil.duration_s, civil.calendar) == (60 * DAY_S, "10")  # 600 h of 10 a day
    assert civil.points_s == (48 * DAY_S, 60 * DAY_S, 120 * DAY_S)


BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;">]>
<Project xmlns="http://schemas.microsoft.com/project"><Title>&lol2;</Title></Project>"""


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (BOMB, "a document type"),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', "a document type"),
        (b"", "no XML"),
        (b"not a plan", "no XML"),
        (b"<a><b></a>", "no XML"),
        (b"<Gantt/>", "not an MS Project file"),
        (b"<Project/>", "no StatusDate"),
        (b"<APIBusinessObjects/>", "no Project"),
        (b"<APIBusinessObjects><Project/></APIBusinessObjects>", "no DataDate"),
        (b"ERMHDR\t1", "not an XER file"),
        (b"ERMHDR\t1\n%T\tPROJECT", "no rows in table TASK"),
        (b"%T\tTASK\n%F\ttask_id\n%R\t1", "no data date"),
        (b"<a>" * 100 + b"</a>" * 100, "nested too deep"),
        (b'<?xml version="1.0" encoding="klingon"?><Project/>', "no XML"),
    ],
)
def test_what_is_no_plan_is_refused_with_a_reason(content: bytes, words: str):
    with pytest.raises(SpecError, match=words):
        plan_in(content, "plan.xml")


def test_a_missing_file_is_told(tmp_path: Path):
    with pytest.raises(SpecError, match="No such file"):
        read_plan(tmp_path / "nothing.xml")


def test_every_task_gets_an_id_of_its_own():
    codes = ["A 1", "A-1", "A.1", "1", "", "online", "é", "x" * 200, "A 1"]
    tasks = tuple(ForeignTask(str(i), code, "", 0.0) for i, code in enumerate(codes))
    names = list(identifiers(tasks).values())
    assert len(set(names)) == len(codes)
    assert "online" not in names
    assert all(name[0].isalpha() and len(name) <= 64 for name in names)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT8H0M0S", 28800), ("P1DT1H", 90000), ("PT1.5S", 1.5), ("PT", None), ("8h", None)],
)
def test_durations_are_read_as_iso_8601(text: str, seconds: float | None):
    assert duration_s(text) == seconds


def changed(content: bytes, at: int, new: bytes) -> bytes:
    place = at % (len(content) + 1)
    return content[:place] + new + content[place + len(new) :]


@settings(max_examples=250, deadline=None)
@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.integers(0, 10_000), st.binary(min_size=1, max_size=6)), max_size=4),
    st.integers(0, 10_000),
)
def test_a_damaged_file_is_read_or_refused_and_never_breaks(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    damage: list[tuple[int, bytes]],
    cut: int,
):
    content = (HERE / name).read_bytes()
    for at, new in damage:
        content = changed(content, at, new)
    content = content[: cut % (2 * len(content))]
    try:
        text = specification(plan_in(content, name))
    except SpecError:
        return
    path = tmp_path_factory.mktemp("damaged") / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        load_document(path)
    except SpecError as error:
        assert all(problem.message for problem in error.problems)  # noqa: PT017
        assert "YAML" not in str(error)  # noqa: PT017


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"ERMHDR\t", b"<Project>", b"%T\tTASK\n"]))
def test_junk_is_refused(junk: bytes, start: bytes):
    with pytest.raises(SpecError):
        plan_in(start + junk, "junk")
