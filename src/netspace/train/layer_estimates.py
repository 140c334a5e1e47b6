"""The time of an operation that was not measured, from measured ones of its kind.

Time = a call's own + what each multiply-add, each weight and each number read and written costs,
all at least 0 (fitted to relative errors); then corrected by how far off that is for measured
operations that are like it: a Gaussian process over the logarithms.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.optimize import nnls

from netspace.spaces.ranges import Floats
from netspace.train.operations import NUMBERS, Operation

FEWEST = 12
"""Operations of a kind below which it is not looked how far off likes are."""

NOISE = 0.05
"""Of a measured time, relative: what the correction leaves alone."""

LEAST_MS = 1e-4
"""No call takes less, whatever the fit says."""

SIMPLE = ("relu in place", "relu", "silu in place", "silu", "sigmoid", "add", "norm")
LIKE = {
    "dense": ("grouped", "depthwise"),
    "depthwise": ("grouped", "dense"),
    "grouped": ("depthwise", "dense"),
    "linear": ("dense",),
    "max pool": ("mean pool", *SIMPLE),
    "mean pool": ("max pool", *SIMPLE),
}
"""Which classes stand for one of which nothing was measured, the first that is known."""

CHANNELS, HEIGHT, WIDTH, OUT, KERNEL, STRIDE, GROUPS, _, BIAS = range(len(NUMBERS))


def class_of(operation: Operation) -> str:
    """What an operation is estimated with: its kind, convolutions by their groups."""
    if operation.kind != "conv":
        return operation.kind.removesuffix(" up")
    if operation.groups == 1:
        return "dense"
    return "depthwise" if operation.groups == operation.channels else "grouped"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimate:
    """One class of operations as fitted.

    rates: milliseconds of a call and of each amount. points: (N, F) of the measured ones, pulls:
    (N,) of each on the logarithm; none where too few were measured.
    """

    rates: Floats
    points: Floats
    pulls: Floats

    @classmethod
    def of(cls, numbers: Floats, times_ms: Floats) -> Self:
        """Fitted to measured operations, (N, numbers), and their times, (N,)."""
        amounts = _amounts(numbers)
        rates, _ = nnls(amounts / times_ms[:, np.newaxis], np.ones(len(times_ms)))
        points = _points(numbers)
        left = np.log(times_ms) - np.log(np.maximum(amounts @ rates, LEAST_MS))
        if len(times_ms) < FEWEST:
            return cls(rates=rates, points=points[:0], pulls=left[:0])
        variance = float(np.mean(left**2)) + NOISE**2
        likeness = _likeness(points, points) + NOISE**2 / variance * np.eye(len(points))
        return cls(rates=rates, points=points, pulls=np.linalg.solve(likeness, left))

    def times_ms(self, numbers: Floats) -> Floats:
        """Milliseconds of other operations of the class, (M,), all above 0."""
        plain = np.maximum(_amounts(numbers) @ self.rates, LEAST_MS)
        if not len(self.points):
            return plain
        off = _likeness(_points(numbers), self.points) @ self.pulls
        return np.asarray(plain * np.exp(np.clip(off, -1.5, 1.5)))


def fit(classes: Iterable[str], numbers: Floats, times_ms: Floats) -> dict[str, Estimate]:
    """An estimate of every class that was measured."""
    names = np.array(list(classes))
    return {
        str(name): Estimate.of(numbers[names == name], times_ms[names == name])
        for name in np.unique(names)
    }


def nearest_class(name: str, known: Mapping[str, Estimate]) -> str:
    """The class that stands for one of which nothing was measured."""
    order = (name, *LIKE.get(name, SIMPLE), *known)
    return next(one for one in order if one in known)


def _amounts(numbers: Floats) -> Floats:
    """What a call costs by: 1, groups, multiply-adds, weights, numbers read, numbers written."""
    inside, groups = numbers[:, CHANNELS] / numbers[:, GROUPS], numbers[:, GROUPS]
    weights = inside * numbers[:, OUT] * numbers[:, KERNEL] ** 2
    positions = numbers[:, HEIGHT] * numbers[:, WIDTH]
    after = positions / numbers[:, STRIDE] ** 2
    columns = (
        np.ones(len(numbers)),
        groups,
        weights * after,
        weights,
        numbers[:, CHANNELS] * positions,
        numbers[:, OUT] * after,
    )
    return np.stack(columns, axis=1)


def _points(numbers: Floats) -> Floats:
    """Where operations lie: two steps apart are a factor of 16 in one number, (N, F)."""
    groups = numbers[:, GROUPS]
    inside, out = numbers[:, CHANNELS] / groups, numbers[:, OUT] / groups
    positions = numbers[:, HEIGHT] * numbers[:, WIDTH]
    sizes = (inside, out, groups, positions, numbers[:, KERNEL], numbers[:, STRIDE])
    whole = [(side % unit == 0) for side in (inside, out) for unit in (8, 16)]
    steps = [np.log2(size) / 2 for size in sizes]
    return np.stack([*steps, *whole, numbers[:, BIAS]], axis=1).astype(np.float64)


def _likeness(points: Floats, others: Floats) -> Floats:
    """1 for the same place, falling to 0 with the distance, (N, M)."""
    squares = (points**2).sum(axis=1)[:, np.newaxis] + (others**2).sum(axis=1)
    return np.asarray(np.exp(-0.5 * np.maximum(squares - 2 * points @ others.T, 0)))
