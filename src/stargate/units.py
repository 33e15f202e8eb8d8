"""Read and write physical quantities: `parse("400 Gb/s", BANDWIDTH)` is 5e10, and back.

Inside Stargate every quantity is a plain float in the SI unit of its kind, and the unit stands
last in the name (`power_w`, `bandwidth_bytes_per_s`). Text with units exists only at the edge:
in a specification, on the command line and on a display. This module is that edge.

Rules: units are case-sensitive; bits (`b`) and bytes (`B`), decimal (`kB`) and binary (`KiB`)
prefixes are distinct; a bare number is refused except for a fraction; an unknown unit, or one of
another kind, is refused with the list of those that would be right. A year is 365.25 days
(8,766 h) and a month a twelfth of it. Not covered: arithmetic on units.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from decimal import Decimal

from stargate.errors import UnitError

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
YEAR_S = 365.25 * DAY_S
MONTH_S = YEAR_S / 12

_NUMBER = r"[+-]?\d+(?:_\d+)*(?:\.\d+)?(?:[eE][+-]?\d+)?"
_PLAIN = re.compile(rf"(?P<number>{_NUMBER})\s*(?P<unit>.*)", re.DOTALL)
_DOLLARS = re.compile(rf"(?P<sign>[+-]?)\$\s*(?P<number>{_NUMBER})\s*(?P<unit>[kMBT]?(?:/.*)?)")


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Kind:
    """A kind of quantity: the unit that floats of it are in, and the units that may be written.

    `units` maps a unit's text to its worth in `si`; `display` lists, from small to large, the
    units that `format_quantity` chooses from; `zero` maps a unit to the SI value of its zero
    point (temperature only); `bare` allows a number without a unit (fraction only); `powers`
    writes large numbers with a power of ten rather than a rare prefix (compute only).
    """

    name: str
    si: str
    example: str
    units: dict[str, float]
    display: tuple[str, ...]
    zero: dict[str, float] = field(default_factory=dict)
    bare: bool = False
    powers: bool = False

    def __repr__(self) -> str:
        return f"Kind({self.name}, a float in {self.si}, written like {self.example!r})"


def _prefixed(unit: str, prefixes: str, worth: float = 1.0) -> dict[str, float]:
    """`_prefixed("W", " k M")` is {"W": 1, "kW": 1e3, "MW": 1e6}."""
    return {
        prefix + unit: _PREFIX[prefix] * worth for prefix in prefixes.replace("-", " ").split(" ")
    }


def _spelt(*units: tuple[str, float]) -> dict[str, float]:
    """Units with several spellings: `("h hour hours", 3600)`."""
    return {text: worth for texts, worth in units for text in texts.split()}


def _money_per(units: dict[str, float]) -> dict[str, float]:
    """Money per unit, as `$/MWh`, `$M/MW` and `USD/MWh`."""
    return {
        f"{money}/{unit}": worth / per
        for money, worth in _MONEY.items()
        for unit, per in units.items()
    }


_PREFIX = {
    "": 1.0,
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "P": 1e15,
    "E": 1e18,
    "Z": 1e21,
    "Y": 1e24,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
    "Pi": 2.0**50,
}
_MONEY = {
    **_spelt(("$ USD", 1.0), ("$k kUSD", 1e3), ("$M MUSD", 1e6)),
    **_spelt(("$B BUSD", 1e9), ("$T TUSD", 1e12)),
}
_TIME = _spelt(
    ("ns", 1e-9),
    ("us µs", 1e-6),
    ("ms", 1e-3),
    ("s second seconds", 1.0),
    ("min minute minutes", 60.0),
    ("h hour hours", HOUR_S),
    ("d day days", DAY_S),
    ("wk week weeks", 7 * DAY_S),
    ("mo month months", MONTH_S),
    ("yr year years", YEAR_S),
)
_WATT = _prefixed("W", "-m-k-M-G-T")
_ENERGY = {**_prefixed("J", "-k-M-G-T-P"), **_prefixed("Wh", "-k-M-G-T", HOUR_S)}
_BITS = _prefixed("b", "-k-M-G-T-P", 1 / 8)
_BYTES = {**_prefixed("B", "-k-M-G-T-P-E"), **_prefixed("B", "Ki-Mi-Gi-Ti-Pi")}
_MASS = {"g": 1e-3, "kg": 1.0, "t": 1e3, "kt": 1e6, "Mt": 1e9}
_ACCELERATOR = _spelt(("GPU accelerator chip", 1.0))
_TOKENS = _spelt(("tok token tokens", 1.0), ("ktok", 1e3), ("Mtok Mtokens", 1e6))
_PER_TIME = {f"/{unit}": 1 / worth for unit, worth in _TIME.items()}

POWER = Kind("power", "W", "1.2 GW", _WATT, ("W", "kW", "MW", "GW"))
ENERGY = Kind("energy", "J", "350 GWh", _ENERGY, ("J", "kJ", "Wh", "kWh", "MWh", "GWh", "TWh"))
DURATION = Kind(
    "duration", "s", "18 months", _TIME, ("ns", "us", "ms", "s", "min", "h", "days", "years")
)
BANDWIDTH = Kind(
    "bandwidth",
    "bytes/s",
    "400 Gb/s",
    {
        **{f"{unit}/s": worth for unit, worth in {**_BITS, **_BYTES}.items()},
        **_prefixed("bps", "k-M-G-T", 1 / 8),
    },
    ("B/s", "kB/s", "MB/s", "GB/s", "TB/s", "PB/s"),
)
SIZE = Kind(
    "size", "bytes", "80 GiB", {**_BYTES, **_BITS}, ("B", "kB", "MB", "GB", "TB", "PB", "EB")
)
COMPUTE_RATE = Kind(
    "compute rate",
    "FLOP/s",
    "989 TFLOP/s",
    {**_prefixed("FLOP/s", "-k-M-G-T-P-E-Z"), **_prefixed("FLOPS", "G-T-P-E-Z")},
    ("FLOP/s", "GFLOP/s", "TFLOP/s", "PFLOP/s", "EFLOP/s", "ZFLOP/s"),
)
COMPUTE = Kind(
    "compute",
    "FLOP",
    "3.8e25 FLOP",
    _prefixed("FLOP", "-k-M-G-T-P-E-Z-Y"),
    ("FLOP",),
    powers=True,
)
MONEY = Kind("money", "USD", "$100B", _MONEY, ("$", "$k", "$M", "$B", "$T"))
ENERGY_PRICE = Kind("energy price", "USD/J", "$0.08/kWh", _money_per(_ENERGY), ("$/MWh", "$/kWh"))
ACCELERATOR_TIME_PRICE = Kind(
    "accelerator-time price",
    "USD/s",
    "$2.10/GPU-hour",
    _money_per(
        {f"{a}-{t}": _TIME[t] for a in _ACCELERATOR for t in ("h", "hour", "month", "year")}
    ),
    ("$/GPU-hour",),
)
ACCELERATOR_PRICE = Kind(
    "accelerator price", "USD", "$36.7k/GPU", _money_per(_ACCELERATOR), ("$/GPU", "$k/GPU")
)
POWER_PRICE = Kind(
    "price of power capacity",
    "USD/W",
    "$37.9M/MW",
    _money_per({u: _WATT[u] for u in ("W", "kW", "MW", "GW")}),
    ("$/kW", "$M/MW"),
)
POWER_TIME_PRICE = Kind(
    "yearly price of power capacity",
    "USD/(W s)",
    "$0.9M/MW/year",
    _money_per(
        {
            f"{u}/{t}": _WATT[u] * _TIME[t]
            for u in ("kW", "MW", "GW")
            for t in ("month", "mo", "year", "yr")
        }
    ),
    ("$M/MW/year",),
)
CARBON_INTENSITY = Kind(
    "carbon intensity",
    "kg/J",
    "369 g/kWh",
    {
        f"{mass}{gas}/{per}": _MASS[mass] / _ENERGY[per]
        for mass in ("g", "kg", "t")
        for gas in ("", "CO2", "CO2e")
        for per in ("kWh", "MWh", "GWh")
    },
    ("g/kWh",),
)
TOKEN_PRICE = Kind(
    "token price", "USD/token", "$0.60/Mtok", _money_per(_TOKENS), ("$/Mtok", "$/ktok")
)
TOKEN_RATE = Kind(
    "token rate",
    "tokens/s",
    "2500 tok/s",
    {f"{unit}/s": worth for unit, worth in _TOKENS.items()},
    ("tok/s", "ktok/s", "Mtok/s"),
)
WATER_INTENSITY = Kind(
    "water use of energy",
    "m3/J",
    "0.27 L/kWh",
    {f"{v}/{e}": w / _ENERGY[e] for v, w in (("L", 1e-3), ("m3", 1.0)) for e in ("kWh", "MWh")},
    ("L/kWh",),
)
MASS = Kind("mass", "kg", "8930 t", _MASS, ("g", "kg", "t", "kt", "Mt"))
DISTANCE = Kind(
    "distance", "m", "1100 km", {"mm": 1e-3, "m": 1.0, "km": 1e3, "mi": 1609.344}, ("m", "km")
)
TEMPERATURE = Kind(
    "temperature",
    "K",
    "27 °C",
    {"K": 1.0, "°C": 1.0, "degC": 1.0, "°F": 5 / 9, "degF": 5 / 9},
    ("°C",),
    zero={"°C": 273.15, "degC": 273.15, "°F": 459.67 * 5 / 9, "degF": 459.67 * 5 / 9},
)
FRACTION = Kind("fraction", "1", "12 %", {"%": 0.01}, ("%",), bare=True)
RATE = Kind(
    "rate",
    "1/s",
    "5.5 %/year",
    {**_PER_TIME, **{f"%{unit}": worth / 100 for unit, worth in _PER_TIME.items()}, "Hz": 1.0},
    ("/year",),
)
DELIVERY_RATE = Kind(
    "delivery rate",
    "accelerators/s",
    "30000 GPU/month",
    {f"{a}/{t}": 1 / worth for a in _ACCELERATOR for t, worth in _TIME.items()},
    ("GPU/month",),
)

KINDS = (
    *(POWER, ENERGY, DURATION, BANDWIDTH, SIZE, COMPUTE_RATE, COMPUTE, MONEY, ENERGY_PRICE),
    *(ACCELERATOR_TIME_PRICE, ACCELERATOR_PRICE, POWER_PRICE, POWER_TIME_PRICE),
    *(TOKEN_PRICE, TOKEN_RATE, WATER_INTENSITY),
    *(CARBON_INTENSITY, MASS, DISTANCE, TEMPERATURE, FRACTION, RATE, DELIVERY_RATE),
)


def parse(text: str | float, kind: Kind) -> float:
    """The quantity that `text` states, as a float in `kind.si`.

    Raises `UnitError` for anything that is not a quantity of this kind, naming what would be.
    """
    if isinstance(text, bool) or not isinstance(text, (str, int, float)):
        raise UnitError(f"{text!r} is no {kind.name}; write it like {kind.example!r}")
    stripped = str(text).strip()
    number, unit = _split(stripped)
    if number is None:
        raise UnitError(f"{stripped!r} is no {kind.name}; write it like {kind.example!r}")
    if not unit and not kind.bare:
        raise UnitError(f"{kind.name} needs a unit; write it like {kind.example!r}")
    if unit and unit not in kind.units:
        raise UnitError(_wrong_unit(unit, kind))
    value = number * kind.units.get(unit, 1.0) + kind.zero.get(unit, 0.0)
    if not math.isfinite(value):
        raise UnitError(f"{stripped!r} is too large; write it like {kind.example!r}")
    return value


def format_quantity(value: float, kind: Kind, *, unit: str = "", digits: int = 3) -> str:
    """`value` (a float in `kind.si`) as text that `parse` reads back to `digits` digits.

    The unit is the largest of `kind.display` that leaves a number of at least 1, or `unit`.
    """
    if not math.isfinite(value):
        raise UnitError(f"{value!r} is no {kind.name}")
    chosen = unit or _display_unit(abs(value), kind, digits)
    if chosen not in kind.units:
        raise UnitError(_wrong_unit(chosen, kind))
    magnitude = (value - kind.zero.get(chosen, 0.0)) / kind.units[chosen]
    number = (_power_of_ten if kind.powers else _significant)(magnitude, digits)
    if chosen.startswith("$"):
        sign = "-" if number.startswith("-") else ""
        return f"{sign}${number.removeprefix('-')}{chosen[1:]}"
    return f"{number}{chosen}" if chosen.startswith("/") else f"{number} {chosen}"


def _split(text: str) -> tuple[float | None, str]:
    """The number and the unit of a quantity; dollars become a unit such as `$B` or `$M/MW`."""
    if dollars := _DOLLARS.fullmatch(text):
        return float(dollars["sign"] + dollars["number"]), f"${dollars['unit']}"
    if plain := _PLAIN.fullmatch(text):
        return float(plain["number"]), plain["unit"]
    return None, ""


def _wrong_unit(unit: str, kind: Kind) -> str:
    others = [other.name for other in KINDS if unit in other.units]
    if others:
        what = f"{unit!r} is a unit of {' or '.join(others)}, not of {kind.name}"
    else:
        what = f"unknown unit {unit!r} for {kind.name}"
    alike = [known for known in kind.units if known.lower() == unit.lower()]
    if alike and not others:
        return f"{what}; did you mean {' or '.join(repr(known) for known in alike)}?"
    known = ", ".join(kind.units) if len(kind.units) <= 40 else ", ".join(kind.display) + ", …"
    return f"{what}; use one of {known}"


def _display_unit(magnitude: float, kind: Kind, digits: int) -> str:
    rounded = float(f"{magnitude:.{digits - 1}e}")
    fitting = [unit for unit in kind.display if rounded >= kind.units[unit]]
    return fitting[-1] if fitting else kind.display[0]


def _significant(number: float, digits: int) -> str:
    """`number` to that many significant digits, never in exponent form: 0.0012, 1500, 2.5."""
    text = format(Decimal(f"{number:.{digits - 1}e}"), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _power_of_ten(number: float, digits: int) -> str:
    """Like `_significant`, but 3.8e25 where that would need more than six digits."""
    mantissa, exponent = f"{number:.{digits - 1}e}".split("e")
    if -3 <= int(exponent) < 6:
        return _significant(number, digits)
    return f"{_significant(float(mantissa), digits)}e{int(exponent)}"
