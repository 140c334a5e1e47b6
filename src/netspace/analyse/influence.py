"""How much each network moves an estimate, and the interval that follows from it.

The variance of an estimate is the sum of the squares of its jackknife influences. Where a few
networks carry most of that sum, as the lowest do for the expected best of k, the variance itself
is poorly known: Student's t then takes the degrees of freedom that the influences' kurtosis leaves,
2 n / (kurtosis - 1), and the two sides' are pooled as Satterthwaite and Welch do.
"""

from dataclasses import dataclass

import numpy as np

from netspace.analyse.best_of import best_of, best_of_weights
from netspace.analyse.outcomes import Floats

FEWEST_DEGREES = 1.0
MOST_DEGREES = 1e6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Influenced:
    """An estimate `(...)`, the influences `(..., n)` of its networks, centred on 0."""

    estimate: Floats
    influences: Floats

    @property
    def variance(self) -> Floats:
        """Of the estimate, `(...)`."""
        n = self.influences.shape[-1]
        return np.asarray(np.square(self.influences).sum(axis=-1) / (n * (n - 1)))

    @property
    def degrees(self) -> Floats:
        """Degrees of freedom of the variance, `(...)`."""
        squares = np.square(self.influences)
        second, fourth = squares.mean(axis=-1), np.square(squares).mean(axis=-1)
        kurtosis = fourth / np.maximum(np.square(second), np.finfo(float).tiny)
        return np.asarray(2 * self.influences.shape[-1] / np.maximum(kurtosis - 1, 1e-6))


def best_of_influences(ascending: Floats, k: int) -> Influenced:
    """The expected best of k of errors `(..., n)` ascending along the last axis, by jackknife.

    n must be at least k + 1: each influence is n - 1 times what leaving its network out changes.
    """
    n = ascending.shape[-1]
    lowest = ascending[..., :1]
    above = ascending - lowest
    weights = best_of_weights(n - 1, k)
    # Without the i-th, those below keep their place and those above move down by one.
    below = np.cumsum(above[..., :-1] * weights, axis=-1)
    after = np.cumsum((above[..., 1:] * weights)[..., ::-1], axis=-1)[..., ::-1]
    nothing = np.zeros_like(lowest)
    without = np.concatenate([nothing, below], axis=-1) + np.concatenate([after, nothing], axis=-1)
    influences = (n - 1) * (without.mean(axis=-1, keepdims=True) - without)
    return Influenced(estimate=best_of(ascending, k), influences=influences)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Effect:
    """A difference `(...)` between two populations, its variance and its degrees of freedom."""

    difference: Floats
    variance: Floats
    degrees: Floats

    def half_width(self, normal_quantile: float) -> Floats:
        """Half of the interval that a normal quantile, above 0, stands for; `(...)`."""
        from scipy.special import ndtr, stdtrit  # takes a while to import

        degrees = np.clip(self.degrees, FEWEST_DEGREES, MOST_DEGREES)
        quantile = -stdtrit(degrees, ndtr(-normal_quantile))
        return np.asarray(quantile * np.sqrt(self.variance))


def effect(a: Influenced, b: Influenced) -> Effect:
    """The estimate of B minus that of A, the two independent."""
    return Effect(
        difference=b.estimate - a.estimate,
        variance=a.variance + b.variance,
        degrees=pooled_degrees(a, b),
    )


def pooled_degrees(a: Influenced, b: Influenced) -> Floats:
    """Degrees of freedom of the sum of two variances (Satterthwaite 1946, Welch 1947)."""
    total = np.square(a.variance + b.variance)
    parts = np.square(a.variance) / a.degrees + np.square(b.variance) / b.degrees
    return np.asarray(total / np.maximum(parts, np.finfo(float).tiny))
