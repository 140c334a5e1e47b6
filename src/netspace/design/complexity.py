"""Exact flops, params and activations of a tree of layers.

Conventions (those of the RegNet code): flops are multiply-adds of convolutions and linear layers,
each existing bias adding one per output element; activations are output elements of convolutions,
linear layers and max-pools; params are weights, biases and norm scales and shifts. All per image.
The numbers may be arrays, then a whole batch of networks is counted at once, to the same integers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from netspace.design.elementwise import everywhere, pick
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
from netspace.design.receptive import Reach, reach
from netspace.errors import SpecError


@dataclass(frozen=True, slots=True, kw_only=True)
class Complexity:
    """Multiply-adds, parameters and output elements of convolutions, per image."""

    flops: int = 0
    params: int = 0
    activations: int = 0

    def __add__(self, other: "Complexity") -> "Complexity":
        return Complexity(
            flops=self.flops + other.flops,
            params=self.params + other.params,
            activations=self.activations + other.activations,
        )

    def __mul__(self, times: int) -> "Complexity":
        return Complexity(
            flops=self.flops * times,
            params=self.params * times,
            activations=self.activations * times,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One top-level part of a network (stem, s1 …, head): its cost and its output map.

    reach: what one position of the map sees of the image.
    """

    name: str
    complexity: Complexity
    output: Shape
    reach: Reach


def count(
    network: Network,
    *,
    resolution: int | tuple[int, int] | None = None,
    classes: int | None = None,
    channels: int | None = None,
) -> Complexity:
    """flops, params and activations of a network, per image; other inputs than its own if given.

    Raises SpecError where the input is too small for an unpadded layer, or custom layers do not
    fit each other.
    """
    adapted = network.for_input(resolution=resolution, classes=classes, channels=channels)
    costs = (cost for _, _, cost, _ in _measured(adapted))
    return sum(costs, start=Complexity())


def parts(network: Network) -> tuple[Part, ...]:
    """The cost, output map and reach of stem, stages and head."""
    found, seen = [], Reach()
    for name, step, complexity, shape in _measured(network):
        seen = reach(step, seen)
        found.append(Part(name=name, complexity=complexity, output=shape, reach=seen))
    return tuple(found)


def _measured(network: Network) -> Iterator[tuple[str, Layer, Complexity, Shape]]:
    """Each top-level part with its layers, cost and output map; a fault inside it names it."""
    shape = network.input
    for name, step in layers(network).steps:
        try:
            cost, shape = measure(step, shape)
        except SpecError as fault:
            place = name if name in ("stem", "head") else f"stage {name.removeprefix('s')}"
            raise SpecError(f"{place}: {fault}") from None
        yield name, step, cost, shape


def measure(layer: Layer, shape: Shape) -> tuple[Complexity, Shape]:
    """The layer's cost on one input of this shape, and the shape it puts out."""
    match layer:
        case Conv():
            return _conv(layer, shape)
        case Linear():
            return _linear(layer, shape)
        case Norm():
            return Complexity(params=2 * shape.channels), shape
        case Pool():
            return _pool(layer, shape)
        case GlobalPool():
            size = layer.size
            return Complexity(), Shape(channels=shape.channels, height=size, width=size)
        case Flatten():
            return Complexity(), Shape(channels=_elements(shape), height=1, width=1)
        case Act() | Dropout():
            return Complexity(), shape
        case Chain():
            return _chain(layer, shape)
        case Repeat():
            return _repeat(layer, shape)
        case When():
            cost, after = measure(layer.layer, shape)
            return cost * layer.present, _either(layer.present, after, shape)
        case Residual():
            return _residual(layer, shape)
        case Concat():
            return _concat(layer, shape)
        case Gate():
            return _gate(layer, shape)
        case _:
            assert_never(layer)


def _chain(chain: Chain, shape: Shape) -> tuple[Complexity, Shape]:
    total = Complexity()
    for _, step in chain.steps:
        cost, shape = measure(step, shape)
        total = total + cost
    return total, shape


def _repeat(repeat: Repeat, shape: Shape) -> tuple[Complexity, Shape]:
    cost, after = measure(repeat.layer, shape)
    assert everywhere(after.channels == shape.channels), "only a kept shape can repeat"
    kept = (after.height == shape.height) & (after.width == shape.width)
    if not everywhere(kept | (repeat.times == 0)):
        raise SpecError(
            "a block that changes the size of its map cannot repeat; give each its own stage"
        )
    return cost * repeat.times, shape


def _residual(residual: Residual, shape: Shape) -> tuple[Complexity, Shape]:
    body, after = measure(residual.body, shape)
    shortcut, other = measure(residual.shortcut, shape)
    same = (
        (after.channels == other.channels)
        & (after.height == other.height)
        & (after.width == other.width)
    )
    # As a number, since `not` is not said of an array.
    if not everywhere(same | (residual.joined == 0)):
        raise SpecError(
            f"the body of a residual puts out {_words(after)}, but its shortcut {_words(other)}; "
            "only maps of one shape can be added"
        )
    last, after = measure(residual.after, after)
    return body + shortcut + last, after


def _gate(gate: Gate, shape: Shape) -> tuple[Complexity, Shape]:
    cost, after = measure(gate.body, shape)
    high = (after.height == 1) | (after.height == shape.height)
    wide = (after.width == 1) | (after.width == shape.width)
    if not everywhere((after.channels == shape.channels) & high & wide):
        raise SpecError(
            f"the body of a gate puts out {_words(after)} for a map of {_words(shape)}; it must "
            "put out as many channels, at one position or at all"
        )
    return cost, shape


def _words(shape: Shape) -> str:
    return f"{shape.channels} channels of {shape.height}x{shape.width}"


def _concat(concat: Concat, shape: Shape) -> tuple[Complexity, Shape]:
    measured = [measure(branch, shape) for _, branch in concat.branches]
    total = sum((cost for cost, _ in measured), start=Complexity())
    first, *others = (after for _, after in measured)
    for other in others:
        if not everywhere((other.height == first.height) & (other.width == first.width)):
            raise SpecError(
                f"branches put out maps of {first.height}x{first.width} and {other.height}x"
                f"{other.width}; only maps of one size can be joined"
            )
    channels = sum(after.channels for _, after in measured)
    return total, Shape(channels=channels, height=first.height, width=first.width)


def _pool(pool: Pool, shape: Shape) -> tuple[Complexity, Shape]:
    after = _window(
        shape, shape.channels, pool.kernel, pool.stride, pool.padding, round_up=pool.round_up
    )
    return Complexity(activations=_elements(after) if pool.function == "max" else 0), after


def _conv(conv: Conv, shape: Shape) -> tuple[Complexity, Shape]:
    if not everywhere((shape.channels % conv.groups == 0) & (conv.width % conv.groups == 0)):
        raise SpecError(
            f"{conv.groups} groups must divide the channels {shape.channels} and {conv.width}"
        )
    after = _window(shape, conv.width, conv.kernel, conv.stride, conv.margin)
    weights = conv.kernel * conv.kernel * (shape.channels // conv.groups) * conv.width
    positions = after.height * after.width
    elements = conv.width * positions
    cost = Complexity(
        flops=weights * positions + elements * conv.bias,
        params=weights + conv.width * conv.bias,
        activations=elements,
    )
    return cost, after


def _linear(linear: Linear, shape: Shape) -> tuple[Complexity, Shape]:
    weights = _elements(shape) * linear.width
    size = weights + linear.width * linear.bias
    after = Shape(channels=linear.width, height=1, width=1)
    return Complexity(flops=size, params=size, activations=linear.width), after


def _window(
    shape: Shape, channels: int, kernel: int, stride: int, margin: int, *, round_up: bool = False
) -> Shape:
    height, width = (
        _positions(side, kernel, stride, margin, round_up) for side in (shape.height, shape.width)
    )
    if not everywhere((height >= 1) & (width >= 1)):
        size = f"{shape.height}x{shape.width}"
        raise SpecError(
            f"a {size} map is too small for a {kernel}x{kernel} window; use larger images"
        )
    return Shape(channels=channels, height=height, width=width)


def _positions(side: int, kernel: int, stride: int, margin: int, round_up: bool) -> int:
    room = side + 2 * margin - kernel
    if not round_up:
        return room // stride + 1
    positions = -(-room // stride) + 1
    # A window that would begin behind the image, in the padding, is left out.
    return positions - pick((positions - 1) * stride >= side + margin, 1, 0)


def _elements(shape: Shape) -> int:
    return shape.channels * shape.height * shape.width


def _either(present: bool, yes: Shape, no: Shape) -> Shape:
    return Shape(
        channels=pick(present, yes.channels, no.channels),
        height=pick(present, yes.height, no.height),
        width=pick(present, yes.width, no.width),
    )
