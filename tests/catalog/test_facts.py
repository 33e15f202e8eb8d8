"""Every fact is whole: value, unit, range, year, source, confidence."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from importlib.resources import files

import pytest
import yaml

from stargate import catalog, units
from stargate.catalog.facts import CONFIDENCES, Fact, weakest_first
from stargate.catalog.files import read_yaml
from stargate.catalog.lists import SUBJECTS, facts_on
from stargate.catalog.names import alias_table
from stargate.catalog.quantities import PLAIN_UNITS, measure_of, to_si, written, written_range
from stargate.errors import CatalogError

SI_UNITS = {kind.si for kind in units.KINDS}
DATA = [p for p in (files("stargate.catalog") / "data").iterdir() if p.is_file()]


def test_there_are_enough_facts_for_the_other_tests_to_mean_anything(all_facts: list[Fact]):
    assert len(all_facts) > 1000


def test_no_two_facts_share_an_id(all_facts: list[Fact]):
    repeated = [id_ for id_, n in Counter(fact.id for fact in all_facts).items() if n > 1]
    assert repeated == []


def test_every_fact_names_its_source_in_full(all_facts: list[Fact]):
    keys = set(read_yaml("sources"))
    bare = [f.id for f in all_facts if not f.source.strip() or f.source in keys]
    assert bare == []


def test_a_source_of_one_word_is_a_site_and_not_a_mistyped_key(all_facts: list[Fact]):
    odd = {f.source for f in all_facts if " " not in f.source and not set("./") & set(f.source)}
    assert odd == set()


def test_every_source_key_is_used():
    text = "".join(path.read_text(encoding="utf-8") for path in DATA if path.name != "sources.yaml")
    assert [key for key in read_yaml("sources") if key not in text] == []


def test_every_fact_has_a_known_confidence(all_facts: list[Fact]):
    assert {fact.confidence for fact in all_facts} == set(CONFIDENCES)


def test_a_recalled_source_is_never_called_read(all_facts: list[Fact]):
    vague = read_yaml("sources")["recalled"]
    wrong = [f.id for f in all_facts if f.source == vague and f.confidence in ("read", "measured")]
    assert wrong == []


def test_every_fact_has_a_known_unit(all_facts: list[Fact]):
    assert {f.unit for f in all_facts} <= SI_UNITS | set(PLAIN_UNITS)


def test_every_fact_lies_within_its_range(all_facts: list[Fact]):
    outside = [
        f.id
        for f in all_facts
        if not (f.low if f.low is not None else -math.inf)
        <= f.value
        <= (f.high if f.high is not None else math.inf)
    ]
    assert outside == []


def test_every_fact_is_dated(all_facts: list[Fact]):
    undated = [f.id for f in all_facts if f.year is None or not 2010 <= f.year <= 2035]
    assert undated == []


def test_every_value_is_finite(all_facts: list[Fact]):
    assert [f.id for f in all_facts if not math.isfinite(f.value)] == []


def test_the_text_of_a_fact_says_its_value(all_facts: list[Fact]):
    for fact in all_facts:
        readings = [units.parse(fact.text, kind) for kind in _kinds_of(fact)] or [_plain(fact)]
        assert fact.value in [pytest.approx(reading) for reading in readings], fact.id


def _plain(fact: Fact) -> float:
    """The number of a text in a plain unit, such as `20 tokens/parameter`."""
    assert fact.unit in PLAIN_UNITS, fact.id
    suffix = "" if fact.unit == "1" else fact.unit.lstrip("$")
    return float(fact.text.removesuffix(suffix).lstrip("$"))


def _kinds_of(fact: Fact) -> list[units.Kind]:
    """The kinds of the fact's SI unit in which its text can be read."""
    unit = fact.text.lstrip("$0123456789.,e+-").strip()
    unit = f"${unit}" if fact.text.startswith("$") else unit
    return [kind for kind in units.KINDS if kind.si == fact.unit and unit in kind.units]


def test_data_files_hold_no_key_twice():
    for path in DATA:
        if path.name.endswith(".yaml"):
            _refuse_repeated_keys(yaml.compose(path.read_text(encoding="utf-8")), path.name)


def _refuse_repeated_keys(node: yaml.Node, where: str) -> None:
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"{where}: {Counter(keys).most_common(1)}"
        for key, value in node.value:
            _refuse_repeated_keys(value, f"{where}.{key.value}")
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_repeated_keys(value, where)


def test_money_per_mw_of_it_is_stated_in_dollars_a_watt():
    capex = catalog.fact("capex_it_per_mw_it")
    assert (capex.value, capex.unit) == (pytest.approx(26.113), "USD/W")
    assert capex.text == "$26.113M/MW"


def test_annualised_cost_of_a_gigawatt_follows_from_its_parts():
    """An annuity at 6.53 % over 5 and 14 years, and opex, give the published 8.5 billion a year."""

    def annuity(rate: float, years: float) -> float:
        return rate / (1 - (1 + rate) ** -years)

    def per_watt(name: str) -> float:
        return catalog.fact(name).value

    rate = catalog.fact("tco_implied_wacc").value * units.YEAR_S
    it = catalog.fact("life_it_epoch").value / units.YEAR_S
    facility = catalog.fact("life_facility_epoch").value / units.YEAR_S
    yearly = (
        per_watt("capex_it_per_mw_it") * annuity(rate, it)
        + per_watt("capex_facility_per_mw_it") * annuity(rate, facility)
        + per_watt("opex_per_mw_it") * units.YEAR_S
    )
    published = catalog.fact("tco_1gw_epoch").value * units.YEAR_S
    assert yearly == pytest.approx(published, rel=0.01)


def test_capital_cost_splits_into_it_and_facility():
    parts = [catalog.fact(f"capex_{part}_per_mw_it").value for part in ("it", "facility")]
    assert sum(parts) == pytest.approx(catalog.fact("capex_total_per_mw_it").value, rel=1e-3)


def test_every_subject_holds_facts():
    assert all(facts_on(subject) for subject in SUBJECTS)


def test_a_thing_and_its_property_name_a_fact():
    assert catalog.fact("h100-sxm.tdp").value == 700
    assert catalog.fact("H100.tdp").id == "h100-sxm.tdp"
    assert catalog.fact("dgx-h100.max_power").value == 10.2e3
    assert catalog.fact("llama-3.1-8b.parameters").value == 8_030_261_248
    with pytest.raises(CatalogError, match="tdp"):
        catalog.fact("h100-sxm.weight")
    with pytest.raises(CatalogError, match="names a model"):
        catalog.fact("llama-3.1-8b")


def test_a_search_finds_things_of_every_kind():
    assert {item.kind for item in catalog.search("h100")} >= {"accelerator", "node", "fact"}
    assert catalog.search("unobtainium") == ()


def test_one_spelling_cannot_name_two_things():
    with pytest.raises(CatalogError, match="names both"):
        alias_table({"h100": (), "h-100": ()})


def test_an_unknown_fact_is_refused_with_close_matches():
    with pytest.raises(CatalogError, match="capex_it_per_mw_it"):
        catalog.fact("capex_it_per_mw")


def test_the_weakest_facts_come_first_and_once():
    tdp = catalog.fact("h100-sxm.tdp")
    facts = [dataclasses.replace(tdp, id=c, confidence=c) for c in reversed(CONFIDENCES)]
    assert [f.confidence for f in weakest_first([*facts, *facts])] == list(CONFIDENCES)


def test_an_unknown_unit_in_a_data_file_is_refused():
    with pytest.raises(CatalogError, match="furlong"):
        measure_of("furlong")


@pytest.mark.parametrize("unit", sorted({u for kind in units.KINDS for u in kind.units}))
def test_every_unit_of_the_unit_table_can_stand_in_a_data_file(unit: str):
    kind = measure_of(unit).kind
    assert kind is not None
    assert to_si("2.5", unit) == units.parse(written("2.5", unit), kind)


def test_a_range_is_written_in_the_unit_of_the_value():
    assert written_range(catalog.fact("accel_h100_price_2025")) == "20000 to 27000 $/GPU"
    assert written_range(catalog.fact("h100-sxm.tdp")) == ""


def test_nothing_in_the_data_refers_to_a_reader_of_the_sources():
    for path in DATA:
        text = path.read_text(encoding="utf-8").lower()
        assert "file id" not in text
        assert "find_string" not in text
