"""Making the networks of a contest equal: each scaled to the flops or the latency that is wanted.

Images stay as they are, so depth and width alone are scaled. Flops are met within their range.
Latency is met by way of flops: networks are scaled to flops, measured, and the flops corrected
until the latency lies in the range; flops can be met finely, which a measured quantity cannot.
"""

from collections.abc import Callable
from math import sqrt
from typing import Any, assert_never

from netspace.contest_study import Equal, EqualFlops, EqualLatency
from netspace.design.complexity import count
from netspace.design.factors import Base, Weights
from netspace.design.network import Network
from netspace.design.reaching import Scaling, scaling
from netspace.errors import InfeasibleError
from netspace.train.latency import measure_latency

Measure = Callable[[Network], float]
Made = tuple[Network, tuple[str, ...]]
"""A network, and sentences on what was done to it."""

STEADY_RUNS = 200
"""Runs that a latency is the median of, where networks are scaled to it."""

STEPS = 12
"""Networks of one candidate that are measured on the way to a latency, at most."""

WAYS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("compound, resolution kept", {"by": "compound", "base": Base(gamma=1.0)}),
    (
        "depth and width, group widths and resolution kept",
        {"by": "fast", "weights": Weights(depth=1, width=4, group_width=0, resolution=0)},
    ),
    ("width", {"by": "width"}),
    ("depth", {"by": "depth"}),
)
"""How a candidate is made equal: the first way that comes to the goal."""


def steady_ms(network: Network) -> float:
    """Median milliseconds of one image on this machine, of more runs than usual."""
    return measure_latency(network, runs=STEADY_RUNS).median_ms


def made_equal(name: str, network: Network, equal: Equal, measure: Measure) -> Made:
    """The network at equal cost, untouched where it has that already.

    Raises InfeasibleError, naming the candidate and what was reached, where it cannot be.
    """
    match equal:
        case EqualFlops():
            return _by_flops(name, network, equal)
        case EqualLatency():
            return _by_latency(name, network, equal, measure)
        case _:
            assert_never(equal)


def _by_flops(name: str, network: Network, equal: EqualFlops) -> Made:
    low, high = equal.range
    if low <= count(network).flops <= high:
        return network, ()
    faults: list[str] = []
    found = _to_flops(network, (low + high) / 2, (low, high), faults)
    if found is None:
        raise _cannot(name, equal, "; ".join(faults))
    way, scaled = found
    return scaled.after, (f"scaled by {way}: {scaled.sentence}", *scaled.nudges)


def _to_flops(
    network: Network, goal: float, ends: tuple[float, float], faults: list[str]
) -> tuple[str, Scaling] | None:
    """By the first way that comes between the ends; what stood in the way of the others."""
    for way, options in WAYS:
        try:
            found = scaling(network, flops=goal, **options)
        except InfeasibleError as fault:
            faults.append(str(fault).partition("; ask for")[0])
            continue
        if ends[0] <= found.reached <= ends[1]:
            return way, found
        faults.append(f"{way} comes to flops {found.reached:,.0f}")
    return None


def _by_latency(name: str, network: Network, equal: EqualLatency, measure: Measure) -> Made:
    low, high = equal.range
    goal, took = (low + high) / 2, measure(network)
    if low <= took <= high:
        return network, ()
    own = float(count(network).flops)
    reached: list[tuple[float, float, str, Scaling]] = []
    brackets: list[tuple[float, float]] = [(own, took)]
    for _ in range(STEPS):
        flops = _next_flops(brackets, goal)
        found = _to_flops(network, flops, (0.9 * flops, 1.1 * flops), [])
        if found is None:
            break
        way, scaled = found
        took = measure(scaled.after)
        reached.append((abs(took / goal - 1), took, way, scaled))
        brackets.append((flops, took))
        if low <= took <= high:
            break
    if not reached:
        raise _cannot(name, equal, f"it takes {brackets[0][1]:.3g} ms as it is")
    _, took, way, scaled = min(reached, key=lambda one: one[0])
    if not low <= took <= high:
        raise _cannot(name, equal, f"the nearest takes {took:.3g} ms")
    flops = count(scaled.after).flops
    return scaled.after, (
        f"scaled by {way}, {own:,.0f} to {flops:,} flops, which take {took:.3g} ms",
        *scaled.nudges,
    )


def _next_flops(known: list[tuple[float, float]], goal: float) -> float:
    """Flops to try next: between those nearest to the goal on either side, if there are both.

    Latency grows with flops, but less than in proportion: a first step by the ratio of latencies
    falls short, and is repeated.
    """
    quick = [flops for flops, took in known if took < goal]
    slow = [flops for flops, took in known if took >= goal]
    if quick and slow and max(quick) < min(slow):
        return sqrt(max(quick) * min(slow))
    flops, took = known[-1]
    return flops * min(4.0, max(0.25, goal / took))


def _cannot(name: str, equal: Equal, reached: str) -> InfeasibleError:
    return InfeasibleError(
        f"candidate '{name}' cannot be scaled to {equal.sentence} on these images ({reached}); "
        "leave it out, or give a network of its family that is nearer"
    )
