"""The layer kinds: the only primitives. A block is a small tree of these, and nothing else.

Everything said about a network (its counts, its torch module, its source, its drawing) interprets
this tree. Numbers are ints, or int64 arrays with one entry per network of a batch of like
structure; they are annotated `int`, since an array answers the same arithmetic.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Discriminator

Activation = Literal["relu", "relu6", "silu", "hardswish", "sigmoid", "hardsigmoid", "tanh"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One image's feature map: (C, H, W)."""

    channels: int
    height: int
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conv:
    """Square 2-d convolution to `width` channels; padding keeps ceil(n / stride) unless given."""

    kind: Literal["conv"] = "conv"
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

    kind: Literal["norm"] = "norm"
    eps: float = 1e-5
    momentum: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Elementwise activation function."""

    kind: Literal["act"] = "act"
    function: Activation


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Square pooling window, zero-padded by `padding` on each side.

    round_up: a last window that reaches over the edge still gives an output.
    """

    kind: Literal["pool"] = "pool"
    function: Literal["max", "mean"] = "max"
    kernel: int
    stride: int
    padding: int = 0
    round_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalPool:
    """Mean over each of size x size equal regions of the map: (C, H, W) to (C, size, size)."""

    kind: Literal["global_pool"] = "global_pool"
    size: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Flatten:
    """(C, H, W) to (C * H * W, 1, 1)."""

    kind: Literal["flatten"] = "flatten"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropout:
    """Zeroes elements with this probability, in training only."""

    kind: Literal["dropout"] = "dropout"
    rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """Fully connected layer over the flattened map."""

    kind: Literal["linear"] = "linear"
    width: int
    bias: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Named steps, one after the other; without steps it is the identity."""

    kind: Literal["chain"] = "chain"
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

    kind: Literal["repeat"] = "repeat"
    layer: "Layer"
    times: int
    first: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A layer that is there or not; a step of a Chain, or a shortcut that may be the identity."""

    kind: Literal["when"] = "when"
    present: bool
    layer: "Layer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """after(body(x) + shortcut(x)), or after(body(x)) where the sum is not `joined`."""

    kind: Literal["residual"] = "residual"
    body: "Layer"
    shortcut: "Chain | When" = Chain()
    after: "Layer" = Chain()
    joined: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Concat:
    """The outputs of named branches on one input, one after the other along the channels."""

    kind: Literal["concat"] = "concat"
    branches: tuple[tuple[str, "Layer"], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """x * body(x), the body's (C, 1, 1) spread over all positions."""

    kind: Literal["gate"] = "gate"
    body: Chain


Layer = Annotated[
    Conv
    | Norm
    | Act
    | Pool
    | GlobalPool
    | Flatten
    | Dropout
    | Linear
    | Chain
    | Repeat
    | When
    | Residual
    | Concat
    | Gate,
    Discriminator("kind"),
]
