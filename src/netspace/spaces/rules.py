"""Rules that narrow a space.

Each draws by construction (nothing is drawn and thrown away), checks membership, and says itself
in a sentence.

Drawing under `NonDecreasing` gives exactly what the unruled draw gives when only non-decreasing
sequences are kept, so a child space differs from its parent by the rule alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Discriminator

from netspace.spaces.ranges import Distribution, Floats, Narrowed, Range, distribution

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """One value for all stages."""

    kind: Literal["shared"] = "shared"
    parameter: str

    def holds(self, values: Floats) -> Bools:
        """For which rows of (N, stages) values the rule holds."""
        return np.asarray((values == values[:, :1]).all(axis=1))

    @property
    def sentence(self) -> str:
        """The rule in words."""
        return f"{_words(self.parameter)} is the same in all stages"


@dataclass(frozen=True, slots=True, kw_only=True)
class NonDecreasing:
    """Values do not fall from stage to stage."""

    kind: Literal["non_decreasing"] = "non_decreasing"
    parameter: str

    def holds(self, values: Floats) -> Bools:
        """For which rows of (N, stages) values the rule holds."""
        return np.asarray((np.diff(values, axis=1) >= 0).all(axis=1))

    @property
    def sentence(self) -> str:
        """The rule in words."""
        return f"{_words(self.parameter)} does not fall from stage to stage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """Values from low to high."""

    kind: Literal["within"] = "within"
    parameter: str
    low: float
    high: float

    def holds(self, values: Floats) -> Bools:
        """For which rows of (N, stages) values the rule holds."""
        return np.asarray(((values >= self.low) & (values <= self.high)).all(axis=1))

    @property
    def sentence(self) -> str:
        """The rule in words."""
        return f"{_words(self.parameter)} lies from {self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """One given value everywhere."""

    kind: Literal["fixed"] = "fixed"
    parameter: str
    value: float

    def holds(self, values: Floats) -> Bools:
        """For which rows of (N, stages) values the rule holds."""
        return np.asarray((values == self.value).all(axis=1))

    @property
    def sentence(self) -> str:
        """The rule in words."""
        return f"{_words(self.parameter)} is {self.value:g}"


Rule = Annotated[Shared | NonDecreasing | Within | Fixed, Discriminator("kind")]


def narrowed(values: Range, rules: Iterable[Rule]) -> Range:
    """The range that the rules on one parameter leave."""
    for rule in rules:
        match rule:
            case Within(low=low, high=high):
                values = Narrowed(of=values, low=low, high=high)
            case Fixed(value=value):
                values = Narrowed(of=values, low=value, high=value)
            case Shared() | NonDecreasing():
                pass
    return values


def draw(values: Range, rules: tuple[Rule, ...], uniforms: Floats) -> Floats:
    """(N, stages) values of one parameter under its rules, from as many uniforms in [0, 1)."""
    odds = distribution(narrowed(values, rules))
    if any(isinstance(rule, Shared) for rule in rules):
        return np.broadcast_to(odds.draw(uniforms[:, :1]), uniforms.shape)
    if any(isinstance(rule, NonDecreasing) for rule in rules):
        return _draw_rising(odds, uniforms)
    return odds.draw(uniforms)


def _draw_rising(odds: Distribution, uniforms: Floats) -> Floats:
    """Independent draws conditioned on not falling, one stage after the other.

    weight[j][v]: probability of value v now and of a non-falling rest of j further stages.
    """
    stages = uniforms.shape[1]
    weights = [odds.odds]
    for _ in range(stages - 1):
        reachable = np.cumsum(weights[-1][::-1])[::-1]
        weights.append(odds.odds * reachable)
    chosen = np.empty(uniforms.shape, dtype=np.int64)
    floor = np.zeros(len(uniforms), dtype=np.int64)
    for stage in range(stages):
        sums = np.concatenate([[0.0], np.cumsum(weights[stages - 1 - stage])])
        target = sums[floor] + uniforms[:, stage] * (sums[-1] - sums[floor])
        found = np.searchsorted(sums, target, side="right") - 1
        floor = np.clip(found, floor, len(odds.values) - 1)
        chosen[:, stage] = floor
    return odds.values[chosen]


def _words(parameter: str) -> str:
    return parameter.replace("_", " ")
