"""Stem, stages and head: a convolutional network as a value, and the layers it means."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, Self

from netspace.design import blocks
from netspace.design.blocks import Block
from netspace.design.elementwise import everywhere
from netspace.design.layers import (
    Act,
    Activation,
    Chain,
    Conv,
    Dropout,
    Flatten,
    GlobalPool,
    Layer,
    Linear,
    Repeat,
    Shape,
)
from netspace.design.pieces import (
    Pooling,
    Steps,
    chain,
    convolution,
    not_negative,
    positive,
    positive_finite,
    share,
)
from netspace.errors import SpecError


@dataclass(frozen=True, slots=True, kw_only=True)
class Stem:
    """The first convolution, with pooling of stride 2 behind it where asked for.

    padding: of the convolution; None keeps ceil(n / stride).
    """

    width: int = 32
    kernel: int = 3
    stride: int = 2
    padding: int | None = None
    bias: bool = False
    norm: bool = True
    pool: Pooling | None = None
    act: Activation = "relu"
    norm_eps: float = 1e-5

    def __post_init__(self) -> None:
        positive(width=self.width, kernel=self.kernel, stride=self.stride)
        not_negative(padding=self.padding)
        positive_finite(norm_eps=self.norm_eps)
        if self.padding is None and not everywhere(self.kernel % 2 == 1):
            raise SpecError(f"stem kernel {self.kernel} must be odd; use 3 or 7")

    def layers(self) -> Layer:
        """conv, norm, activation and the pool."""
        conv = Conv(
            width=self.width,
            kernel=self.kernel,
            stride=self.stride,
            bias=self.bias,
            padding=self.padding,
        )
        steps = convolution("conv", conv, self.norm_eps if self.norm else None, self.act)
        return chain(steps, _pool(self.pool))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """`depth` equal blocks at one resolution; the first one strides and changes the width.

    downsampling: pools with the stage's stride in front of the blocks, which then do not stride.
    """

    block: Block
    width: int
    depth: int
    stride: int = 2
    downsampling: Pooling | None = None

    def __post_init__(self) -> None:
        positive(width=self.width, depth=self.depth, stride=self.stride)
        blocks.check_width(self.block, self.width)

    def layers(self, width_in: int) -> Layer:
        """The pool, if any, and blocks b1, b2 …, from `width_in` channels."""
        stride = self.stride if self.downsampling is None else 1
        first = blocks.layers(self.block, width_in, self.width, stride)
        steps: tuple[tuple[str, Layer], ...] = (("b1", first),)
        if blocks.keeps_map(self.block) or not everywhere(self.depth == 1):
            rest = blocks.layers(self.block, self.width, self.width, 1)
            steps += (("b", Repeat(layer=rest, times=self.depth - 1, first=2)),)
        return chain(_pool(self.downsampling, self.stride), steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """From the last map to one number for each class.

    In this order, what is asked for: pooling of stride 2; a 1x1 convolution to `width`; the mean
    over positions, or over each of grid x grid regions (None: the map as it is); fully connected
    layers to `hidden` widths, each with activation and dropout; the classifier. A classifier that
    is a convolution comes before the mean over positions, and has no hidden layers.
    """

    pool: Pooling | None = None
    width: int | None = None
    grid: int | None = 1
    hidden: tuple[int, ...] = ()
    classifier: Literal["linear", "convolution"] = "linear"
    dropout: float = 0.0
    act: Activation = "relu"
    norm_eps: float = 1e-5

    def __post_init__(self) -> None:
        for name in ("width", "grid"):
            if getattr(self, name) is not None:
                positive(**{name: getattr(self, name)})
        for width in self.hidden:
            positive(hidden=width)
        share(dropout=self.dropout)
        positive_finite(norm_eps=self.norm_eps)
        if self.classifier == "convolution" and (self.hidden or self.grid != 1):
            raise SpecError(
                "a classifier of kind convolution takes neither hidden layers nor a grid; leave "
                "them out, or use classifier: linear"
            )

    def layers(self, classes: int) -> Layer:
        """The optional pool and convolution, then the classifier."""
        steps: Steps = ()
        if self.width is not None:
            conv = Conv(width=self.width, kernel=1)
            steps = convolution("conv", conv, self.norm_eps, self.act)
        last = self._linear if self.classifier == "linear" else self._convolutional
        return chain(_pool(self.pool, name="downsample"), steps, last(classes))

    def _linear(self, classes: int) -> Iterator[tuple[str, Layer]]:
        if self.grid is not None:
            yield "pool", GlobalPool(size=self.grid)
        for number, width in enumerate(self.hidden, start=1):
            yield f"hidden{number}", Linear(width=width)
            yield f"hidden{number}_act", Act(function=self.act)
            yield from self._dropout(f"hidden{number}_dropout")
        if not self.hidden:
            yield from self._dropout("dropout")
        yield "fc", Linear(width=classes)

    def _convolutional(self, classes: int) -> Iterator[tuple[str, Layer]]:
        yield from self._dropout("dropout")
        yield "fc", Conv(width=classes, kernel=1, bias=True)
        yield "pool", GlobalPool()
        yield "flatten", Flatten()

    def _dropout(self, name: str) -> Steps:
        return ((name, Dropout(rate=self.dropout)),) if self.dropout else ()


def _pool(pooling: Pooling | None, stride: int = 2, name: str = "pool") -> Steps:
    return () if pooling is None else ((name, pooling.layer(stride)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One convolutional network. Equality leaves name and note aside.

    resolution: (height, width) of the input in pixels; channels: of the input image.
    stochastic_depth: in training, the share of images for which the last block's sum leaves its
    body out; it grows linearly from 0 at the first block (drop-connect, Tan & Le 2019).
    """

    stem: Stem = field(default_factory=Stem)
    stages: tuple[Stage, ...]
    head: Head = field(default_factory=Head)
    channels: int = 3
    classes: int = 1000
    resolution: tuple[int, int] = (224, 224)
    stochastic_depth: float = 0.0
    name: str = field(default="", compare=False)
    note: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not self.stages:
            raise SpecError("a network needs at least one stage")
        height, width = self.resolution
        positive(channels=self.channels, classes=self.classes, height=height, width=width)
        share(stochastic_depth=self.stochastic_depth)

    @property
    def input(self) -> Shape:
        """One input image."""
        height, width = self.resolution
        return Shape(channels=self.channels, height=height, width=width)

    @property
    def depth(self) -> int:
        """Number of blocks."""
        return sum(stage.depth for stage in self.stages)

    @property
    def drop_rates(self) -> tuple[float, ...]:
        """For each block the share of images for which training leaves its body out."""
        return tuple(self.stochastic_depth * block / self.depth for block in range(self.depth))

    def for_input(
        self,
        *,
        resolution: int | tuple[int, int] | None = None,
        classes: int | None = None,
        channels: int | None = None,
    ) -> Self:
        """The same network on other images; what is None stays."""
        size = (resolution, resolution) if isinstance(resolution, int) else resolution
        return replace(
            self,
            channels=self.channels if channels is None else channels,
            classes=self.classes if classes is None else classes,
            resolution=self.resolution if size is None else size,
        )


def layers(network: Network) -> Chain:
    """The whole network as one tree: steps `stem`, `s1`, `s2` …, `head`.

    Raises SpecError naming the stage whose custom layers come to another width or stride.
    """
    steps: list[tuple[str, Layer]] = [("stem", network.stem.layers())]
    width = network.stem.width
    for number, stage in enumerate(network.stages, start=1):
        try:
            steps.append((f"s{number}", stage.layers(width)))
        except SpecError as fault:
            raise SpecError(f"stage {number}: {fault}") from None
        width = stage.width
    steps.append(("head", network.head.layers(network.classes)))
    return Chain(steps=tuple(steps))
