"""The distribution of a population's errors, with a band that holds everywhere at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from netspace.analyse.outcomes import Floats, check_confidence, outcomes, read_only


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Edf:
    """F(e), the share of finished networks with error <= e: a step at each distinct error.

    `errors` in percent, ascending; `share`, `low` and `high` belong to them, all `(steps,)`.
    The true distribution lies within `low` to `high` at every error at once, at `confidence`.
    Failed networks are counted beside the distribution, never inside it.
    """

    errors: Floats
    share: Floats
    low: Floats
    high: Floats
    confidence: float
    finished: int
    failed: int

    def at(self, error: float) -> float:
        """F(error); 0 below the smallest error, 1 from the largest one on."""
        reached = np.count_nonzero(self.errors <= error)
        return float(self.share[reached - 1]) if reached else 0.0


def edf(errors: ArrayLike, *, failed: int = 0, confidence: float = 0.95) -> Edf:
    """EDF of the finite errors `(n,)`; NaN and infinite ones are added to `failed`.

    Raises UserError if no network finished.
    Band: Dvoretzky, Kiefer, Wolfowitz 1956, with the constant of Massart 1990.
    """
    check_confidence(confidence)
    population = outcomes(errors, failed=failed)
    return weighted_edf(
        population.errors,
        np.ones(population.finished),
        failed=population.failed,
        confidence=confidence,
    )


def weighted_edf(errors: Floats, weights: Floats, *, failed: int, confidence: float) -> Edf:
    """EDF of finite errors `(n,)`, each counting as much as its weight `(n,)`, above 0.

    The band is that of as many equal networks as the weighted ones are worth (`effective_size`).
    """
    steps, place = np.unique(errors, return_inverse=True)
    reached = np.cumsum(np.bincount(place, weights))
    share = reached / reached[-1]
    epsilon = np.sqrt(np.log(2.0 / (1.0 - confidence)) / (2.0 * effective_size(weights)))
    return Edf(
        errors=read_only(steps),
        share=read_only(share),
        low=read_only(np.maximum(share - epsilon, 0.0)),
        high=read_only(np.minimum(share + epsilon, 1.0)),
        confidence=confidence,
        finished=errors.size,
        failed=failed,
    )


def effective_size(weights: Floats) -> float:
    """How many equal networks tell as much as these weighted ones `(n,)` (Kish 1965)."""
    return float(np.square(weights.sum()) / np.square(weights).sum())
