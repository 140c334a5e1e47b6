"""Networks trained with several seeds each: means with an interval that all of them inform.

Two or three seeds say little about their own spread. Where all trainings are of one kind, their
spread around each network's mean is pooled, and the interval follows Student's t with the pooled
degrees of freedom.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, sqrt
from statistics import fmean
from typing import Literal

import numpy as np

from netspace.analyse.outcomes import check_confidence
from netspace.errors import UserError

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The standard deviation of one training over seeds, and its degrees of freedom."""

    deviation: float
    degrees: int

    def half_width(self, *counts: float, confidence: float = CONFIDENCE) -> float:
        """Half of the interval of a mean over so many seeds; of a difference for two counts.

        A mean that is taken w times counts as count / w^2.
        """
        check_confidence(confidence)
        from scipy.stats import t  # takes half a second to import

        quantile = float(t.ppf(0.5 + confidence / 2, self.degrees))
        return quantile * self.deviation * sqrt(sum(1 / count for count in counts))


def spread(groups: Sequence[Sequence[float]]) -> Spread:
    """The pooled spread of groups of errors, one group for each network.

    Raises UserError unless some group has two errors or more.
    """
    degrees = sum(len(group) - 1 for group in groups if group)
    if degrees < 1:
        raise UserError("one training each tells nothing of the spread over seeds; use 2 or more")
    squares = sum(float(np.var(group)) * len(group) for group in groups if group)
    return Spread(deviation=sqrt(squares / degrees), degrees=degrees)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number in percentage points of error, and the half-width of its interval.

    The half-width is infinite while no spread is known.
    """

    value: float
    half_width: float

    @property
    def known(self) -> bool:
        """Whether there is an interval."""
        return isfinite(self.half_width)

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self.value - self.half_width

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self.value + self.half_width

    @property
    def verdict(self) -> Literal["better", "worse", "undecided"]:
        """Of a difference of errors: 'better' or 'worse' if the interval lies on one side of 0."""
        if self.high < 0.0:
            return "better"
        return "worse" if self.low > 0.0 else "undecided"


def mean(errors: Sequence[float], known: Spread | None) -> Estimate:
    """The mean error of a network; `errors` must not be empty."""
    return _sum(known, (1, errors))


def difference(errors: Sequence[float], others: Sequence[float], known: Spread | None) -> Estimate:
    """The first mean minus the second: below 0 the first network is better."""
    return _sum(known, (1, errors), (-1, others))


def slowing(
    before: Sequence[float], once: Sequence[float], twice: Sequence[float], known: Spread | None
) -> Estimate:
    """By how much less the second of two steps lowers the error than the first."""
    return _sum(known, (1, before), (-2, once), (1, twice))


def _sum(known: Spread | None, *terms: tuple[int, Sequence[float]]) -> Estimate:
    value = sum(times * fmean(errors) for times, errors in terms)
    if known is None:
        return Estimate(value=value, half_width=inf)
    counts = (len(errors) / times**2 for times, errors in terms)
    return Estimate(value=value, half_width=known.half_width(*counts, confidence=CONFIDENCE))
