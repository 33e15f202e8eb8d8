"""Numbers as they are shown."""

from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stargate.view import wording


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (1e-5, "<0.1 %"),
        (0.003, "0.3 %"),
        (0.34, "34 %"),
        (0.995, "99.5 %"),
        (0.99999, ">99.9 %"),
        (1.0, "100 %"),
        (math.nan, "–"),
    ],
)
def test_percent(share, text):
    assert wording.percent(share).replace("\u00a0", " ") == text


@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_what_is_uncertain_is_never_shown_as_certain(share):
    assert wording.percent(share).replace("\u00a0", " ") not in ("0 %", "0.0 %", "100 %", "100.0 %")


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (wording.money(1.04e11), "$104B"),
        (wording.power(3.85e9), "3.85 GW"),
        (wording.month(date(2031, 8, 3)), "Aug 2031"),
        (wording.month(None), "never"),
        (wording.long_day(date(2028, 12, 31)), "31 December 2028"),
        (wording.count(1_234_000), "1.23 million"),
        (wording.count(4096), "4,096"),
        (wording.seconds(0.0352), "35.2 ms"),
        (wording.gigabytes(68.5e9), "68.5 GB"),
        (wording.billions(math.inf), "–"),
        (wording.listing(["a", "b", "c"]), "a, b and c"),
        (wording.scientific(3.8e25), "3.8e25"),
    ],
)
def test_quantities(shown, text):
    assert shown.replace("\u00a0", " ") == text
