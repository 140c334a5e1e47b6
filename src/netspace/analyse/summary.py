"""A population in a few numbers, the expected best of k among them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from netspace.analyse.outcomes import Floats, outcomes
from netspace.errors import UserError

BEST_OF = (5, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Errors in percent of the finished networks; failed ones are only counted.

    `expected_best` maps k to the expected error of the best of k, for each k of `BEST_OF` that
    the finished networks reach.
    """

    finished: int
    failed: int
    best: float
    worst: float
    median: float
    mean: float
    expected_best: Mapping[int, float]


def summarise(errors: ArrayLike, *, failed: int = 0) -> Summary:
    """Summary of the finite errors `(n,)`; NaN and infinite ones are added to `failed`.

    Raises UserError if no network finished.
    """
    population = outcomes(errors, failed=failed)
    x, n = population.errors, population.finished
    return Summary(
        finished=n,
        failed=population.failed,
        best=float(x[0]),
        worst=float(x[-1]),
        median=float(np.median(x)),
        mean=float(np.mean(x)),
        expected_best={k: float(best_of(x, k)) for k in BEST_OF if k <= n},
    )


def expected_best(errors: ArrayLike, k: int) -> float:
    """Return the expected error of the best of k networks drawn without replacement.

    Exact: the mean of the minimum over all subsets of k. NaN and infinite errors are left out.
    Raises UserError unless 1 <= k <= finished networks.
    """
    population = outcomes(errors)
    n = population.finished
    if not 1 <= k <= n:
        raise UserError(f"best of {k} of {n} finished networks: k must be 1 to {n}; choose such k")
    return float(best_of(population.errors, k))


def best_of(ascending: Floats, k: int) -> Floats:
    """Return the expected best of k `(...)` of errors `(..., n)`, ascending along the last axis."""
    # Measured from the lowest error: equal errors then give exactly that error, for every n and k.
    lowest = ascending[..., :1]
    above: Floats = (ascending - lowest) @ _weights(ascending.shape[-1], k)
    return lowest[..., 0] + above


def _weights(n: int, k: int) -> Floats:
    """Share `(n,)` of the subsets of k in which the i-th lowest error is the best.

    That is C(n-i, k-1) / C(n, k): k/n for the first, then each the one before times a factor of at
    most 1, so nothing overflows however large n and k are.
    """
    i = np.arange(1, n)
    factors = np.maximum(n - i - k + 1, 0) / (n - i)
    return np.multiply.accumulate(np.concatenate(([k / n], factors)), dtype=np.float64)
