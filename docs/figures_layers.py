"""A tree of layers as a drawing: boxes from top to bottom, sums and products as circles.

Every element knows its size and the place of its axis, the line that the data comes in and goes out
on; larger ones are put together from smaller ones.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
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
    Shape,
    When,
)

BOX, LINE, GAP, RAIL, ROUND = 154, 15, 14, 22, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A piece of a drawing, in pixels; axis: from its left edge to the line of the data."""

    width: float
    height: float
    axis: float
    svg: str

    def at(self, x: float, y: float) -> str:
        """The piece with its axis at x and its top at y."""
        return f'<g transform="translate({x - self.axis:g} {y:g})">{self.svg}</g>'


def drawn(layer: Layer, shape: Shape) -> Drawn:
    """The layer on a map (C, H, W) of this shape."""
    match layer:
        case Chain():
            return stack([drawn_step(step, channels) for step, channels in _grouped(layer, shape)])
        case Residual():
            after = layer.after if isinstance(layer.after, Chain) else _alone(layer.after)
            if not layer.joined:
                return stack([drawn(layer.body, shape), drawn(after, shape)])
            shortcut = drawn(_shortcut(layer), shape)
            return stack([_joined(drawn(layer.body, shape), shortcut, "+"), drawn(after, shape)])
        case Gate():
            return _joined(drawn(layer.body, shape), stack([]), "×")
        case Concat():
            return _beside([drawn(branch, shape) for _, branch in layer.branches])
        case _:
            return drawn(_alone(layer), shape)


def drawn_step(step: Sequence[Layer], channels: int) -> Drawn:
    """One box, or what stands for a step that is more than a box."""
    first = step[0]
    if isinstance(first, Chain | Residual | Gate | Concat):
        return drawn(first, Shape(channels=channels, height=1, width=1))
    title, *notes = _words(first, channels)
    return box(title, (*notes, *(_words(other, channels)[0] for other in step[1:])))


def _grouped(chain: Chain, shape: Shape) -> Iterator[tuple[list[Layer], int]]:
    """The steps, norms and activations with what they stand behind; and the channels before."""
    channels, step, before = shape.channels, list[Layer](), shape.channels
    for _, layer in chain.expanded():
        if step and not (isinstance(layer, Norm | Act) and _boxed(step[0])):
            yield step, before
            step, before = [], channels
        step.append(layer)
        channels = layer.width if isinstance(layer, Conv) else channels
    if step:
        yield step, before


def _boxed(layer: Layer) -> bool:
    return isinstance(layer, Conv | Pool | GlobalPool)


def _alone(layer: Layer) -> Chain:
    return Chain(steps=(("a", layer),))


def _shortcut(residual: Residual) -> Layer:
    shortcut = residual.shortcut
    if isinstance(shortcut, When):
        return shortcut.layer if shortcut.present else Chain()
    return shortcut


def _words(layer: Layer, channels: int) -> tuple[str, ...]:
    """A layer's name and what is to be said of it."""
    match layer:
        case Conv():
            return _convolution(layer, channels)
        case Pool():
            return f"{layer.kernel}×{layer.kernel} {layer.function}-pool", *_stride(layer.stride)
        case GlobalPool():
            return ("mean over positions",)
        case Norm():
            return ("norm",)
        case Act():
            return (layer.function,)
        case Linear():
            return f"linear to {layer.width}", ""
        case Flatten() | Dropout():
            return (layer.kind,)
        case Chain() | Residual() | Gate() | Concat() | Repeat() | When():
            raise TypeError(f"{layer.kind} is no box")
        case _:
            assert_never(layer)


def _convolution(conv: Conv, channels: int) -> tuple[str, ...]:
    side = f"{conv.kernel}×{conv.kernel}"
    if conv.groups == channels and channels > 1:
        return f"{side} depthwise, {conv.width}", *_stride(conv.stride)
    grouped = (f"groups of {channels // conv.groups}",) if conv.groups > 1 else ()
    return f"{side} conv, {conv.width}", *grouped, *_stride(conv.stride)


def _stride(stride: int) -> tuple[str, ...]:
    return (f"stride {stride}",) if stride > 1 else ()


def box(title: str, notes: Sequence[str] = ()) -> Drawn:
    """A box with a title and, where there is something to say, a second line."""
    said = " · ".join(note for note in notes if note)
    height = 10 + LINE * (2 if said else 1)
    lines = [f'<text class="name" x="{BOX / 2}" y="{LINE + 2}">{escape(title)}</text>']
    if said:
        lines.append(f'<text class="small" x="{BOX / 2}" y="{2 * LINE + 2}">{escape(said)}</text>')
    frame = f'<rect class="box" width="{BOX}" height="{height}" rx="4"/>'
    return Drawn(width=BOX, height=height, axis=BOX / 2, svg=frame + "".join(lines))


def stack(pieces: Sequence[Drawn]) -> Drawn:
    """Pieces one below the other, on one axis, with the line of the data between them."""
    pieces = [piece for piece in pieces if piece.height]
    axis = max((piece.axis for piece in pieces), default=0)
    right = max((piece.width - piece.axis for piece in pieces), default=0)
    parts, y = [], 0.0
    for number, piece in enumerate(pieces):
        if number:
            parts.append(flow(axis, y, axis, y + GAP))
            y += GAP
        parts.append(piece.at(axis, y))
        y += piece.height
    return Drawn(width=axis + right, height=y, axis=axis, svg="".join(parts))


def flow(*points: float) -> str:
    """A line through points, given as x, y, x, y and so on."""
    pairs = [f"{x:g} {y:g}" for x, y in zip(points[::2], points[1::2], strict=True)]
    return f'<path class="flow" d="M{"L".join(pairs)}"/>'


def _joined(body: Drawn, shortcut: Drawn, sign: str) -> Drawn:
    """The body, a way around it on the right, and the circle where the two meet."""
    rail = body.width + RAIL + shortcut.axis
    height = max(body.height, shortcut.height) + 2 * GAP
    join = height + ROUND
    top = (height - shortcut.height) / 2
    parts = [
        flow(body.axis, 0, body.axis, GAP),
        body.at(body.axis, GAP),
        flow(body.axis, GAP + body.height, body.axis, height),
        flow(body.axis, 0, rail, 0, rail, top),
        shortcut.at(rail, top) if shortcut.height else "",
        flow(rail, top + shortcut.height, rail, join, body.axis + ROUND, join),
        f'<circle class="join" cx="{body.axis:g}" cy="{join:g}" r="{ROUND}"/>',
        f'<text x="{body.axis:g}" y="{join + 4.5:g}">{sign}</text>',
    ]
    width = body.width + RAIL + max(shortcut.width, 1)
    return Drawn(width=width, height=height + 2 * ROUND, axis=body.axis, svg="".join(parts))


def _beside(branches: Sequence[Drawn]) -> Drawn:
    """Branches on one input, side by side, and the bar where they are put together."""
    width = sum(branch.width for branch in branches) + GAP * (len(branches) - 1)
    height, axis = max(branch.height for branch in branches) + 2 * GAP, width / 2
    parts, left = [], 0.0
    for branch in branches:
        x = left + branch.axis
        parts.append(flow(axis, 0, x, 0, x, GAP))
        parts.append(branch.at(x, GAP))
        parts.append(flow(x, GAP + branch.height, x, height))
        left += branch.width + GAP
    bar = f'<rect class="join" y="{height:g}" width="{width:g}" height="{LINE + 8}" rx="4"/>'
    word = f'<text x="{axis:g}" y="{height + LINE + 1:g}">side by side</text>'
    return Drawn(width=width, height=height + LINE + 8, axis=axis, svg="".join([*parts, bar, word]))
