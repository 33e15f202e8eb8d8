"""IT power, facility power and energy are three different things."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.plant.power import (
    carbon_kg,
    energy_j,
    facility_power_w,
    it_power_w,
    mean_facility_draw_w,
)
from stargate.units import YEAR_S

KWH = 3.6e6


@settings(max_examples=30)
@given(st.floats(1, 1e10), st.floats(1, 2))
def test_facility_and_it_power_are_each_others_inverse(power: float, ratio: float):
    assert it_power_w(facility_power_w(power, ratio), ratio) == pytest.approx(power)


def test_the_energy_bill_of_a_gigawatt():
    """1 GW x 0.76 x 1.12 x 8,766 h x $0.0826: 616 M$; Epoch AI's own figure is 594."""
    energy = float(energy_j(1e9, 0.76, 1.12, YEAR_S))
    assert energy / KWH * 0.0826 == pytest.approx(616e6, rel=0.005)


def test_gpt3_energy_and_carbon():
    """Patterson et al. 2021: 10,000 V100 for 14.8 days at 329 W, PUE 1.10: 1,287 MWh, 552 t."""
    energy = float(energy_j(10_000 * 329.0, 1.0, 1.10, 14.8 * 86400))
    assert energy / KWH / 1e3 == pytest.approx(1287, rel=0.01)
    assert float(carbon_kg(energy, 0.429 / KWH)) / 1e3 == pytest.approx(552, rel=0.01)


def test_carbon_follows_the_energy_and_not_the_nameplate():
    idle = mean_facility_draw_w(1e8, 0.3, 1.1)
    busy = mean_facility_draw_w(1e8, 0.9, 1.1)
    assert float(carbon_kg(busy, 1e-7) / carbon_kg(idle, 1e-7)) == pytest.approx(3.0)
