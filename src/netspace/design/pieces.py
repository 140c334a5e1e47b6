"""What blocks, stems and heads are put together from: convolutions, squeezes, pooling."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from netspace.design.elementwise import (
    Rounding,
    anywhere,
    at_least,
    everywhere,
    is_single,
    rounded,
)
from netspace.design.layers import (
    Act,
    Activation,
    Chain,
    Conv,
    Gate,
    GlobalPool,
    Layer,
    Norm,
    Pool,
    When,
)
from netspace.errors import SpecError

Steps = Iterable[tuple[str, Layer]]


def positive(**numbers: int) -> None:
    """Raise SpecError unless every number is at least 1."""
    for name, number in numbers.items():
        if not everywhere(number >= 1):
            raise SpecError(f"{name} {number} must be at least 1")


def odd(**numbers: int) -> None:
    """Raise SpecError unless every number is odd and at least 1."""
    for name, number in numbers.items():
        if not everywhere((number >= 1) & (number % 2 == 1)):
            raise SpecError(f"{name} {number} must be odd and at least 1; use 3 or 5")


def not_negative(**numbers: int | None) -> None:
    """Raise SpecError unless every number that is there is at least 0."""
    for name, number in numbers.items():
        if number is not None and not everywhere(number >= 0):
            raise SpecError(f"{name} {number} must be at least 0")


def positive_finite(**numbers: float) -> None:
    """Raise SpecError unless every number is above 0 and finite."""
    for name, number in numbers.items():
        if not everywhere((number > 0) & (number < math.inf)):
            raise SpecError(f"{name} {number} must be above 0 and finite")


def share(**numbers: float) -> None:
    """Raise SpecError unless every number is at least 0 and below 1."""
    for name, number in numbers.items():
        if not everywhere((number >= 0) & (number < 1)):
            raise SpecError(f"{name} {number} must be at least 0 and below 1")


def check_pooling(kernel: int, padding: int) -> None:
    """Raise SpecError unless every window of this side sees some of the map."""
    positive(kernel=kernel)
    if not everywhere((padding >= 0) & (padding <= kernel // 2)):
        raise SpecError(
            f"pooling padding {padding} must be at least 0 and at most half of kernel {kernel}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Squeeze:
    """Squeeze-and-excitation: squeeze width = ratio x the width of `source`, rounded.

    place: behind the block's inner convolution (RegNetY, MBConv), or behind its last (SE-ResNet).
    In a batch, a network whose ratio is 0 has none. Source: Hu et al. 2018.
    """

    ratio: float
    source: Literal["input", "inner", "output"] = "input"
    rounding: Rounding = "nearest"
    act: Activation = "relu"
    gate: Activation = "sigmoid"
    place: Literal["inner", "output"] = "inner"

    def __post_init__(self) -> None:
        above = self.ratio > 0 if is_single(self.ratio) else self.ratio >= 0
        if not everywhere(above & (self.ratio <= 1)):
            raise SpecError(f"se ratio {self.ratio} must be above 0 and at most 1; 0.25 is usual")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooling:
    """How to pool: the window's function, its side and its zero padding; the stride comes apart.

    round_up: a last window that reaches over the edge still gives an output.
    """

    function: Literal["max", "mean"] = "max"
    kernel: int = 2
    padding: int = 0
    round_up: bool = False

    def __post_init__(self) -> None:
        check_pooling(self.kernel, self.padding)

    def layer(self, stride: int) -> Pool:
        """The layer that pools with this stride."""
        return Pool(
            function=self.function,
            kernel=self.kernel,
            stride=stride,
            padding=self.padding,
            round_up=self.round_up,
        )


def chain(*groups: Steps) -> Chain:
    """The steps of all groups, one after the other."""
    return Chain(steps=tuple(step for group in groups for step in group))


def convolution(
    name: str, conv: Conv, norm_eps: float | None, act: Activation | None
) -> Iterator[tuple[str, Layer]]:
    """The steps conv, norm and activation: `a`, `a_norm`, `a_act`; without those that are None."""
    yield name, conv
    if norm_eps is not None:
        yield f"{name}_norm", Norm(eps=norm_eps)
    if act is not None:
        yield f"{name}_act", Act(function=act)


def optional(present: bool, steps: Steps) -> Steps:
    """The steps if they are there; in a batch where only some networks have them, each a When."""
    if everywhere(present):
        return steps
    if not anywhere(present):
        return ()
    return ((name, When(present=present, layer=layer)) for name, layer in steps)


def squeeze(
    se: Squeeze | None, place: Literal["inner", "output"], width_in: int, inner: int, width: int
) -> Iterator[tuple[str, Layer]]:
    """The gate's step, if there is a squeeze in this place: over the inner or the output map."""
    if se is None or se.place != place:
        return
    source = {"input": width_in, "inner": inner, "output": width}[se.source]
    squeezed = at_least(rounded(source * se.ratio, se.rounding), 1)
    body = Chain(
        steps=(
            ("pool", GlobalPool()),
            ("down", Conv(width=squeezed, kernel=1, bias=True)),
            ("act", Act(function=se.act)),
            ("up", Conv(width=inner if place == "inner" else width, kernel=1, bias=True)),
            ("gate", Act(function=se.gate)),
        )
    )
    yield from optional(se.ratio != 0, [("se", Gate(body=body))])
