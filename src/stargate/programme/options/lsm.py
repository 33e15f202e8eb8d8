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
class Basis:
    """Powers of standardised variables: those that vary, by their mean and spread."""

    tells: BoolArray
    mean: FloatArray
    spread: FloatArray
    degree: int

    @classmethod
    def of(cls, known: FloatArray, degree: int) -> Basis:
        """Variables that are the same in all samples tell nothing and are left out."""
        if not known.size:
            return cls(np.zeros(len(known), dtype=np.bool_), np.zeros(0), np.zeros(0), degree)
        spread = known.std(axis=1)
        tells = spread > 1e-12 * np.maximum(1.0, np.abs(known).max(axis=1))
        return cls(tells, known[tells].mean(axis=1), spread[tells], degree)

    def columns(self, known: FloatArray) -> FloatArray:
        """A one, and the powers of each variable up to the degree: (n, 1 + m degree).

        Products of two variables are not in the basis.
        """
        z = (known[self.tells] - self.mean[:, None]) / self.spread[:, None]
        powers = [np.ones((1, known.shape[1])), *(z**k for k in range(1, self.degree + 1))]
        return np.concatenate(powers).T


@dataclass(frozen=True, slots=True)
class Rule:
    """When to exercise on one date: where the advantage expected of what is known is positive."""

    basis: Basis
    weights: FloatArray

    def exercises(self, known: FloatArray) -> BoolArray:
        """The samples that exercise, were it possible in all."""
        return self.basis.columns(known) @ self.weights > 0


@dataclass(frozen=True, slots=True)
class Policy:
    """Which date each sample exercises at (`NEVER` for none), and what it is then worth.

    `rules` are what other samples may follow, by date; None: too few samples to learn from.
    """

    date: IntArray
    worth: FloatArray
    rules: tuple[Rule | None, ...] = ()


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
    rules: list[Rule | None] = []
    for k in reversed(range(len(choices))):
        choice = choices[k]
        fitted, rule = _fitted(choice, choice.worth - worth, degree, folds)
        exercise = choice.possible & (fitted > 0)
        date[exercise] = k
        worth[exercise] = choice.worth[exercise]
        rules.append(rule)
    return Policy(date, worth, tuple(reversed(rules)))


def followed(choices: Sequence[Choice], rules: Sequence[Rule | None], held: FloatArray) -> Policy:
    """The exercise of samples that follow rules which others have taught."""
    date = np.full(len(held), NEVER, dtype=np.int64)
    worth = held.copy()
    for k in reversed(range(len(choices))):
        if (rule := rules[k]) is not None:
            exercise = choices[k].possible & rule.exercises(choices[k].known)
            date[exercise] = k
            worth[exercise] = choices[k].worth[exercise]
    return Policy(date, worth, tuple(rules))


def _fitted(
    choice: Choice, advantage: FloatArray, degree: int, folds: int
) -> tuple[FloatArray, Rule | None]:
    """The expected advantage given what is known, and the rule that all samples together teach.

    The advantage is zero where exercising is not possible. Too few samples to learn from give none.
    """
    fitted = np.zeros(len(advantage))
    rows = np.flatnonzero(choice.possible)
    known = choice.known[:, rows]
    basis = Basis.of(known, degree)
    columns = basis.columns(known)
    # Neighbours are in different folds: samples of one tile are strata of one design.
    fold = rows % folds
    parts = [columns[fold == i] for i in range(folds)]
    targets = [advantage[rows[fold == i]] for i in range(folds)]
    squares = [_square(part) for part in parts]
    products = [part.T @ target for part, target in zip(parts, targets, strict=True)]

    def weights(which: Sequence[int]) -> FloatArray | None:
        if sum(len(targets[k]) for k in which) <= 2 * columns.shape[1]:
            return None
        return least_squares(
            np.add.reduce([squares[k] for k in which]), np.add.reduce([products[k] for k in which])
        )

    for i, part in enumerate(parts):
        learnt = weights([k for k in range(folds) if k != i] or [i])
        if learnt is not None:
            fitted[rows[fold == i]] = part @ learnt
    learnt = weights(range(folds))
    return fitted, None if learnt is None else Rule(basis, learnt)


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
    """A one, and the powers of each standardised variable that varies: (n, 1 + m degree)."""
    return Basis.of(known, degree).columns(known)


def least_squares(square: FloatArray, product: FloatArray) -> FloatArray:
    """Weights w of the least |X w - y|^2 from X'X and X'y, the shortest of them if there are many.

    By the eigenvectors of the normal matrix, of which those that carry nothing are left out.
    """
    values, vectors = np.linalg.eigh(square)
    keep = values > _NEGLIGIBLE * values[-1]
    along = vectors[:, keep].T @ product
    return np.asarray(vectors[:, keep] @ (along / values[keep]))
