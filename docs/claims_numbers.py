"""How one family of networks compares with another at equal flops, and what tells time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp

import numpy as np
from claims_data import Floats, Row, column
from numpy.typing import NDArray
from scipy.stats import linregress, t

from netspace.analyse.replicates import Estimate

Counts = NDArray[np.int64]

CONFIDENCE = 0.95
PREDICTORS = ("flops", "activations", "params")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A number and the interval that it comes with, at `CONFIDENCE`."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """A family's networks, joined by straight lines over the logarithm of flops.

    at: (n,), logarithms, ascending. values: (n,), errors or logarithms of what has a ratio.
    """

    at: Floats
    values: Floats

    def value(self, x: float) -> float:
        """The value at x flops; NaN beyond the smallest and largest network."""
        return float(np.interp(np.log(x), self.at, self.values, left=np.nan, right=np.nan))

    def misses(self) -> Floats:
        """How far each inner network lies from the line of the others, `(n - 2,)`."""
        share = (self.at[1:-1] - self.at[:-2]) / (self.at[2:] - self.at[:-2])
        between = self.values[:-2] + share * (self.values[2:] - self.values[:-2])
        return self.values[1:-1] - between

    def half_width(self) -> float:
        """How far from the line another network of the family would lie, at `CONFIDENCE`."""
        misses = self.misses()
        quantile = float(t.ppf(0.5 + CONFIDENCE / 2, len(misses)))
        return quantile * float(np.sqrt(np.mean(misses**2)))


def error_line(rows: Sequence[Row]) -> Line:
    """Error in percent over flops."""
    return _line(column(rows, "flops"), column(rows, "error_percent"))


def log_line(rows: Sequence[Row], quantity: str) -> Line:
    """The logarithm of a count or a time, over flops."""
    return _line(column(rows, "flops"), np.log(column(rows, quantity)))


def _line(x: Floats, values: Floats) -> Line:
    order = np.argsort(x)
    return Line(at=np.log(x[order]), values=values[order])


def error_gap(row: Row, line: Line) -> Estimate:
    """A network's error minus that of a family at equal flops, in points."""
    return Estimate(value=row.error_percent - line.value(row.flops), half_width=line.half_width())


def ratio(row: Row, line: Line, quantity: str) -> Interval:
    """How many times a family's activations or time a network has at equal flops."""
    (mine,) = column([row], quantity)
    value = float(np.log(mine)) - line.value(row.flops)
    width = line.half_width()
    return Interval(value=exp(value), low=exp(value - width), high=exp(value + width))


def exponent(rows: Sequence[Row], quantity: str) -> Interval:
    """The power of flops that a quantity grows with: least squares over logarithms.

    The interval is Student's.
    """
    x, y = np.log(column(rows, "flops")), np.log(column(rows, quantity))
    fit = linregress(x, y)
    width = float(t.ppf(0.5 + CONFIDENCE / 2, len(rows) - 2)) * float(fit.stderr)
    slope = float(fit.slope)
    return Interval(value=slope, low=slope - width, high=slope + width)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """How well counts tell the time on one device, over one set of networks.

    rank: Spearman's correlation, and explained: R^2 of a line over logarithms, for each predictor;
    both: R^2 of flops and activations together. rank_gain, explained_gain: activations less flops.
    """

    device: str
    networks: int
    rows: int
    rank: Mapping[str, Interval]
    explained: Mapping[str, Interval]
    both: Interval
    rank_gain: Interval
    explained_gain: Interval


def prediction(
    rows: Sequence[Row], device: str, *, resamples: int = 1000, seed: int = 0
) -> Prediction:
    """Correlations with intervals: percentiles over resampled networks.

    A network at several image sizes is drawn with all of them, or not at all.
    """
    table = np.log([column(rows, name) for name in (*PREDICTORS, device)])
    names, owner = np.unique([row.name for row in rows], return_inverse=True)
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(statistics(table, drawn[:, owner]), (tail, 1 - tail), axis=0)
    (value,) = statistics(table, np.ones((1, len(rows)), dtype=np.int64))
    found = [
        Interval(value=float(point), low=float(lower), high=float(upper))
        for point, lower, upper in zip(value, low, high, strict=True)
    ]
    return Prediction(
        device=device,
        networks=len(names),
        rows=len(rows),
        rank=dict(zip(PREDICTORS, found[:3], strict=True)),
        explained=dict(zip(PREDICTORS, found[3:6], strict=True)),
        both=found[6],
        rank_gain=found[7],
        explained_gain=found[8],
    )


def statistics(table: Floats, times: Counts) -> Floats:
    """Three rank correlations, three R^2s, R^2 of the first two together, two gains of the second.

    table: (4, n), logarithms of the predictors and of the time. times: (resamples, n), how often
    each row is taken. Gives (resamples, 9).
    """
    ranks = np.stack([_ranks(values, times) for values in table], axis=1)
    rank = _correlations(ranks, times)[:, 3, :3]
    r = _correlations(np.broadcast_to(table, ranks.shape), times)
    squares = r[:, 3, :3] ** 2
    # R^2 of two predictors from the three correlations between them and the time.
    shared = 2 * r[:, 3, 0] * r[:, 3, 1] * r[:, 0, 1]
    both = (squares[:, 0] + squares[:, 1] - shared) / (1 - r[:, 0, 1] ** 2)
    gains = (rank[:, 1] - rank[:, 0], squares[:, 1] - squares[:, 0])
    return np.column_stack([rank, squares, both, *gains])


def _ranks(values: Floats, times: Counts) -> Floats:
    """Ranks (resamples, n) of the rows taken so often; equal values share their mean rank."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    first = np.cumsum(counts) - counts
    taken = np.add.reduceat(times[:, np.argsort(place, kind="stable")], first, axis=1)
    middle = np.cumsum(taken, axis=1) - (taken - 1) / 2
    ranks: Floats = middle[:, place]
    return ranks


def _correlations(values: Floats, times: Counts) -> Floats:
    """Correlations (resamples, k, k) between values (resamples, k, n) taken so often."""
    weights = times[:, None, :] / times.sum(axis=1)[:, None, None]
    centred = values - (values * weights).sum(axis=2, keepdims=True)
    covariance = np.einsum("rin,rjn->rij", centred * weights, centred)
    deviation = np.sqrt(np.einsum("rii->ri", covariance))
    correlations: Floats = covariance / (deviation[:, :, None] * deviation[:, None, :])
    return correlations
