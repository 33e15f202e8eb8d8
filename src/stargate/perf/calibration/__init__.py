"""Calibration: from measured steps and kernels to a small file of physical coefficients.

scales            how each coefficient may move
samples           records and kernels laid out for a fit
fit               the most probable coefficients, all generations at once
cross_validation  the same with whole groups left out
spreads           how wide intervals must be for what was left out
artefact          the file
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from stargate.errors import InfeasibleError
from stargate.perf import records as record_files
from stargate.perf.calibration.artefact import Spreads, Trial, document
from stargate.perf.calibration.cross_validation import left_out
from stargate.perf.calibration.fit import Fit, fit
from stargate.perf.calibration.samples import GenerationKey, Samples, key_of, key_of_record
from stargate.perf.calibration.spreads import Spread, spread_of
from stargate.perf.coefficients import (
    Coefficients,
    families,
    family_prior,
    generations,
    prior,
)
from stargate.perf.kernels import Kernels
from stargate.perf.kernels import score as score_kernels
from stargate.perf.kernels.scores import summaries_by as kernel_summaries
from stargate.perf.records import Record
from stargate.perf.score_summary import Summary, summaries_by, summarise
from stargate.perf.scoreboard import Score, score

FEWEST_RECORDS = 5
# Kinds of kernels that coefficients decide. Collectives follow the network's constants, and what
# slows them in a step no benchmark shows.
FITTED_KINDS = ("gemm", "experts", "attention")
IN_SAMPLE = "in sample"


@dataclass(frozen=True)
class Calibrated:
    """What a calibration gives: the artefact's text, the errors, the fitted coefficients."""

    text: str
    trials: tuple[Trial, ...]
    kernel_trials: tuple[Trial, ...]
    coefficients: Mapping[str, Mapping[str, float]]


def read_records(files: Sequence[Path]) -> tuple[Record, ...]:
    """The records of the files that can be run, or those that come with Stargate."""
    if files:
        rows = [row for file in files for row in record_files.load(file)]
    else:
        rows = [row for suite in record_files.SUITES for row in record_files.open_records(suite)]
    judged = {answer.origin.id for answer in score(rows) if isinstance(answer, Score)}
    return tuple(row for row in rows if isinstance(row, Record) and row.origin.id in judged)


def calibrate(
    records: Sequence[Record],
    groupings: Iterable[str],
    tell: Callable[[str], None],
    kernels: Sequence[Kernels] = (),
) -> Calibrated:
    """Fit, judge in sample and with each grouping's groups left out, and write it all down.

    The interval of a source that the fit has not seen is set on the errors of rows whose family was
    left out, that of one it has seen on those of rows whose fold was; on all rows in sample where
    these groupings are not asked for. `kernels` join the records as data of the same fit.
    """
    moving = [one for one in kernels if one.kind in FITTED_KINDS]
    samples, priors = Samples.of(records, moving), known_priors() | kernel_priors(kernels)
    _check_enough(samples)
    tell(f"fitting {len(samples.generations)} software generations to {_counted(samples)}")
    whole = fit(samples, priors)
    verdicts = {IN_SAMPLE: {r.origin.id: whole.coefficients(key_of_record(r)) for r in records}}
    verdicts[IN_SAMPLE] |= {one.label: whole.coefficients(key_of(one)) for one in kernels}
    for by in groupings:
        verdicts[f"left out by {by}"] = _left_out(samples, priors, whole, by, tell)
    unseen, seen = (
        spread_of(samples, _log_errors(records, verdicts.get(name, verdicts[IN_SAMPLE])))
        for name in ("left out by family", "left out by fold")
    )
    trials = tuple(
        Trial(name, _summaries(records, found, unseen if name == "left out by family" else seen))
        for name, found in verdicts.items()
    )
    timed = tuple(_kernel_trial(name, kernels, found) for name, found in verdicts.items())
    values = {
        f"{family}/{name}": asdict(whole.coefficients((family, name))) for family, name in priors
    }
    text = document(samples, whole, Spreads(unseen, seen), (*trials, *timed))
    return Calibrated(text, trials, timed if kernels else (), values)


def _check_enough(samples: Samples) -> None:
    n, n_kernels = len(samples.records), len(samples.measured_s) - len(samples.records)
    if n_kernels < FEWEST_RECORDS and n < FEWEST_RECORDS:
        raise InfeasibleError(
            f"{n} usable records are too few to fit; {FEWEST_RECORDS} or more are needed"
        )


def _counted(samples: Samples) -> str:
    n_kernels = len(samples.measured_s) - len(samples.records)
    counts = {"records": len(samples.records), "kernels": n_kernels}
    return " and ".join(f"{count} {what}" for what, count in counts.items() if count)


def _kernel_trial(
    name: str, kernels: Sequence[Kernels], coefficients: Mapping[str, Coefficients]
) -> Trial:
    """Errors by table and by table and part, of the kernels that the trial has judged."""
    rows = score_kernels([one for one in kernels if one.label in coefficients], coefficients)
    by_part = kernel_summaries(rows, lambda row: f"{row.kind} {row.accelerator}")
    return Trial(f"kernels, {name}", kernel_summaries(rows, lambda row: row.kind) | by_part)


def left_out_coefficients(
    records: Sequence[Record], by: str, tell: Callable[[str], None]
) -> dict[str, Coefficients]:
    """For each record, the coefficients that a fit to the other groups gives it.

    Rows are scored honestly with these, and with an interval set on such errors.
    """
    samples, priors = Samples.of(records), known_priors()
    found = _left_out(samples, priors, fit(samples, priors), by, tell)
    spread = spread_of(samples, _log_errors(records, found))
    keys = {record.origin.id: key_of_record(record) for record in records}
    return {name: spread.widened(one, keys[name]) for name, one in found.items()}


def known_priors() -> dict[GenerationKey, Coefficients]:
    """The priors of every catalogued generation: those without records are calibrated too."""
    return {
        (family, software): prior(family, software).coefficients
        for family in families()
        for software in generations(family)
    }


def kernel_priors(kernels: Iterable[Kernels]) -> dict[GenerationKey, Coefficients]:
    """The priors of the families whose kernels were timed alone."""
    return {key_of(one): family_prior(key_of(one)[0]) for one in kernels}


def _left_out(
    samples: Samples,
    priors: Mapping[GenerationKey, Coefficients],
    whole: Fit,
    by: str,
    tell: Callable[[str], None],
) -> dict[str, Coefficients]:
    found: dict[str, Coefficients] = {}
    for name, coefficients in left_out(samples, priors, whole, by):
        n = sum(record.origin.id in coefficients for record in samples.records)
        counts = {"records": n, "tables of kernels": len(coefficients) - n}
        told = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
        tell(f"left out {by} {name}: {told}")
        found.update(coefficients)
    return found


def _log_errors(
    records: Sequence[Record], coefficients: Mapping[str, Coefficients]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    rows = score(records, coefficients)
    return np.array([np.log1p(r.error) if isinstance(r, Score) else np.nan for r in rows])


def _summaries(
    records: Sequence[Record],
    coefficients: Mapping[str, Coefficients],
    spread: Spread,
) -> dict[str, Summary]:
    keys = {record.origin.id: key_of_record(record) for record in records}
    widened = {name: spread.widened(coefficients[name], key) for name, key in keys.items()}
    rows = score(records, widened, seen=())
    routed = {record.origin.id for record in records if record.model.moe is not None}
    return {
        "all": summarise(rows),
        "dense": summarise([row for row in rows if row.origin.id not in routed]),
        "mixture of experts": summarise([row for row in rows if row.origin.id in routed]),
        **summaries_by(rows, lambda row: row.origin.family),
    }
