"""RegNet: block widths from a quantised line, grouped into stages.

Radosavovic et al. 2020, Designing Network Design Spaces, eq. 2-4: u_j = w_0 + w_a * j for block
j < d; u_j is put onto the geometric series w_0 * w_m^s, then rounded to a multiple of 8. Blocks of
equal width form a stage.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from netspace.design.blocks import Bottleneck, fit_groups
from netspace.design.network import Network, Stage, Stem
from netspace.design.pieces import Squeeze
from netspace.errors import SpecError

MULTIPLE = 8

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegNet:
    """The six parameters of a RegNet, and what RegNetY adds.

    slope w_a and initial_width w_0 in channels, multiplier w_m, depth d in blocks.
    """

    depth: int
    initial_width: int
    slope: float
    multiplier: float
    group_width: int
    bottleneck_ratio: float = 1
    se_ratio: float | None = None
    stem: Stem = field(default_factory=Stem)

    def __post_init__(self) -> None:
        _check_line(self.slope, self.initial_width, self.multiplier, self.depth)
        if self.group_width < 1:
            raise SpecError(f"group_width {self.group_width} must be at least 1")
        if not 0 < self.bottleneck_ratio < math.inf:
            raise SpecError(f"bottleneck_ratio {self.bottleneck_ratio} must be above 0 and finite")

    def network(self) -> Network:
        """The network: stages of equal width, groups fitted to them."""
        se = None if self.se_ratio is None else Squeeze(ratio=self.se_ratio)
        stages = []
        for raw, depth in self.raw_stages():
            width, group_width = fit_groups(raw, self.bottleneck_ratio, self.group_width)
            block = Bottleneck(
                bottleneck_ratio=self.bottleneck_ratio, group_width=group_width, se=se
            )
            stages.append(Stage(block=block, width=width, depth=depth))
        return Network(stem=self.stem, stages=tuple(stages))

    def raw_stages(self) -> list[tuple[int, int]]:
        """(width, depth) of each stage before its width is fitted to the groups."""
        values, depths = np.unique(
            widths(self.slope, self.initial_width, self.multiplier, self.depth), return_counts=True
        )
        return list(zip(values.tolist(), depths.tolist(), strict=True))


def widths(slope: float, initial: int, multiplier: float, depth: int) -> tuple[int, ...]:
    """Per-block widths in channels, quantised to multiples of 8.

    Raises SpecError if multiplier <= 1. Source: Radosavovic et al. 2020, eq. 2-4.
    """
    _check_line(slope, initial, multiplier, depth)
    w_a, w_0, w_m = (np.array([value], np.float64) for value in (slope, initial, multiplier))
    line, _ = quantised(w_a, w_0, w_m, depth)
    return tuple(line[0].tolist())


def _check_line(slope: float, initial: int, multiplier: float, depth: int) -> None:
    if initial < MULTIPLE or initial % MULTIPLE:
        raise SpecError(f"initial width {initial} must be a multiple of {MULTIPLE} above 0")
    if not 0 <= slope < math.inf:
        raise SpecError(f"slope {slope} must be at least 0 and finite")
    if not 1 < multiplier < math.inf:
        raise SpecError(f"width multiplier {multiplier} must be above 1; 2 to 3 is usual")
    if depth < 1:
        raise SpecError(f"depth {depth} must be at least 1")


def quantised(slope: Floats, initial: Floats, multiplier: Floats, depth: int) -> tuple[Ints, Ints]:
    """Widths and levels s of the first `depth` blocks: two (N, depth) arrays."""
    w_a, w_0, w_m = (values[:, np.newaxis] for values in (slope, initial, multiplier))
    u = w_0 + w_a * np.arange(depth)
    s = np.rint(np.log(u / w_0) / np.log(w_m))
    w = np.rint(w_0 * np.power(w_m, s) / MULTIPLE) * MULTIPLE
    return w.astype(np.int64), s.astype(np.int64)
