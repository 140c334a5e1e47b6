"""Widths and depths of stages drawn together, so that they are those of a quantised line.

Width lists and depth lists each have a range of w_m, and two lists make a line where their ranges
overlap. Either the range of the depths begins inside that of the widths, or the other way round:
so with both sorted by where their ranges begin, the partners of a list stand in a row, and lines
are counted and drawn without writing them down one by one.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from netspace.errors import SpecError
from netspace.spaces.multipliers import (
    Multipliers,
    depth_lists,
    depth_multipliers,
    width_lists,
    width_multipliers,
)
from netspace.spaces.ranges import Floats, Range, distribution
from netspace.spaces.rules import Shared, SingleRule, narrowed

Ints = NDArray[np.int64]

_REMEMBERED = 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lists:
    """Values of all stages, (M, stages), sorted by where their ranges of w_m begin.

    odds: of each list, (M,). below: of all lists before each one and before the end, (M + 1,).
    """

    values: Floats
    multipliers: Multipliers
    odds: Floats
    below: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Partners:
    """For each list of one side its partners among the lists of the other: first to last - 1."""

    first: Ints
    last: Ints
    among: Lists

    def odds(self) -> Floats:
        """The odds of any partner of each list, (M,)."""
        return self.among.below[self.last] - self.among.below[self.first]

    def draw(self, lists: Ints, uniforms: Floats) -> Ints:
        """A partner for each of these lists, at these quantiles."""
        first, last = self.first[lists], self.last[lists]
        low, high = self.among.below[first], self.among.below[last]
        found = np.searchsorted(self.among.below, low + uniforms * (high - low), side="right") - 1
        return np.clip(found, first, last - 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lines:
    """All lines with these widths and depths.

    of_widths: for each width list the depth lists whose range begins inside its own. of_depths: for
    each depth list the width lists whose range does. cumulative: the odds of each width list with
    its partners, then of each depth list with its own, summed up.
    """

    widths: Lists
    depths: Lists
    of_widths: Partners
    of_depths: Partners
    cumulative: Floats

    @property
    def count(self) -> int:
        """Number of lines, told apart by their stages."""
        return sum(int((side.last - side.first).sum()) for side in (self.of_widths, self.of_depths))

    def draw(self, lists: Floats, partners: Floats) -> tuple[Floats, Floats]:
        """Widths and depths, (N, stages) each, from two uniforms in [0, 1) for each row.

        The odds are those of drawing both on their own and keeping the lines.
        """
        found = np.searchsorted(self.cumulative, lists * self.cumulative[-1], side="right")
        first = found < len(self.widths.values)
        width, depth = found.copy(), found - len(self.widths.values)
        depth[first] = self.of_widths.draw(width[first], partners[first])
        width[~first] = self.of_depths.draw(depth[~first], partners[~first])
        return self.widths.values[width], self.depths.values[depth]


@lru_cache(maxsize=_REMEMBERED)
def lines(
    width: Range,
    depth: Range,
    *,
    stages: int,
    width_rules: tuple[SingleRule, ...] = (),
    depth_rules: tuple[SingleRule, ...] = (),
) -> Lines:
    """The lines of so many stages in these ranges that obey the rules on either side.

    Raises SpecError if there is none.
    """
    wide = width_lists(distribution(narrowed(width, width_rules)).values, stages)
    deep = depth_lists(distribution(narrowed(depth, depth_rules)).values, stages)
    widths = _sorted(wide, width_multipliers(wide), width, width_rules)
    depths = _sorted(deep, depth_multipliers(deep), depth, depth_rules)
    of_widths = _partners(widths, depths, "right")
    of_depths = _partners(depths, widths, "left")
    odds = (widths.odds * of_widths.odds(), depths.odds * of_depths.odds())
    found = Lines(
        widths=widths,
        depths=depths,
        of_widths=of_widths,
        of_depths=of_depths,
        cumulative=np.cumsum(np.concatenate(odds)),
    )
    if not found.count:
        raise SpecError(
            f"no quantised line has {stages} stages with the values that are left; "
            "widen their ranges or leave another rule on them out"
        )
    return found


def _sorted(
    values: Floats, multipliers: Multipliers, drawn: Range, rules: tuple[SingleRule, ...]
) -> Lists:
    """The lists that obey the rules, in order, with the odds of their draw."""
    obeyed = [rule.holds(values) for rule in rules]
    kept = np.flatnonzero(np.logical_and.reduce([multipliers.exist, *obeyed]))
    order = kept[np.argsort(multipliers.low[kept], kind="stable")]
    odds = _odds(values[order], drawn, rules)
    return Lists(
        values=values[order],
        multipliers=Multipliers(low=multipliers.low[order], high=multipliers.high[order]),
        odds=odds,
        below=np.concatenate([[0.0], np.cumsum(odds)]),
    )


def _odds(values: Floats, drawn: Range, rules: tuple[SingleRule, ...]) -> Floats:
    """In proportion to how often the lists are drawn; a shared value is drawn once."""
    single = distribution(narrowed(drawn, rules))
    odds = single.odds[np.searchsorted(single.values, values)]
    shared = any(isinstance(rule, Shared) for rule in rules)
    return np.asarray(odds[:, 0] if shared else odds.prod(axis=1))


def _partners(own: Lists, among: Lists, side: Literal["left", "right"]) -> Partners:
    """Lists whose range begins inside each own one; with "right", not right where that begins."""
    begins = among.multipliers.low
    first = np.searchsorted(begins, own.multipliers.low, side=side)
    last = np.searchsorted(begins, own.multipliers.high, side="left")
    return Partners(first=first, last=np.maximum(first, last), among=among)
