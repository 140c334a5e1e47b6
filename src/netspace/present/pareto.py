"""Where the networks of a contest stand between error and a cost, and what noise leaves open."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import Literal, TypeAlias

import numpy as np

from netspace.contest_study import Origin
from netspace.present.published import MEASURED, SOURCES, Cost
from netspace.present.wording import listed
from netspace.search.front import front

Place: TypeAlias = Literal["front", "open", "behind"]
"""On the front; on it or not, which noise decides; not on it."""

PLACES: Mapping[Place, str] = {
    "front": "On the front, beyond the noise",
    "open": "On the front or not, within the noise",
    "behind": "Behind the front, beyond the noise",
}

RULE = (
    "Filled: on the front, as every network that costs no more has a really larger error. Pale: "
    "behind it, as one that costs no more has a really smaller error. Hollow: on it or not, as "
    "other seeds might decide. The line is the front of the mean errors."
)
APART = "A difference is real here where the two intervals do not touch."
AS_MEASURED = "Latencies are taken as measured, without the noise of measuring them."
BACKDROP = (
    "Published networks on ImageNet have axes of their own: neither errors nor costs compare with "
    "the contest's. Lines join families that one recipe trained; grey dots are trained by others, "
    "and recipes move errors as much as networks do. Errors above the panel are left out."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A network of a contest.

    error: mean over its seeds, in percent. low, high: of its interval, infinite where none is
    known. costs: flops, params and activations per image, and milliseconds by the name of a
    backend; what is not there was not measured.
    """

    name: str
    kind: Origin
    error: float
    low: float
    high: float
    costs: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A point at one of its costs; lowest: of all points that cost no more, none has less error."""

    point: Point
    cost: float
    place: Place
    lowest: bool


Real: TypeAlias = Collection[tuple[str, str]]
"""Names of (better, worse) networks whose difference is real."""


def placed(points: Sequence[Point], cost: str, real: Real | None = None) -> tuple[Placed, ...]:
    """The points whose error and cost are known, the cheapest first, and how they stand; see RULE.

    real: None takes a difference for real where the intervals do not touch.
    """
    known = sorted(
        (point for point in points if isfinite(point.error + point.costs.get(cost, nan))),
        key=lambda point: (point.costs[cost], point.error),
    )
    values = np.array([(point.costs[cost], point.error) for point in known]).reshape(-1, 2)
    return tuple(
        Placed(
            point=point,
            cost=point.costs[cost],
            place=_place(point, [other for other in known if other is not point], cost, real),
            lowest=bool(lowest),
        )
        for point, lowest in zip(known, front(values), strict=True)
    )


def _place(point: Point, others: Sequence[Point], cost: str, real: Real | None) -> Place:
    rivals = [other for other in others if other.costs[cost] <= point.costs[cost]]
    if any(_better(other, point, real) for other in rivals):
        return "behind"
    return "front" if all(_better(point, other, real) for other in rivals) else "open"


def _better(one: Point, other: Point, real: Real | None) -> bool:
    return one.high < other.low if real is None else (one.name, other.name) in real


def pareto_words(points: Sequence[Point], cost: str, real: Real | None = None) -> tuple[str, ...]:
    """Who is on the front and what the marks mean, in sentences."""
    shown = placed(points, cost, real)
    said = [sentence for place in PLACES for sentence in _named(shown, place)]
    if len(points) > len(shown):
        known = {one.point.name for one in shown}
        absent = listed(point.name for point in points if point.name not in known)
        said.append(f"Not in the picture, as error or cost are not known: {absent}.")
    said += [RULE, *([APART] if real is None else [])]
    return (*said, AS_MEASURED) if published_cost(cost) == "cpu_ms" else tuple(said)


def backdrop_words(cost: str) -> tuple[str, ...]:
    """What the panel of published networks shows, and where they come from, in sentences."""
    timed = [MEASURED] if published_cost(cost) == "cpu_ms" else []
    return (BACKDROP, *timed, SOURCES)


def _named(shown: Sequence[Placed], place: Place) -> list[str]:
    names = [one.point.name for one in shown if one.place == place]
    return [f"{PLACES[place]}: {listed(names)}."] if names else []


def published_cost(cost: str) -> Cost:
    """What a published network is known to cost; for any backend, timm's milliseconds."""
    match cost:
        case "flops" | "params" | "activations":
            return cost
        case _:
            return "cpu_ms"
