"""The price of compute from generation to generation, fitted to what accelerators were sold for.

Of each year the cheapest FLOP/s that was for sale counts: the best of the catalogue's prices over
the dense 16-bit peak of what was bought. A new generation takes the old one's place in it.
"""

from __future__ import annotations

from functools import cache

from stargate import catalog
from stargate.catalog import fact
from stargate.catalog.facts import Fact
from stargate.plant.price_trend import Trend, log_trend
from stargate.spec.programme import Driver
from stargate.units import YEAR_S

# Price of a year, and what it bought.
_SOLD = {
    "accel_h100_price_2022": "h100-sxm",
    "accel_h100_price_2023": "h100-sxm",
    "accel_h100_price_2024": "h100-sxm",
    "accel_h100_price_2025": "h100-sxm",
    "accel_gb200_price_2024": "gb200",
    "accel_gb200_price_2025": "gb200",
}


def price_facts() -> tuple[Fact, ...]:
    """The prices that the fit rests on."""
    return tuple(fact(name) for name in _SOLD)


def cheapest_by_year_usd_s_per_flop() -> dict[int, float]:
    """Dollars for a FLOP/s of dense 16-bit peak, the cheapest that was sold in each year."""
    found: dict[int, float] = {}
    for name, accelerator in _SOLD.items():
        said = fact(name)
        assert said.year is not None, "a price is of a year"
        price = said.value / catalog.accelerator(accelerator).peak_flop_per_s["bf16"]
        found[said.year] = min(price, found.get(said.year, price))
    return found


@cache
def trend() -> Trend:
    """How the price of a FLOP/s has fallen, with its uncertainty."""
    by_year = cheapest_by_year_usd_s_per_flop()
    return log_trend(tuple(by_year), tuple(by_year.values()))


def fitted(driver: Driver) -> Driver:
    """A driver with the drift, its uncertainty and the volatility of the fit that it asks for.

    The residual of the fit stands for the sd of a year's move.
    """
    if driver.fit is None:
        return driver
    found = trend()
    return driver.model_copy(
        update={
            "drift_per_s": found.rate_per_year / YEAR_S,
            "drift_sd_per_s": found.rate_se_per_year / YEAR_S,
            "volatility": found.residual_sd,
        }
    )
