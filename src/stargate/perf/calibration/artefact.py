"""The small file that a calibration leaves: coefficients by generation, and how well they did.

It holds what was fitted, on what (name, number and hash of the records), with which errors in and
out of sample, and nothing of any single record. `perf.coefficients` reads it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import yaml

from stargate import __version__
from stargate.perf.calibration.fit import Fit
from stargate.perf.calibration.samples import KERNELS, Samples
from stargate.perf.calibration.scales import FITTED
from stargate.perf.calibration.spreads import Spread
from stargate.perf.coefficients import Coefficients
from stargate.perf.kernels import Kernels
from stargate.perf.score_summary import Summary

SIGNIFICANT_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Trial:
    """Errors of one way to judge a fit: in sample, or with whole groups left out."""

    name: str
    summaries: Mapping[str, Summary]


@dataclass(frozen=True, slots=True)
class Spreads:
    """The spread on sources that the fit has not seen, and on those that it has."""

    unseen: Spread
    seen: Spread


def document(
    samples: Samples,
    fitted: Fit,
    spreads: Spreads,
    trials: Sequence[Trial],
) -> str:
    """The artefact as YAML text; the same fit gives the same bytes."""
    values: dict[str, dict[str, dict[str, float]]] = {}
    for family, software in sorted(key for key in fitted.priors if key[1] != KERNELS):
        coefficients = fitted.coefficients((family, software))
        prior = fitted.priors[family, software]
        values.setdefault(family, {})[software] = {
            **_values(coefficients, prior),
            **_spread("interval_sigma", spreads.unseen.generations.get((family, software))),
            **_spread("interval_sigma_seen", spreads.seen.generations.get((family, software))),
            **_spread("experts_sigma", spreads.unseen.experts),
            **_spread("experts_sigma_seen", spreads.seen.experts),
        }
    content = {
        "calibration": 1,
        "made_by": f"stargate {__version__}, stargate calibrate",
        "records": _provenance(samples),
        **({"kernels": _kernels(samples)} if samples.kernels else {}),
        "errors": {
            trial.name: {name: _rounded(summary) for name, summary in trial.summaries.items()}
            for trial in trials
        },
        "coefficients": values,
    }
    return yaml.safe_dump(content, sort_keys=False, width=110)


def _values(coefficients: Coefficients, prior: Coefficients) -> dict[str, float]:
    fitted = {name: _short(getattr(coefficients, name)) for name in FITTED}
    return {name: value for name, value in fitted.items() if value != _short(getattr(prior, name))}


def _spread(name: str, sigma: float | None) -> dict[str, float]:
    return {} if sigma is None else {name: _short(sigma)}


def _provenance(samples: Samples) -> dict[str, object]:
    ids = sorted(record.origin.id for record in samples.records)
    measured = [f"{r.origin.id} {r.measured_s!r}" for r in samples.records]
    digest = hashlib.sha256("\n".join(sorted(measured)).encode()).hexdigest()
    families: dict[str, int] = {}
    for record in samples.records:
        families[record.origin.family] = families.get(record.origin.family, 0) + 1
    return {"n": len(ids), "sha256": digest, "families": dict(sorted(families.items()))}


def _kernels(samples: Samples) -> dict[str, object]:
    times = [f"{k.label} {name} {t!r}" for k in samples.kernels for name, t in _timed(k)]
    digest = hashlib.sha256("\n".join(sorted(times)).encode()).hexdigest()
    tables: dict[str, int] = {}
    for one in samples.kernels:
        name = f"{one.kind} {one.accelerator}"
        tables[name] = tables.get(name, 0) + len(one.names)
    return {"n": len(times), "sha256": digest, "tables": dict(sorted(tables.items()))}


def _timed(kernels: Kernels) -> Iterable[tuple[str, float]]:
    return zip(kernels.names, kernels.measured_s.tolist(), strict=True)


def _rounded(summary: Summary) -> dict[str, float | int | None]:
    return {k: _short(v) if isinstance(v, float) else v for k, v in asdict(summary).items()}


def _short(value: float) -> float:
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")
