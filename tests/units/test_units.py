from __future__ import annotations

import contextlib
import math
import re

import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stargate import units
from stargate.errors import UnitError
from stargate.units import KINDS, Kind, format_quantity, parse

MAGNITUDES = st.floats(min_value=1e-12, max_value=1e18) | st.just(0.0)


@given(st.sampled_from(KINDS), MAGNITUDES, st.booleans(), st.integers(2, 15))
def test_what_is_formatted_reads_back(kind: Kind, size: float, negative: bool, digits: int) -> None:
    unit_size = kind.units[kind.display[0]]
    value = (-size if negative else size) * unit_size
    text = format_quantity(value, kind, digits=digits)
    zero = max(kind.zero.values(), default=0.0)  # digits count from the zero point of the scale
    tolerance = (abs(value) + zero) * 10.0 ** (1 - digits)
    assert parse(text, kind) == pytest.approx(value, abs=tolerance + 1e-300)


@given(st.sampled_from(KINDS).flatmap(lambda k: st.tuples(st.just(k), st.sampled_from([*k.units]))))
def test_every_unit_can_be_written_and_read(drawn: tuple[Kind, str]) -> None:
    kind, unit = drawn
    value = 7.25 * kind.units[unit] + kind.zero.get(unit, 0.0)
    text = format_quantity(value, kind, unit=unit, digits=12)
    assert parse(text, kind) == pytest.approx(value, rel=1e-9)


@given(st.text(max_size=40), st.sampled_from(KINDS))
def test_any_text_is_a_quantity_or_a_unit_error(text: str, kind: Kind) -> None:
    with contextlib.suppress(UnitError):
        assert math.isfinite(parse(text, kind))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_example_of_a_kind_is_one(kind: Kind) -> None:
    assert parse(kind.example, kind) > 0


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_display_units_are_known_and_rise(kind: Kind) -> None:
    sizes = [kind.units[unit] for unit in kind.display]
    assert sizes == sorted(sizes)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("400 Gb/s", units.BANDWIDTH, 50e9),
        ("400 GB/s", units.BANDWIDTH, 400e9),
        ("400 Gbps", units.BANDWIDTH, 50e9),
        ("80 GB", units.SIZE, 80e9),
        ("80 GiB", units.SIZE, 80 * 2**30),
        ("8 Gb", units.SIZE, 1e9),
        ("$100B", units.MONEY, 100e9),
        ("-$1.5M", units.MONEY, -1.5e6),
        ("100 BUSD", units.MONEY, 100e9),
        ("15 min", units.DURATION, 900.0),
        ("4 h", units.DURATION, 14_400.0),
        ("18 months", units.DURATION, 18 * 365.25 * 86_400 / 12),
        ("1 year", units.DURATION, 8766 * 3600.0),
        ("12 %", units.FRACTION, 0.12),
        ("0.12", units.FRACTION, 0.12),
        ("989 TFLOP/s", units.COMPUTE_RATE, 989e12),
        ("3.8e25 FLOP", units.COMPUTE, 3.8e25),
        ("$30/MWh", units.ENERGY_PRICE, 30 / 3.6e9),
        ("$0.03/kWh", units.ENERGY_PRICE, 30 / 3.6e9),
        ("$2.10/GPU-hour", units.ACCELERATOR_TIME_PRICE, 2.10 / 3600),
        ("$37.9M/MW", units.POWER_PRICE, 37.9),
        ("$1/W", units.POWER_PRICE, 1.0),
        ("27 °C", units.TEMPERATURE, 300.15),
        ("80.33 °F", units.TEMPERATURE, 300.0),
        ("369 g/kWh", units.CARBON_INTENSITY, 0.369 / 3.6e6),
        ("5.5 %/year", units.RATE, 0.055 / units.YEAR_S),
        ("30000 GPU/month", units.DELIVERY_RATE, 30_000 / units.MONTH_S),
        ("1_000 MW", units.POWER, 1e9),
        ("  1.2GW ", units.POWER, 1.2e9),
    ],
)
def test_quantities_of_this_field_are_read_right(text: str, kind: Kind, value: float) -> None:
    assert parse(text, kind) == pytest.approx(value, rel=1e-4 if "°F" in text else 1e-12)


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (3.8e25, units.COMPUTE, "3.8e25 FLOP"),
        (1e6, units.COMPUTE, "1e6 FLOP"),
        (0.9 / units.YEAR_S, units.POWER_TIME_PRICE, "$0.9M/MW/year"),
        (0.308 / units.YEAR_S, units.POWER_TIME_PRICE, "$0.308M/MW/year"),
        (999.96e6, units.POWER, "1 GW"),
        (-2.5e9, units.MONEY, "-$2.5B"),
        (0.0, units.POWER, "0 W"),
        (0.125, units.FRACTION, "12.5 %"),
        (300.15, units.TEMPERATURE, "27 °C"),
        (0.0012, units.DURATION, "1.2 ms"),
        (1.0 / units.YEAR_S, units.RATE, "1/year"),
    ],
)
def test_displays_are_those_that_engineers_write(value: float, kind: Kind, text: str) -> None:
    assert format_quantity(value, kind) == text


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("300", units.POWER, "power needs a unit; write it like '1.2 GW'"),
        (300, units.POWER, "power needs a unit"),
        ("0", units.DURATION, "duration needs a unit"),
        ("300 MV", units.POWER, "unknown unit 'MV' for power; use one of W, mW, kW, MW, GW, TW"),
        ("300 gw", units.POWER, "did you mean 'GW'?"),
        ("300 mw", units.POWER, "did you mean 'mW' or 'MW'?"),
        ("300 MWh", units.POWER, "'MWh' is a unit of energy, not of power"),
        ("400 Gb", units.BANDWIDTH, "'Gb' is a unit of size, not of bandwidth"),
        ("400 Gbit/s", units.BANDWIDTH, "unknown unit 'Gbit/s'"),
        ("100", units.MONEY, "money needs a unit; write it like '$100B'"),
        ("$100/MWh", units.MONEY, "is a unit of energy price, not of money"),
        ("lots", units.POWER, "'lots' is no power; write it like '1.2 GW'"),
        ("nan W", units.POWER, "is no power"),
        ("1e999 W", units.POWER, "is too large"),
        ("1e308 GW", units.POWER, "is too large"),
        ("", units.POWER, "is no power"),
        (True, units.POWER, "is no power"),
        ("5 m", units.DURATION, "'m' is a unit of distance, not of duration"),
    ],
)
def test_what_is_no_quantity_is_refused_with_the_mend(
    text: str | float, kind: Kind, message: str
) -> None:
    with pytest.raises(UnitError, match=re.escape(message)):
        parse(text, kind)


def test_the_case_of_a_prefix_counts() -> None:
    assert parse("1 mW", units.POWER) == 1e-3
    assert parse("1 MW", units.POWER) == 1e6


# Our spelling -> pint's, where they differ; the rest is handed over as it is.
PINT = {
    units.POWER: ("W", {}),
    units.ENERGY: ("J", {}),
    units.DURATION: ("s", {"wk": "week", "mo": "year/12", "month": "year/12",
                           "months": "year/12", "yr": "year", "h": "hour"}),
    units.MASS: ("kg", {"t": "tonne", "kt": "kilotonne", "Mt": "megatonne"}),
    units.DISTANCE: ("m", {"mi": "mile"}),
}  # fmt: skip


@pytest.mark.parametrize("kind", PINT, ids=lambda kind: kind.name)
def test_the_table_agrees_with_an_independent_one(kind: Kind) -> None:
    registry = pint.UnitRegistry()
    si, spelling = PINT[kind]
    for unit, worth in kind.units.items():
        theirs = registry.parse_expression(spelling.get(unit, unit)).to(si).magnitude
        assert worth == pytest.approx(theirs, rel=1e-12), unit


@pytest.mark.parametrize("kind", [units.SIZE, units.BANDWIDTH], ids=lambda kind: kind.name)
def test_bits_and_bytes_agree_with_an_independent_table(kind: Kind) -> None:
    registry = pint.UnitRegistry()
    for unit, worth in kind.units.items():
        amount = re.fullmatch(r"(?P<prefix>[kKMGTPE]?i?)(?P<base>b|B)(?:/s|ps)?", unit)
        assert amount is not None, unit
        base = "bit" if amount["base"] == "b" else "byte"
        theirs = registry.parse_expression(f"{amount['prefix']}{base}").to("byte").magnitude
        assert worth == pytest.approx(theirs, rel=1e-12), unit


def test_temperatures_agree_with_an_independent_table() -> None:
    registry = pint.UnitRegistry()
    for unit, theirs in (("°C", "degC"), ("°F", "degF"), ("K", "kelvin")):
        expected = registry.Quantity(80.0, theirs).to("kelvin").magnitude
        assert parse(f"80 {unit}", units.TEMPERATURE) == pytest.approx(expected, rel=1e-12)
