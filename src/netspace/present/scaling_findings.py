"""What a scaling study found: differences between the ways of scaling, and what each step gains."""

from dataclasses import dataclass

from netspace.analyse.replicates import Estimate, difference, mean, slowing
from netspace.present.scaling_record import SERIES, Point, ScalingRecord

METHODS = tuple(name for name in SERIES if name != "compound")
CALLED = {
    "base": "the base",
    "grid": "the grid",
    "compound": "compound",
    "depth": "depth alone",
    "width": "width alone",
    "resolution": "resolution alone",
    "fast": "fast",
}
"""How the series are called in sentences and tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duel:
    """Compound against another way to the same factor; difference: its error minus the other's.

    same: after rounding both came to one network, so that only seeds can make a difference.
    """

    series: str
    factor: float
    difference: Estimate
    same: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Gains:
    """By how many points of error one series improves from 1 to the factor, and on to its square.

    slowing: the first gain minus the second. None where a training is missing.
    """

    series: str
    first: Estimate
    second: Estimate | None
    slowing: Estimate | None


def error_of(record: ScalingRecord, point: Point) -> Estimate:
    """The mean error of a point that has one, with its interval."""
    return mean(point.errors, record.spread)


def duels(record: ScalingRecord) -> tuple[Duel, ...]:
    """Compound against each known method, at the factor and at its square, as far as trained."""
    pairs = [(name, factor) for factor in record.factors for name in METHODS]
    return tuple(found for pair in pairs if (found := _duel(record, *pair)) is not None)


def _duel(record: ScalingRecord, name: str, factor: float) -> Duel | None:
    compound, other = record.at("compound", factor), record.at(name, factor)
    if compound is None or other is None:
        return None
    return Duel(
        series=name,
        factor=factor,
        difference=difference(compound.errors, other.errors, record.spread),
        same=compound.network == other.network,
    )


def rival(record: ScalingRecord) -> Duel | None:
    """Compound at the factor against the known method of the lowest mean error there."""
    own = [duel for duel in duels(record) if duel.factor == record.study.factor]
    return max(own, key=lambda duel: duel.difference.value, default=None)


def place_of_best(record: ScalingRecord) -> int | None:
    """Where the best of the grid stands among the ways of scaling; None until it has a result."""
    return None if record.best is None else record.ways.index(record.best)


def gains(record: ScalingRecord) -> tuple[Gains, ...]:
    """What each series gains from the base, as far as trained."""
    return tuple(found for name in SERIES if (found := _gains(record, name)) is not None)


def _gains(record: ScalingRecord, name: str) -> Gains | None:
    base, (once, twice) = record.base, (record.at(name, factor) for factor in record.factors)
    if base is None or once is None:
        return None
    known = record.spread
    return Gains(
        series=name,
        first=difference(base.errors, once.errors, known),
        second=None if twice is None else difference(once.errors, twice.errors, known),
        slowing=None if twice is None else slowing(base.errors, once.errors, twice.errors, known),
    )
