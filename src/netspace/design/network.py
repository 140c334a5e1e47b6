"""Stem, stages and head: a convolutional network as a value, and the layers it means."""

from dataclasses import dataclass, field, replace
from typing import Self

from netspace.design import blocks
from netspace.design.blocks import Block, convolution
from netspace.design.elementwise import everywhere
from netspace.design.layers import (
    Activation,
    Chain,
    Conv,
    Dropout,
    GlobalPool,
    Layer,
    Linear,
    MaxPool,
    Repeat,
    Shape,
)
from netspace.errors import SpecError


def _positive(**numbers: int) -> None:
    for name, number in numbers.items():
        if not everywhere(number >= 1):
            raise SpecError(f"{name} {number} must be at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stem:
    """The first convolution, with a 3x3 max-pool of stride 2 behind it where asked for."""

    width: int = 32
    kernel: int = 3
    stride: int = 2
    max_pool: bool = False
    act: Activation = "relu"
    norm_eps: float = 1e-5

    def __post_init__(self) -> None:
        _positive(width=self.width, kernel=self.kernel, stride=self.stride)
        if not everywhere(self.kernel % 2 == 1):
            raise SpecError(f"stem kernel {self.kernel} must be odd; use 3 or 7")

    def layers(self) -> Layer:
        """conv, norm, activation and the pool."""
        conv = Conv(width=self.width, kernel=self.kernel, stride=self.stride)
        steps = tuple(convolution("conv", conv, self.norm_eps, self.act))
        pool = (("pool", MaxPool(kernel=3, stride=2)),) if self.max_pool else ()
        return Chain(steps=steps + pool)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """`depth` equal blocks at one resolution; the first one strides and changes the width."""

    block: Block
    width: int
    depth: int
    stride: int = 2

    def __post_init__(self) -> None:
        _positive(width=self.width, depth=self.depth, stride=self.stride)
        blocks.check_width(self.block, self.width)

    def layers(self, width_in: int) -> Layer:
        """Blocks b1, b2 …, from `width_in` channels."""
        first = blocks.layers(self.block, width_in, self.width, self.stride)
        rest = blocks.layers(self.block, self.width, self.width, 1)
        return Chain(
            steps=(("b1", first), ("b", Repeat(layer=rest, times=self.depth - 1, first=2)))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Optional 1x1 convolution to `width`, mean over positions, linear classifier."""

    width: int | None = None
    dropout: float = 0.0
    act: Activation = "relu"
    norm_eps: float = 1e-5

    def __post_init__(self) -> None:
        if self.width is not None:
            _positive(width=self.width)
        if not 0 <= self.dropout < 1:
            raise SpecError(f"dropout {self.dropout} must be at least 0 and below 1")

    def layers(self, classes: int) -> Layer:
        """The optional convolution, the pool, dropout and the classifier."""
        steps: tuple[tuple[str, Layer], ...] = ()
        if self.width is not None:
            conv = Conv(width=self.width, kernel=1)
            steps = tuple(convolution("conv", conv, self.norm_eps, self.act))
        steps += (("pool", GlobalPool()),)
        if self.dropout:
            steps += (("dropout", Dropout(rate=self.dropout)),)
        return Chain(steps=(*steps, ("fc", Linear(width=classes))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One convolutional network. Equality leaves name and note aside.

    resolution: (height, width) of the input in pixels; channels: of the input image.
    """

    stem: Stem = field(default_factory=Stem)
    stages: tuple[Stage, ...]
    head: Head = field(default_factory=Head)
    channels: int = 3
    classes: int = 1000
    resolution: tuple[int, int] = (224, 224)
    name: str = field(default="", compare=False)
    note: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not self.stages:
            raise SpecError("a network needs at least one stage")
        height, width = self.resolution
        _positive(channels=self.channels, classes=self.classes, height=height, width=width)

    @property
    def input(self) -> Shape:
        """One input image."""
        height, width = self.resolution
        return Shape(channels=self.channels, height=height, width=width)

    @property
    def depth(self) -> int:
        """Number of blocks."""
        return sum(stage.depth for stage in self.stages)

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
    """The whole network as one tree: steps `stem`, `s1`, `s2` …, `head`."""
    steps: list[tuple[str, Layer]] = [("stem", network.stem.layers())]
    width = network.stem.width
    for number, stage in enumerate(network.stages, start=1):
        steps.append((f"s{number}", stage.layers(width)))
        width = stage.width
    steps.append(("head", network.head.layers(network.classes)))
    return Chain(steps=tuple(steps))
