from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.spec.checks import document_faults
from stargate.spec.document import Document
from stargate.spec.network import Site

SMALL = st.integers(1, 4)


def document(count: int, batch: int, strategy: dict[str, int]) -> Document:
    """A dense model of 12 layers and 12 heads on one cluster."""
    cluster = {"id": "c", "accelerator": "h100-sxm", "count": count}
    shape = {"layers": 12, "hidden": 768, "heads": 12, "ffn_hidden": 3072, "vocabulary": 50257}
    job = {"model": "m", "seq_len": 1152, "global_batch": batch, "cluster": "c"}
    return Document.model_validate(
        {
            "stargate": 1,
            "network": {"sites": [{"id": "s", "it_power": "1 MW", "clusters": [cluster]}]},
            "models": {"m": shape},
            "workloads": {"w": {**job, "strategy": strategy}},
        }
    )


def messages(document: Document) -> list[str]:
    return [fault.message for fault in document_faults(document)]


@settings(max_examples=60)
@given(tp=SMALL, pp=SMALL, cp=SMALL, dp=SMALL, micro_batch=SMALL, rounds=SMALL)
def test_a_strategy_that_fills_the_machine_is_sound(
    tp: int, pp: int, cp: int, dp: int, micro_batch: int, rounds: int
) -> None:
    strategy = {"tp": tp, "pp": pp, "cp": cp, "dp": dp, "micro_batch": micro_batch}
    assert messages(document(tp * pp * cp * dp, dp * micro_batch * rounds, strategy)) == []


@settings(max_examples=60)
@given(tp=SMALL, pp=SMALL, cp=SMALL, dp=SMALL, spare=st.integers(1, 5))
def test_a_strategy_that_does_not_fill_the_machine_is_not(
    tp: int, pp: int, cp: int, dp: int, spare: int
) -> None:
    count = tp * pp * cp * dp + spare
    found = messages(document(count, dp, {"tp": tp, "pp": pp, "cp": cp, "dp": dp}))
    assert f"is {count - spare}, not the {count} accelerators" in found[0]


@settings(max_examples=60)
@given(count=st.integers(1, 64), tp=SMALL, pp=SMALL)
def test_without_dp_the_rest_must_divide_the_machine(count: int, tp: int, pp: int) -> None:
    found = messages(document(count, 64 * math.factorial(5), {"tp": tp, "pp": pp}))
    divides = [message for message in found if "which does not divide" in message]
    assert bool(divides) == bool(count % (tp * pp))


def test_a_job_may_take_a_part_of_its_cluster() -> None:
    whole = document(64, 8, {"tp": 2, "dp": 4}).model_dump(by_alias=True, exclude={"network"})
    whole["workloads"]["w"]["accelerators"] = 8
    network = {"sites": [{"id": "s", "it_power": "1 MW", "clusters": []}]}
    cluster = {"id": "c", "accelerator": "h100-sxm", "count": 64}
    network["sites"][0]["clusters"] = [cluster]
    assert messages(Document.model_validate({**whole, "network": network})) == []


def test_it_power_follows_from_facility_power() -> None:
    assert Site.model_validate({"id": "s", "it_power": "10 MW"}).it_w == 10e6
    stated = {"id": "s", "facility_power": "13 MW", "peak_ratio": 1.3}
    assert Site.model_validate(stated).it_w == 10e6
    assert Site.model_validate({"id": "s"}).it_w is None
