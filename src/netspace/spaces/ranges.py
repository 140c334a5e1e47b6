"""Ranges of one parameter: finitely many values, each with its probability."""

import math
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Discriminator

from netspace.errors import SpecError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Uniform:
    """low, low + step … high, all equally likely."""

    kind: Literal["uniform"] = "uniform"
    low: float
    high: float
    step: float = 1

    def __post_init__(self) -> None:
        _check_ends(self.low, self.high, self.step)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogUniform:
    """low, low + step … high: a log-uniform draw between the ends, put onto the nearest value."""

    kind: Literal["log_uniform"] = "log_uniform"
    low: float
    high: float
    step: float = 1

    def __post_init__(self) -> None:
        _check_ends(self.low, self.high, self.step)
        if self.low <= 0:
            raise SpecError(f"low end {self.low} of a log-uniform range must be above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Powers:
    """The powers of two from low to high, all equally likely."""

    kind: Literal["powers"] = "powers"
    low: int
    high: int

    def __post_init__(self) -> None:
        _check_ends(self.low, self.high, 1)
        if self.low < 1 or any(end & (end - 1) for end in (self.low, self.high)):
            raise SpecError(f"ends {self.low} and {self.high} must be powers of two")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The listed values, all equally likely."""

    kind: Literal["choice"] = "choice"
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.values or list(self.values) != sorted(set(self.values)):
            raise SpecError(f"values {self.values} must be distinct, rising and at least one")


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """The values of another range from low to high; their odds against each other are kept."""

    kind: Literal["narrowed"] = "narrowed"
    of: "Range"
    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        values = distribution(self.of).values
        if not ((values >= self.low) & (values <= self.high)).any():
            raise SpecError(
                f"no value from {self.low:g} to {self.high:g} lies in the range "
                f"{values[0]:g}..{values[-1]:g}; choose ends inside it"
            )


Range = Annotated[Uniform | LogUniform | Powers | Choice | Narrowed, Discriminator("kind")]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Distribution:
    """The values of a range, rising, and their probabilities."""

    values: Floats
    odds: Floats
    cumulative: Floats = field(init=False)

    def __post_init__(self) -> None:
        cumulative = np.cumsum(self.odds)
        object.__setattr__(self, "cumulative", cumulative / cumulative[-1])

    def draw(self, uniforms: Floats) -> Floats:
        """The values at these quantiles, in [0, 1); of any shape."""
        return self.values[np.searchsorted(self.cumulative, uniforms, side="right")]

    def contains(self, values: Floats) -> NDArray[np.bool_]:
        """Which of these values are members."""
        return np.isin(values, self.values)


@cache
def distribution(values: Range) -> Distribution:
    """The values of a range with their probabilities."""
    match values:
        case Uniform():
            grid = _grid(values.low, values.high, values.step)
            return Distribution(values=grid, odds=np.full(len(grid), 1 / len(grid)))
        case LogUniform():
            return _log_uniform(values)
        case Powers():
            exponents = range(values.low.bit_length() - 1, values.high.bit_length())
            powers = np.array([2.0**exponent for exponent in exponents])
            return Distribution(values=powers, odds=np.full(len(powers), 1 / len(powers)))
        case Choice():
            listed = np.array(values.values, dtype=np.float64)
            return Distribution(values=listed, odds=np.full(len(listed), 1 / len(listed)))
        case Narrowed():
            whole = distribution(values.of)
            kept = (whole.values >= values.low) & (whole.values <= values.high)
            odds = whole.odds[kept]
            return Distribution(values=whole.values[kept], odds=odds / odds.sum())


def _log_uniform(values: LogUniform) -> Distribution:
    grid = _grid(values.low, values.high, values.step)
    edges = np.concatenate([[values.low], (grid[:-1] + grid[1:]) / 2, [values.high]])
    if len(grid) == 1:
        return Distribution(values=grid, odds=np.ones(1))
    odds = np.diff(np.log(edges))
    return Distribution(values=grid, odds=odds / odds.sum())


def _grid(low: float, high: float, step: float) -> Floats:
    count = int((high - low) / step + 1e-9) + 1
    return np.round(low + step * np.arange(count), 10)


def _check_ends(low: float, high: float, step: float) -> None:
    if low > high or step <= 0:
        raise SpecError(f"range {low:g}..{high:g} by {step:g} is empty; give low <= high, step > 0")
