"""RegNet read backwards: the quantised line nearest to the widths of any network.

Radosavovic et al. 2020, sec. 3.3: d is the network's depth; w_0, w_a and w_m are searched over a
grid for the smallest e_fit. Here the grid is over w_0 and w_m; for each pair the best w_a is found
exactly, because a block changes its level at known slopes only (eq. 3).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from math import ceil, log

import numpy as np

from netspace.design.network import Network
from netspace.design.regnet import MULTIPLE, Floats, Ints, quantised
from netspace.errors import SpecError

DEEPEST = 2_000
"""Blocks of the deepest network that is fitted."""

_INITIALS, _MULTIPLIERS = 24, 128  # size of the grid
_SMALLEST_MULTIPLIER = 1.05
_KEPT = 8  # pairs from which the search goes on
_ZOOMS = ((0.10, 0.03), (0.02, 0.006), (0.005, 0.0012))  # relative reach in w_0 and in w_m
_STEPS = 6  # on either side
_PLATEAU = (1e-6, 0.1)  # relative distances in w_m over which equal predictions are looked for
_SAME = 1e-9  # difference of errors that counts as none
_THINNEST = 1e-6  # relative length of a range of slopes that still counts as one


@dataclass(frozen=True, slots=True, kw_only=True)
class RegNetFit:
    """A RegNet's line fitted to a network: w_0 and w_a in channels, w_m, d in blocks.

    multiplier: None where all predicted widths are equal, so that any would do; the slope is then
    0. error: e_fit, the mean over blocks of |log2(predicted / observed)|; the article says "mean
    log-ratio" and leaves the base open. predicted, observed, line: width of each block after
    quantisation (eq. 4), in the network, and before quantisation (eq. 2).
    """

    initial_width: int
    slope: float
    multiplier: float | None
    depth: int
    error: float
    predicted: tuple[int, ...]
    observed: tuple[int, ...]
    line: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    """w_0, w_m and the best slopes for them: low < w_a / w_0 < high, all with the same error."""

    error: float
    initial: int
    multiplier: float
    low: float
    high: float

    @property
    def order(self) -> tuple[int, float, int]:
        """The smallest error first; where equal, the coarsest quantisation."""
        return round(self.error / _SAME), -self.multiplier, self.initial


def fit_regnet(network: Network) -> RegNetFit:
    """The RegNet line nearest to the network's widths, block by block.

    w_0 is a multiple of 8, w_a >= 0, w_m >= 1.05. Of parameters that predict the same widths, the
    roundest numbers are given. Raises SpecError above 2,000 blocks.
    """
    if network.depth > DEEPEST:
        raise SpecError(
            f"network of {network.depth:,} blocks: a RegNet line is fitted to at most {DEEPEST:,}; "
            "give a shallower network"
        )
    observed = np.repeat(
        np.array([stage.width for stage in network.stages], np.int64),
        [stage.depth for stage in network.stages],
    )
    return _rounded_fit(_nearest(observed), observed)


def _nearest(observed: Ints) -> _Point:
    """The grid over w_0 and w_m, then finer and finer around the best pairs."""
    ratio = observed.max() / observed.min()
    initials = _multiples(np.geomspace(observed.min() / 2, observed.max(), _INITIALS))
    multipliers = np.geomspace(_SMALLEST_MULTIPLIER, 2 * max(ratio, 2), _MULTIPLIERS)
    kept = _best(_points(observed, initials, multipliers))
    for reach in _ZOOMS:
        kept = _best(found for point in kept for found in _around(observed, point, *reach))
    return _amid(observed, kept[0])


def _best(points: Iterable[_Point]) -> list[_Point]:
    """The best of different pairs."""
    different = {(point.initial, point.multiplier): point for point in points}
    return sorted(different.values(), key=lambda point: point.order)[:_KEPT]


def _around(observed: Ints, point: _Point, initial: float, multiplier: float) -> Iterator[_Point]:
    """The pairs within these relative distances of a point, itself among them."""
    steps = np.linspace(-1, 1, 2 * _STEPS + 1)
    next_to = np.array([-MULTIPLE, 0, MULTIPLE])
    initials = np.concatenate([point.initial * (1 + initial * steps), point.initial + next_to])
    multipliers = point.multiplier * (1 + multiplier * steps)
    yield from _points(observed, _multiples(initials), multipliers)


def _amid(observed: Ints, point: _Point) -> _Point:
    """The roundest w_m among those that predict the same widths."""
    offsets = np.geomspace(*_PLATEAU, 40)
    low, high = (_last_as_good(observed, point, 1 + sign * offsets) for sign in (-1, 1))
    multiplier = np.array([_roundest(low, high)])
    (amid,) = _points(observed, np.array([point.initial]), multiplier)
    return min(amid, point, key=lambda p: round(p.error / _SAME))


def _last_as_good(observed: Ints, point: _Point, factors: Floats) -> float:
    """The w_m before the error rises, going from the point's by these factors."""
    found = _points(observed, np.array([point.initial]), point.multiplier * factors)
    as_good = takewhile(lambda other: other.error <= point.error + _SAME, found)
    return [point, *as_good][-1].multiplier


def _points(observed: Ints, initials: Ints, multipliers: Floats) -> Iterator[_Point]:
    """Every pair with its best slopes."""
    logarithms, stages = np.unique(np.log2(observed), return_inverse=True)
    for multiplier in multipliers[multipliers >= _SMALLEST_MULTIPLIER].tolist():
        # Levels up to four times the widest block: no good line ends above that.
        top = 1 + max(1, ceil(log(4 * observed.max() / initials.min()) / log(multiplier)))
        widths = initials[:, np.newaxis] * np.power(multiplier, np.arange(top + 1.0))
        widths = np.rint(widths / MULTIPLE) * MULTIPLE
        distances = np.abs(np.log2(widths)[:, np.newaxis] - logarithms[:, np.newaxis])
        errors, low, high = _best_slopes(distances, stages, multiplier)
        for i, initial in enumerate(initials.tolist()):
            yield _Point(
                error=float(errors[i]),
                initial=initial,
                multiplier=multiplier,
                low=float(low[i]),
                high=float(high[i]),
            )


def _best_slopes(
    distances: Floats, stages: Ints, multiplier: float
) -> tuple[Floats, Floats, Floats]:
    """The least error of each w_0, and the range of w_a / w_0 that has it.

    distances: (w_0, different widths, levels); stages: which of the widths each block has. Block j
    climbs onto level s where 1 + j w_a / w_0 = w_m ^ (s - 1/2), so the error as a function of the
    slope is a sum of steps at these places.
    """
    blocks, levels = np.arange(1, len(stages)), np.arange(1, distances.shape[2])
    places = ((multiplier ** (levels - 0.5) - 1) / blocks[:, np.newaxis]).ravel()
    order = np.argsort(places, kind="stable")
    climbs = np.diff(distances, axis=2)[:, stages[1:]].reshape(len(distances), -1)[:, order]
    start = distances[:, stages, 0].sum(axis=1, keepdims=True)
    totals = np.concatenate([start, start + np.cumsum(climbs, axis=1)], axis=1)
    ends = np.concatenate([[0.0], places[order], [2 * places.max(initial=1.0)]])
    totals[:, np.diff(ends) <= _THINNEST * ends[1:]] = np.inf
    best = np.argmin(totals, axis=1)
    return totals[np.arange(len(best)), best] / len(stages), ends[best], ends[best + 1]


def _rounded_fit(point: _Point, observed: Ints) -> RegNetFit:
    """The fit of the roundest slope; no slope where every block stays on the first level."""
    flat = point.low == 0
    slope = 0.0 if flat else _roundest(point.initial * point.low, point.initial * point.high)
    w_a, w_0, w_m = (np.array([v], np.float64) for v in (slope, point.initial, point.multiplier))
    (predicted,), _ = quantised(w_a, w_0, w_m, len(observed))
    return RegNetFit(
        initial_width=point.initial,
        slope=slope,
        multiplier=None if flat else point.multiplier,
        depth=len(observed),
        error=float(np.abs(np.log2(predicted / observed)).mean()),
        predicted=tuple(predicted.tolist()),
        observed=tuple(observed.tolist()),
        line=tuple((point.initial + slope * np.arange(len(observed))).tolist()),
    )


def _multiples(widths: Floats) -> Ints:
    """The nearest multiples of 8 from 8 on, each once."""
    return np.unique(np.maximum(1, np.rint(widths / MULTIPLE)).astype(np.int64)) * MULTIPLE


def _roundest(low: float, high: float) -> float:
    """The number between two others with the fewest decimals, next to their middle."""
    middle = (low + high) / 2
    rounded = (round(middle, decimals) for decimals in range(12))
    return next((number for number in rounded if low < number < high), middle)
