"""Which stages of which widths and depths a quantised line can have: exactly, by ranges of w_m.

Radosavovic et al. 2020, eq. 2-4: block j lies on w_0 + w_a j, goes to the nearest level s of the
series w_0 w_m^s, and its width to the nearest multiple of 8. A line has these stages if each is a
level of its own, none skipped. Then w_0 is the first width, and

- the widths are right for w_m from max ((w_s - 4) / w_0)^(1/s) to min ((w_s + 4) / w_0)^(1/s);
- block j climbs onto level s + 1 where 1 + j w_a / w_0 = w_m^(s + 1/2). A slope for which every
  stage begins and ends at its own blocks exists if the climbs agree pair by pair, and each pair
  agrees for w_m in one interval, since (w_m^a - 1) / (w_m^b - 1) rises with w_m for a > b > 0.

So stages are those of a line exactly if the range of their widths and that of their depths overlap.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netspace.design.regnet import MULTIPLE
from netspace.errors import SpecError
from netspace.spaces.ranges import Floats

Bools = NDArray[np.bool_]

MOST_LISTS = 2**22
"""Depth lists that are looked through at most."""

_THINNEST = 1e-9  # shorter ranges of log w_m are rounding errors
_HALVINGS = 60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Multipliers:
    """For each of N lists the open range of log w_m that allows it; empty where high <= low."""

    low: Floats
    high: Floats

    @property
    def exist(self) -> Bools:
        """Which ranges are not empty, (N,)."""
        return np.asarray(self.low < self.high)


def are_lines(width: Floats, depth: Floats) -> Bools:
    """For which rows of (N, stages) widths and depths some line has exactly these stages."""
    of_width, of_depth = width_multipliers(width), depth_multipliers(depth)
    low = np.maximum(of_width.low, of_depth.low)
    return np.asarray(low < np.minimum(of_width.high, of_depth.high))


def width_multipliers(width: Floats) -> Multipliers:
    """The ranges of w_m that give these (N, stages) widths, from the first one on."""
    rising = (np.diff(width, axis=1) > 0).all(axis=1) & (width[:, 0] >= MULTIPLE)
    possible = rising & (np.remainder(width, MULTIPLE) == 0).all(axis=1)
    width = np.where(possible[:, np.newaxis], width, MULTIPLE)
    levels = np.arange(1, width.shape[1])
    low, high = (
        np.log((width[:, 1:] + side * MULTIPLE / 2) / width[:, :1]) / levels for side in (-1, 1)
    )
    return _ranges(low.max(axis=1, initial=0.0), high.min(axis=1, initial=np.inf), possible)


def depth_multipliers(depth: Floats) -> Multipliers:
    """The ranges of w_m that give these (N, stages) depths, with the right slope for each w_m."""
    possible = (depth >= 1).all(axis=1) & (np.remainder(depth, 1) == 0).all(axis=1)
    ends = np.cumsum(np.where(possible[:, np.newaxis], depth, 1.0), axis=1)
    low, high = np.zeros(len(depth)), np.full(len(depth), np.inf)
    last = depth.shape[1] - 1
    for later in range(1, last + 1):
        for sooner in range(later):
            begin, end = ends[:, sooner], ends[:, later]
            low = np.maximum(low, _agreeing((end - 1) / begin, later, sooner))
            if later < last:
                short = begin == 1
                most = _agreeing(end / np.where(short, 1.0, begin - 1), later, sooner)
                high = np.minimum(high, np.where(short, np.inf, most))
    return _ranges(low, high, possible)


def _ranges(low: Floats, high: Floats, possible: Bools) -> Multipliers:
    return Multipliers(low=low, high=np.where(possible, high - _THINNEST, -np.inf))


def _agreeing(ratio: Floats, later: int, sooner: int) -> Floats:
    """The log w_m, from 0 on, that makes (w_m^(later + 1/2) - 1) / (w_m^(sooner + 1/2) - 1) so."""
    wanted, places = np.unique(ratio, return_inverse=True)
    low = np.zeros(len(wanted))
    high = np.log(np.maximum(wanted, 1.0)) / (later - sooner)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        above = np.expm1((later + 0.5) * middle) > wanted * np.expm1((sooner + 0.5) * middle)
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.asarray(high[places])


def width_lists(values: Floats, stages: int) -> Floats:
    """Every list of so many of these widths that lies on a series, (M, stages)."""
    found = [np.empty((0, stages)), *_series(values, stages)]
    lists = np.unique(np.concatenate(found), axis=0)
    return np.asarray(lists[width_multipliers(lists).exist])


def _series(values: Floats, stages: int) -> Iterator[Floats]:
    """For each first width the widths of every w_m, one of each range in which they are equal."""
    levels = np.arange(stages)
    edges = np.arange(MULTIPLE, values.max() + MULTIPLE, MULTIPLE) + MULTIPLE / 2
    for initial in values[(values >= MULTIPLE) & (values % MULTIPLE == 0)].tolist():
        steps = np.log(edges[edges > initial] / initial)
        changes = np.unique(np.divide.outer(steps, np.maximum(levels, 1)[-1:0:-1]).ravel())
        middles = (changes[1:] + changes[:-1]) / 2
        middles = middles if stages > 1 else np.zeros(1)
        rounded = np.rint(initial * np.exp(np.outer(middles, levels)) / MULTIPLE) * MULTIPLE
        yield rounded[np.isin(rounded, values).all(axis=1)]


def depth_lists(values: Floats, stages: int) -> Floats:
    """Every list of so many of these depths that some line has, (M, stages).

    Raises SpecError where there would be more than 4 million to look through.
    """
    lists = np.empty((1, 0))
    for _ in range(stages):
        if len(lists) * len(values) > MOST_LISTS:
            raise SpecError(
                f"{len(values)} depths in each of {stages} stages are too many for a quantised "
                "line; narrow the depth first"
            )
        more = np.tile(values, len(lists))[:, np.newaxis]
        lists = np.concatenate([np.repeat(lists, len(values), axis=0), more], axis=1)
        lists = lists[depth_multipliers(lists).exist]
    return lists
