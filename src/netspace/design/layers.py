"""The layer kinds: the only primitives. A block is a small tree of these, and nothing else.

Everything said about a network (its counts, its torch module, its source, its drawing) interprets
this tree. Numbers are ints, or int64 arrays with one entry per network of a batch of like
structure; they are annotated `int`, since an array answers the same arithmetic.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Activation = Literal["relu", "relu6", "silu", "hardswish", "sigmoid", "hardsigmoid"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One image's feature map: (C, H, W)."""

    channels: int
    height: int
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conv:
    """Square 2-d convolution to `width` channels; padding keeps ceil(n / stride) unless given."""

    width: int
    kernel: int
    stride: int = 1
    groups: int = 1
    bias: bool = False
    padding: int | None = None

    @property
    def margin(self) -> int:
        """Pixels of zero padding on each side."""
        return self.kernel // 2 if self.padding is None else self.padding


@dataclass(frozen=True, slots=True, kw_only=True)
class Norm:
    """Batch normalisation with scale and shift."""

    eps: float = 1e-5
    momentum: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Elementwise activation function."""

    function: Activation


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxPool:
    """Square max-pooling, padded by kernel // 2."""

    kernel: int
    stride: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalPool:
    """Mean over all positions: (C, H, W) to (C, 1, 1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropout:
    """Zeroes elements with this probability, in training only."""

    rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """Fully connected layer over the flattened map."""

    width: int
    bias: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Named steps, one after the other; without steps it is the identity."""

    steps: tuple[tuple[str, "Layer"], ...] = ()

    def expanded(self) -> Iterator[tuple[str, "Layer"]]:
        """The steps of one network: repeats written out as name2, name3 …, absent ones left out."""
        for name, step in self.steps:
            match step:
                case When(present=present, layer=layer):
                    if present:
                        yield name, layer
                case Repeat(layer=layer, times=times, first=first):
                    yield from ((f"{name}{first + i}", layer) for i in range(times))
                case _:
                    yield name, step


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """`times` copies of a layer that keeps the shape; a step of a Chain, numbered from `first`."""

    layer: "Layer"
    times: int
    first: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A layer that is there or not; a step of a Chain, or a shortcut that may be the identity."""

    present: bool
    layer: "Layer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """after(body(x) + shortcut(x)), or after(body(x)) where the sum is not `joined`."""

    body: "Layer"
    shortcut: "Chain | When" = Chain()
    after: "Layer" = Chain()
    joined: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """x * body(x), the body's (C, 1, 1) spread over all positions."""

    body: Chain


Layer = (
    Conv
    | Norm
    | Act
    | MaxPool
    | GlobalPool
    | Dropout
    | Linear
    | Chain
    | Repeat
    | When
    | Residual
    | Gate
)
