"""A population in a few numbers, the expected best of k among them, each with its interval."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from netspace.analyse.best_of import best_of
from netspace.analyse.influence import Effect, best_of_influences
from netspace.analyse.outcomes import Floats, check_confidence, outcomes
from netspace.errors import UserError

BEST_OF = (5, 10)
QUANTILES = (0.25, 0.5, 0.75)
FEWEST = 10
"""Of fewer networks the mean's interval would cover far less often than it says."""
DRAWS_FOR_EACH = 3
"""The interval of the best of k takes so many times k networks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Where the value of the whole space lies, `low` to `high`, at the summary's confidence."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Errors in percent of the finished networks; failed ones are only counted.

    quantiles: those of `QUANTILES`. expected_best: k to the expected error of the best of k, for
    each k of `BEST_OF` that the finished networks reach. Intervals are absent where the networks
    are too few for one.
    """

    finished: int
    failed: int
    best: float
    worst: float
    mean: float
    mean_interval: Interval | None
    quantiles: Mapping[float, float]
    quantile_intervals: Mapping[float, Interval]
    expected_best: Mapping[int, float]
    expected_best_intervals: Mapping[int, Interval]
    confidence: float

    @property
    def median(self) -> float:
        """The median error."""
        return self.quantiles[0.5]


def summarise(errors: ArrayLike, *, failed: int = 0, confidence: float = 0.95) -> Summary:
    """Summary of the finite errors `(n,)`; NaN and infinite ones are added to `failed`.

    Raises UserError if no network finished.
    """
    check_confidence(confidence)
    population = outcomes(errors, failed=failed)
    x, n = population.errors, population.finished
    bests = {k: best_interval(x, k, confidence) for k in BEST_OF}
    quantiles = {share: _quantile_interval(x, share, confidence) for share in QUANTILES}
    return Summary(
        finished=n,
        failed=population.failed,
        best=float(x[0]),
        worst=float(x[-1]),
        mean=float(np.mean(x)),
        mean_interval=best_interval(x, 1, confidence),
        quantiles={share: float(np.quantile(x, share)) for share in QUANTILES},
        quantile_intervals={share: found for share, found in quantiles.items() if found},
        expected_best={k: float(best_of(x, k)) for k in BEST_OF if k <= n},
        expected_best_intervals={k: found for k, found in bests.items() if found},
        confidence=confidence,
    )


def fewest_for(k: int) -> int:
    """Networks that an interval of the expected best of k takes, at least."""
    return max(DRAWS_FOR_EACH * k, FEWEST)


def best_interval(ascending: Floats, k: int, confidence: float = 0.95) -> Interval | None:
    """Of the expected best of k, of the mean for k = 1; None with fewer than 3 k or 10 networks.

    ascending: `(n,)`, finite. Student's t on the jackknife's variance, with the degrees of freedom
    of its influences.
    """
    n = ascending.size
    if n < fewest_for(k):
        return None
    from scipy.special import ndtri  # takes a while to import

    found = best_of_influences(ascending, k)
    degrees = np.minimum(found.degrees, n - 1)
    own = Effect(difference=found.estimate, variance=found.variance, degrees=degrees)
    half = float(own.half_width(float(ndtri(0.5 + confidence / 2.0))))
    middle = float(found.estimate)
    return Interval(low=middle - half, high=middle + half)


def _quantile_interval(ascending: Floats, share: float, confidence: float) -> Interval | None:
    """Between two of the errors, exact whatever their distribution; None if no two lie so far out.

    How many networks lie below the true quantile is binomial.
    """
    from scipy.stats import binom  # takes half a second to import

    n, tail = ascending.size, (1.0 - confidence) / 2.0
    low, high = (int(binom.ppf(level, n, share)) for level in (tail, 1.0 - tail))
    if low < 1 or high >= n:
        return None
    return Interval(low=float(ascending[low - 1]), high=float(ascending[high]))


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
