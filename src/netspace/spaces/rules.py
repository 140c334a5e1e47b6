"""Rules that narrow a space.

Each draws by construction (nothing is drawn and thrown away), checks membership, says how far a row
is from it, and says itself in a sentence.

Drawing under `NonDecreasing` and `QuantisedLinear` gives exactly what the unruled draw gives when
only the rows that obey are kept, so a child space differs from its parent by the rule alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Discriminator

from netspace.spaces.line_fit import distance_from_line
from netspace.spaces.multipliers import are_lines
from netspace.spaces.ranges import Distribution, Floats, Narrowed, Range, distribution

Bools = NDArray[np.bool_]

_LEAST = 1e-9
"""The least distance of a row that does not obey, where rounding would hide it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """One value for all stages."""

    kind: Literal["shared"] = "shared"
    parameter: str

    @property
    def parameters(self) -> tuple[str, ...]:
        """What the rule speaks of, in the order in which `holds` takes the values."""
        return (self.parameter,)

    def holds(self, values: Floats) -> Bools:
        """For which rows of (N, stages) values the rule holds."""
        return np.asarray((values == values[:, :1]).all(axis=1))

    def violation(self, values: Floats) -> Floats:
        """How far apart the stages are, (N,); in octaves if no value is below or at 0."""
        return _graded(self.holds(values), np.ptp(_scaled(values), axis=1))

    @property
    def sentence(self) -> str:
        """The rule in words."""
        return f"{_words(self.parameter)} is the same in all stages"


@dataclass(frozen=True, slots=True, kw_only=True)
class NonDecreasing:
    """Values do not fall from stage to stage."""

    kind: Literal["non_decreasing"] = "non_decreasing"
    parameter: str

    @property
    def parameters(self) -> tuple[str, ...]:
        """What the rule speaks of, in the order in which `holds` takes the values."""
        return (self.parameter,)

    def holds(self, values: Floats) -> Bools:
        """For which rows of (N, stages) values the rule holds."""
        return np.asarray((np.diff(values, axis=1) >= 0).all(axis=1))

    def violation(self, values: Floats) -> Floats:
        """How far the values fall, all falls together, (N,); in octaves as for `Shared`."""
        falls = np.maximum(0.0, -np.diff(_scaled(values), axis=1))
        return _graded(self.holds(values), falls.sum(axis=1))

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

    @property
    def parameters(self) -> tuple[str, ...]:
        """What the rule speaks of, in the order in which `holds` takes the values."""
        return (self.parameter,)

    def holds(self, values: Floats) -> Bools:
        """For which rows of (N, stages) values the rule holds."""
        return np.asarray(((values >= self.low) & (values <= self.high)).all(axis=1))

    def violation(self, values: Floats) -> Floats:
        """How far outside the values are, all stages together, (N,); in octaves as for `Shared`."""
        return _graded(self.holds(values), _outside(values, self.low, self.high))

    @property
    def sentence(self) -> str:
        """The rule in words."""
        low, high = _number(self.low), _number(self.high)
        return f"{_words(self.parameter)} lies from {low} to {high}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """One given value everywhere."""

    kind: Literal["fixed"] = "fixed"
    parameter: str
    value: float

    @property
    def parameters(self) -> tuple[str, ...]:
        """What the rule speaks of, in the order in which `holds` takes the values."""
        return (self.parameter,)

    def holds(self, values: Floats) -> Bools:
        """For which rows of (N, stages) values the rule holds."""
        return np.asarray((values == self.value).all(axis=1))

    def violation(self, values: Floats) -> Floats:
        """How far off the values are, all stages together, (N,); in octaves as for `Shared`."""
        return _graded(self.holds(values), _outside(values, self.value, self.value))

    @property
    def sentence(self) -> str:
        """The rule in words."""
        return f"{_words(self.parameter)} is {self.value:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantisedLinear:
    """Widths and depths of the stages are those of a RegNet's line: w_0, w_a, w_m and depth d.

    Every stage is a level of the line, and no level is skipped: Radosavovic et al. 2020, eq. 2-4.
    """

    kind: Literal["quantised_linear"] = "quantised_linear"
    width: str = "width"
    depth: str = "depth"

    @property
    def parameters(self) -> tuple[str, ...]:
        """What the rule speaks of, in the order in which `holds` takes the values."""
        return (self.width, self.depth)

    def holds(self, width: Floats, depth: Floats) -> Bools:
        """For which rows of (N, stages) widths and depths a line has these stages."""
        return are_lines(width, depth)

    def violation(self, width: Floats, depth: Floats) -> Floats:
        """The article's e_fit of a line near the row, in octaves, (N,); 0 where the rule holds."""
        far, distance = ~self.holds(width, depth), np.zeros(len(width))
        distance[far] = distance_from_line(width[far], depth[far])
        return _graded(~far, distance)

    @property
    def sentence(self) -> str:
        """The rule in words."""
        return (
            f"{_words(self.width)} and {_words(self.depth)} of all stages follow one quantised "
            "line (d, w_0, w_a, w_m)"
        )


SingleRule = Shared | NonDecreasing | Within | Fixed
"""The rules on one parameter."""

Rule = Annotated[SingleRule | QuantisedLinear, Discriminator("kind")]


def narrowed(values: Range, rules: Iterable[SingleRule]) -> Range:
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


def draw(values: Range, rules: tuple[SingleRule, ...], uniforms: Floats) -> Floats:
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


def _graded(holds: Bools, distance: Floats) -> Floats:
    """The distance, but 0 exactly where the rule holds."""
    return np.where(holds, 0.0, np.fmax(distance, _LEAST))


def _scaled(values: Floats) -> Floats:
    """Values in octaves; as they are where some are 0 or below."""
    return np.log2(values) if (values > 0).all() else values


def _outside(values: Floats, low: float, high: float) -> Floats:
    """How far the values lie outside, the sum over the stages, (N,)."""
    if (values > 0).all() and high > 0:
        values, high = np.log2(values), float(np.log2(high))
        low = float(np.log2(low)) if low > 0 else -np.inf
    outside = np.maximum(low - values, values - high)
    return np.asarray(np.maximum(outside, 0.0).sum(axis=1))


def _number(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() else f"{value:g}"


def _words(parameter: str) -> str:
    return parameter.replace("_", " ")
