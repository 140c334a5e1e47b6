"""What a scaling is to reach: a count or a measured quantity, and the number wanted of it."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from netspace.design.complexity import count
from netspace.design.network import Network
from netspace.design.units import format_size
from netspace.errors import SpecError, UserError

Measure = Callable[[Network], float]
COUNTS = ("flops", "params", "activations")


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """So much of a quantity. Counts are exact and cheap; anything else is measured sparingly."""

    quantity: str
    value: float
    measure: Measure

    @property
    def exact(self) -> bool:
        """Whether the quantity is counted."""
        return self.quantity in COUNTS

    def off(self, value: float) -> float:
        """Distance from the goal, as a share of it."""
        return abs(value / self.value - 1)

    def said(self, value: float) -> str:
        """'flops 400M', 'latency 5.2'."""
        return f"{self.quantity} {format_size(value) if self.exact else format(value, '.4g')}"


@dataclass(slots=True)
class Meter:
    """Measures each network once; one that is too small for its layers measures 0."""

    goal: Goal
    known: dict[Network, float] = field(default_factory=dict)

    def __call__(self, network: Network) -> float:
        """The quantity of a network."""
        if network not in self.known:
            self.known[network] = self._measured(network)
        return self.known[network]

    def _measured(self, network: Network) -> float:
        try:
            value = self.goal.measure(network)
        except SpecError:
            return 0.0
        if not 0 < value < math.inf:
            raise UserError(
                f"{self.goal.quantity} of a network came out as {value}; it must be above 0"
            )
        return value


def goal(
    network: Network,
    *,
    factor: float | None = None,
    flops: float | None = None,
    params: float | None = None,
    activations: float | None = None,
    measure: Measure | None = None,
    target: float | None = None,
    quantity: str = "measure",
) -> Goal:
    """The one goal that is given. Raises UserError if there is none, or more than one."""
    if (measure is None) != (target is None):
        raise UserError("measure and target go together: what to measure, and how much of it")
    options = {
        "factor": factor,
        "flops": flops,
        "params": params,
        "activations": activations,
        "target": target,
    }
    given = {name: value for name, value in options.items() if value is not None}
    if len(given) != 1:
        raise UserError(
            "give exactly one of factor, flops, params, activations, or measure with target; "
            f"given: {' and '.join(given) or 'none'}"
        )
    ((name, value),) = given.items()
    if not 0 < value < math.inf:
        raise UserError(f"{name} {value:g} must be a finite number above 0")
    if measure is not None:
        return Goal(quantity=quantity, value=value, measure=measure)
    counted = "flops" if name == "factor" else name
    wanted = value * _counted(counted)(network) if name == "factor" else value
    return Goal(quantity=counted, value=wanted, measure=_counted(counted))


def _counted(name: str) -> Measure:
    return lambda network: float(getattr(count(network), name))
