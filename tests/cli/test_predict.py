"""`stargate predict`: its answers, its JSON, and its refusals with their exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stargate.cli import main

GPT3 = (
    *("--model", "gpt3-175b", "--accelerator", "a100-80gb-sxm", "--count", "64"),
    *("--seq-len", "2048", "--global-batch", "64"),
)
STRATEGY = ("--strategy", "tp=8,pp=8,vp=3,mb=1")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["predict", *arguments])


def answer(*arguments: str) -> dict[str, object]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    content: dict[str, object] = json.loads(result.stdout)
    return content


@pytest.mark.parametrize(("recompute", "published_s"), [("full", 18.13), ("selective", 13.75)])
def test_gpt_3_on_64_a100_takes_what_was_published(recompute: str, published_s: float) -> None:
    best = answer(*GPT3, *STRATEGY, "--recompute", recompute)["best"]
    assert best["step_time_s"] == pytest.approx(published_s, rel=0.08)


def test_the_json_has_the_documented_shape() -> None:
    content = answer(*GPT3)
    assert content["schema_version"] == 1
    best = content["best"]
    assert set(best) >= {
        *("strategy", "step_time_s", "interval_s", "mfu", "hfu"),
        *("memory_bytes", "memory", "breakdown_s"),
    }
    assert best["interval_s"][0] < best["step_time_s"] < best["interval_s"][1]
    assert sum(best["breakdown_s"].values()) == pytest.approx(best["step_time_s"])
    assert sum(best["memory"].values()) == pytest.approx(best["memory_bytes"])
    assert content["n_evaluated"] > content["n_feasible"] > 0
    assert content["alternatives"]
    assert all(fact["source"] for fact in content["facts"])


def test_the_text_says_the_answer_the_waterfall_and_the_basis() -> None:
    result = run(*GPT3, *STRATEGY, "--recompute", "full")
    assert result.exit_code == 0
    for part in ("80 % interval", "MFU", "Where the step goes", "Memory of", "assumed"):
        assert part in result.stdout


BAD = (
    ((*GPT3[:-2],), "missing: --global-batch"),
    (("--model", "gpt3-175c", *GPT3[2:]), "gpt3-175b"),
    ((*GPT3[:2], "--accelerator", "a100-90gb", *GPT3[4:]), "a100"),
    ((*GPT3, "--strategy", "tp=8,pp=7"), "not 64 accelerators"),
    ((*GPT3, "--strategy", "tp=8,pp=8,mb=3"), "micro-batch 3"),
    ((*GPT3, "--strategy", "tp=8,zz=1"), "cannot read 'zz=1'"),
    ((*GPT3, "--software", "megatron-1999"), "known:"),
    ((*GPT3, "--strategy", "tp=8,pp=8,recompute=full", "--recompute", "none"), "contradicts"),
    ((*GPT3, "--recompute", "some"), "some"),
    ((*GPT3, "--precision", "fp8"), "a100-sxm-80 cannot compute in fp8; choose fp32, bf16"),
    ((*GPT3, "--count", "0"), "0"),
)


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_bad_usage_says_what_is_wrong_and_exits_with_2(
    arguments: tuple[str, ...], message: str
) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_what_does_not_fit_exits_with_1_and_says_what_stands_in_the_way() -> None:
    result = run(*GPT3, "--strategy", "tp=8,pp=1,dp=8,mb=1,zero=0")
    assert result.exit_code == 1
    assert "GB" in result.stderr


FILE = """\
stargate: 1
network:
  sites:
    - id: here
      clusters:
        - id: pod
          accelerator: h100-sxm
          count: 64
          fabric:
            scale_out: {bandwidth: 200 Gb/s, oversubscription: 2}
models:
  mine: {layers: 32, hidden: 4096, heads: 32, ffn_hidden: 14336, vocabulary: 128256}
workloads:
  pretrain: {model: mine, seq_len: 4096, global_batch: 256, cluster: pod}
  tune: {model: llama-3.1-8b, seq_len: 4096, global_batch: 64, lora: {rank: 16},
         strategy: "tp=1,mb=1"}
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "job.yaml"
    path.write_text(FILE, encoding="utf-8")
    return str(path)


def test_a_workload_of_a_file_is_searched_or_taken_as_stated(file: str) -> None:
    searched = answer(file, "--workload", "pretrain")
    stated = answer(file, "--workload", "tune")
    assert searched["n_evaluated"] > 1000
    assert stated["n_evaluated"] == 1


def test_a_file_with_several_workloads_asks_which(file: str) -> None:
    result = run(file)
    assert result.exit_code == 2
    assert "pretrain, tune" in result.stderr


def test_a_slower_network_of_the_file_slows_the_step(file: str) -> None:
    def step_s(rate: str) -> float:
        path = "network.sites.0.clusters.0.fabric.scale_out.bandwidth"
        strategy = ("--strategy", "tp=1,mb=1,zero=3")
        changed = answer(file, "--workload", "pretrain", *strategy, "-s", f"{path}={rate}")
        return changed["best"]["step_time_s"]

    assert step_s("25 Gb/s") > 1.2 * step_s("400 Gb/s")


def test_flags_of_a_machine_do_not_go_with_a_file(file: str) -> None:
    result = run(file, "--workload", "pretrain", "--count", "8")
    assert result.exit_code == 2
    assert "--count does not go with a file" in result.stderr
