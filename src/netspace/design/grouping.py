"""Widths times a factor, on multiples of a unit; and with groups that stay valid.

A width goes to the nearest multiple of its unit, one up if that is below 90 % of the wish (Tan & Le
2019). Where there are groups, the group width goes to the nearest multiple of its own unit, and the
width to the nearest that such groups divide, without the 90 % rule (Radosavovic et al. 2020).
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from netspace.design.blocks import Bottleneck
from netspace.design.elementwise import nearest_multiple
from netspace.design.factors import Factors


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """Channels by which a network's widths and group widths move.

    same_groups: all stages have equally many groups, as in ResNeXt; their number is then kept.
    """

    width: int = 8
    group_width: int = 8
    same_groups: bool = False


def multiplied(width: int, factor: float, unit: int) -> int:
    """The width times a factor, as a multiple of the unit; left as it is at factor 1."""
    return width if factor == 1 else nearest_multiple(width * factor, unit)


def step(block: Bottleneck, units: Units) -> int:
    """What the block's width must be a multiple of: for its groups, without groups for the unit."""
    if block.group_width is not None:
        return _multiple(block, block.group_width)
    return math.lcm(_multiple(block, units.width), units.width)


def grouped(width: int, block: Bottleneck, factors: Factors, units: Units) -> tuple[int, int]:
    """Width and group width of a block with groups at these factors."""
    assert block.group_width is not None
    own, inner = block.group_width, inner_width(width, block)
    wish = own * factors.group_width
    if factors.width == 1:
        return width, own if factors.group_width == 1 else _dividing(inner, wish, units)
    if units.same_groups and factors.group_width == factors.width:
        group_width = max(1, round(wish))
        return width // own * group_width, group_width
    if factors.group_width == 1:
        return _fitted(width * factors.width, block, own), own
    group_width = _nearest(min(wish, inner * factors.width), units)
    found = _fitted(width * factors.width, block, group_width)
    if math.log(factors.width) / math.log(factors.group_width) > 1 - 1e-9:
        found = min(found, _highest(width, block, group_width, factors, units))
    return found, group_width


def inner_width(width: int, block: Bottleneck) -> int:
    """Channels of the block's 3x3 convolution."""
    return int(width / _ratio(block))


def _ratio(block: Bottleneck) -> Fraction:
    return _fraction(block.bottleneck_ratio)


@cache
def _fraction(ratio: float) -> Fraction:
    return Fraction(ratio).limit_denominator(64)


def _multiple(block: Bottleneck, group_width: int) -> int:
    return (_ratio(block) * group_width).numerator


def _nearest(group_width: float, units: Units) -> int:
    return max(1, math.floor(group_width / units.group_width + 0.5)) * units.group_width


def _dividing(inner: int, group_width: float, units: Units) -> int:
    """The group width nearest to the wish that an inner width allows as it is."""
    valid = (g for g in range(units.group_width, inner + 1, units.group_width) if inner % g == 0)
    return min(valid, key=lambda valid: abs(valid - group_width))


def _fitted(width: float, block: Bottleneck, group_width: int) -> int:
    """The nearest width (ties to even) that such groups divide."""
    multiple = _multiple(block, group_width)
    # 400 x 1.15 is a hair below 460; as a tie it would go to the even multiple.
    return max(1, round(round(width, 6) / multiple)) * multiple


def _highest(
    width: int, block: Bottleneck, group_width: int, factors: Factors, units: Units
) -> int:
    """The largest width at this group width that is not above the first one at the next.

    So a stage never gets narrower where its group width steps up, while both factors grow.
    """
    assert block.group_width is not None
    bend = math.log(factors.width) / math.log(factors.group_width)
    turn = (group_width + units.group_width / 2) / block.group_width
    growth = math.exp(min(bend * math.log(turn), 50))  # beyond any width, short of overflow
    first = _fitted(width * growth, block, group_width + units.group_width)
    multiple = _multiple(block, group_width)
    return max(1, first // multiple) * multiple
