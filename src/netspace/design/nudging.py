"""Single stages moved by one step, where rounded factors miss a goal."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from math import comb
from typing import Literal, get_args

from netspace.design.blocks import keeps_map
from netspace.design.custom import Custom
from netspace.design.goals import Measure, Meter
from netspace.design.grouping import Units
from netspace.design.network import Network, Stage
from netspace.design.widths import stepped

Dimension = Literal["depth", "width"]
STEPS: tuple[Literal[-1, 1], ...] = (-1, 1)
SETS_AT_MOST = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudge:
    """A stage (counted from 0) one block deeper or shallower, or one step wider or narrower."""

    stage: int
    dimension: Dimension
    step: Literal[-1, 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudged:
    """A network, the nudges that made it, and what was measured of it."""

    network: Network
    nudges: tuple[Nudge, ...] = ()
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudging:
    """Where to nudge to, by which steps and with how much effort.

    own: dimensions to try first; forward: move one of them towards the goal, none of them back;
    expect: about what `meter` will say, without its cost; stages: how many may be moved; tries:
    measurements for each number of nudges; most: measurements altogether.
    """

    meter: Meter
    tolerance: float
    units: Units
    own: tuple[Dimension, ...]
    forward: bool
    expect: Measure
    stages: int
    tries: int
    most: int

    def hit(self, found: Nudged) -> bool:
        """Whether the goal is reached."""
        return self.meter.goal.off(found.value) <= self.tolerance


def nudge(start: Nudged, plan: Nudging) -> Nudged:
    """The network with the fewest nudges within the tolerance, else the nearest found."""
    best, left = start, plan.most
    if plan.hit(best):
        return best
    for candidates in _rounds(start.network, plan):
        tried = candidates[: min(plan.tries, left)]
        left -= len(tried)
        found = [_measured(start.network, nudges, plan) for nudges in tried]
        best = min((best, *found), key=lambda nudged: plan.meter.goal.off(nudged.value))
        if plan.hit(best) or not left:
            break
    return best


def moved(network: Network, nudges: Iterable[Nudge], units: Units) -> Network:
    """The network with these nudges."""
    stages = list(network.stages)
    for one in nudges:
        stage = _moved(stages[one.stage], one, units)
        assert stage is not None, "only valid nudges are asked for"
        stages[one.stage] = stage
    return replace(network, stages=tuple(stages))


def said(before: Network, after: Network) -> tuple[str, ...]:
    """The stages in which two networks differ: 'stage 2: width 64 -> 72'."""
    return tuple(
        f"stage {number}: {name} {getattr(old, name)} -> {getattr(new, name)}"
        for number, (old, new) in enumerate(zip(before.stages, after.stages, strict=True), start=1)
        for name in ("depth", "width")
        if getattr(old, name) != getattr(new, name)
    )


def _moved(stage: Stage, nudge: Nudge, units: Units) -> Stage | None:
    if isinstance(stage.block, Custom):
        return None
    if nudge.dimension == "width":
        return stepped(stage, nudge.step, units)
    if not keeps_map(stage.block):
        return None
    depth = stage.depth + nudge.step
    return replace(stage, depth=depth) if depth > 0 else None


def _measured(network: Network, nudges: tuple[Nudge, ...], plan: Nudging) -> Nudged:
    other = moved(network, nudges, plan.units)
    return Nudged(network=other, nudges=nudges, value=plan.meter(other))


def _rounds(network: Network, plan: Nudging) -> Iterator[list[tuple[Nudge, ...]]]:
    """Sets of nudges to try: first few nudges, then more; own dimensions before all; best first."""
    expected = plan.expect(network)
    changes = {
        one: plan.expect(moved(network, (one,), plan.units)) - expected
        for one in _valid(network, plan.units)
    }
    gap = plan.meter.goal.value - expected
    # A method without a dimension of its own here, such as resolution, moves whatever there is.
    dimensions = plan.own or get_args(Dimension)
    own = [one for one in changes if one.dimension in dimensions]
    every = list(changes)
    if plan.forward:
        own = [one for one in own if changes[one] * gap > 0]
        every = own + [one for one in changes if one.dimension not in dimensions]

    def miss(chosen: tuple[Nudge, ...]) -> float:
        return abs(sum(changes[one] for one in chosen) - gap)

    for number in range(1, min(plan.stages, len(network.stages)) + 1):
        for options in (own, every):
            if comb(len(options), number) <= SETS_AT_MOST:
                sets = _sets(options, number, own if plan.forward else options)
                yield sorted(sets, key=miss)


def _valid(network: Network, units: Units) -> Iterator[Nudge]:
    for index, stage in enumerate(network.stages):
        for dimension in get_args(Dimension):
            for step in STEPS:
                one = Nudge(stage=index, dimension=dimension, step=step)
                if _moved(stage, one, units) is not None:
                    yield one


def _sets(options: list[Nudge], number: int, needed: list[Nudge]) -> Iterator[tuple[Nudge, ...]]:
    """Sets of so many nudges, at most one for each stage, and one of the needed among them."""
    for chosen in combinations(options, number):
        if len({one.stage for one in chosen}) == number and any(one in needed for one in chosen):
            yield chosen
