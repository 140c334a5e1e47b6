"""Which values of a parameter the best networks have."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netspace.analyse.outcomes import Floats, check_confidence, check_resamples
from netspace.errors import UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodRange:
    """Range `low` to `high` that holds a parameter's best value, and its median over resamples.

    All three are values that some network has.
    """

    low: float
    high: float
    median: float


def good_range(
    values: ArrayLike,
    errors: ArrayLike,
    *,
    share: float = 0.25,
    resamples: int = 10_000,
    confidence: float = 0.95,
    seed: int = 0,
) -> GoodRange:
    """Empirical bootstrap of a parameter's best value; values and errors in percent are `(n,)`.

    Of each subsample (`share` of the networks, drawn with replacement) the value of the lowest
    error counts; the range is the central `confidence` of those. Networks with a NaN or infinite
    value or error are left out. Raises UserError if none is left.
    Source: Radosavovic et al. 2020, section 3.2.
    """
    check_confidence(confidence)
    check_resamples(resamples)
    if not 0.0 < share <= 1.0:
        raise UserError(f"share {share:g} must lie above 0 and at most 1; 0.25 is usual")
    x, e = _finished(values, errors)
    draws = max(1, round(share * e.size))
    best = x[_best_of_subsamples(e, draws, resamples, seed)]
    tail = (1.0 - confidence) / 2.0
    low, median, high = np.quantile(best, (tail, 0.5, 1.0 - tail), method="inverted_cdf")
    return GoodRange(low=float(low), high=float(high), median=float(median))


def _finished(values: ArrayLike, errors: ArrayLike) -> tuple[Floats, Floats]:
    """Values and errors of the networks that have both, by ascending error."""
    x, e = np.asarray(values, dtype=np.float64), np.asarray(errors, dtype=np.float64)
    if x.ndim != 1 or x.shape != e.shape:
        raise UserError(f"values and errors must be rows of one length, not {x.shape}, {e.shape}")
    kept = np.isfinite(x) & np.isfinite(e)
    if not kept.any():
        raise UserError(f"no finished network with a value among {e.size}; train more networks")
    order = np.argsort(e[kept], kind="stable")
    return x[kept][order], e[kept][order]


def _best_of_subsamples(errors: Floats, draws: int, resamples: int, seed: int) -> NDArray[np.int64]:
    """Rank `(resamples,)` of the lowest of `draws` ascending errors drawn with replacement.

    Drawn straight from its distribution, P(rank >= j) = (1 - j/n)^draws, so a subsample costs one
    random number whatever its size. Networks of equal error are equally likely to be the one.
    """
    n = errors.size
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    lowest = -np.expm1(-rng.standard_exponential(resamples) / draws)
    rank = np.minimum((n * lowest).astype(np.int64), n - 1)
    first = np.searchsorted(errors, errors[rank], side="left")
    after = np.searchsorted(errors, errors[rank], side="right")
    return rng.integers(first, after)
