"""What a kilowatt hour costs and emits, given when it is drawn and from whom it is bought."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def load_weight(price_by_hour: Sequence[float], load_by_hour: Sequence[float]) -> float:
    """Price paid over mean price: (sum l_h p_h / sum l_h) / mean p.

    1 for an even load, less for one that rests in the dear hours. p and l are relative.
    """
    price, load = np.asarray(price_by_hour), np.asarray(load_by_hour)
    return float(load @ price / load.sum() / price.mean())


def blended_price(grid: float, contract: float, share: float) -> float:
    """Price of energy of which a share is bought by contract: s c + (1 - s) g."""
    return share * contract + (1.0 - share) * grid


def market_based_intensity(location: float, contract: float, share: float) -> float:
    """Carbon intensity by contracts: s c + (1 - s) x that of the grid, in the unit of both.

    GHG Protocol, Scope 2 Guidance (2015), chapter 6. The grid's mean stands in for the residual
    mix, which is dirtier where others have bought the clean part.
    """
    return share * contract + (1.0 - share) * location
