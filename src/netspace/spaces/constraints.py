"""Bounds on what a network costs: ranges, and the limits that RegNets keep.

A constraint sees `Measured` columns and says how far each network is from meeting it.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Discriminator

from netspace.design.units import format_range
from netspace.errors import SpecError
from netspace.spaces.ranges import Floats

Quantity = Literal["flops", "params", "activations", "stages"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What N networks cost, as arrays."""

    flops: NDArray[np.int64]
    params: NDArray[np.int64]
    activations: NDArray[np.int64]
    stages: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A quantity from low to high, both included; None is an open end."""

    kind: Literal["bound"] = "bound"
    quantity: Quantity
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if self.low is None and self.high is None:
            raise SpecError(f"bound on {self.quantity} needs a low or a high end")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise SpecError(
                f"bound on {self.quantity} is empty: low end {self.low:g} is above {self.high:g}"
            )

    def excess(self, measured: Measured) -> Floats:
        """How far off each network is: |log(value / nearer end)|, 0 inside."""
        value: NDArray[np.int64] = getattr(measured, self.quantity)
        off = np.zeros(len(value))
        if self.high is not None:
            off = np.maximum(off, _log_ratio(value, self.high))
        if self.low is not None:
            off = np.maximum(off, -_log_ratio(value, self.low))
        return off

    @property
    def sentence(self) -> str:
        """The constraint in words."""
        if self.low == self.high:
            return f"exactly {format_range(self.low, self.high)} {self.quantity}"
        return f"{self.quantity} in {format_range(self.low, self.high)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationLimit:
    """activations <= factor x sqrt(flops), in millions and GF (Radosavovic et al. 2020, sec. 4)."""

    kind: Literal["activation_limit"] = "activation_limit"
    factor: float = 6.5

    def excess(self, measured: Measured) -> Floats:
        """How far above the limit each network is, as a log-ratio; 0 inside."""
        limit = self.factor * 1e6 * np.sqrt(measured.flops / 1e9)
        return np.maximum(0.0, _log_ratio(measured.activations, limit))

    @property
    def sentence(self) -> str:
        """The constraint in words."""
        return f"activations <= {self.factor:g}M x sqrt(flops in G)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamLimit:
    """params <= base + slope x flops, in millions and GF (Radosavovic et al. 2020, sec. 4)."""

    kind: Literal["param_limit"] = "param_limit"
    base: float = 3.0
    slope: float = 5.5

    def excess(self, measured: Measured) -> Floats:
        """How far above the limit each network is, as a log-ratio; 0 inside."""
        limit = 1e6 * (self.base + self.slope * measured.flops / 1e9)
        return np.maximum(0.0, _log_ratio(measured.params, limit))

    @property
    def sentence(self) -> str:
        """The constraint in words."""
        return f"params <= {self.base:g}M + {self.slope:g}M x flops in G"


Constraint = Annotated[Bound | ActivationLimit | ParamLimit, Discriminator("kind")]


def _log_ratio(value: NDArray[np.int64], reference: float | NDArray[np.floating]) -> Floats:
    return np.log(np.maximum(value, 1e-9) / np.maximum(reference, 1e-9))
