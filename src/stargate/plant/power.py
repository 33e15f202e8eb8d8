"""Power and energy of a site. IT power, facility power, and energy are three different things.

IT power is the most that the machines draw, facility power the most that the site draws from its
grid; the energy of a year follows from the mean draw and the yearly PUE, not from nameplates.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def facility_power_w(it_power_w: float, peak_ratio: float) -> float:
    """Facility power = IT power x ratio at the peak hour (cooling and losses at design point)."""
    return it_power_w * peak_ratio


def it_power_w(facility_power_w: float, peak_ratio: float) -> float:
    """IT power that a facility power leaves: facility power / ratio at the peak hour."""
    return facility_power_w / peak_ratio


def mean_facility_draw_w(it_power_w: ArrayLike, utilisation: float, pue: float) -> FloatArray:
    """Mean draw from the grid: IT power x utilisation x PUE.

    `utilisation` is the mean IT draw over IT power (0.76 in training: Newkirk et al., arXiv
    2506.14551), `pue` the yearly ratio of facility energy to IT energy, below the peak ratio.
    """
    return np.asarray(it_power_w, dtype=np.float64) * (utilisation * pue)


def energy_j(
    it_power_w: ArrayLike, utilisation: float, pue: float, duration_s: float
) -> FloatArray:
    """Energy drawn from the grid: mean draw x time."""
    return mean_facility_draw_w(it_power_w, utilisation, pue) * duration_s


def carbon_kg(energy_j: ArrayLike, intensity_kg_per_j: float) -> FloatArray:
    """Location-based emissions (GHG Protocol scope 2): energy x mean intensity of the grid."""
    return np.asarray(energy_j, dtype=np.float64) * intensity_kg_per_j
