"""Scaling to a goal: a factor, a count, or whatever can be measured of a network.

Rounded factors seldom land on a goal. So the strength of the method is searched for the nearest,
then single stages are moved by one step, as few as it takes to come within the tolerance. Where
that misses a count, many more strengths are tried in the same way.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

from netspace.design.complexity import Complexity, count
from netspace.design.factors import PRESETS, Base, Factors, Weights, factors
from netspace.design.goals import Goal, Measure, Meter, goal
from netspace.design.network import Network
from netspace.design.nudging import Dimension, Nudged, Nudging, nudge, said
from netspace.design.scaling import apply, between
from netspace.design.strength import Path, Point, Search
from netspace.design.units import format_size
from netspace.design.widths import units
from netspace.errors import InfeasibleError, UnknownNameError

TOLERANCE = 0.02
OWN: dict[str, tuple[Dimension, ...]] = {
    "compound": ("depth", "width"),
    "depth": ("depth",),
    "width": ("width",),
    "resolution": (),
    "fast": ("depth", "width"),
}
Start = tuple[Point, Nudged]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """One network scaled into another.

    quantity, wanted, reached: what was to be reached, and what was. asked: the factors before all
    rounding. nudges: sentences on the single stages that were moved by one step.
    """

    before: Network
    after: Network
    method: str
    quantity: str
    wanted: float
    reached: float
    asked: Factors
    nudges: tuple[str, ...]
    sentence: str

    @property
    def hit(self) -> bool:
        """Whether the goal was reached within 2 %."""
        return abs(self.reached / self.wanted - 1) <= TOLERANCE

    @property
    def factors(self) -> Factors:
        """What the dimensions were multiplied by, after all rounding."""
        return between(self.before, self.after)

    @property
    def complexity_before(self) -> Complexity:
        """Counts of the network that was scaled."""
        return count(self.before)

    @property
    def complexity_after(self) -> Complexity:
        """Counts of the scaled network."""
        return count(self.after)


def by_preset(network: Network, name: str) -> Scaling:
    """The network at EfficientNet's published factors, b0 to b7. Raises UnknownNameError."""
    if name not in PRESETS:
        raise UnknownNameError.of("preset", name, tuple(PRESETS))
    after = apply(network, PRESETS[name])
    flops, own = count(after).flops, count(network).flops
    return Scaling(
        before=network,
        after=replace(after, name=f"{network.name} at {name}" if network.name else ""),
        method=f"preset {name}",
        quantity="flops",
        wanted=flops,
        reached=flops,
        asked=PRESETS[name].factors,
        nudges=(),
        sentence=f"flops {format_size(flops)}, {flops / own:.3g} times as much as before",
    )


def scale(
    network: Network,
    *,
    factor: float | None = None,
    flops: float | None = None,
    params: float | None = None,
    activations: float | None = None,
    measure: Measure | None = None,
    target: float | None = None,
    by: str = "compound",
    alpha: float = 1.2,
    beta: float = 1.1,
    gamma: float = 1.15,
    weights: Weights | None = None,
) -> Network:
    """The network scaled to one goal within 2 %, by compound, depth, width, resolution or fast.

    factor is of flops; measure with target is any quantity, such as a latency. Warns with the
    nearest that is found where the goal is missed. Raises UserError for goals out of reach.
    """
    found = scaling(
        network,
        factor=factor,
        flops=flops,
        params=params,
        activations=activations,
        measure=measure,
        target=target,
        by=by,
        base=Base(alpha=alpha, beta=beta, gamma=gamma),
        weights=weights,
    )
    if not found.hit:
        warnings.warn(found.sentence, stacklevel=2)
    return found.after


def scaling(
    network: Network,
    *,
    factor: float | None = None,
    flops: float | None = None,
    params: float | None = None,
    activations: float | None = None,
    measure: Measure | None = None,
    target: float | None = None,
    quantity: str = "measure",
    by: str = "compound",
    base: Base | None = None,
    weights: Weights | None = None,
) -> Scaling:
    """As `scale`, with all that can be said about it; `quantity` names what `measure` measures."""
    wanted = goal(
        network,
        factor=factor,
        flops=flops,
        params=params,
        activations=activations,
        measure=measure,
        target=target,
        quantity=quantity,
    )

    def path(strength: float) -> Factors:
        return factors(by, strength, base=base, weights=weights)

    return reach(network, wanted, path, method=by, own=OWN.get(by, ()))


def reach(
    network: Network,
    wanted: Goal,
    path: Path,
    *,
    method: str,
    own: tuple[Dimension, ...],
    thorough: bool = True,
) -> Scaling:
    """The network nearest to a goal that is found on a path of factors, with nudges as it takes.

    thorough: whether to try many more strengths, for a second or so, where a count is missed.
    Raises InfeasibleError if the goal lies outside what the path comes to.
    """
    count(network)  # says what is wrong with a network that cannot be counted
    search = Search(network=network, path=path, meter=Meter(goal=wanted))
    points, passes = search.points()
    point, found = _nudged(search, points, own)
    if thorough and passes and wanted.exact and wanted.off(found.value) > TOLERANCE:
        point, found = _denser(search, (point, found), points, own)
    if wanted.off(found.value) > TOLERANCE and not passes:
        raise InfeasibleError(
            f"{wanted.said(wanted.value)} is out of reach by {method}; the nearest is "
            f"{wanted.said(points[0].value)}; ask for that, or scale by another method"
        )
    return Scaling(
        before=network,
        after=_named(found.network, network, wanted, method),
        method=method,
        quantity=wanted.quantity,
        wanted=wanted.value,
        reached=found.value,
        asked=path(point.strength),
        nudges=said(point.network, found.network),
        sentence=_sentence(wanted, found.value, search.meter(network), method),
    )


def _nudged(search: Search, points: Sequence[Point], own: tuple[Dimension, ...]) -> Start:
    """The point and its nudges that come nearest; of the two nearest that hit, the fewer nudges."""
    wanted = search.meter.goal
    starts = points[:6] if wanted.exact else points[:1]
    found: list[Start] = []
    for point in starts:
        found.append(_tried(search, point, own, len(search.network.stages)))
        hits = [pair for pair in found if wanted.off(pair[1].value) <= TOLERANCE]
        if hits and (len(found) > 1 or len(hits[0][1].nudges) <= 1):
            return min(hits, key=lambda pair: len(pair[1].nudges))
    return min(found, key=lambda pair: wanted.off(pair[1].value))


def _denser(
    search: Search, best: Start, points: Sequence[Point], own: tuple[Dimension, ...]
) -> Start:
    """As `_nudged` from many more strengths: with single nudges from all, then with more."""
    starts = search.around(points)
    for stages in (1, len(search.network.stages)):
        found = [_tried(search, point, own, stages) for point in starts]
        best = min((best, *found), key=lambda pair: search.meter.goal.off(pair[1].value))
        if search.meter.goal.off(best[1].value) <= TOLERANCE:
            break
    return best


def _tried(search: Search, point: Point, own: tuple[Dimension, ...], stages: int) -> Start:
    start = Nudged(network=point.network, value=point.value)
    return point, nudge(start, _plan(search, point, own, stages))


def _plan(search: Search, point: Point, own: tuple[Dimension, ...], stages: int) -> Nudging:
    meter = search.meter
    flops = count(point.network).flops

    def expect(network: Network) -> float:
        return point.value * count(network).flops / flops

    return Nudging(
        meter=meter,
        tolerance=TOLERANCE,
        units=units(search.network),
        own=own,
        forward=point.network == search.network,
        expect=meter if meter.goal.exact else expect,
        stages=stages,
        tries=12 if meter.goal.exact else 4,
        most=2000 if meter.goal.exact else 16,
    )


def _named(after: Network, before: Network, wanted: Goal, method: str) -> Network:
    """The scaled network under a name of its own; an unchanged one as it was."""
    if after == before:
        return before
    name = f"{before.name} by {method}" if before.name else ""
    return replace(after, name=name, note=f"scaled to {wanted.said(wanted.value)}")


def _sentence(wanted: Goal, value: float, own: float, method: str) -> str:
    reached = f"{wanted.said(value)}, {value / own:.3g} times as much as before"
    if wanted.off(value) <= TOLERANCE:
        return f"{reached}, within 2 % of {wanted.said(wanted.value)}"
    off = f"{100 * (value / wanted.value - 1):+.1f} %"
    return (
        f"{reached}, is the nearest found by {method} scaling and single "
        f"steps to {wanted.said(wanted.value)} ({off}); another method may come nearer"
    )
