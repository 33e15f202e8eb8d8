"""Bands over time against NumPy's own percentiles, and parts against the whole."""

from __future__ import annotations

import numpy as np
import pytest

from stargate.programme.bands import Bands


@pytest.mark.parametrize("n", [1, 2, 3, 11, 2000])
def test_percentiles_are_those_of_numpy(n: int):
    path = np.random.default_rng(n).lognormal(size=(4, n))
    found = Bands.of(path)
    for level, share in ((found.p10, 10), (found.p50, 50), (found.p90, 90)):
        np.testing.assert_allclose(level, np.percentile(path, share, axis=1), rtol=1e-14)
    np.testing.assert_allclose(found.mean, path.mean(axis=1))


def test_what_is_no_number_does_not_count():
    path = np.random.default_rng(1).normal(size=(3, 50))
    path[0, ::2] = np.nan
    path[2] = np.nan
    found = Bands.of(path)
    assert found.n.tolist() == [25, 50, 0]
    np.testing.assert_allclose(found.p90[:2], np.nanpercentile(path[:2], 90, axis=1))
    np.testing.assert_allclose(found.mean[:2], np.nanmean(path[:2], axis=1))
    assert np.isnan([found.p10[2], found.p50[2], found.p90[2], found.mean[2]]).all()


def test_parts_weigh_what_they_hold():
    one, two = np.zeros((1, 30)), np.ones((1, 10))
    found = Bands.merged([Bands.of(one), Bands.of(two)])
    assert found.n.tolist() == [40]
    assert found.mean.tolist() == [0.25]
    empty = Bands.merged([Bands.of(np.full((1, 5), np.nan)), Bands.of(two)])
    assert empty.mean.tolist() == [1.0]


def test_the_bands_of_a_whole_are_near_the_mean_of_those_of_its_parts():
    path = np.random.default_rng(5).lognormal(size=(2, 20_000))
    parts = [Bands.of(path[:, :10_000]), Bands.of(path[:, 10_000:])]
    np.testing.assert_allclose(Bands.merged(parts).p90, Bands.of(path).p90, rtol=2e-3)
