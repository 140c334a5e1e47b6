"""A network times factors: any network of the template, deeper, wider, on larger images."""

import math
from contextlib import suppress
from dataclasses import dataclass, replace

from netspace.design import blocks
from netspace.design.complexity import Complexity, count
from netspace.design.custom import Custom
from netspace.design.factors import Factors, Preset
from netspace.design.grouping import Units, multiplied
from netspace.design.network import Head, Network, Stage
from netspace.design.widths import units, widened
from netspace.errors import SpecError


def apply(network: Network, factors: Factors | Preset) -> Network:
    """The network at these factors, rounded; what has factor 1 is left exactly as it is.

    Depths round as the factors say, widths of stem, stages and head to multiples (see grouping),
    resolution to whole pixels. A preset also sets the dropout. The result has no name.
    """
    if isinstance(factors, Preset):
        scaled = apply(network, factors.factors)
        return replace(scaled, head=replace(scaled.head, dropout=factors.dropout))
    if factors.nothing:
        return network
    moving = units(network)
    stages = tuple(
        _stage(number, stage, factors, moving) for number, stage in enumerate(network.stages, 1)
    )
    return replace(
        network,
        stem=replace(
            network.stem, width=multiplied(network.stem.width, factors.width, moving.width)
        ),
        stages=stages,
        head=_head(network.head, factors, moving),
        resolution=_resolution(network.resolution, factors.resolution),
        name="",
        note="",
    )


def _stage(number: int, stage: Stage, factors: Factors, moving: Units) -> Stage:
    try:
        wider = widened(stage, factors, moving)
        deeper = replace(wider, depth=_depth(stage, factors))
        if isinstance(stage.block, Custom) and deeper.depth > max(stage.depth, 1):
            blocks.layers(stage.block, stage.width, stage.width, 1)
    except SpecError as fault:
        raise SpecError(f"stage {number}: {fault}") from None
    return deeper


def _depth(stage: Stage, factors: Factors) -> int:
    depth = stage.depth
    if not blocks.keeps_map(stage.block) and not isinstance(stage.block, Custom):
        return depth  # such as an unpadded convolution, which cannot repeat
    if factors.depths == "nearest":
        return max(1, math.floor(depth * factors.depth + 0.5))
    # A product such as 3 * (1 + 1/3) may come out a hair above the whole number that it means.
    return max(1, math.ceil(depth * factors.depth - 1e-9))


def _head(head: Head, factors: Factors, moving: Units) -> Head:
    def width(own: int) -> int:
        return multiplied(own, factors.width, moving.width)

    hidden = tuple(width(own) for own in head.hidden)
    return replace(head, hidden=hidden, width=None if head.width is None else width(head.width))


def _resolution(resolution: tuple[int, int], factor: float) -> tuple[int, int]:
    height, width = (max(1, math.floor(side * factor + 0.5)) for side in resolution)
    return height, width


def between(before: Network, after: Network) -> Factors:
    """The factors that one network is of another, after all rounding.

    Of widths and group widths the geometric mean over the stages, of height and width likewise.
    """
    pairs = list(zip(before.stages, after.stages, strict=True))
    groups = [
        (getattr(stage.block, "group_width", None), getattr(other.block, "group_width", None))
        for stage, other in pairs
    ]
    return Factors(
        depth=after.depth / before.depth,
        width=_mean_factor([(stage.width, other.width) for stage, other in pairs]),
        group_width=_mean_factor([(own, other) for own, other in groups if own and other]),
        resolution=_mean_factor(list(zip(before.resolution, after.resolution, strict=True))),
    )


def _mean_factor(pairs: list[tuple[int, int]]) -> float:
    if all(before == after for before, after in pairs):
        return 1.0
    return math.exp(sum(math.log(after / before) for before, after in pairs) / len(pairs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Exponents:
    """log2 of what a count is multiplied by, when a dimension is doubled."""

    flops: float
    params: float
    activations: float


DOUBLED = {
    "depth": Factors(depth=2),
    "width": Factors(width=2, group_width=2),
    "resolution": Factors(resolution=2),
}


def exponents(network: Network) -> dict[str, Exponents]:
    """How this network's counts grow with depth, width and resolution, each doubled alone.

    By the formula flops grow as depth^1 x width^2 x resolution^2; stem, head, first blocks and
    depthwise convolutions make the difference. A dimension that cannot be doubled, such as the
    width of custom blocks, is left out.
    """
    before = count(network)
    found: dict[str, Exponents] = {}
    for name, factors in DOUBLED.items():
        with suppress(SpecError):
            found[name] = _exponents(before, count(apply(network, factors)))
    return found


def _exponents(before: Complexity, after: Complexity) -> Exponents:
    return Exponents(
        flops=math.log2(after.flops / before.flops),
        params=math.log2(after.params / before.params),
        activations=math.log2(after.activations / before.activations),
    )
