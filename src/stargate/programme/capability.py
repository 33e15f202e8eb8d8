"""How good the next model will be: loss by a scaling law, a capability index by a regression.

Both carry the uncertainty of their fit. The loss says what compute and data buy by a fixed
method; the index adds the progress of methods per year, which is worth more than an order of
magnitude of compute, so that a gate that waits can open without new machines.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from stargate import catalog
from stargate.catalog.facts import Fact
from stargate.programme.distributions import draw
from stargate.programme.draws import Draws
from stargate.spec.gate import CapabilityLaw
from stargate.units import DAY_S, YEAR_S

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LossLaw:
    """L(N, D) = E + A / N^alpha + B / D^beta in nats a token; each value one number a sample."""

    E: FloatArray
    A: FloatArray
    alpha: FloatArray
    B: FloatArray
    beta: FloatArray

    def loss_nats(self, parameters: FloatArray, tokens: FloatArray) -> FloatArray:
        """Loss on unseen text after one pass. Source: Hoffmann et al., arXiv 2203.15556, eq. 2."""
        return self.E + self.A / parameters**self.alpha + self.B / tokens**self.beta

    def optimal(self, compute_flop: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Parameters N and tokens D of the lowest loss with 6 N D = C.

        N = G (C/6)^(beta/(alpha+beta)), D = C / 6N, G = (alpha A / beta B)^(1/(alpha+beta)).
        Source: Hoffmann et al., arXiv 2203.15556, equation 4.
        """
        total = self.alpha + self.beta
        scale = (self.alpha * self.A / (self.beta * self.B)) ** (1 / total)
        parameters = scale * (compute_flop / 6) ** (self.beta / total)
        return parameters, compute_flop / (6 * parameters)


# The refit of Hoffmann's data by Besiroglu et al., arXiv 2404.10102, table 1, with its standard
# errors: not the rounded numbers of the original, which do not follow from its data.
PARAMETERS = ("E", "A", "alpha", "B", "beta")
# ln A and alpha were fitted to the same models of 1e8 to 1e10 parameters, where the term A/N^alpha
# is well known: their errors go together. The paper prints no covariance; assumed.
CORRELATION = 0.97


def loss_law_facts() -> tuple[Fact, ...]:
    """The refit's values and standard errors."""
    names = (f"chinchilla_{name}{suffix}" for name in PARAMETERS for suffix in ("", "_se"))
    return tuple(catalog.fact(name) for name in names)


def sample_loss_law(draws: Draws) -> LossLaw:
    """The refit with its uncertainty: ln A and alpha, ln B and beta in correlated normal pairs."""
    A, alpha = _pair(draws, "A", "alpha")
    B, beta = _pair(draws, "B", "beta")
    value, error = _refit("E")
    return LossLaw(value + error * draws.score("loss/E"), A, alpha, B, beta)


def _refit(name: str) -> tuple[float, float]:
    return (
        catalog.fact(f"chinchilla_{name}").value,
        catalog.fact(f"chinchilla_{name}_se").value,
    )


def _pair(draws: Draws, factor: str, exponent: str) -> tuple[FloatArray, FloatArray]:
    """A factor, lognormal, and its exponent, normal, whose errors correlate by `CORRELATION`."""
    (centre, spread), (power, power_error) = _refit(factor), _refit(exponent)
    shared = draws.score(f"loss/{exponent}")
    own = draws.score(f"loss/{factor}")
    z = CORRELATION * shared + np.sqrt(1 - CORRELATION**2) * own
    sigma = np.sqrt(np.log1p((spread / centre) ** 2))
    return centre * np.exp(sigma * z), power + power_error * shared


def capability_index(
    law: CapabilityLaw,
    draws: Draws,
    compute_flop: FloatArray,
    time_s: FloatArray,
    data_date: date,
) -> FloatArray:
    """The index of a model trained with so much compute and released at a time.

    const + per_decade log10(C / C0) + per_year (years since day 0) + offset + residual. The
    coefficients are drawn with their standard errors (independent: their covariance is not
    published), the residual once a sample and not once an attempt: it belongs to the model.
    """

    def coefficient(name: str, value: float, error: float) -> FloatArray:
        return value + error * draws.score(f"capability/{name}")

    elapsed_s = time_s + (data_date - law.day).days * DAY_S
    decades = np.log10(np.maximum(compute_flop, 1.0) / law.compute_flop)
    return (
        coefficient("const", law.const, law.const_se)
        + coefficient("per_decade", law.per_decade, law.per_decade_se) * decades
        + coefficient("per_year", law.per_year, law.per_year_se) * elapsed_s / YEAR_S
        + draw(law.offset, draws.score("capability/offset"))
        + coefficient("residual", 0.0, law.residual_sd)
    )
