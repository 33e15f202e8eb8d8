"""Bands over time against NumPy's own percentiles."""

from __future__ import annotations

import numpy as np
import pytest

from stargate.programme.over_time import _percentile


@pytest.mark.parametrize("n", [1, 2, 3, 11, 2000])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_percentiles_of_sorted_rows_are_those_of_numpy(n: int, share: float):
    path = np.random.default_rng(n).lognormal(size=(4, n))
    found = _percentile(np.sort(path, axis=1), share)
    np.testing.assert_allclose(found, np.percentile(path, 100 * share, axis=1), rtol=1e-14)
