"""How much of the image one position sees, and how far apart two neighbours look.

Squeezes and global pooling see the whole map; they are left out, as is usual: what is counted is
the window of the convolutions and pools. Source: Araujo et al. 2019, Computing receptive fields of
convolutional neural networks.
"""

from dataclasses import dataclass
from typing import assert_never

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
    When,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Of one position of a map: the side of the square it sees and its stride, in pixels."""

    size: int = 1
    stride: int = 1


def reach(layer: Layer, before: Reach = Reach()) -> Reach:
    """The reach behind a layer, from the reach in front of it."""
    match layer:
        case Conv() | Pool():
            return Reach(
                size=before.size + (layer.kernel - 1) * before.stride,
                stride=before.stride * layer.stride,
            )
        case Norm() | Act() | Dropout() | Gate() | GlobalPool() | Flatten() | Linear():
            return before
        case Chain():
            for _, step in layer.steps:
                before = reach(step, before)
            return before
        case Repeat():
            once = reach(layer.layer, before)
            return Reach(
                size=before.size + layer.times * (once.size - before.size), stride=before.stride
            )
        case When():
            return reach(layer.layer, before) if layer.present else before
        case Residual():
            body = reach(layer.body, before)
            joined = _widest(body, reach(layer.shortcut, before)) if layer.joined else body
            return reach(layer.after, joined)
        case Concat():
            return _widest(*(reach(branch, before) for _, branch in layer.branches))
        case _:
            assert_never(layer)


def _widest(*branches: Reach) -> Reach:
    return max(branches, key=lambda branch: branch.size)
