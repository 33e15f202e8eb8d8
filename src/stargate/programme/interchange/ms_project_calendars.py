"""Write calendars as MS Project has them: one without rest for the project, and the programme's."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement

from stargate.programme.interchange.foreign import WEEKDAYS, Dropped
from stargate.programme.interchange.xml_writing import put
from stargate.spec.programme import Programme
from stargate.spec.resource import Calendar

WITHOUT_REST = 1
_SUNDAY_FIRST = (WEEKDAYS[-1], *WEEKDAYS[:-1])


def numbers(programme: Programme) -> Mapping[str, int]:
    """The number of each of the programme's calendars in the file."""
    return {calendar.id: i for i, calendar in enumerate(programme.calendars, WITHOUT_REST + 1)}


def write(root: Element, programme: Programme, dropped: Dropped) -> None:
    """All of them; a season of rest, which comes back every year, has no place there."""
    calendars = SubElement(root, "Calendars")
    always = Calendar(id="always", name="Without rest")
    _write(SubElement(calendars, "Calendar"), WITHOUT_REST, always)
    number = numbers(programme)
    for calendar in programme.calendars:
        if calendar.rests:
            dropped.add("seasons of rest (the format has no place for them)", calendar.id)
        _write(SubElement(calendars, "Calendar"), number[calendar.id], calendar)


def _write(node: Element, number: int, calendar: Calendar) -> None:
    put(node, UID=number, Name=calendar.name or calendar.id, IsBaseCalendar=1)
    days = SubElement(node, "WeekDays")
    for kind, weekday in enumerate(_SUNDAY_FIRST, start=1):
        works = weekday in calendar.week
        day = SubElement(days, "WeekDay")
        put(day, DayType=kind, DayWorking=int(works))
        if works:
            hours = SubElement(SubElement(day, "WorkingTimes"), "WorkingTime")
            put(hours, FromTime="00:00:00", ToTime="00:00:00")
    if calendar.holidays:
        _write_holidays(SubElement(node, "Exceptions"), calendar)


def _write_holidays(exceptions: Element, calendar: Calendar) -> None:
    for holiday in calendar.holidays:
        exception = SubElement(exceptions, "Exception")
        put(exception, EnteredByOccurrences=0)
        period = SubElement(exception, "TimePeriod")
        put(period, FromDate=f"{holiday}T00:00:00", ToDate=f"{holiday}T23:59:00")
        put(exception, Occurrences=1, Name=str(holiday), Type=1, DayWorking=0)
