"""How far the formulas are from measured kernels: row by row, and by table and accelerator."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stargate.perf.coefficients import Coefficients
from stargate.perf.kernels.prediction import benchmarked, predicted_s
from stargate.perf.kernels.table import Kernels
from stargate.perf.score_summary import Summary, of_errors


@dataclass(frozen=True, slots=True)
class KernelScore:
    """A kernel beside its prediction."""

    name: str
    kind: str
    accelerator: str
    source: str
    what: str
    measured_s: float
    predicted_s: float

    @property
    def error(self) -> float:
        """Predicted over measured, less one."""
        return self.predicted_s / self.measured_s - 1.0


def score(
    kernels: Iterable[Kernels],
    coefficients: Mapping[str, Coefficients] | None = None,
    calibration: Path | None = None,
) -> list[KernelScore]:
    """Every kernel beside its prediction.

    `coefficients` by label take the place of those that a step on the part is predicted with, under
    the calibration that ships or the file that is given.
    """
    rows: list[KernelScore] = []
    for one in kernels:
        given = (coefficients or {}).get(one.label)
        rows += _scores(one, given or benchmarked(one, calibration).coefficients)
    return rows


def _scores(kernels: Kernels, coefficients: Coefficients) -> Iterable[KernelScore]:
    for index, predicted in enumerate(predicted_s(kernels, coefficients)):
        yield KernelScore(
            kernels.names[index],
            kernels.kind,
            kernels.accelerator,
            kernels.source,
            " ".join([*kernels.texts.values(), *_sizes(kernels, index)]),
            float(kernels.measured_s[index]),
            float(predicted),
        )


def _sizes(kernels: Kernels, index: int) -> Iterable[str]:
    for name, column in kernels.sizes.items():
        if np.isfinite(column[index]):
            yield f"{name}={column[index]:.12g}"


def summaries_by(
    rows: Iterable[KernelScore], key: Callable[[KernelScore], str]
) -> dict[str, Summary]:
    """Statistics of each group of rows, by name."""
    groups: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row.error)
    return {name: summarise(groups[name]) for name in sorted(groups)}


def summarise(errors: Iterable[float]) -> Summary:
    """Statistics of errors; kernels have no interval."""
    held = list(errors)
    return of_errors(held, len(held))
