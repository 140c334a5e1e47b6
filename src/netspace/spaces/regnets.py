"""The RegNetX and RegNetY spaces over (d, w_0, w_a, w_m, b, g).

Radosavovic et al. 2020, sec. 3.3 and 4. d is drawn uniformly; w_0, w_a and w_m log-uniformly; b
and g over powers of two. As in the RegNet code, draws whose line skips a level of the geometric
series are no members. The article's narrower RegNets are had by its rules and limits.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netspace.design.blocks import Bottleneck, fit_groups
from netspace.design.network import Stage
from netspace.design.pieces import Squeeze
from netspace.design.regnet import quantised
from netspace.spaces.batch import number
from netspace.spaces.constraints import ActivationLimit, Bound, Constraint, ParamLimit
from netspace.spaces.frame import Frame
from netspace.spaces.ranges import LogUniform, Powers, Uniform
from netspace.spaces.rules import Fixed, Rule, Within
from netspace.spaces.space import Batch, Columns, Parameter, Space

Ints = NDArray[np.int64]

ARTICLE_RULES: tuple[Rule, ...] = (
    Fixed(parameter="bottleneck_ratio", value=1),
    Within(parameter="depth", low=12, high=28),
    Within(parameter="multiplier", low=2, high=3),
)
ARTICLE_LIMITS: tuple[Constraint, ...] = (ActivationLimit(), ParamLimit())

MOST = 256
"""Largest initial width and slope, in channels."""

_FOUR_STAGES = Bound(quantity="stages", low=4, high=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegNetTemplate:
    """Stages from quantised linear widths; with `se`, Y blocks."""

    frame: Frame
    se: Squeeze | None = None

    def decode(self, columns: Columns) -> Iterator[Batch]:
        """One batch for each number of stages; lines that skip a level are left out."""
        depth = columns["depth"][:, 0].astype(np.int64)
        line, levels = quantised(
            columns["slope"][:, 0],
            columns["initial_width"][:, 0],
            columns["multiplier"][:, 0],
            int(depth.max()),
        )
        inside = np.arange(1, line.shape[1]) < depth[:, np.newaxis]
        steps = (np.diff(line, axis=1) != 0) & inside
        stages = steps.sum(axis=1) + 1
        regular = levels[np.arange(len(depth)), depth - 1] + 1 == stages
        for count in np.unique(stages[regular]).tolist():
            rows = np.flatnonzero(regular & (stages == count))
            widths, depths = _stages(line[rows], steps[rows], depth[rows], count)
            yield self._batch(rows, widths, depths, columns)

    def _batch(self, rows: Ints, widths: Ints, depths: Ints, columns: Columns) -> Batch:
        b = number(columns["bottleneck_ratio"][rows, 0])
        group_width = number(columns["group_width"][rows, 0].astype(np.int64))
        stages = []
        for i, stride in enumerate(self.frame.strides(widths.shape[1])):
            w, g = fit_groups(number(widths[:, i]), b, group_width)
            block = Bottleneck(bottleneck_ratio=b, group_width=g, se=self.se)
            stages.append(Stage(block=block, width=w, depth=number(depths[:, i]), stride=stride))
        return Batch(rows=rows, network=self.frame.network(tuple(stages)))


def _stages(line: Ints, steps: NDArray[np.bool_], depth: Ints, count: int) -> tuple[Ints, Ints]:
    """Width and depth of each stage, (N, count), of candidates that all have so many stages."""
    begins = np.zeros((len(depth), count), dtype=np.int64)
    begins[:, 1:] = np.nonzero(steps)[1].reshape(len(depth), count - 1) + 1
    ends = np.concatenate([begins[:, 1:], depth[:, np.newaxis]], axis=1)
    return np.take_along_axis(line, begins, axis=1), ends - begins


def regnet(name: str, frame: Frame) -> Space:
    """The regnetx or regnety space on these images; four stages unless another bound is set."""
    se = Squeeze(ratio=0.25) if name == "regnety" else None
    most = min(MOST, frame.widest)
    narrower = (f"initial width and slope up to {most} (at 16 pixels and above: {MOST})",)
    return Space(
        name=name,
        parameters=(
            Parameter(name="depth", values=Uniform(low=4, high=64)),
            Parameter(name="initial_width", values=LogUniform(low=8, high=most, step=8)),
            Parameter(name="slope", values=LogUniform(low=8, high=most, step=0.1)),
            Parameter(name="multiplier", values=LogUniform(low=1.5, high=3, step=0.001)),
            Parameter(name="bottleneck_ratio", values=Powers(low=1, high=4)),
            Parameter(name="group_width", values=Powers(low=1, high=32)),
        ),
        template=RegNetTemplate(frame=frame, se=se),
        limits=(_FOUR_STAGES,),
        adapted=frame.adapted(4) + (narrower if most < MOST else ()),
    )
