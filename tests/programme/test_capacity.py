"""What is on line when: sizes, shares, levels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from stargate.errors import SpecError
from stargate.programme.capacity import OnLine, planned_blocks, share_online_s
from stargate.spec.network import Network
from stargate.spec.works import Block

SITE = {"site": "a", "accelerator": "h100-sxm"}


def _planned(document, block: dict, network: Network | None = None):
    phase = {"id": "P", "status": "done", "online": "2023-01-01", "blocks": [SITE | block]}
    blocks, facts = planned_blocks(document(phases=[phase]).programme, network)
    return blocks[0], facts


def test_colossus_from_its_accelerators(document):
    """Epoch AI: 100,000 H100, 139 MW of IT, 181 MW at the facility."""
    block, facts = _planned(
        document, {"accelerators": 100_000, "it_power_per_accelerator": "1.39 kW"}
    )
    assert block.it_w == pytest.approx(139e6)
    assert block.facility_w == pytest.approx(181e6, rel=0.005)
    assert [fact.id for fact in facts] == ["peak_pue_frontier"]


def test_accelerators_from_facility_power(document):
    block, _ = _planned(
        document,
        {"facility_power": "130 MW", "peak_ratio": 1.3, "it_power_per_accelerator": "2 kW"},
    )
    assert (block.it_w, block.facility_w) == (pytest.approx(100e6), 130e6)
    assert block.accelerators == 50_000


def test_the_site_states_what_the_block_leaves_out(document):
    site = {
        "id": "a",
        "peak_ratio": 1.2,
        "pue": 1.1,
        "grid": {"region": "ci_usa", "electricity_price": "$50/MWh"},
    }
    block, facts = _planned(
        document,
        {"it_power": "10 MW", "it_power_per_accelerator": "1 kW"},
        Network.model_validate({"sites": [site]}),
    )
    assert (block.facility_w, block.pue) == (pytest.approx(12e6), 1.1)
    assert block.price_usd_per_j == pytest.approx(50 / 3.6e9)
    assert block.carbon_kg_per_j == pytest.approx(0.369473 / 3.6e6)
    assert [fact.id for fact in facts] == ["ci_usa"]


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ({"it_power": "10 MW"}, "state two of power"),
        ({"it_power": "9 MW", "facility_power": "10 MW", "accelerators": 5}, "both stated"),
    ],
)
def test_a_size_that_is_stated_too_little_or_twice_is_refused(size: dict, message: str):
    with pytest.raises(ValidationError, match=message):
        Block.model_validate(SITE | size)


def test_a_phase_is_on_line_when_its_share_of_the_power_is():
    online = [np.array([10.0, 30.0]), np.array([20.0, 10.0]), np.array([30.0, np.inf])]
    weights = [1.0, 2.0, 1.0]
    found = {share: share_online_s(online, weights, share).tolist() for share in (0.25, 0.75, 1.0)}
    assert found == {0.25: [10.0, 10.0], 0.75: [20.0, 30.0], 1.0: [30.0, np.inf]}


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=6), st.floats(0.01, 1.0))
def test_all_of_it_is_the_last_block_and_less_is_never_later(days: list[float], share: float):
    online = [np.array([day]) for day in days]
    weights = [1.0] * len(days)
    assert share_online_s(online, weights, 1.0)[0] == max(days)
    assert min(days) <= share_online_s(online, weights, share)[0] <= max(days)


def test_the_level_adds_what_stands_at_each_time():
    online = {"a": np.array([1.0, 5.0]), "b": np.array([3.0, np.inf])}
    shares = {"a": np.array([1.0, 0.5]), "b": np.ones(2)}
    stands = OnLine.of(online, shares, np.array([0.0, 2.0, 6.0]))
    assert stands.level({"a": 10.0, "b": 4.0}).T.tolist() == [[0.0, 10.0, 14.0], [0.0, 0.0, 5.0]]


@settings(max_examples=50)
@given(st.lists(st.one_of(st.floats(-5, 12), st.just(np.inf)), min_size=1, max_size=5))
def test_service_is_the_time_that_each_block_stands(days: list[float]):
    grid = np.linspace(0.0, 10.0, 5)
    online = {str(i): np.array([day, 4.0]) for i, day in enumerate(days)}
    shares = {name: np.array([0.5, 1.0]) for name in online}
    amounts = {name: 2.0 + i for i, name in enumerate(online)}
    expected = sum(
        amounts[name] * shares[name] * np.maximum(grid[:, None] - np.maximum(online[name], 0), 0)
        for name in online
    )
    found = OnLine.of(online, shares, grid).service(amounts)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_programme_without_any_block_is_refused_with_a_mend(document):
    built = document(phases=[{"id": "P", "status": "done", "online": "2023-01-01"}])
    with pytest.raises(SpecError, match="no phase has blocks"):
        planned_blocks(built.programme, None)
