"""AnyNetX_A to E: four stages of X blocks, each space the former plus one rule.

Radosavovic et al. 2020, sec. 3.2-3.3: per stage d <= 16, w <= 1024 in multiples of 8, b in
{1, 2, 4}, g in {1, 2, 4, 8, 16, 32}; depths and widths are drawn log-uniformly.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from netspace.design.blocks import Bottleneck, fit_groups
from netspace.design.network import Stage
from netspace.spaces.batch import number
from netspace.spaces.frame import WIDEST, Frame
from netspace.spaces.ranges import Choice, LogUniform, Powers
from netspace.spaces.rules import NonDecreasing, Rule, Shared
from netspace.spaces.space import Batch, Columns, Parameter, Space

STAGES = 4

STEPS: tuple[tuple[str, Rule], ...] = (
    ("anynetx_b", Shared(parameter="bottleneck_ratio")),
    ("anynetx_c", Shared(parameter="group_width")),
    ("anynetx_d", NonDecreasing(parameter="width")),
    ("anynetx_e", NonDecreasing(parameter="depth")),
)
"""The article's steps: each space's name and the one rule it adds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyNetTemplate:
    """Four free stages of X blocks; widths are fitted to the groups."""

    frame: Frame

    def decode(self, columns: Columns) -> Iterator[Batch]:
        """All candidates in one batch: they differ in numbers only."""
        depth, width = (columns[name].astype(np.int64) for name in ("depth", "width"))
        ratio, group_width = columns["bottleneck_ratio"], columns["group_width"].astype(np.int64)
        stages = []
        for i, stride in enumerate(self.frame.strides(STAGES)):
            b = number(ratio[:, i])
            w, g = fit_groups(number(width[:, i]), b, number(group_width[:, i]))
            block = Bottleneck(bottleneck_ratio=b, group_width=g)
            stages.append(Stage(block=block, width=w, depth=number(depth[:, i]), stride=stride))
        yield Batch(rows=np.arange(len(depth)), network=self.frame.network(tuple(stages)))


def anynetx(letter: str, frame: Frame) -> Space:
    """AnyNetX_A … E on these images."""
    space = Space(
        name="anynetx_a",
        parameters=(
            Parameter(name="depth", values=LogUniform(low=1, high=16), size=STAGES),
            Parameter(
                name="width", values=LogUniform(low=8, high=frame.widest, step=8), size=STAGES
            ),
            Parameter(name="bottleneck_ratio", values=Choice(values=(1, 2, 4)), size=STAGES),
            Parameter(name="group_width", values=Powers(low=1, high=32), size=STAGES),
        ),
        template=AnyNetTemplate(frame=frame),
        adapted=frame.adapted(STAGES) + _narrower(frame),
    )
    for name, rule in STEPS[: "abcde".index(letter)]:
        space = space.with_rule(rule, name=name)
    return space


def _narrower(frame: Frame) -> tuple[str, ...]:
    if frame.widest == WIDEST:
        return ()
    return (f"widths up to {frame.widest} (at 64 pixels and above: {WIDEST})",)
