"""What a training run costs its owner: the value that hardware loses meanwhile, and the energy.

Method: Cottier et al., The rising costs of training frontier AI models, arXiv 2405.21015, section
2 and appendix A. Hardware is bought new, loses value at the pace at which newer hardware gives
more for the money, and is charged to the run by the value it loses in the run's time. Not
covered: staff, failed runs, the building.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from stargate.units import YEAR_S


@dataclass(frozen=True, slots=True)
class RunCost:
    """Cost of a run by part, in dollars of the run's own time."""

    hardware_usd: float
    interconnect_usd: float
    energy_usd: float

    @property
    def total_usd(self) -> float:
        """All parts together."""
        return self.hardware_usd + self.interconnect_usd + self.energy_usd


def value_after_progress_usd(price_usd: float, decades_per_year: float, age_s: float) -> float:
    """Worth of hardware of some age: price x 10^(-g t).

    g in orders of magnitude of price-performance a year, t the age.
    """
    return price_usd * 10.0 ** (-decades_per_year * age_s / YEAR_S)


def amortised_usd(value_usd: float, decades_per_year: float, used_s: float) -> float:
    """Value lost in use: V g ln 10 x time, the slope of the loss at the start of the run.

    A straight line: the loss within the run is not compounded.
    """
    return value_usd * decades_per_year * math.log(10.0) * used_s / YEAR_S


def run_cost(
    value_usd: float,
    decades_per_year: float,
    device_time_s: float,
    interconnect_share: float,
    power_w: float,
    electricity_usd_per_j: float,
) -> RunCost:
    """Cost of a run of so much device time.

    `value_usd`: one accelerator with its part of the server at the start; `interconnect_share`:
    of the cost of the whole cluster, hence s / (1 - s) on top of the servers; `power_w`: drawn
    from the grid for each accelerator, cooling included.
    """
    hardware = amortised_usd(value_usd, decades_per_year, device_time_s)
    return RunCost(
        hardware_usd=hardware,
        interconnect_usd=hardware * interconnect_share / (1.0 - interconnect_share),
        energy_usd=power_w * device_time_s * electricity_usd_per_j,
    )
