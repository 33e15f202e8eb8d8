"""Numbers as a reader wants them: dates by month, odds in percent, money and power in three digits.

Only display; nothing here is read back. A percent sign stands off by a no-break space.
"""

from __future__ import annotations

import math
from datetime import date

from stargate import units
from stargate.units import Kind

_NO_BREAK = "\u00a0"
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def percent(share: float) -> str:
    """`34 %`; below 1 % and above 99 % with one decimal; never a false 0 or 100."""
    if not math.isfinite(share):
        return "–"
    if 0 < share < 0.0006:
        text = "<0.1"
    elif 0.9994 < share < 1:
        text = ">99.9"
    elif 0 < share < 0.0095 or 0.9905 < share < 1:
        text = f"{100 * share:.1f}"
    else:
        text = f"{100 * share:.0f}"
    return f"{text}{_NO_BREAK}%"


def quantity(value: float, kind: Kind, digits: int = 3) -> str:
    """`1.2 GW` with a no-break space; a dash for what never comes."""
    if not math.isfinite(value):
        return "–"
    return units.format_quantity(value, kind, digits=digits).replace(" ", _NO_BREAK)


def money(usd: float, digits: int = 3) -> str:
    """`$104B`."""
    return quantity(usd, units.MONEY, digits)


def power(power_w: float) -> str:
    """`3.85 GW`."""
    return quantity(power_w, units.POWER)


def megawatts(power_w: float) -> str:
    """`3,850`, for a column headed MW."""
    return f"{power_w / 1e6:,.0f}" if math.isfinite(power_w) else "–"


def billions(usd: float) -> str:
    """`104.2`, for a column headed $B."""
    return f"{usd / 1e9:,.1f}" if math.isfinite(usd) else "–"


def month(day: date | None) -> str:
    """`Aug 2031`; `never` where that share of the futures does not come to it."""
    return "never" if day is None else f"{_MONTHS[day.month - 1][:3]}{_NO_BREAK}{day.year}"


def long_month(day: date | None) -> str:
    """`August 2031`, for a sentence."""
    return "never" if day is None else f"{_MONTHS[day.month - 1]}{_NO_BREAK}{day.year}"


def long_day(day: date) -> str:
    """`31 December 2028`."""
    return f"{day.day}{_NO_BREAK}{_MONTHS[day.month - 1]}{_NO_BREAK}{day.year}"


def months(duration_s: float) -> str:
    """A duration in months with one decimal: `7.5 months`."""
    if not math.isfinite(duration_s):
        return "–"
    return f"{duration_s / units.MONTH_S:,.1f}{_NO_BREAK}months"


def seconds(time_s: float) -> str:
    """A step's time in its own unit: `18.1 s`, `35.2 ms`."""
    for size, unit in ((1.0, "s"), (1e-3, "ms")):
        if abs(time_s) >= size:
            return f"{time_s / size:,.4g}{_NO_BREAK}{unit}"
    return f"{time_s / 1e-6:,.3g}{_NO_BREAK}µs"


def utilisation(share: float) -> str:
    """`52.3 %`: shares of a peak are compared to the tenth of a percent; a dash for none."""
    if not math.isfinite(share):
        return "–"
    return f"{100 * share:.1f}{_NO_BREAK}%"


def term(name: str) -> str:
    """A term's name as words: `pipeline_bubble` as `pipeline bubble`."""
    return name.replace("_", " ")


def gigabytes(size_bytes: float) -> str:
    """`68.5 GB`, of 1e9 bytes."""
    return f"{size_bytes / 1e9:,.1f}{_NO_BREAK}GB"


def count(number: float) -> str:
    """`1,234` up to a hundred thousand, then `1.23 million`."""
    if not math.isfinite(number):
        return "–"
    for size, name in ((1e9, "billion"), (1e6, "million")):
        if abs(number) >= size:
            return f"{number / size:.3g}{_NO_BREAK}{name}"
    return f"{number:,.0f}"


def scientific(number: float) -> str:
    """`3.8e25`; a dash where there is none."""
    return f"{number:.2g}".replace("e+", "e") if math.isfinite(number) else "–"


def relation(symbol: str) -> str:
    """`>=` as `≥`."""
    return {">=": "≥", "<=": "≤"}.get(symbol, symbol)


def listing(words: list[str] | tuple[str, ...]) -> str:
    """`a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
