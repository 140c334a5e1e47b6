"""A stage at another width: the one part of scaling that knows the kinds of blocks.

A custom block keeps its width; an inception block scales each of its branches.
"""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal, assert_never

from netspace.design import grouping
from netspace.design.blocks import (
    Basic,
    Bottleneck,
    Inception,
    MBConv,
    Plain,
    Separable,
    Vanilla,
)
from netspace.design.custom import Custom
from netspace.design.elementwise import rounded
from netspace.design.factors import Factors
from netspace.design.grouping import Units, multiplied
from netspace.design.network import Network, Stage
from netspace.errors import SpecError


def units(network: Network) -> Units:
    """The largest of 8, 4, 2, 1 that divides all widths of the network; so for its group widths."""
    head = network.head
    ends = (network.stem.width, *head.hidden, *(() if head.width is None else (head.width,)))
    inside = (width for stage in network.stages for width in _widths(stage))
    unit = _unit((*ends, *inside))
    grouped = [(s.width, s.block) for s in network.stages if isinstance(s.block, Bottleneck)]
    return Units(
        width=unit,
        group_width=_unit(block.group_width for _, block in grouped if block.group_width),
        same_groups=_same_groups(grouped, unit),
    )


def _same_groups(blocks: Iterable[tuple[int, Bottleneck]], unit: int) -> bool:
    """Whether all have one number of groups, and stay on the unit for any group width."""
    grouped = [(width, block, block.group_width) for width, block in blocks if block.group_width]
    numbers = {grouping.inner_width(width, block) // group for width, block, group in grouped}
    moves = [(width, group) for width, _, group in grouped]
    return (
        len(numbers) == 1
        and all(number % unit == 0 for number in numbers)
        and all(width % group == 0 and width // group % unit == 0 for width, group in moves)
    )


def _unit(widths: Iterable[int]) -> int:
    divisor = math.gcd(*widths)
    return next(unit for unit in (8, 4, 2, 1) if divisor % unit == 0)


def widened(stage: Stage, factors: Factors, units: Units) -> Stage:
    """The stage at its width times a factor, its groups valid. Raises SpecError if it cannot be."""
    match stage.block:
        case Plain() | Vanilla() | Basic() | MBConv() | Separable():
            return replace(stage, width=multiplied(stage.width, factors.width, units.width))
        case Bottleneck(group_width=None):
            multiple = grouping.step(stage.block, units)
            return replace(stage, width=multiplied(stage.width, factors.width, multiple))
        case Bottleneck():
            width, group_width = grouping.grouped(stage.width, stage.block, factors, units)
            block = replace(stage.block, group_width=group_width)
            return replace(stage, width=width, block=block)
        case Inception():
            inception = _branched(stage.block, factors.width, units.width)
            return replace(stage, width=inception.width, block=inception)
        case Custom():
            if factors.width != 1:
                raise SpecError(
                    f"the layers of a custom block are written out and keep width {stage.width}; "
                    "scale depth or resolution, or use another kind of block"
                )
            return stage
        case _:
            assert_never(stage.block)


def stepped(stage: Stage, step: Literal[-1, 1], units: Units) -> Stage | None:
    """The stage one step wider or narrower; None where there is no such stage.

    An inception block takes the step in its 3x3 branch.
    """
    match stage.block:
        case Plain() | Vanilla() | Basic() | MBConv() | Separable():
            width = stage.width + step * units.width
            return replace(stage, width=width) if width > 0 else None
        case Bottleneck():
            multiple = grouping.step(stage.block, units)
            width = (stage.width // multiple + step) * multiple
            return replace(stage, width=width) if width > 0 else None
        case Inception():
            width3 = stage.block.width3 + step * units.width
            if width3 < 1:
                return None
            inception = replace(stage.block, width3=width3)
            return replace(stage, width=inception.width, block=inception)
        case Custom():
            return None
        case _:
            assert_never(stage.block)


def _widths(stage: Stage) -> tuple[int, ...]:
    """The widths of a stage that its unit must divide."""
    match stage.block:
        case Plain() | Vanilla() | Basic() | MBConv() | Separable():
            return (stage.width,)
        case Bottleneck():
            return stage.width, rounded(stage.width / stage.block.bottleneck_ratio)
        case Inception():
            block = stage.block
            reduced = block.reduce3, block.reduce5
            return block.width1, block.width3, block.width5, block.width_pool, *reduced
        case Custom():
            return ()
        case _:
            assert_never(stage.block)


def _branched(block: Inception, factor: float, unit: int) -> Inception:
    """The block with each of its widths times a factor."""
    return replace(
        block,
        width1=multiplied(block.width1, factor, unit),
        reduce3=multiplied(block.reduce3, factor, unit),
        width3=multiplied(block.width3, factor, unit),
        reduce5=multiplied(block.reduce5, factor, unit),
        width5=multiplied(block.width5, factor, unit),
        width_pool=multiplied(block.width_pool, factor, unit),
    )
