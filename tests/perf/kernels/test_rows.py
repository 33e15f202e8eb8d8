"""Tables of kernels: recognised by their columns, bad rows named, good ones as measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.errors import SpecError
from stargate.perf.kernels import Kernels, Skipped, is_kernels, shipped
from stargate.perf.kernels.rows import parse

GEMM = "accelerator,dtype,m,n,k,rate [TFLOP/s],source\n"


def only(text: str) -> Kernels | Skipped:
    (answer,) = parse(text, "mine.csv")
    return answer


def test_a_rate_is_the_time_that_the_product_takes() -> None:
    kernels = only(GEMM + "h100-sxm,bf16,4096,4096,4096,600,mine\n")
    assert isinstance(kernels, Kernels)
    assert kernels.measured_s == pytest.approx([2 * 4096**3 / 600e12])
    assert kernels.names == ("mine.csv:2",)


def test_a_time_may_stand_instead_of_a_rate() -> None:
    kernels = only("accelerator,dtype,m,n,k,time [us]\nH100,fp8,4096,8192,1024,80\n")
    assert isinstance(kernels, Kernels)
    assert kernels.measured_s == pytest.approx([80e-6])
    assert (kernels.accelerator, kernels.source) == ("h100-sxm", "mine.csv")


def test_a_bus_bandwidth_is_the_time_that_nccl_tests_took() -> None:
    text = (
        "accelerator,domains,ranks,collective,algo,bytes,busbw_gbs\nh100-sxm,1,8,{},ring,8e9,350\n"
    )
    times = []
    for collective in ("all_reduce", "all_gather"):
        kernels = only(text.format(collective))
        assert isinstance(kernels, Kernels)
        times += list(kernels.measured_s)
    assert times == pytest.approx([2 * 7 / 8 * 8e9 / 350e9, 7 / 8 * 8e9 / 350e9])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("h900,bf16,1,1,1,600,x", "no accelerator 'h900'"),
        ("h100-sxm,fp7,1,1,1,600,x", "'fp7' is none of"),
        ("h100-sxm,bf16,0,1,1,600,x", "m: '0' is no number above zero"),
        ("h100-sxm,bf16,many,1,1,600,x", "m: 'many'"),
        ("h100-sxm,bf16,4096,4096,4096,,x", "rate: ''"),
        ("h100-sxm,bf16,4096,4096,4096,nan,x", "rate: 'nan'"),
        ("h100-sxm", "dtype: ''"),
    ],
)
def test_a_bad_row_is_named_and_skipped(row: str, said: str) -> None:
    answer = only(GEMM + row + "\n")
    assert isinstance(answer, Skipped)
    assert answer.name == "mine.csv:2"
    assert said in answer.reason


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_characters="\0")), max_size=7))
def test_no_row_ever_stops_the_reading(cells: list[str]) -> None:
    line = ",".join(cells).replace("\n", " ").replace("\r", " ")
    for answer in parse(GEMM + line + "\n", "mine.csv"):
        assert isinstance(answer, Skipped | Kernels)


def test_a_file_that_is_no_table_of_kernels_says_what_one_has(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="head_dim"):
        parse("a,b\n1,2\n", "mine.csv")
    file = tmp_path / "records.csv"
    file.write_text("id,accelerator,n_acc,layers,hidden,seq_len\n", encoding="utf-8")
    assert not is_kernels(file)
    file.write_text("# of a night\n" + GEMM, encoding="utf-8")
    assert is_kernels(file)


def test_figures_without_sizes_are_recognised_but_not_fitted() -> None:
    answer = only("id,what,value,unit\nlaunch,a launch,5,us\n")
    assert isinstance(answer, Skipped)
    assert "without the sizes" in answer.reason


def test_the_shipped_tables_are_read_and_every_skipped_row_has_its_reason() -> None:
    read = shipped()
    kernels = [one for one in read if isinstance(one, Kernels)]
    assert {one.kind for one in kernels} == {"gemm", "attention", "collectives"}
    assert sum(len(one.names) for one in kernels) > 180
    assert all(np.isfinite(one.measured_s).all() for one in kernels)
    assert all(one.reason for one in read if isinstance(one, Skipped))
