"""How strongly to scale: the strengths around which a goal lies."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from netspace.design.factors import Factors
from netspace.design.goals import Meter
from netspace.design.network import Network
from netspace.design.scaling import apply
from netspace.errors import SpecError

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

# One step of a stage, such as its second block after a narrow first one, can change a small network
# by about this factor.
NEIGHBOURHOOD = 4
FINEST = 1.005


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
        return self._sorted(seen), passes

    def around(self, points: Sequence[Point]) -> tuple[Point, ...]:
        """Every network around these points that steps may bring to the goal, the nearest first.

        None beyond the network itself, where the factors turn round. For counts only: it takes
        hundreds of them.
        """
        strengths = [point.strength for point in (points[0], *filter(self._near, points))]
        low, high = min(strengths), max(strengths)
        if any(point.strength < 1 for point in points):
            ends = self.at(low / NEIGHBOURHOOD), self.at(min(high * NEIGHBOURHOOD, 1))
        else:
            ends = self.at(max(low / NEIGHBOURHOOD, 1)), self._furthest(high)
        return self._sorted(filter(self._near, (*ends, *self._between(*ends))))

    def _furthest(self, strength: float) -> Point:
        try:
            return self.at(strength * NEIGHBOURHOOD)
        except SpecError:  # such as a custom block that cannot be repeated so often
            return self.at(strength)

    def _near(self, point: Point) -> bool:
        return 1 / NEIGHBOURHOOD <= point.value / self.meter.goal.value <= NEIGHBOURHOOD

    def _between(self, low: Point, high: Point) -> Iterator[Point]:
        """Halvings down to the finest step; between equal ends there is no other network."""
        if low.network != high.network and high.strength / low.strength > FINEST:
            middle = self.at(math.sqrt(low.strength * high.strength))
            yield middle
            yield from self._between(low, middle)
            yield from self._between(middle, high)

    def _sorted(self, points: Iterable[Point]) -> tuple[Point, ...]:
        """Each network once, at the first of its strengths; the nearest to the goal first."""
        distinct: dict[Network, Point] = {}
        for point in points:
            distinct.setdefault(point.network, point)
        return tuple(sorted(distinct.values(), key=lambda point: self.meter.goal.off(point.value)))

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
