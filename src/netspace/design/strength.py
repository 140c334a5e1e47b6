"""How strongly to scale: the two neighbouring strengths between which a goal lies."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from netspace.design.factors import Factors
from netspace.design.goals import Meter
from netspace.design.network import Network
from netspace.design.scaling import apply

Path = Callable[[float], Factors]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A network on a path of factors, and what was measured of it."""

    strength: float
    network: Network
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How far and how finely to look. strengths: at most this, and at least one over it.

    close: a share of the goal that is near enough to stop. steps: halvings of the interval.
    """

    strengths: float
    close: float
    steps: int


COUNTED = Effort(strengths=4096, close=0, steps=14)
MEASURED = Effort(strengths=64, close=0.005, steps=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The search along a path of factors that begins at the network itself, at strength 1."""

    network: Network
    path: Path
    meter: Meter

    @property
    def effort(self) -> Effort:
        """Less where measuring is costly and noisy."""
        return COUNTED if self.meter.goal.exact else MEASURED

    def at(self, strength: float) -> Point:
        """The point at a strength."""
        network = apply(self.network, self.path(strength))
        return Point(strength=strength, network=network, value=self.meter(network))

    def points(self) -> tuple[tuple[Point, ...], bool]:
        """Points around the goal, the nearest first; and whether the path passes the goal."""
        seen = [point for point in self._approach() if point.value > 0]
        goal = self.meter.goal
        passes = min(p.value for p in seen) <= goal.value <= max(p.value for p in seen)
        distinct = {point.network: point for point in reversed(seen)}
        return tuple(sorted(distinct.values(), key=lambda p: goal.off(p.value))), passes

    def _approach(self) -> Iterator[Point]:
        """Strengths up or down to the goal and beyond, then halvings between its neighbours."""
        goal = self.meter.goal.value
        before = beyond = self.at(1.0)
        yield before
        rising = before.value < goal
        for strength in self._strides(goal / before.value):
            if (beyond.value >= goal) if rising else (beyond.value <= goal):
                break
            before, beyond = beyond, self.at(strength)
            yield beyond
        for _ in range(self.effort.steps):
            if self._close(before) or self._close(beyond):
                break
            middle = self.at(math.sqrt(before.strength * beyond.strength))
            yield middle
            if (middle.value < goal) == rising:
                before = middle
            else:
                beyond = middle

    def _strides(self, guess: float) -> Iterator[float]:
        limit = self.effort.strengths
        strength = min(max(guess, 1 / limit), limit)
        while 1 / limit <= strength <= limit:
            yield strength
            strength *= 2 if guess > 1 else 0.5

    def _close(self, point: Point) -> bool:
        return self.meter.goal.off(point.value) <= self.effort.close
