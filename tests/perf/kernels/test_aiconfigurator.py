"""Tables of aiconfigurator-core, from a small folder made by hand and from the package itself."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from stargate.cli import main
from stargate.errors import CatalogError
from stargate.perf.kernels import Kernels, Skipped, aiconfigurator, score

arrow = pytest.importorskip("pyarrow")


def write(folder: Path, place: str, rows: list[dict[str, Any]]) -> None:
    from pyarrow import parquet

    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(arrow.Table.from_pylist(rows), path)


def product(
    m: int, latency: float, dtype: str = "bfloat16", kernel: str = "linear"
) -> dict[str, Any]:
    sizes = {"m": m, "n": 4096, "k": 8192}
    return {"kernel_source": kernel, "gemm_dtype": dtype, **sizes, "latency": latency}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two systems, one of them unknown, in the package's layout."""
    h100 = "h100_sxm/{}/{}_perf.parquet"
    scaled = "sglang_sgl_kernel_fp8_scaled_mm"
    write(
        tmp_path,
        h100.format("gemm/sglang/1.0", "gemm"),
        [
            product(8, 0.02),
            product(4096, 0.5),
            product(4096, 0.0),
            product(4096, 0.3, "fp8"),
            product(4096, 0.4, "fp8", scaled),
            product(4096, 0.4, "int4_wo"),
        ],
    )
    block = {"moe_dtype": "bfloat16", "kernel_source": "cutlass", "num_tokens": 8192, "topk": 2}
    block |= {"hidden_size": 4096, "inter_size": 14336, "num_experts": 8}
    block |= {"moe_tp_size": 4, "moe_ep_size": 1, "latency": 3.0}
    block["distribution"] = "balanced"
    skewed = block | {"distribution": "power_law_1.2"}
    write(
        tmp_path, h100.format("moe/trtllm/1.0", "moe"), [block, skewed, block | {"num_tokens": 64}]
    )
    ring = {"op_name": "alltoall", "nccl_dtype": "half", "num_gpus": 8}
    ring |= {"message_size": 2**28, "latency": 1.5}
    write(tmp_path, h100.format("comm/nccl/2.29", "nccl"), [ring, ring | {"nccl_dtype": "int8"}])
    core = {"kernel_source": "fa3", "attn_dtype": "bfloat16", "kv_cache_dtype": "bfloat16"}
    core |= {"batch_size": 4, "isl": 8192, "num_heads": 32, "head_dim": 128, "latency": 7.0}
    write(tmp_path, h100.format("attention/vllm/1.0", "context_attention"), [core])
    (tmp_path / "x900").mkdir()
    return tmp_path


def kinds(folder: Path) -> dict[str, Kernels]:
    read = aiconfigurator.read(folder)
    return {f"{k.kind} {k.texts.get('dtype', '')}": k for k in read if isinstance(k, Kernels)}


def test_products_of_few_rows_and_of_other_numbers_are_left_out(folder: Path) -> None:
    read = kinds(folder)
    assert {name for name in read if "gemm" in name} == {"gemm bf16", "gemm fp8", "gemm fp8-row"}
    assert read["gemm bf16"].measured_s == pytest.approx([0.5e-3])
    assert read["gemm bf16"].source == "aiconfigurator sglang 1.0"


def test_experts_are_those_of_one_rank(folder: Path) -> None:
    sizes = kinds(folder)["experts bf16"].sizes
    assert [len(column) for column in sizes.values()] == [1] * 7
    assert (sizes["copies"][0], sizes["groups"][0], sizes["ffn"][0]) == (16384, 8, 3584)


def test_messages_are_counted_in_elements_of_16_bit(folder: Path) -> None:
    collectives = kinds(folder)["collectives "]
    assert collectives.texts["collective"] == "all_to_all"
    assert collectives.sizes["size"] == pytest.approx([2.0**29])


def test_every_kernel_is_predicted_within_a_factor_of_two(folder: Path) -> None:
    rows = score(kinds(folder).values())
    assert len(rows) == 6
    assert all(0.5 < row.predicted_s / row.measured_s < 2.0 for row in rows), rows


def test_a_system_that_the_catalogue_lacks_and_a_broken_file_are_named(folder: Path) -> None:
    pointer = folder / "h100_sxm/gemm/vllm/1.0/gemm_perf.parquet"
    pointer.parent.mkdir(parents=True)
    pointer.write_text("version https://git-lfs.github.com/spec/v1\n", encoding="utf-8")
    write(folder, "h100_sxm/gemm/vllm/2.0/gemm_perf.parquet", [{"latency": 1.0}])
    skipped = [one for one in aiconfigurator.read(folder) if isinstance(one, Skipped)]
    reasons = {one.name: one.reason for one in skipped}
    assert "no such accelerator" in reasons["x900"]
    assert "Git LFS" in reasons["h100_sxm/gemm/vllm/1.0/gemm_perf.parquet"]
    assert "'m'" in reasons["h100_sxm/gemm/vllm/2.0/gemm_perf.parquet"]


def test_an_unknown_system_is_refused_with_the_known_ones(folder: Path) -> None:
    with pytest.raises(CatalogError, match="h100_sxm, x900"):
        aiconfigurator.read(folder, ["h900"])


def test_without_the_package_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aiconfigurator, "PACKAGE", "no_such_package_here")
    answer = CliRunner().invoke(main, ["calibrate", "--no-records", "--kernels", "aiconfigurator"])
    assert answer.exit_code == 2
    assert "aiconfigurator-core" in answer.output


@pytest.mark.skipif(
    find_spec("aiconfigurator_core") is None, reason="aiconfigurator-core is not installed"
)
def test_the_installed_package_has_products_attention_experts_and_collectives() -> None:
    read = aiconfigurator.load(["h100_sxm"])
    kernels = [one for one in read if isinstance(one, Kernels)]
    assert {one.kind for one in kernels} == {"gemm", "attention", "experts", "collectives"}
    assert sum(len(one.names) for one in kernels) > 1000
