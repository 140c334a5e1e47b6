"""A Gaussian process over candidates: what to expect of networks that were not trained yet.

Rasmussen & Williams 2006, chapters 2 and 5. Written out, as scikit-learn's has no kernel with one
scale for all columns of a slot, and takes far longer to fit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize

from netspace.search.domain import Genes, Slot
from netspace.spaces.ranges import Floats

JITTER = 1e-5
"""Added to the noise, in shares of the variance: equal rows must not break the inversion."""

FLOOR = 1e-8
"""The least variance that is left, in shares of what is learnt: rounding may say less than 0."""

SCALE_DEVIATION = 1.0
NOISE_MEAN, NOISE_DEVIATION = -4.0, 1.5
"""What is believed of the logarithms of scales and noise before anything is known."""

ROUNDS = 30
"""Steps of the optimiser that fits a kernel."""


def encoded(slots: tuple[Slot, ...], genes: Genes) -> tuple[Floats, NDArray[np.int64]]:
    """Candidates as points, (N, columns), and the slot that each column belongs to, (columns,).

    Two values of an ordered slot are as far apart as their places, at most 1; any two of another
    slot are 1 apart. Slots of a single value have no column.
    """
    columns: list[Floats] = []
    owners: list[int] = []
    for number, (slot, chosen) in enumerate(zip(slots, genes.T, strict=True)):
        count = len(slot.values)
        if count == 1:
            continue
        if slot.ordered:
            columns.append(chosen / (count - 1))
            owners.append(number)
        else:
            columns += [(chosen == value) / np.sqrt(2) for value in range(count)]
            owners += [number] * count
    points = np.stack(columns, axis=1) if columns else np.zeros((len(genes), 0))
    return points, np.array(owners, dtype=np.int64)


def _squares(left: Floats, right: Floats) -> Floats:
    """Squared distances between points, (N, M)."""
    lengths = (left**2).sum(axis=1)[:, np.newaxis] + (right**2).sum(axis=1)
    return np.asarray(np.maximum(lengths - 2 * left @ right.T, 0.0))


def _matern(squares: Floats) -> tuple[Floats, Floats]:
    """The Matern kernel of smoothness 5/2 at squared distances, and its derivative by them."""
    r = np.sqrt(5 * squares)
    decay = np.exp(-r)
    return (1 + r + r**2 / 3) * decay, -5 / 6 * (1 + r) * decay


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kernel:
    """How alike two points are: scales: (columns,), what a step in each column counts.

    noise: of a single result, in shares of the variance of what is learnt.
    """

    scales: Floats
    noise: float

    def between(self, left: Floats, right: Floats) -> Floats:
        """Covariances of points, in shares of the variance, (N, M)."""
        return _matern(_squares(left * self.scales, right * self.scales))[0]


def fitted(points: Floats, owners: NDArray[np.int64], targets: Floats) -> Kernel:
    """The kernel under which these results, (N,) of mean 0, are likeliest: one scale for each slot.

    Equation 5.9 with the variance profiled out, and weak beliefs about scales and noise.
    """
    present, places = np.unique(owners, return_inverse=True)
    squares = np.stack(
        [_squares(points[:, owners == own], points[:, owners == own]) for own in present]
    )
    # Whatever the number of slots, typical candidates are about equally alike.
    means = np.append(np.full(len(present), 0.5 - np.log(len(present))), NOISE_MEAN)
    deviations = np.append(np.full(len(present), SCALE_DEVIATION), NOISE_DEVIATION)

    if not targets.any():
        # Nothing to learn from: results are all equal.
        values = np.exp(means)
        return Kernel(scales=np.sqrt(values[:-1])[places], noise=float(values[-1]))

    def unlikeliness(logs: Floats) -> tuple[float, Floats]:
        value, slope = _unlikeliness(np.exp(logs), squares, targets)
        off = (logs - means) / deviations
        return value + 0.5 * float(off @ off), slope * np.exp(logs) + off / deviations

    found = minimize(
        unlikeliness,
        means,
        jac=True,
        method="L-BFGS-B",
        bounds=[*[(-8, 4)] * len(present), (-9, 1)],
        options={"maxiter": ROUNDS},
    )
    values = np.exp(found.x)
    return Kernel(scales=np.sqrt(values[:-1])[places], noise=float(values[-1]))


def _unlikeliness(values: Floats, squares: Floats, targets: Floats) -> tuple[float, Floats]:
    """-log of the likelihood, and its slope by each scale and the noise."""
    count = len(targets)
    covariances, slopes = _matern(np.tensordot(values[:-1], squares, 1))
    covariances[np.diag_indices(count)] += values[-1] + JITTER
    factor = cholesky(covariances, lower=True, check_finite=False)
    inverse = cho_solve((factor, True), np.eye(count), check_finite=False)
    weights = inverse @ targets
    variance = float(targets @ weights) / count
    value = 0.5 * count * np.log(variance) + float(np.log(np.diag(factor)).sum())
    outer = 0.5 * (inverse - np.outer(weights, weights) / variance)
    slope = np.append(np.tensordot(squares, outer * slopes, 2), np.trace(outer))
    return value, slope


class Posterior:
    """What is to be expected at given points once results are known.

    points: (N + M, columns), of which the first N have results, (N,) of mean 0; the others are
    places where to learn nothing more: they take uncertainty away and change no expectation.
    """

    def __init__(self, kernel: Kernel, points: Floats, results: Floats, wanted: Floats):
        count = len(results)
        covariances = kernel.between(points, points)
        covariances[np.diag_indices(len(points))] += kernel.noise + JITTER
        factor = cholesky(covariances, lower=True, check_finite=False)
        # The upper left of a Cholesky factor is the factor of the upper left.
        self._weights = cho_solve((factor[:count, :count], True), results, check_finite=False)
        self._variance = float(results @ self._weights) / count
        self._kernel, self._told, self._wanted = kernel, points[:count], wanted
        self._noise = self._variance * (kernel.noise + JITTER)
        across = kernel.between(points, wanted)
        self.mean: Floats = self._weights @ across[:count]
        explained = solve_triangular(factor, across, lower=True, check_finite=False)
        self._explained = np.sqrt(self._variance) * explained
        self._left = self._variance - (self._explained**2).sum(axis=0)

    def expected(self, points: Floats) -> Floats:
        """The mean at other points, (N,)."""
        return np.asarray(self._kernel.between(points, self._told) @ self._weights)

    @property
    def deviation(self) -> Floats:
        """How far off the mean the truth may be, (wanted,), the noise of a result left aside."""
        return np.asarray(np.sqrt(np.maximum(self._left, FLOOR * self._variance)))

    def believe(self, row: int) -> None:
        """Take it that a result at one of the wanted points will be as expected."""
        own = self._wanted[row : row + 1]
        shared = self._variance * self._kernel.between(own, self._wanted)[0]
        shared -= self._explained[:, row] @ self._explained
        step = shared / np.sqrt(max(self._left[row], 0.0) + self._noise)
        self._explained = np.vstack([self._explained, step])
        self._left = self._left - step**2
