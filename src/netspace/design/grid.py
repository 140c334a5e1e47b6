"""The grid over depth, width and resolution behind compound scaling (Tan & Le 2019, step 1).

All ways to share a factor of flops out, counted after rounding. The search that finds alpha, beta
and gamma trains one network for each of them.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from netspace.design.complexity import Complexity
from netspace.design.factors import Base, Factors
from netspace.design.goals import goal
from netspace.design.network import Network
from netspace.design.reaching import OWN, Scaling, reach
from netspace.errors import InfeasibleError, UserError

SHARES = 10

Place = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class GridPoint:
    """One way to share the factor out: alpha for depth, beta for width, gamma for resolution.

    These are before all rounding, and not all 1; the network is after rounding and nudges, its
    flops within 2 % of the goal.
    """

    alpha: float
    beta: float
    gamma: float
    network: Network
    complexity: Complexity
    reached: Factors

    @property
    def base(self) -> Base:
        """For scaling in the same way to other factors; depths round as in the grid."""
        return Base(alpha=self.alpha, beta=self.beta, gamma=self.gamma, depths="nearest")


def grid(network: Network, factor: float, *, points: int = 12) -> tuple[GridPoint, ...]:
    """Distinct networks at one factor of flops, as unlike each other as can be; by alpha.

    None is smaller than the given one in a dimension, and none scales one dimension alone, where
    steps allow. There are fewer than `points` if the network is too small for more. Depths go to
    the nearest, as rounding up would deepen every stage for any alpha above 1. Raises UserError for
    a factor of at most 1, or if there is no such network.
    """
    if not 1 < factor < math.inf:
        raise UserError(f"factor {factor:g} of a grid must be above 1 and finite; 2 is usual")
    if points < 1:
        raise UserError(f"points {points} of a grid must be at least 1; 10 or more are usual")
    found = _distinct(network, factor)
    if not found:
        raise InfeasibleError(
            f"no shares of depth, width and resolution come within 2 % of factor {factor:g}; the "
            "network's steps are too coarse: use another factor, or more or wider stages"
        )
    return tuple(sorted(_spread(found, points), key=lambda p: (p.alpha, p.beta, p.gamma)))


def _distinct(network: Network, factor: float) -> dict[GridPoint, Place]:
    """All points, each network once, with their places on the triangle of shares."""
    found: dict[Network, GridPoint] = {}
    for base in _bases(factor):
        try:
            scaled = _scaled(network, factor, base)
        except InfeasibleError:
            continue
        if scaled.hit and _asked(scaled.asked) and _grown(scaled.factors):
            found.setdefault(scaled.after, _point(scaled))
    return {point: _place(point.reached) for point in found.values()}


def _bases(factor: float) -> Iterator[Base]:
    """Shares of the factor in tenths, except all for one dimension."""
    for depth in range(SHARES):
        for width in range(min(SHARES, SHARES + 1 - depth)):
            resolution = SHARES - depth - width
            if resolution < SHARES:
                yield Base(
                    alpha=factor ** (depth / SHARES),
                    beta=factor ** (width / SHARES / 2),
                    gamma=factor ** (resolution / SHARES / 2),
                    depths="nearest",
                )


def _scaled(network: Network, factor: float, base: Base) -> Scaling:
    def path(strength: float) -> Factors:
        return base.power(math.log(strength) / math.log(base.product))

    wanted = goal(network, factor=factor)
    return reach(network, wanted, path, method="compound", own=OWN["compound"], thorough=False)


def _point(scaled: Scaling) -> GridPoint:
    return GridPoint(
        alpha=scaled.asked.depth,
        beta=scaled.asked.width,
        gamma=scaled.asked.resolution,
        network=scaled.after,
        complexity=scaled.complexity_after,
        reached=scaled.factors,
    )


def _asked(asked: Factors) -> bool:
    """Whether there is something to scale on by; single steps alone can reach a factor too."""
    return not asked.nothing and _grown(asked)


def _grown(reached: Factors) -> bool:
    return min(reached.depth, reached.width, reached.resolution) >= 1


def _place(reached: Factors) -> Place:
    """What each dimension adds to the flops, as logarithms."""
    width, resolution = 2 * math.log(reached.width), 2 * math.log(reached.resolution)
    return math.log(reached.depth), width, resolution


def _spread(found: Mapping[GridPoint, Place], points: int) -> list[GridPoint]:
    """The most balanced point, then again and again the one farthest from those chosen."""
    chosen = [min(found, key=lambda point: max(found[point]) - min(found[point]))]
    left = [point for point in found if point != chosen[0]]
    while left and len(chosen) < points:
        farthest = max(
            left, key=lambda point: min(math.dist(found[point], found[one]) for one in chosen)
        )
        chosen.append(farthest)
        left.remove(farthest)
    return chosen
