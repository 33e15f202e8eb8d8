"""What bounds a flash kernel: products of scores and values, or the exponentials between them."""

from __future__ import annotations

import numpy as np
import pytest

from stargate import catalog
from stargate.perf import attention
from stargate.perf.machine import Machine
from stargate.perf.step import evaluate
from stargate.perf.strategy import StrategyTable
from stargate.spec.model import Transformer
from stargate.spec.workload import AttentionPrecision, Strategy, TrainingWorkload

LLAMA = catalog.model("llama-3-8b")


def attention_s(
    part: str, precision: AttentionPrecision = "16-bit", model: Transformer = LLAMA
) -> float:
    machine = Machine.of(part, 8)
    workload = TrainingWorkload(
        model=model, seq_len=8192, global_batch=8, attention_precision=precision
    )
    table = StrategyTable.of([Strategy()], 8)
    return float(evaluate(model, machine, workload, table).breakdown_s["attention"][0])


def heads_of(size: int) -> Transformer:
    return LLAMA.model_copy(update={"head_dim": size, "heads": 4096 // size, "kv_heads": None})


def test_products_and_exponentials_take_even_time_for_heads_of_128_on_blackwell() -> None:
    peak = Machine.of("b200", 8).attention_peak_flop_per_s
    per_s = Machine.of("b200", 8).exponentials_per_s
    products_s = attention.flash_time_s(4.0 * 128.0, peak, 1.0)
    assert attention.exponential_time_s(1.0, per_s, 1.0) == pytest.approx(products_s)


def test_products_in_8_bit_gain_least_where_exponentials_rule() -> None:
    left = {part: attention_s(part, "fp8") / attention_s(part) for part in ("gb200", "gb300")}
    assert left["gb300"] == pytest.approx(0.5 / attention.EIGHT_BIT_SHARE)
    assert left["gb300"] < left["gb200"] < 1.0


def test_short_heads_have_more_exponentials_for_as_much_arithmetic() -> None:
    rise = {
        part: attention_s(part, model=heads_of(64)) / attention_s(part, model=heads_of(128))
        for part in ("h100-sxm", "gb200", "gb300")
    }
    assert rise["gb200"] > 1.1 * rise["gb300"] == pytest.approx(1.1 * rise["h100-sxm"])


def test_a_part_whose_exponentials_nobody_published_is_bound_by_products() -> None:
    assert Machine.of("tpu-v5p", 8).exponentials_per_s == np.inf
