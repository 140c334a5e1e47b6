"""A block written out layer by layer, for networks off the template."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Literal

from netspace.design.layers import (
    Chain,
    Concat,
    Conv,
    Flatten,
    Layer,
    Linear,
    Pool,
    Repeat,
    Residual,
    When,
)
from netspace.design.pieces import positive
from netspace.design.receptive import reach
from netspace.errors import SpecError


@dataclass(frozen=True, slots=True, kw_only=True)
class Custom:
    """A literal tree of layers; the stage says the width and the stride that it comes to.

    Raises SpecError for layers that no map can go through, or that belong to the head.
    """

    kind: Literal["custom"] = "custom"
    layers: Chain

    def __post_init__(self) -> None:
        for layer in _all(self.layers):
            match layer:
                case Linear() | Flatten():
                    raise SpecError(
                        f"custom layers: {layer.kind} ends the map; it belongs to the head"
                    )
                case Repeat() | When():
                    raise SpecError(
                        f"custom layers: {layer.kind} is not for files; write the layers out"
                    )
                case Conv():
                    positive(
                        width=layer.width,
                        kernel=layer.kernel,
                        stride=layer.stride,
                        groups=layer.groups,
                    )
                case Pool():
                    positive(kernel=layer.kernel, stride=layer.stride)
                case _:
                    pass


def custom_layers(block: Custom, width_in: int, width: int, stride: int) -> Layer:
    """The block's layers, which must come to this width and stride."""
    found = _width(block.layers, width_in)
    if found != width:
        raise SpecError(f"custom layers put out {found} channels, but the stage's width is {width}")
    strides = reach(block.layers).stride
    if strides != stride:
        raise SpecError(f"custom layers stride by {strides}, but the stage says stride {stride}")
    return block.layers


def _width(layer: Layer, width_in: int) -> int:
    """Channels that come out of a layer."""
    match layer:
        case Conv():
            return layer.width
        case Chain():
            for _, step in layer.steps:
                width_in = _width(step, width_in)
            return width_in
        case Concat():
            return sum(_width(branch, width_in) for _, branch in layer.branches)
        case Residual():
            return _width(layer.body, width_in)
        case _:
            return width_in


def _all(value: object) -> Iterator[Layer]:
    """Every layer of a tree."""
    if isinstance(value, tuple):
        for item in value:
            yield from _all(item)
    elif is_dataclass(value) and not isinstance(value, type):
        yield value  # type: ignore[misc]
        for field in fields(value):
            yield from _all(getattr(value, field.name))
