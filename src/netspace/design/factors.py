"""How much of a factor goes to depth, width and resolution: the known methods, as numbers.

A method turns a strength s, the factor that it means for flops, into factors on the dimensions.
Flops grow with depth x width^2 x resolution^2, so each method's factors multiply to s in this way.
Sources: Tan & Le 2019 (compound, presets), Dollár et al. 2021 (fast).
"""

import math
from dataclasses import dataclass
from typing import Literal, get_args

from netspace.errors import SpecError, UnknownNameError, UserError

Method = Literal["compound", "depth", "width", "resolution", "fast"]
DepthRounding = Literal["up", "nearest"]
METHODS: tuple[Method, ...] = get_args(Method)
DIMENSIONS = ("depth", "width", "group_width", "resolution")


def _check_positive(**numbers: float) -> None:
    for name, number in numbers.items():
        if not 0 < number < math.inf:
            raise UserError(f"{name} {number} must be a finite number above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """What depth, widths, group widths and resolution are multiplied by; 1 leaves as it is.

    depths: how the numbers of blocks are rounded.
    """

    depth: float = 1.0
    width: float = 1.0
    group_width: float = 1.0
    resolution: float = 1.0
    depths: DepthRounding = "up"

    def __post_init__(self) -> None:
        for name in DIMENSIONS:
            _check_positive(**{f"{name} factor": getattr(self, name)})

    @property
    def nothing(self) -> bool:
        """Whether every factor is 1."""
        return all(getattr(self, name) == 1 for name in DIMENSIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """alpha, beta, gamma: what one step of compound scaling multiplies the dimensions by.

    alpha is for depth, beta for width, gamma for resolution; depths round up as published.
    """

    alpha: float = 1.2
    beta: float = 1.1
    gamma: float = 1.15
    depths: DepthRounding = "up"

    def __post_init__(self) -> None:
        for name in ("alpha", "beta", "gamma"):
            if not 1 <= getattr(self, name) < math.inf:
                raise SpecError(f"{name} {getattr(self, name)} must be at least 1 and finite")
        if self.product == 1:
            raise SpecError("alpha, beta and gamma must not all be 1; 1.2, 1.1 and 1.15 are usual")

    @property
    def product(self) -> float:
        """The factor that one step means for flops: alpha x beta^2 x gamma^2."""
        return self.alpha * self.beta**2 * self.gamma**2

    def power(self, phi: float) -> Factors:
        """The factors of phi steps; group widths go along with widths."""
        width = self.beta**phi
        return Factors(
            depth=self.alpha**phi,
            width=width,
            group_width=width,
            resolution=self.gamma**phi,
            depths=self.depths,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Shares of a factor for the fast family: the numbers in d1_w8_g8_r1.

    Depths go to the nearest whole number, as published; rounded up, a stage of one block would
    double at a depth factor of 1.07.
    """

    depth: float = 1
    width: float = 8
    group_width: float = 8
    resolution: float = 1

    def __post_init__(self) -> None:
        for name in DIMENSIONS:
            weight = getattr(self, name)
            if not 0 <= weight < math.inf:
                raise SpecError(f"weight {weight} of {name} must be at least 0 and finite")
        if self.total == 0:
            raise SpecError("the weights of depth, width and resolution must not all be 0")

    @property
    def total(self) -> float:
        """What the shares are of; group width is not part of it."""
        return self.depth + self.width + self.resolution

    def power(self, strength: float) -> Factors:
        """The factors of a strength."""
        return Factors(
            depth=strength ** (self.depth / self.total),
            width=strength ** (self.width / self.total / 2),
            group_width=strength ** (self.group_width / self.total / 2),
            resolution=strength ** (self.resolution / self.total / 2),
            depths="nearest",
        )


def factors(
    method: str,
    strength: float,
    *,
    base: Base | None = None,
    weights: Weights | None = None,
) -> Factors:
    """The factors of a method at a strength; `base` is for compound, `weights` for fast.

    With the widths go the group widths, so that twice the width is four times the flops in grouped
    convolutions too; a depthwise convolution has no group width and stays depthwise.
    """
    _check_positive(factor=strength)
    match method:
        case "compound":
            base = base or Base()
            return base.power(math.log(strength) / math.log(base.product))
        case "depth":
            return Factors(depth=strength, depths="nearest")
        case "width":
            return Factors(width=math.sqrt(strength), group_width=math.sqrt(strength))
        case "resolution":
            return Factors(resolution=math.sqrt(strength))
        case "fast":
            return (weights or Weights()).power(strength)
        case _:
            raise UnknownNameError.of("scaling method", str(method), METHODS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Published factors of a member of a family; resolution in pixels, from 224."""

    depth: float
    width: float
    resolution: int
    dropout: float

    @property
    def factors(self) -> Factors:
        """The same as factors."""
        return Factors(
            depth=self.depth,
            width=self.width,
            group_width=self.width,
            resolution=self.resolution / 224,
        )


# Tan & Le 2019, in the numbers of their published code.
PRESETS = {
    "b0": Preset(width=1.0, depth=1.0, resolution=224, dropout=0.2),
    "b1": Preset(width=1.0, depth=1.1, resolution=240, dropout=0.2),
    "b2": Preset(width=1.1, depth=1.2, resolution=260, dropout=0.3),
    "b3": Preset(width=1.2, depth=1.4, resolution=300, dropout=0.3),
    "b4": Preset(width=1.4, depth=1.8, resolution=380, dropout=0.4),
    "b5": Preset(width=1.6, depth=2.2, resolution=456, dropout=0.4),
    "b6": Preset(width=1.8, depth=2.6, resolution=528, dropout=0.5),
    "b7": Preset(width=2.0, depth=3.1, resolution=600, dropout=0.5),
}
