from __future__ import annotations

import pytest

from stargate.errors import SpecError
from stargate.spec.overrides import override
from stargate.spec.tree import Plain, locate, plain
from stargate.spec.yaml_reader import read_yaml

SPEC = """
name: before
models:
  llama-3.1-405b: {layers: 126}
phases:
  - {id: P1, target: {online: 2026-01-01}}
  - {id: P2.5, target: {online: 2027-01-01}}
"""


def changed(text: str) -> dict[str, Plain]:
    held = plain(override(read_yaml(SPEC, "spec.yaml"), text))
    assert isinstance(held, dict)
    return held


def test_a_key_is_replaced() -> None:
    assert changed("name=after")["name"] == "after"


def test_a_value_may_hold_an_equals_sign() -> None:
    assert changed("name=tp=8,pp=2")["name"] == "tp=8,pp=2"


@pytest.mark.parametrize("step", ["P1", "0"])
def test_an_item_is_found_by_id_or_index(step: str) -> None:
    phases = changed(f"phases.{step}.target.online=2029-06-30")["phases"]
    assert isinstance(phases, list)
    assert phases[0] == {"id": "P1", "target": {"online": "2029-06-30"}}


def test_keys_and_ids_may_hold_dots() -> None:
    assert changed("models.llama-3.1-405b.layers=8")["models"] == {"llama-3.1-405b": {"layers": 8}}
    phases = changed("phases.P2.5.status=done")["phases"]
    assert isinstance(phases, list)
    assert phases[1] == {"id": "P2.5", "target": {"online": "2027-01-01"}, "status": "done"}


def test_missing_mappings_are_made() -> None:
    assert changed("network.grid.price=$30/MWh")["network"] == {"grid": {"price": "$30/MWh"}}


def test_values_are_read_as_in_a_file() -> None:
    assert changed("a={b: [1, true, 2 GW]}")["a"] == {"b": [1, True, "2 GW"]}
    assert changed("a=")["a"] is None


def test_the_place_of_an_override_is_its_own_text() -> None:
    root = override(read_yaml(SPEC, "spec.yaml"), "models.llama-3.1-405b.layers=0")
    place = locate(root, ("models", "llama-3.1-405b", "layers")).place
    assert (place.file, place.line) == ("-s models.llama-3.1-405b.layers=0", 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name", "no 'path.to.key=value'; write it like network.sites.0.pue=1.2"),
        ("=1", "no 'path.to.key=value'"),
        ("a..b=1", "no 'path.to.key=value'"),
        ("phases.P3.target=1", "'phases' has no item 'P3'; known: P1, P2.5"),
        ("phases.7.target=1", "'phases' has no item '7'"),
        ("name.first=1", "'name' is a value, not a mapping; end the path there"),
        ("name=[1", "a list in brackets goes wrong here"),
        ("name=&x 1", "an anchor"),
    ],
)
def test_an_override_that_cannot_be_is_told_as_such(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        changed(text)
    assert f"-s {text}: {message}" in str(caught.value)
