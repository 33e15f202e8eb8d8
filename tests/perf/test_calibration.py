from __future__ import annotations

from dataclasses import astuple, fields, replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from numpy.typing import NDArray

from stargate.cli import main
from stargate.errors import CatalogError, InfeasibleError
from stargate.perf.calibration import calibrate, known_priors, read_records
from stargate.perf.calibration.ablation import EVERYTHING, ablate
from stargate.perf.calibration.ablation_terms import ABLATIONS, Ablation
from stargate.perf.calibration.fit import fit, row_weights
from stargate.perf.calibration.samples import Samples
from stargate.perf.calibration.scales import FITTED, SCALES, from_scale, to_scale
from stargate.perf.calibration.spreads import spread_of
from stargate.perf.coefficients import TRAITS, Coefficients, family_prior, generation, prior
from stargate.perf.interval import INTERVAL_80_SIGMAS
from stargate.perf.records import Record, open_records

KEY = ("ampere", "megatron-2022")


@pytest.fixture(scope="module")
def selene() -> tuple[Record, ...]:
    return tuple(r for r in read_records(()) if r.origin.family == "korthikanti")


@pytest.fixture(scope="module")
def varied() -> tuple[Record, ...]:
    """Records of old and new software, dense and with experts, on one domain and on many."""
    rows = [r for r in open_records() if r.origin.family in ("mt-nlg", "megatron-bridge")]
    return tuple(r for r in rows if isinstance(r, Record))


@pytest.fixture(scope="module")
def small_jobs() -> tuple[Record, ...]:
    """Runs so small that what the host costs rules them."""
    rows = (r for r in read_records(()) if r.origin.family == "vtrain-single")
    return tuple(sorted(rows, key=lambda r: r.measured_s)[:40])


def planted(records: tuple[Record, ...], **changed: float) -> tuple[Record, ...]:
    """The records as a machine with changed coefficients would have measured them."""
    samples = Samples.of(records)
    truth = {
        key: replace(one, **changed)
        for key, one in known_priors().items()
        if key in samples.generations
    }
    measured = samples.measured_s * np.exp(samples.log_errors(truth))
    return tuple(replace(r, measured_s=float(t)) for r, t in zip(records, measured, strict=True))


def with_experts(records: tuple[Record, ...]) -> NDArray[np.bool_]:
    return np.array([record.model.moe is not None for record in records])


def test_every_coefficient_but_a_mechanism_and_the_interval_is_fitted() -> None:
    assert {f.name for f in fields(Coefficients)} - set(FITTED) == {
        "fused_experts",
        "interval_sigma",
        "interval_sigma_seen",
        "experts_sigma",
        "experts_sigma_seen",
    }


@pytest.mark.parametrize("key", sorted(known_priors()))
def test_a_change_of_scale_and_back_changes_nothing(key: tuple[str, str]) -> None:
    one = known_priors()[key]
    back = from_scale(one, to_scale(one))
    assert astuple(back) == pytest.approx(astuple(one), rel=0.02)


def test_a_mechanism_that_is_absent_stays_absent() -> None:
    blocking = prior("ampere", "megatron-2022").coefficients
    moved = from_scale(blocking, to_scale(blocking) + 1.0)
    assert blocking.p2p_overlap == moved.p2p_overlap == 0.0
    assert moved.fusion > blocking.fusion


def test_shares_stay_between_zero_and_one_wherever_a_fit_goes() -> None:
    for name, scale in SCALES.items():
        if name.endswith("_overlap"):
            assert 0.0 < scale.inverse(-8.0) < scale.inverse(8.0) < 1.0


def test_a_fit_finds_the_slower_products_that_were_planted(selene: tuple[Record, ...]) -> None:
    before = known_priors()[KEY].gemm_fraction
    records = planted(selene, gemm_fraction=before * 0.8)
    samples = Samples.of(records)
    found = fit(samples, known_priors())
    errors = samples.log_errors({k: found.coefficients(k) for k in samples.generations})
    start = samples.log_errors(known_priors())
    assert np.median(np.abs(errors)) < 0.25 * np.median(np.abs(start))
    assert found.coefficients(KEY).gemm_fraction < 0.95 * before


def test_a_record_without_weight_does_not_move_the_fit(selene: tuple[Record, ...]) -> None:
    honest, absurd = selene, (replace(selene[0], measured_s=1e4), *selene[1:])
    without_first = np.array([0.0] + [1.0] * (len(selene) - 1))
    fits = [
        fit(Samples.of(rows), known_priors(), weights=row_weights(Samples.of(rows)) * without_first)
        for rows in (honest, absurd)
    ]
    assert astuple(fits[0].coefficients(KEY)) == pytest.approx(astuple(fits[1].coefficients(KEY)))


def test_a_generation_without_records_follows_the_others(selene: tuple[Record, ...]) -> None:
    records = planted(selene, collective_slowdown=1.6)
    found = fit(Samples.of(records), known_priors())
    unseen = ("hopper", "megatron-2024")
    assert unseen not in Samples.of(records).generations
    before, after = known_priors()[unseen], found.coefficients(unseen)
    assert after.collective_slowdown > before.collective_slowdown


@pytest.mark.parametrize("name", ["kernel_issue_s", "micro_batch_s", "step_s"])
def test_slow_hosts_of_one_family_say_nothing_of_another_familys(
    small_jobs: tuple[Record, ...], name: str
) -> None:
    slow = 4.0 * getattr(known_priors()[KEY], name)
    found = fit(Samples.of(planted(small_jobs, **{name: slow})), known_priors())
    moved = {key: getattr(found.coefficients(key), name) for key in found.priors}
    before = {key: getattr(one, name) for key, one in known_priors().items()}
    assert moved[KEY] > before[KEY]
    assert moved["ampere", "megatron-2023"] > before["ampere", "megatron-2023"]
    others = [key for key in moved if key[0] != "ampere"]
    assert [moved[key] for key in others] == pytest.approx([before[key] for key in others])


def test_however_a_prior_is_parted_between_levels_it_is_as_wide() -> None:
    whole = {name: np.sum(np.square(scale.parts)) for name, scale in SCALES.items()}
    assert list(whole.values()) == pytest.approx([1.49] * len(whole))


def test_wider_errors_give_wider_intervals(selene: tuple[Record, ...]) -> None:
    samples = Samples.of(selene)
    errors = np.linspace(-0.1, 0.1, len(selene))
    narrow, wide = (spread_of(samples, errors * scale).generations for scale in (1.0, 2.0))
    assert all(wide[key] > narrow[key] for key in narrow)


def test_one_odd_generation_widens_its_own_interval_and_no_others(
    varied: tuple[Record, ...],
) -> None:
    samples = Samples.of(varied)
    even = np.linspace(-0.1, 0.1, len(varied))
    odd = int(np.argmax(np.bincount(samples.generation)))
    before = dict(spread_of(samples, even).generations)
    after = dict(spread_of(samples, np.where(samples.generation == odd, 1.0, even)).generations)
    key = samples.generations[odd]
    assert after.pop(key) > 2.0 * before.pop(key)
    assert max(after[other] / before[other] for other in after) < 1.3


def test_experts_that_err_more_widen_the_intervals_of_experts_alone(
    varied: tuple[Record, ...],
) -> None:
    samples, routed = Samples.of(varied), with_experts(varied)
    even = np.linspace(-0.1, 0.1, len(varied))
    same, worse = (spread_of(samples, np.where(routed, k * even, even)) for k in (1.0, 4.0))
    assert worse.generations == same.generations
    assert worse.experts is not None
    assert same.experts is not None
    assert worse.experts > same.experts + 0.1


@pytest.mark.parametrize("scale", [0.5, 1.0, 4.0])
def test_intervals_hold_four_of_five_left_out_mixtures_of_experts(
    varied: tuple[Record, ...], scale: float
) -> None:
    samples, routed = Samples.of(varied), with_experts(varied)
    rng = np.random.default_rng(1)
    errors = rng.normal(0.0, np.where(routed, scale * 0.2, 0.05))
    spread = spread_of(samples, errors)
    assert spread.experts is not None
    own = np.array([spread.generations[samples.generations[g]] for g in samples.generation])
    held = np.abs(errors) <= INTERVAL_80_SIGMAS * np.hypot(own, routed * spread.experts)
    assert np.average(held[routed], weights=row_weights(samples)[routed]) == pytest.approx(
        0.8, abs=0.02
    )


def test_experts_that_err_less_narrow_no_interval(varied: tuple[Record, ...]) -> None:
    samples = Samples.of(varied)
    errors = np.where(with_experts(varied), 0.001, 0.2)
    assert spread_of(samples, errors).experts == 0.0


def test_records_without_experts_say_nothing_of_experts(selene: tuple[Record, ...]) -> None:
    spread = spread_of(Samples.of(selene), np.full(len(selene), 0.1))
    one = known_priors()[KEY]
    assert spread.experts is None
    assert spread.widened(one, KEY).experts_sigma == one.experts_sigma


def test_records_of_experts_alone_can_be_calibrated(varied: tuple[Record, ...]) -> None:
    rows = tuple(row for row in varied if row.model.moe is not None)
    samples = Samples.of(rows)
    spread = spread_of(samples, np.full(len(rows), 0.2))
    assert set(spread.generations) == set(samples.generations)
    assert min(spread.generations.values()) > 0.1
    assert spread.experts == 0.0


def test_a_calibration_says_what_experts_add_and_an_older_one_leaves_the_prior(
    varied: tuple[Record, ...], tmp_path: Path
) -> None:
    new, old = tmp_path / "new.yaml", tmp_path / "old.yaml"
    content = yaml.safe_load(calibrate(varied, (), lambda _: None).text)
    new.write_text(yaml.safe_dump(content), encoding="utf-8")
    for values in (v for family in content["coefficients"].values() for v in family.values()):
        del values["experts_sigma"], values["experts_sigma_seen"]
    old.write_text(yaml.safe_dump(content), encoding="utf-8")
    before, after = (generation(*KEY, file) for file in (old, new))
    assert before.coefficients.experts_sigma == prior(*KEY).coefficients.experts_sigma
    assert "fitted" in after.sources["experts_sigma"]
    assert "fitted" not in before.sources["experts_sigma"]


def test_the_same_records_give_the_same_bytes_and_a_file_that_predicts(
    selene: tuple[Record, ...], tmp_path: Path
) -> None:
    texts = [calibrate(selene, (), lambda _: None).text for _ in range(2)]
    assert texts[0] == texts[1]
    file = tmp_path / "mine.yaml"
    file.write_text(texts[0], encoding="utf-8")
    mine = generation(*KEY, file)
    assert mine.coefficients != prior(*KEY).coefficients
    assert "mine.yaml" in mine.sources["gemm_fraction"]
    assert yaml.safe_load(texts[0])["records"]["n"] == len(selene)


def test_the_shipped_calibration_says_what_it_was_fitted_to() -> None:
    source = generation(*KEY).sources["fusion"]
    assert "fitted to measured steps" in source
    assert "prior 1.2" in source


def test_too_few_records_are_refused(selene: tuple[Record, ...]) -> None:
    with pytest.raises(InfeasibleError, match="too few"):
        calibrate(selene[:2], (), lambda _: None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no calibration"),
        ("[1, 2]", "no calibration"),
        ("a: [", "can be read"),
        ("calibration: 1\ncoefficients: {ampere: {megatron-2022: {speed: 2}}}", "speed"),
    ],
)
def test_a_file_that_is_no_calibration_is_named(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError, match=said):
        generation(*KEY, file)


def test_cross_validation_is_of_the_shipped_records_alone(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("id\n", encoding="utf-8")
    asked = ["validate", "training", "--records", str(file), "--cross-validate", "family"]
    answer = CliRunner().invoke(main, asked)
    assert answer.exit_code == 2
    assert "--cross-validate" in answer.output


def test_a_term_that_is_switched_off_is_not_fitted_either() -> None:
    one = known_priors()[KEY]
    for ablation in ABLATIONS:
        off = ablation.prior(KEY, one)
        moved = from_scale(off, to_scale(off) + 1.0)
        changed = [f.name for f in fields(Coefficients) if getattr(off, f.name) in (0.0, 1.0)]
        off_now = [name for name in changed if getattr(one, name) != getattr(off, name)]
        assert all(getattr(moved, name) == getattr(off, name) for name in off_now)


@pytest.mark.parametrize("ablation", ABLATIONS, ids=lambda one: one.name)
def test_every_term_can_be_switched_off_and_changes_some_step(
    ablation: Ablation, varied: tuple[Record, ...]
) -> None:
    samples = Samples.of(varied)
    off = Samples.of([ablation.record(record) for record in varied])
    before = samples.log_errors({key: known_priors()[key] for key in samples.generations})
    priors = {key: known_priors().get(key, family_prior(key[0])) for key in off.generations}
    after = off.log_errors({key: ablation.prior(key, one) for key, one in priors.items()})
    assert np.isfinite(after).all()
    assert np.abs(after - before).max() > 1e-4


def test_one_software_for_all_does_nothing_of_its_own(selene: tuple[Record, ...]) -> None:
    one = next(a for a in ABLATIONS if a.name == "software: one generation a family")
    before, after = (
        {t for t in TRAITS for r in rows if getattr(r.machine.software, t)}
        for rows in (selene, map(one.record, selene))
    )
    assert before >= {"unfused_attention", "separate_loss"}
    assert not after


def test_without_its_term_the_fit_misses_what_was_planted(selene: tuple[Record, ...]) -> None:
    slow = planted(selene, micro_batch_s=0.05)
    fixed = next(one for one in ABLATIONS if one.name == "fixed costs of micro-batch and step")
    whole, without = ablate(slow, known_priors(), "fifth", lambda _: None, [fixed])
    assert (whole.name, without.name) == (EVERYTHING, fixed.name)
    assert (whole.in_sample.median_abs_error or 0) < (without.in_sample.median_abs_error or 0)
    assert whole.left_out_experts.n == 0


def test_an_ablation_writes_no_calibration(tmp_path: Path) -> None:
    answer = CliRunner().invoke(main, ["calibrate", "--ablate", "-o", str(tmp_path / "x.yaml")])
    assert answer.exit_code == 2
