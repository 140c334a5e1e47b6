"""Each block once: its parameters, and the layers they mean.

A block is a frozen spec; `layers(block, width_in, width, stride)` gives its tree. Widths are output
channels. Sources: Radosavovic et al. 2020 (vanilla, basic, bottleneck = X and Y blocks),
Sandler et al. 2018 and Tan & Le 2019, 2021 (MBConv), Howard et al. 2017 (separable), Szegedy et al.
2015 (inception), Simonyan & Zisserman 2015 (plain).
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Literal, assert_never

from pydantic import Discriminator

from netspace.design.custom import Custom, custom_layers
from netspace.design.elementwise import (
    anywhere,
    at_least,
    at_most,
    everywhere,
    least_common_multiple,
    pick,
    rounded,
)
from netspace.design.layers import Act, Activation, Chain, Concat, Conv, Layer, Pool, Residual, When
from netspace.design.pieces import (
    Squeeze,
    Steps,
    chain,
    convolution,
    not_negative,
    odd,
    optional,
    positive,
    positive_finite,
    squeeze,
)
from netspace.errors import SpecError


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """One k x k convolution, as in LeNet, AlexNet and VGG; padding None keeps ceil(n / stride)."""

    kind: Literal["plain"] = "plain"
    kernel: int = 3
    padding: int | None = None
    bias: bool = False
    norm: bool = True
    act: Activation = "relu"
    norm_eps: float = 1e-5

    def __post_init__(self) -> None:
        positive(kernel=self.kernel)
        not_negative(padding=self.padding)
        positive_finite(norm_eps=self.norm_eps)
        if self.padding is None:
            odd(kernel=self.kernel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vanilla:
    """Two 3x3 convolutions without a shortcut, the first one strided."""

    kind: Literal["vanilla"] = "vanilla"
    act: Activation = "relu"
    norm_eps: float = 1e-5

    def __post_init__(self) -> None:
        positive_finite(norm_eps=self.norm_eps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Basic:
    """Two 3x3 convolutions with a shortcut, the first one strided (ResNet-18's block).

    The squeeze stands behind the second one.
    """

    kind: Literal["basic"] = "basic"
    se: Squeeze | None = None
    act: Activation = "relu"
    norm_eps: float = 1e-5

    def __post_init__(self) -> None:
        if self.se is not None and self.se.place != "output":
            raise SpecError("the squeeze of a basic block stands at its end; say place: output")
        positive_finite(norm_eps=self.norm_eps)


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
        positive_finite(bottleneck_ratio=self.bottleneck_ratio, norm_eps=self.norm_eps)
        if self.group_width is not None and not everywhere(self.group_width >= 1):
            raise SpecError(f"group_width {self.group_width} must be at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class MBConv:
    """Inverted bottleneck: 1x1 to input width x expansion, depthwise k x k, squeeze, linear 1x1.

    The inner width is rounded to the nearest whole number. The first 1x1 is left out at expansion
    1; the shortcut is there where shapes allow the sum.

    depthwise: if False, one full k x k convolution stands for the first 1x1 and the depthwise one,
    as in Fused-MBConv (Tan & Le 2021); at expansion 1 it goes straight to the output width, with
    its activation, and is all there is, but for the squeeze behind it.
    skip: if False, there is no shortcut. pooled_skip: a shortcut also where shapes differ: the mean
    over windows as large as the stride, the last ones cut off at the edge, then, where widths
    differ, a 1x1 convolution with norm. MnasNet's paper leaves open how its pooled skip is made.
    """

    kind: Literal["mbconv"] = "mbconv"
    expansion: float = 6
    kernel: int = 3
    depthwise: bool = True
    se: Squeeze | None = None
    skip: bool = True
    pooled_skip: bool = False
    act: Activation = "silu"
    norm_eps: float = 1e-5

    def __post_init__(self) -> None:
        if not everywhere((self.expansion >= 1) & (self.expansion < math.inf)):
            raise SpecError(f"expansion {self.expansion} must be at least 1 and finite; 6 is usual")
        odd(kernel=self.kernel)
        if not everywhere(self.skip | (self.pooled_skip == 0)):
            raise SpecError("pooled_skip says what the skip is like; it needs skip: true")
        positive_finite(norm_eps=self.norm_eps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Separable:
    """Depthwise k x k and 1x1, each with norm and activation: MobileNet-v1's block."""

    kind: Literal["separable"] = "separable"
    kernel: int = 3
    act: Activation = "relu"
    norm_eps: float = 1e-5

    def __post_init__(self) -> None:
        odd(kernel=self.kernel)
        positive_finite(norm_eps=self.norm_eps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inception:
    """GoogLeNet's block: 1x1, 1x1 and 3x3, 1x1 and 5x5, pool and 1x1, side by side.

    The widths of the four branches sum to the stage's width. kernel5: torchvision's has 3 there.
    """

    kind: Literal["inception"] = "inception"
    width1: int
    reduce3: int
    width3: int
    reduce5: int
    width5: int
    width_pool: int
    kernel5: int = 5
    bias: bool = False
    norm: bool = True
    act: Activation = "relu"
    norm_eps: float = 1e-5

    def __post_init__(self) -> None:
        positive(
            width1=self.width1,
            reduce3=self.reduce3,
            width3=self.width3,
            reduce5=self.reduce5,
            width5=self.width5,
            width_pool=self.width_pool,
        )
        odd(kernel5=self.kernel5)
        positive_finite(norm_eps=self.norm_eps)

    @property
    def width(self) -> int:
        """Channels of all branches together."""
        return self.width1 + self.width3 + self.width5 + self.width_pool

    @property
    def width_words(self) -> str:
        """The sum of the widths, written out."""
        return f"{self.width1} + {self.width3} + {self.width5} + {self.width_pool} = {self.width}"


Block = Annotated[
    Plain | Vanilla | Basic | Bottleneck | MBConv | Separable | Inception | Custom,
    Discriminator("kind"),
]


def layers(block: Block, width_in: int, width: int, stride: int) -> Layer:
    """The block as a tree of layers, from `width_in` to `width` channels."""
    match block:
        case Plain():
            conv = Conv(
                width=width,
                kernel=block.kernel,
                stride=stride,
                bias=block.bias,
                padding=block.padding,
            )
            return chain(_convolution("a", conv, block))
        case Vanilla():
            return chain(_two_convolutions(block, width, stride, last_act=block.act))
        case Basic():
            body = chain(
                _two_convolutions(block, width, stride, last_act=None),
                squeeze(block.se, "output", width_in, width, width),
            )
            return _with_projection(block, body, width_in, width, stride)
        case Bottleneck():
            body = _bottleneck_body(block, width_in, width, stride)
            return _with_projection(block, body, width_in, width, stride)
        case MBConv():
            keeps = (stride == 1) & (width_in == width)
            return Residual(
                body=_mbconv_body(block, width_in, width, stride),
                shortcut=_pooled_skip(block, width_in, width, stride),
                joined=block.skip & (keeps | block.pooled_skip),
            )
        case Separable():
            depthwise = Conv(width=width_in, kernel=block.kernel, stride=stride, groups=width_in)
            return chain(
                convolution("depthwise", depthwise, block.norm_eps, block.act),
                convolution("point", Conv(width=width, kernel=1), block.norm_eps, block.act),
            )
        case Inception():
            return _inception(block, stride)
        case Custom():
            return custom_layers(block, width_in, width, stride)
        case _:
            assert_never(block)


def keeps_map(block: Block) -> bool:
    """Whether the block without a stride surely puts out a map as large as it takes."""
    if isinstance(block, Plain):
        return block.padding in (None, (block.kernel - 1) / 2)
    return not isinstance(block, Custom)


def check_width(block: Block, width: int) -> None:
    """Raise SpecError unless the block can be built at this output width."""
    if isinstance(block, Bottleneck):
        _check_groups(block, width)
    if isinstance(block, Inception) and not everywhere(block.width == width):
        raise SpecError(
            f"width {width} must be the sum of the branches' widths, {block.width_words}"
        )


def _check_groups(block: Bottleneck, width: int) -> None:
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


def _convolution(name: str, conv: Conv, block: Plain | Inception) -> Steps:
    return convolution(name, conv, block.norm_eps if block.norm else None, block.act)


def _with_projection(
    block: Basic | Bottleneck, body: Layer, width_in: int, width: int, stride: int
) -> Layer:
    conv = Conv(width=width, kernel=1, stride=stride)
    projection = chain(convolution("conv", conv, block.norm_eps, act=None))
    changes = (width_in != width) | (stride != 1)
    return Residual(
        body=body,
        shortcut=When(present=changes, layer=projection),
        after=Act(function=block.act),
    )


def _two_convolutions(
    block: Vanilla | Basic, width: int, stride: int, *, last_act: Activation | None
) -> Steps:
    first, second = Conv(width=width, kernel=3, stride=stride), Conv(width=width, kernel=3)
    yield from convolution("a", first, block.norm_eps, block.act)
    yield from convolution("b", second, block.norm_eps, last_act)


def _bottleneck_body(block: Bottleneck, width_in: int, width: int, stride: int) -> Chain:
    inner = rounded(width / block.bottleneck_ratio)
    groups = 1 if block.group_width is None else inner // block.group_width
    stride_a, stride_b = (1, stride) if block.stride_in == "3x3" else (stride, 1)
    a = Conv(width=inner, kernel=1, stride=stride_a)
    b = Conv(width=inner, kernel=3, stride=stride_b, groups=groups)
    return chain(
        convolution("a", a, block.norm_eps, block.act),
        convolution("b", b, block.norm_eps, block.act),
        squeeze(block.se, "inner", width_in, inner, width),
        convolution("c", Conv(width=width, kernel=1), block.norm_eps, act=None),
        squeeze(block.se, "output", width_in, inner, width),
    )


def _mbconv_body(block: MBConv, width_in: int, width: int, stride: int) -> Chain:
    expands, full = block.expansion != 1, block.depthwise == 0
    inner = rounded(width_in * block.expansion)
    made = pick(expands | block.depthwise, inner, width)
    expand = Conv(width=inner, kernel=1)
    # In a batch, groups must divide the channels also where the convolution is absent.
    groups = pick(block.depthwise, inner, 1)
    depthwise = Conv(width=inner, kernel=block.kernel, stride=stride, groups=groups)
    conv = Conv(width=made, kernel=block.kernel, stride=stride)
    project = convolution("project", Conv(width=width, kernel=1), block.norm_eps, act=None)
    return chain(
        optional(
            expands & block.depthwise, convolution("expand", expand, block.norm_eps, block.act)
        ),
        optional(block.depthwise, convolution("depthwise", depthwise, block.norm_eps, block.act)),
        optional(full, convolution("conv", conv, block.norm_eps, block.act)),
        squeeze(block.se, "inner", width_in, made, width),
        optional(expands | block.depthwise, project),
        squeeze(block.se, "output", width_in, made, width),
    )


def _pooled_skip(block: MBConv, width_in: int, width: int, stride: int) -> Chain | When:
    """What the shortcut does where it is not the identity."""
    strides, widens = stride != 1, width_in != width
    changes = block.pooled_skip & (strides | widens)
    if not anywhere(changes):
        return Chain()
    pool = Pool(function="mean", kernel=stride, stride=stride, round_up=True)
    projection = convolution("conv", Conv(width=width, kernel=1), block.norm_eps, act=None)
    layer = chain(optional(strides, [("pool", pool)]), optional(widens, projection))
    return When(present=changes, layer=layer)


def _inception(block: Inception, stride: int) -> Layer:
    def conv(name: str, width: int, kernel: int, stride: int = 1) -> Steps:
        layer = Conv(width=width, kernel=kernel, stride=stride, bias=block.bias)
        return _convolution(name, layer, block)

    pool = Pool(kernel=3, stride=stride, padding=1)
    return Concat(
        branches=(
            ("one", chain(conv("a", block.width1, 1, stride))),
            (
                "three",
                chain(conv("a", block.reduce3, 1), conv("b", block.width3, 3, stride)),
            ),
            (
                "five",
                chain(conv("a", block.reduce5, 1), conv("b", block.width5, block.kernel5, stride)),
            ),
            ("pool", chain([("pool", pool)], conv("a", block.width_pool, 1))),
        )
    )
