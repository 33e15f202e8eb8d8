"""Tables of measurements, and reference classes."""

from __future__ import annotations

import numpy as np
import pytest

from stargate import catalog
from stargate.catalog.references import ReferenceClass, reference_classes
from stargate.errors import CatalogError
from stargate.units import MONTH_S, YEAR_S

TABLES = list(catalog.TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_every_row_has_a_source_and_a_confidence(name: str):
    rows = catalog.table(name)
    assert len(rows) > 10
    assert all(row["source"] for row in rows)
    assert {row["confidence"] for row in rows} <= set(catalog.CONFIDENCES)


def test_a_column_comes_in_si():
    gemm = catalog.table("gemm").where(accelerator="a100-sxm-80", kind="gemm-best")
    assert gemm.numbers("rate") == pytest.approx([271.2e12])
    collectives = catalog.table("collectives").where(system="dgx-a100-hdr")
    assert collectives.numbers("busbw") == pytest.approx([192e9])
    assert collectives.numbers("size") == pytest.approx([2.0**33])


def test_an_empty_cell_is_nan():
    assert np.isnan(catalog.table("gemm").where(kind="gemm-sustained").numbers("m")).all()


def test_an_unknown_table_or_column_is_refused():
    with pytest.raises(CatalogError, match="gemm"):
        catalog.table("gem")
    with pytest.raises(CatalogError, match="rate"):
        catalog.table("gemm").numbers("tflops")


@pytest.mark.parametrize("name", ["gemm", "attention"])
def test_fractions_are_rate_over_peak(name: str):
    rows = catalog.table(name)
    assert rows.numbers("fraction") == pytest.approx(
        rows.numbers("rate") / rows.numbers("peak"), abs=2e-3
    )


@pytest.mark.parametrize("name", ["gemm", "attention", "collectives"])
def test_measurements_are_of_known_accelerators(name: str):
    for accelerator in set(catalog.table(name).texts("accelerator")):
        assert catalog.accelerator(accelerator).id == accelerator


def test_the_causes_of_interruption_in_llama_3_training_sum_to_the_total():
    table = catalog.table("failure_counts").where(system="llama3-h100")
    counts = dict(zip(table.texts("cause"), table.numbers("count"), strict=True))
    total = counts.pop("all unexpected")
    assert sum(counts.values()) == total == 419


def test_failure_rates_are_counts_over_exposure():
    table = catalog.table("failure_counts")
    rates = table.numbers("count") / table.numbers("device_time")
    known = np.isfinite(rates)
    assert known.sum() > 15
    assert table.numbers("rate")[known] == pytest.approx(rates[known], rel=1e-3)


def test_the_epoch_timelines_carry_their_credit():
    about = catalog.table("epoch_timelines").about
    assert "Epoch AI" in about
    assert "CC BY 4.0" in about


def test_frontier_sites_cost_what_the_capital_cost_of_a_megawatt_says():
    """Epoch's constant is 37.9 million dollars a MW of IT; facilities peak at 1.14 to 1.74."""
    sites = catalog.table("epoch_timelines")
    power, cost = sites.numbers("facility_power"), sites.numbers("capex")
    built = (power > 0) & (cost > 0)
    per_facility_watt = np.median(cost[built] / power[built])
    ratio = catalog.fact("capex_total_per_mw_it").value / per_facility_watt
    peak = catalog.fact("peak_pue_frontier")
    assert peak.low is not None
    assert peak.high is not None
    assert peak.low < ratio < peak.high


COST_CLASSES = [r for r in reference_classes().values() if r.distribution == "spliced"]
LEAD_TIMES = [r for r in reference_classes().values() if r.distribution == "pert"]


@pytest.mark.parametrize("reference", COST_CLASSES, ids=lambda r: r.id)
def test_tail_and_body_average_to_the_mean(reference: ReferenceClass):
    p = reference.parameters
    spliced = p["p_tail"] * p["tail_mean"] + (1 - p["p_tail"]) * p["body_mean"]
    assert spliced == pytest.approx(p["mean"], abs=0.005)


@pytest.mark.parametrize("reference", LEAD_TIMES, ids=lambda r: r.id)
def test_lead_times_are_ordered_and_between_a_month_and_ten_years(reference: ReferenceClass):
    p = reference.parameters
    triple = [p[key] for key in ("low", "mode", "high") if key in p]
    assert triple == sorted(triple)
    assert MONTH_S < triple[0] <= triple[-1] < 10 * YEAR_S


def test_a_reference_class_is_found_as_people_write_it():
    assert catalog.reference_class("Nuclear power").parameters["mean"] == 1.2
    with pytest.raises(CatalogError, match="nuclear_power"):
        catalog.reference_class("nuclear_powr")
