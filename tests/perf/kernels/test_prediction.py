"""Kernels predicted by the formulas of the step, and what a fit to them does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from stargate.cli import main
from stargate.perf.calibration import calibrate, kernel_priors, read_records
from stargate.perf.calibration.fit import fit
from stargate.perf.calibration.samples import Samples, key_of
from stargate.perf.coefficients import family_prior
from stargate.perf.gemm import gemm_time_s
from stargate.perf.kernels import Kernels, benchmarked, predicted_s, score, shipped
from stargate.perf.kernels.prediction import boosted_s
from stargate.perf.kernels.rows import parse
from stargate.perf.records import Record

SHAPES = [(m, n, k) for m in (1024, 4096, 8192) for n in (4096, 16384) for k in (2048, 8192)]


def products(dtype: str = "bf16") -> Kernels:
    lines = [f"h100-sxm,{dtype},{m},{n},{k},100" for m, n, k in SHAPES]
    (kernels,) = parse("accelerator,dtype,m,n,k,time_us\n" + "\n".join(lines), "mine.csv")
    assert isinstance(kernels, Kernels)
    return kernels


def planted(kernels: Kernels, **changed: float) -> Kernels:
    """The kernels as a part with changed coefficients would have measured them."""
    truth = replace(family_prior(key_of(kernels)[0]), **changed)
    return replace(kernels, measured_s=predicted_s(kernels, truth))


def test_a_product_is_predicted_by_the_formula_of_the_step() -> None:
    kernels = products()
    machine = benchmarked(kernels)
    m, n, k = (kernels.sizes[name] for name in ("m", "n", "k"))
    time_s = gemm_time_s(m, n, k, machine.gemm_unit, flop_per_s=machine.dense_rate, input_bytes=2.0)
    expected = boosted_s(time_s, "hopper") + machine.coefficients.kernel_gap_s
    assert predicted_s(kernels, machine.coefficients) == pytest.approx(expected)


def test_a_short_kernel_runs_at_boost_and_a_long_one_at_the_power_limit() -> None:
    short, long = boosted_s(np.array([1e-6, 1.0]), "hopper")
    assert short == pytest.approx(1e-6 / 1.28, rel=1e-2)
    assert long == pytest.approx(1.0, rel=1e-3)
    assert boosted_s(np.array([1e-6]), "ampere") == pytest.approx([1e-6])


def test_a_grouped_product_runs_at_the_share_of_grouped_ones() -> None:
    text = "accelerator,dtype,m,n,k,groups,time_us\na100-sxm-80,bf16,4096,4096,8192,{},1\n"
    c = replace(family_prior("ampere"), grouped_fraction=0.5, kernel_gap_s=1e-12)
    times = []
    for groups in (1, 8):
        (kernels,) = parse(text.format(groups), "mine.csv")
        assert isinstance(kernels, Kernels)
        times.append(float(predicted_s(kernels, c)[0]))
    assert times[1] == pytest.approx(8 * times[0] / 0.5, rel=0.1)


def test_attention_forward_and_backward_add_up() -> None:
    text = "accelerator,pass,head_dim,causal,seq_len,rate\n" + "".join(
        f"h100-sxm,{way},128,1,8192,1e14\n" for way in ("fwd", "bwd", "fwd+bwd")
    )
    (kernels,) = parse(text, "mine.csv")
    assert isinstance(kernels, Kernels)
    forward, backward, both = predicted_s(kernels, family_prior("hopper"))
    assert both == pytest.approx(forward + backward)
    assert backward > forward


def test_a_fit_finds_the_rate_that_was_planted() -> None:
    kernels = planted(products(), gemm_fraction=0.80)
    samples = Samples.of((), [kernels])
    found = fit(samples, kernel_priors([kernels])).coefficients(key_of(kernels))
    assert found.gemm_fraction == pytest.approx(0.80, rel=0.06)
    assert family_prior("hopper").gemm_fraction > 0.9


def test_what_kernels_do_not_determine_stays_at_its_prior() -> None:
    kernels = planted(products(), gemm_fraction=0.80)
    found = fit(Samples.of((), [kernels]), kernel_priors([kernels]))
    before, after = family_prior("hopper"), found.coefficients(key_of(kernels))
    assert after.tp_overlap == pytest.approx(before.tp_overlap)
    assert after.attention_fraction == pytest.approx(before.attention_fraction)


@pytest.fixture(scope="module")
def selene() -> tuple[Record, ...]:
    return tuple(r for r in read_records(()) if r.origin.family == "korthikanti")


def test_kernels_pull_the_coefficients_of_the_steps_beside_them(
    selene: tuple[Record, ...],
) -> None:
    text = "accelerator,dtype,m,n,k,time_us\n" + "".join(
        f"a100-sxm-80,bf16,{m},{n},{k},1\n" for m, n, k in SHAPES
    )
    (kernels,) = parse(text, "mine.csv")
    assert isinstance(kernels, Kernels)
    alone, joint = (
        calibrate(selene, (), lambda _: None, timed).coefficients["ampere/megatron-2022"]
        for timed in ((), [planted(kernels, gemm_fraction=0.75)])
    )
    assert joint["gemm_fraction"] < alone["gemm_fraction"]


def test_kernels_are_left_out_by_accelerator_and_by_source() -> None:
    kernels = [one for one in shipped() if isinstance(one, Kernels)]
    done = calibrate((), ("accelerator", "source"), lambda _: None, kernels)
    names = [trial.name for trial in done.kernel_trials]
    assert names == [
        "kernels, in sample",
        *(f"kernels, left out by {by}" for by in ("accelerator", "source")),
    ]
    inside, outside, _ = (trial.summaries["gemm"] for trial in done.kernel_trials)
    assert inside.n_scored == outside.n_scored > 20
    assert inside.median_abs_error is not None
    assert outside.median_abs_error is not None
    assert inside.median_abs_error < outside.median_abs_error < 0.2
    file = yaml.safe_load(done.text)
    assert file["kernels"]["tables"]["gemm h800-sxm"] == inside.n
    assert "kernels" not in file["coefficients"]["hopper"]


def test_a_collective_of_a_benchmark_is_not_slowed_by_a_step() -> None:
    (kernels,) = parse(
        "accelerator,ranks,collective,size,busbw\nh100-sxm,8,all_gather,1e9,1e9\n", "mine.csv"
    )
    assert isinstance(kernels, Kernels)
    c = family_prior("hopper")
    slowed = replace(c, collective_slowdown=2.0)
    assert predicted_s(kernels, c) == predicted_s(kernels, slowed)


def test_the_shipped_kernels_are_scored_worst_first_on_the_terminal() -> None:
    answer = CliRunner().invoke(main, ["validate", "kernels"])
    assert answer.exit_code == 0
    assert "Worst first" in answer.output
    assert "skipped 20: the best product defines the scale of the shares" in answer.output
    errors = [row.error for row in score(k for k in shipped() if isinstance(k, Kernels))]
    assert np.median(np.abs(errors)) < 0.2
