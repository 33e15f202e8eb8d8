"""Least-squares Monte Carlo: when to exercise, judged by what is known on the day.

Every sample knows what it would be worth if exercised at each date and if never. Going backwards
from the last date, the advantage of exercising over holding on is regressed on what is known at
that date; where the fitted advantage is positive, the sample exercises. No sample looks into its
own future: the regression only sees what is known. Source: F. A. Longstaff and E. S. Schwartz,
Valuing American Options by Simulation, Review of Financial Studies 14 (2001) 113-147.

They regress what holding on gives and compare it with the known payoff; here the payoff may itself
lie in the future (the value of a plant that is yet to be built), so that their difference is
regressed. Where the payoff is known and in the span of the basis, both are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

NEVER = -1
# Directions of the regressors with less than this share of the largest variance carry no signal.
_NEGLIGIBLE = 1e-10
# Multiplications of one product of matrices. So small a product stays on the calling thread; a
# larger one is shared out by the linear algebra library, whose idle threads then spin.
_AT_ONCE = 100_000


@dataclass(frozen=True, slots=True)
class Choice:
    """One date on which exercising is possible.

    `worth` is each sample's discounted value if it exercises then, `possible` where it can, and
    `known` (variables, n) what may be known on the day.
    """

    worth: FloatArray
    possible: BoolArray
    known: FloatArray


@dataclass(frozen=True, slots=True)
class Policy:
    """Which date each sample exercises at (`NEVER` for none), and what it is then worth."""

    date: IntArray
    worth: FloatArray


def optimal_policy(
    choices: Sequence[Choice], held: FloatArray, *, degree: int = 2, folds: int = 2
) -> Policy:
    """The exercise of every sample, from the last date to the first.

    `held` is the worth if never exercised. With `folds` above 1 each fold of the samples decides
    by a regression on the others, so that no sample's own luck is in its decision and the value is
    not biased upwards; 1 decides by all, as the source does.
    """
    date = np.full(len(held), NEVER, dtype=np.int64)
    worth = held.copy()
    for k in reversed(range(len(choices))):
        choice = choices[k]
        fitted = _fitted(choice, choice.worth - worth, degree, folds)
        exercise = choice.possible & (fitted > 0)
        date[exercise] = k
        worth[exercise] = choice.worth[exercise]
    return Policy(date, worth)


def _fitted(choice: Choice, advantage: FloatArray, degree: int, folds: int) -> FloatArray:
    """The expected advantage given what is known; zero where exercising is not possible.

    Too few samples to learn from give no advantage.
    """
    fitted = np.zeros(len(advantage))
    rows = np.flatnonzero(choice.possible)
    columns = polynomials(choice.known[:, rows], degree)
    # Neighbours are in different folds: samples of one tile are strata of one design.
    fold = rows % folds
    parts = [columns[fold == i] for i in range(folds)]
    targets = [advantage[rows[fold == i]] for i in range(folds)]
    squares = [_square(part) for part in parts]
    products = [part.T @ target for part, target in zip(parts, targets, strict=True)]
    for i, part in enumerate(parts):
        others = [k for k in range(folds) if k != i] or [i]
        if sum(len(targets[k]) for k in others) > 2 * columns.shape[1]:
            weights = least_squares(
                np.add.reduce([squares[k] for k in others]),
                np.add.reduce([products[k] for k in others]),
            )
            fitted[rows[fold == i]] = part @ weights
    return fitted


def _square(columns: FloatArray) -> FloatArray:
    """X'X, as the sum over few samples at a time."""
    m = columns.shape[1]
    n_few = max(1, _AT_ONCE // m**2)
    total = np.zeros((m, m))
    for first in range(0, len(columns), n_few):
        few = columns[first : first + n_few]
        total += few.T @ few
    return total


def polynomials(known: FloatArray, degree: int) -> FloatArray:
    """A one, and the powers of each standardised variable up to `degree`: (n, 1 + m degree).

    Variables that are the same in all samples tell nothing and are left out. Products of two
    variables are not in the basis.
    """
    if not known.size:
        return np.ones((known.shape[1], 1))
    spread = known.std(axis=1)
    tells = spread > 1e-12 * np.maximum(1.0, np.abs(known).max(axis=1))
    z = (known[tells] - known[tells].mean(axis=1)[:, None]) / spread[tells][:, None]
    powers = [np.ones((1, known.shape[1])), *(z**k for k in range(1, degree + 1))]
    return np.concatenate(powers).T


def least_squares(square: FloatArray, product: FloatArray) -> FloatArray:
    """Weights w of the least |X w - y|^2 from X'X and X'y, the shortest of them if there are many.

    By the eigenvectors of the normal matrix, of which those that carry nothing are left out.
    """
    values, vectors = np.linalg.eigh(square)
    keep = values > _NEGLIGIBLE * values[-1]
    along = vectors[:, keep].T @ product
    return np.asarray(vectors[:, keep] @ (along / values[keep]))
