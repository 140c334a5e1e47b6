"""What a network does when it answers: each call that takes time, with the numbers it depends on.

One more interpretation of the tree of layers. The numbers may be arrays, one entry per network of a
batch of like structure; then so is how often an operation is called.
"""

from dataclasses import dataclass, replace
from typing import assert_never

from netspace.design.complexity import measure
from netspace.design.elementwise import anywhere, pick
from netspace.design.layers import (
    Act,
    Chain,
    Concat,
    Conv,
    Dropout,
    Flatten,
    Gate,
    GlobalPool,
    Layer,
    Linear,
    Norm,
    Pool,
    Repeat,
    Residual,
    Shape,
    When,
)
from netspace.design.network import Network, layers
from netspace.train.build import works_in_place

NUMBERS = (
    "channels",
    "height",
    "width",
    "out",
    "kernel",
    "stride",
    "groups",
    "padding",
    "bias",
)
"""What tells operations of one kind apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call on one image's map of channels x height x width.

    kind: conv, norm, linear, add, gate, join, flatten, dropout, mean, max pool, mean pool, or an
    activation function, which may be in place. out: channels put out. groups: of a convolution; the
    branches of a join. Numbers that say nothing of a kind stand at 1, padding and bias at 0.
    """

    kind: str
    channels: int
    height: int
    width: int
    out: int
    kernel: int = 1
    stride: int = 1
    groups: int = 1
    padding: int = 0
    bias: int = 0

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers, in the order of NUMBERS."""
        return tuple(getattr(self, name) for name in NUMBERS)

    @property
    def words(self) -> str:
        """'conv 64 to 128 of 56x56, kernel 3, stride 2, groups 4'."""
        said = f"{self.kind} {self.channels} to {self.out} of {self.height}x{self.width}"
        usual = {"kernel": 1, "stride": 1, "groups": 1}
        return said + "".join(
            f", {name} {getattr(self, name)}" for name in usual if getattr(self, name) != 1
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """An operation, and how often a network calls it."""

    operation: Operation
    times: int


def operations(network: Network) -> tuple[Called, ...]:
    """All that takes time when the network is applied, in order; equal ones may stand apart."""
    walk = _Walk([])
    walk.through(layers(network), network.input, 1)
    return tuple(walk.found)


@dataclass(frozen=True, slots=True)
class _Walk:
    """Goes through a tree and notes what is called."""

    found: list[Called]

    def through(self, layer: Layer, shape: Shape, times: int) -> Shape:
        """Note the layer's operations on a map of this shape; the shape it puts out."""
        match layer:
            case Chain():
                return self._chain(layer, shape, times)
            case Repeat():
                return self.through(layer.layer, shape, times * layer.times)
            case When():
                after = self.through(layer.layer, shape, times * layer.present)
                return _either(layer.present, after, shape)
            case Residual():
                return self._residual(layer, shape, times)
            case Concat():
                return self._concat(layer, shape, times)
            case Gate():
                self._chain(layer.body, shape, times)
                self._note(_plain("gate", shape), times)
                return shape
            case Act():
                self._note(_plain(layer.function, shape), times)
                return shape
            case Conv() | Norm() | Pool() | GlobalPool() | Flatten() | Dropout() | Linear():
                _, after = measure(layer, shape)
                self._note(_single(layer, shape, after), times)
                return after
            case _:
                assert_never(layer)

    def _note(self, operation: Operation, times: int) -> None:
        if anywhere(times != 0):
            self.found.append(Called(operation=operation, times=times))

    def _chain(self, chain: Chain, shape: Shape, times: int) -> Shape:
        fresh: bool = False
        flat = False
        for _, step in chain.steps:
            present, layer = _step(step)
            if isinstance(layer, Linear) and not flat:
                self._note(_plain("flatten", shape), times)
                flat = True
            if isinstance(layer, Act):
                self._act(layer, fresh, shape, times * present)
                after = shape
            else:
                after = self.through(step, shape, times)
            shape = after
            fresh = pick(present != 0, _makes(layer), fresh)  # type: ignore[assignment]
        return shape

    def _act(self, act: Act, fresh: bool, shape: Shape, times: int) -> None:
        """Note an activation: in place where what came before it is read by nobody else."""
        overwriting = fresh & works_in_place(act, Norm())
        self._note(_plain(f"{act.function} in place", shape), times * overwriting)
        self._note(_plain(act.function, shape), times * (1 - overwriting))

    def _residual(self, residual: Residual, shape: Shape, times: int) -> Shape:
        after = self.through(residual.body, shape, times)
        self.through(residual.shortcut, shape, times * residual.joined)
        self._note(_plain("add", after), times * residual.joined)
        if isinstance(residual.after, Act):
            self._act(residual.after, residual.joined, after, times)
            return after
        return self.through(residual.after, after, times)

    def _concat(self, concat: Concat, shape: Shape, times: int) -> Shape:
        outs = [self.through(branch, shape, times) for _, branch in concat.branches]
        channels = sum(out.channels for out in outs)
        after = Shape(channels=channels, height=outs[0].height, width=outs[0].width)
        self._note(_plain("join", after, groups=len(outs)), times)
        return after


def _step(step: Layer) -> tuple[int, Layer]:
    """How often a step of a chain stands there, and the layer without that."""
    match step:
        case When():
            return step.present, step.layer
        case Repeat():
            return step.times, step.layer
        case _:
            return 1, step


def _makes(layer: Layer) -> bool:
    """Whether a layer puts out a map that nobody else reads."""
    if isinstance(layer, Residual):
        return layer.joined
    return isinstance(layer, Conv | Norm | Linear)


def _plain(kind: str, shape: Shape, groups: int = 1) -> Operation:
    """An operation that keeps the shape."""
    return Operation(
        kind=kind,
        channels=shape.channels,
        height=shape.height,
        width=shape.width,
        out=shape.channels,
        groups=groups,
    )


def _single(
    layer: Conv | Norm | Pool | GlobalPool | Flatten | Dropout | Linear, shape: Shape, after: Shape
) -> Operation:
    """The operation of a layer without parts."""
    match layer:
        case Conv():
            return Operation(
                kind="conv",
                channels=shape.channels,
                height=shape.height,
                width=shape.width,
                out=layer.width,
                kernel=layer.kernel,
                stride=layer.stride,
                groups=layer.groups,
                padding=layer.margin,
                bias=layer.bias,
            )
        case Linear():
            features = shape.channels * shape.height * shape.width
            return Operation(
                kind="linear",
                channels=features,
                height=1,
                width=1,
                out=layer.width,
                bias=layer.bias,
            )
        case Pool():
            return replace(
                _plain(f"{layer.function} pool{' up' if layer.round_up else ''}", shape),
                kernel=layer.kernel,
                stride=layer.stride,
                padding=layer.padding,
            )
        case GlobalPool():
            return replace(_plain("mean", shape), kernel=layer.size)
        case Norm() | Flatten() | Dropout():
            return _plain(layer.kind, shape)
        case _:
            assert_never(layer)


def _either(present: bool, yes: Shape, no: Shape) -> Shape:
    """One shape or the other."""
    return Shape(
        channels=pick(present, yes.channels, no.channels),
        height=pick(present, yes.height, no.height),
        width=pick(present, yes.width, no.width),
    )
