"""Each block once: its parameters, and the layers they mean.

A block is a frozen spec; `layers(block, width_in, width, stride)` gives its tree. Widths are output
channels. Sources: Radosavovic et al. 2020 (vanilla, basic, bottleneck = X and Y blocks),
Sandler et al. 2018 and Tan & Le 2019 (MBConv), Hu et al. 2018 (squeeze-and-excitation).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Literal, assert_never

from pydantic import Discriminator

from netspace.design.elementwise import (
    Rounding,
    at_least,
    at_most,
    everywhere,
    least_common_multiple,
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
    Residual,
    When,
)
from netspace.errors import SpecError


@dataclass(frozen=True, slots=True, kw_only=True)
class Squeeze:
    """Squeeze-and-excitation: squeeze width = ratio x the width of `source`, rounded."""

    ratio: float
    source: Literal["input", "inner", "output"] = "input"
    rounding: Rounding = "nearest"
    act: Activation = "relu"
    gate: Activation = "sigmoid"

    def __post_init__(self) -> None:
        if not 0 < self.ratio <= 1:
            raise SpecError(f"se ratio {self.ratio} must be above 0 and at most 1; 0.25 is usual")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vanilla:
    """Two 3x3 convolutions without a shortcut, the first one strided."""

    kind: Literal["vanilla"] = "vanilla"
    act: Activation = "relu"
    norm_eps: float = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class Basic:
    """Two 3x3 convolutions with a shortcut, the first one strided (ResNet-18's block)."""

    kind: Literal["basic"] = "basic"
    act: Activation = "relu"
    norm_eps: float = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class Bottleneck:
    """1x1, grouped 3x3, optional squeeze, 1x1, with a shortcut: ResNe(X)t's block, the X block.

    With a squeeze it is the Y block. Inner width = width / bottleneck_ratio; group_width None is
    an ungrouped convolution. The stride sits in the 3x3, or in the first 1x1 as first published.
    """

    kind: Literal["bottleneck"] = "bottleneck"
    bottleneck_ratio: float = 1
    group_width: int | None = None
    se: Squeeze | None = None
    stride_in: Literal["3x3", "1x1"] = "3x3"
    act: Activation = "relu"
    norm_eps: float = 1e-5

    def __post_init__(self) -> None:
        if not everywhere((self.bottleneck_ratio > 0) & (self.bottleneck_ratio < math.inf)):
            raise SpecError(f"bottleneck_ratio {self.bottleneck_ratio} must be above 0 and finite")
        if self.group_width is not None and not everywhere(self.group_width >= 1):
            raise SpecError(f"group_width {self.group_width} must be at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class MBConv:
    """Inverted bottleneck: 1x1 to input width x expansion, depthwise k x k, squeeze, linear 1x1.

    The 1x1 is left out at expansion 1; the shortcut is there where shapes allow the sum.
    """

    kind: Literal["mbconv"] = "mbconv"
    expansion: int = 6
    kernel: int = 3
    se: Squeeze | None = None
    act: Activation = "silu"
    norm_eps: float = 1e-5

    def __post_init__(self) -> None:
        if not everywhere(self.expansion >= 1):
            raise SpecError(f"expansion {self.expansion} must be at least 1")
        if not everywhere((self.kernel >= 1) & (self.kernel % 2 == 1)):
            raise SpecError(f"kernel {self.kernel} must be odd and at least 1; use 3 or 5")


Block = Annotated[Vanilla | Basic | Bottleneck | MBConv, Discriminator("kind")]


def layers(block: Block, width_in: int, width: int, stride: int) -> Layer:
    """The block as a tree of layers, from `width_in` to `width` channels."""
    match block:
        case Vanilla():
            return _two_convolutions(block, width, stride, last_act=True)
        case Basic():
            body = _two_convolutions(block, width, stride, last_act=False)
            return _with_projection(block, body, width_in, width, stride)
        case Bottleneck():
            body = _bottleneck_body(block, width_in, width, stride)
            return _with_projection(block, body, width_in, width, stride)
        case MBConv():
            joined = (stride == 1) & (width_in == width)
            return Residual(body=_mbconv_body(block, width_in, width, stride), joined=joined)
        case _:
            assert_never(block)


def check_width(block: Block, width: int) -> None:
    """Raise SpecError unless the block can be built at this output width."""
    if not isinstance(block, Bottleneck):
        return
    ratio = block.bottleneck_ratio
    group_width = 1 if block.group_width is None else block.group_width
    inner = rounded(width / ratio)
    if everywhere((inner * ratio == width) & (inner % group_width == 0)):
        return
    unit = (Fraction(ratio).limit_denominator(64) * group_width).numerator
    below, above = width // unit * unit, (width // unit + 1) * unit
    nearest = f"nearest valid are {below} and {above}" if below else f"nearest valid is {above}"
    factors = [f"group_width {group_width}"] if block.group_width is not None else []
    factors += [f"bottleneck_ratio {ratio:g}"] if ratio != 1 else []
    raise SpecError(f"width {width} must be a multiple of {' x '.join(factors)}; {nearest}")


def fit_groups(width: int, bottleneck_ratio: float, group_width: int) -> tuple[int, int]:
    """The nearest (width, group_width) that can be built, in the way of the RegNet code.

    The group width is cut to the inner width, then the inner width goes to the nearest multiple
    (ties to even) of the group width, or of lcm(group_width, 1 / ratio) where the block widens.
    Works on arrays. Source: Radosavovic et al. 2020, appendix; cases C13 and C14 of its users.
    """
    inner = at_least(rounded(width / bottleneck_ratio, "floor"), 1)
    group_width = at_most(group_width, inner)
    widening = at_least(rounded(1 / bottleneck_ratio), 1)
    unit = least_common_multiple(group_width, widening)
    inner = at_least(rounded(inner / unit) * unit, unit)
    return rounded(inner * bottleneck_ratio, "floor"), group_width


def _steps(*groups: Iterable[tuple[str, Layer]]) -> Chain:
    return Chain(steps=tuple(step for group in groups for step in group))


def convolution(
    name: str, conv: Conv, norm_eps: float, act: Activation | None
) -> Iterable[tuple[str, Layer]]:
    """The steps conv, norm and (unless None) activation: `a`, `a_norm`, `a_act`."""
    yield name, conv
    yield f"{name}_norm", Norm(eps=norm_eps)
    if act is not None:
        yield f"{name}_act", Act(function=act)


def _with_projection(
    block: Basic | Bottleneck, body: Layer, width_in: int, width: int, stride: int
) -> Layer:
    conv = Conv(width=width, kernel=1, stride=stride)
    projection = _steps(convolution("conv", conv, block.norm_eps, act=None))
    changes = (width_in != width) | (stride != 1)
    return Residual(
        body=body,
        shortcut=When(present=changes, layer=projection),
        after=Act(function=block.act),
    )


def _two_convolutions(block: Vanilla | Basic, width: int, stride: int, *, last_act: bool) -> Layer:
    first, second = Conv(width=width, kernel=3, stride=stride), Conv(width=width, kernel=3)
    return _steps(
        convolution("a", first, block.norm_eps, block.act),
        convolution("b", second, block.norm_eps, block.act if last_act else None),
    )


def _bottleneck_body(block: Bottleneck, width_in: int, width: int, stride: int) -> Layer:
    inner = rounded(width / block.bottleneck_ratio)
    groups = 1 if block.group_width is None else inner // block.group_width
    stride_a, stride_b = (1, stride) if block.stride_in == "3x3" else (stride, 1)
    a = Conv(width=inner, kernel=1, stride=stride_a)
    b = Conv(width=inner, kernel=3, stride=stride_b, groups=groups)
    return _steps(
        convolution("a", a, block.norm_eps, block.act),
        convolution("b", b, block.norm_eps, block.act),
        _squeeze(block.se, width_in, inner, width),
        convolution("c", Conv(width=width, kernel=1), block.norm_eps, act=None),
    )


def _mbconv_body(block: MBConv, width_in: int, width: int, stride: int) -> Layer:
    inner = width_in * block.expansion
    expand = convolution("expand", Conv(width=inner, kernel=1), block.norm_eps, block.act)
    depthwise = Conv(width=inner, kernel=block.kernel, stride=stride, groups=inner)
    return _steps(
        ((name, When(present=block.expansion != 1, layer=layer)) for name, layer in expand),
        convolution("depthwise", depthwise, block.norm_eps, block.act),
        _squeeze(block.se, width_in, inner, inner),
        convolution("project", Conv(width=width, kernel=1), block.norm_eps, act=None),
    )


def _squeeze(
    se: Squeeze | None, width_in: int, inner: int, width: int
) -> Iterable[tuple[str, Layer]]:
    """The gate's step over a map of `inner` channels; no step without squeeze."""
    if se is None:
        return
    source = {"input": width_in, "inner": inner, "output": width}[se.source]
    squeezed = at_least(rounded(source * se.ratio, se.rounding), 1)
    body = Chain(
        steps=(
            ("pool", GlobalPool()),
            ("down", Conv(width=squeezed, kernel=1, bias=True)),
            ("act", Act(function=se.act)),
            ("up", Conv(width=inner, kernel=1, bias=True)),
            ("gate", Act(function=se.gate)),
        )
    )
    yield "se", Gate(body=body)
