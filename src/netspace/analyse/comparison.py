"""The outcome of comparing two populations: a difference, its interval and the verdict."""

from dataclasses import dataclass, replace
from math import ceil, inf
from typing import Literal, Self, TypeAlias

from netspace.analyse.estimands import Chance, Estimand

Verdict: TypeAlias = Literal["better", "worse", "equivalent", "undecided"]

FEW = 30
"""Below so many finished networks on a side the interval is rough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Population B against population A.

    `difference` is the estimand of B minus that of A in percentage points, so below 0 B is
    better; `low` to `high` is its interval at `confidence`. Within `margin` of 0 the two count as
    equivalent. `chance_b_below_a` is the probability that a network of B has a lower error than one
    of A, ties counting half. `looks`: at how many networks a side one has looked; the interval then
    holds at whichever look one stops. Empty: it holds for a single look.
    """

    estimand: Estimand
    margin: float
    difference: float
    low: float
    high: float
    confidence: float
    chance_b_below_a: float
    finished_a: int
    failed_a: int
    finished_b: int
    failed_b: int
    looks: tuple[int, ...] = ()

    @property
    def rough(self) -> bool:
        """Whether a side is so small that the interval covers less often than it says."""
        return min(self.finished_a, self.finished_b) < FEW

    @property
    def verdict(self) -> Verdict:
        """B is 'better' or 'worse' than A if the interval lies on one side of 0."""
        if self.high < 0.0:
            return "better"
        if self.low > 0.0:
            return "worse"
        inside = -self.margin < self.low and self.high < self.margin
        return "equivalent" if inside else "undecided"

    @property
    def needed(self) -> int | None:
        """About so many more networks each would decide; 0 if decided, None if none can be said.

        As if the difference stayed as it is and the interval shrank with the root of the number.
        """
        if self.verdict != "undecided":
            return 0
        half = (self.high - self.low) / 2.0
        apart, within = abs(self.difference), self.margin - abs(self.difference)
        times = min((half / gap if gap > 0.0 else inf) for gap in (apart, within)) ** 2
        n = min(self.finished_a, self.finished_b)
        return max(1, ceil(n * times) - n) if times < 1e6 else None

    def sentence(self, name_a: str, name_b: str) -> str:
        """Say the verdict in one plain sentence."""
        if self.verdict == "worse":
            return self._swapped._sentence(name_b, name_a)
        return self._sentence(name_a, name_b)

    @property
    def _swapped(self) -> Self:
        """Population A against population B."""
        return replace(
            self,
            difference=-self.difference,
            low=-self.high,
            high=-self.low,
            finished_a=self.finished_b,
            failed_a=self.failed_b,
            finished_b=self.finished_a,
            failed_b=self.failed_a,
            chance_b_below_a=1.0 - self.chance_b_below_a,
        )

    def _sentence(self, name_a: str, name_b: str) -> str:
        match self.verdict:
            case "better" if isinstance(self.estimand, Chance):
                said = f"{name_b} beats {name_a}:"
            case "better" | "worse":
                said = f"{name_b} beats {name_a} by"
            case "equivalent":
                said = f"{name_b} and {name_a} are equivalent within {self.margin:g} points:"
            case "undecided":
                more = "" if self.needed is None else f" (about {_about(self.needed)} more each)"
                said = f"undecided{more}:"
        by = self.verdict == "better" and not isinstance(self.estimand, Chance)
        return f"{said} {self._gain if by else self.figures(name_a, name_b)}"

    @property
    def _gain(self) -> str:
        """By how much a better B beats A."""
        digits = _digits(-self.high)
        values = (-self.difference, -self.high, -self.low)
        size, low, high = (_rounded(value, digits) for value in values)
        return f"{size} points ({self._interval} {low} to {high}) in the {self.estimand}"

    @property
    def _interval(self) -> str:
        return f"{100.0 * self.confidence:.4g} % interval"

    def figures(self, name_a: str, name_b: str) -> str:
        """The difference with its interval and no verdict, in words."""
        digits = _digits(-self.high) if self.verdict == "better" else 1
        if isinstance(self.estimand, Chance):
            said = f"a network of {name_b} has a lower error than one of {name_a} with a chance of"
            values = (50.0 - self.difference, 50.0 - self.high, 50.0 - self.low)
            chance, low, high = (_rounded(value, digits) for value in values)
            return f"{said} {chance} % ({self._interval} {low} to {high})"
        values = (self.difference, self.low, self.high)
        size, low, high = (_rounded(value, digits) for value in values)
        said = f"{name_b} minus {name_a} is {size} points ({self._interval} {low} to {high})"
        return f"{said} in the {self.estimand}"


def _about(networks: int) -> str:
    """A predicted number of networks with two significant digits; it is no more exact."""
    step = 10 ** max(len(str(networks)) - 2, 0)
    return f"{-(-networks // step) * step:,}"


def _digits(smallest: float) -> int:
    """Decimals that keep a decided interval's end nearest to 0 from being rounded to it."""
    return next((digits for digits in (1, 2, 3) if round(smallest, digits) > 0.0), 4)


def _rounded(value: float, digits: int) -> str:
    return f"{round(value, digits) + 0.0:.{digits}f}"
