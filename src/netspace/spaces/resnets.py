"""The ResNet and ResNeXt spaces: four stages, each twice as wide as the one before.

He et al. 2016, Xie et al. 2017. Widths follow from the first stage's; depths are free. ResNeXts
have one number of groups in all stages, so their group width doubles as well. Above 64 pixels the
stem is theirs, 7x7 of stride 2 and width 64 with a max-pool behind it, and the first stage does not
stride: ResNet-18 to -152, the wide ResNets and the ResNeXts are members as published.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from netspace.design.blocks import Basic, Block, Bottleneck, fit_groups
from netspace.design.network import Stage, Stem
from netspace.design.pieces import Pooling
from netspace.spaces.batch import number
from netspace.spaces.frame import Frame
from netspace.spaces.ranges import Choice, LogUniform, Powers
from netspace.spaces.space import Batch, Columns, Parameter, Space

STRIDES = (1, 2, 2, 2)
STAGES = len(STRIDES)
BLOCKS = ("basic", "bottleneck")
DEEPEST = 36
"""Most blocks of a stage: those of ResNet-152's third."""

WIDEST = 256
"""Largest width of the first stage: that of ResNet-50."""

STEM = Stem(width=64, kernel=7, pool=Pooling(kernel=3, padding=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class ResNetTemplate:
    """Stages of basic or of bottleneck blocks."""

    frame: Frame

    def decode(self, columns: Columns) -> Iterator[Batch]:
        """Two batches: of basic blocks, for which the ratio means nothing, and of bottlenecks."""
        kinds = columns["block"][:, 0]
        for kind, word in enumerate(BLOCKS):
            rows = np.flatnonzero(kinds == kind)
            if not len(rows):
                continue
            ratio = number(columns["bottleneck_ratio"][rows, 0])
            block: Block = Basic() if word == "basic" else Bottleneck(bottleneck_ratio=ratio)
            width, depth = (columns[name][rows].astype(np.int64) for name in ("width", "depth"))
            stages = tuple(
                Stage(
                    block=block,
                    width=number(width[:, 0] * 2**i),
                    depth=number(depth[:, i]),
                    stride=stride,
                )
                for i, stride in enumerate(self.frame.fitted(STRIDES))
            )
            yield Batch(rows=rows, network=self.frame.network(stages, stem=_stem(self.frame)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ResNeXtTemplate:
    """Stages of bottleneck blocks with groups; the first width is fitted to them."""

    frame: Frame

    def decode(self, columns: Columns) -> Iterator[Batch]:
        """All candidates in one batch: they differ in numbers only."""
        ratio = columns["bottleneck_ratio"][:, 0]
        depth, width, group_width = (
            columns[name].astype(np.int64) for name in ("depth", "width", "group_width")
        )
        w, g = fit_groups(number(width[:, 0]), number(ratio), number(group_width[:, 0]))
        stages = tuple(
            Stage(
                block=Bottleneck(bottleneck_ratio=number(ratio), group_width=g * 2**i),
                width=w * 2**i,
                depth=number(depth[:, i]),
                stride=stride,
            )
            for i, stride in enumerate(self.frame.fitted(STRIDES))
        )
        network = self.frame.network(stages, stem=_stem(self.frame))
        yield Batch(rows=np.arange(len(depth)), network=network)


def resnet(frame: Frame) -> Space:
    """The ResNet space on these images."""
    return Space(
        name="resnet",
        parameters=(
            Parameter(name="block", values=Choice(values=(0, 1)), labels=BLOCKS),
            *_depth_and_width(frame),
            Parameter(name="bottleneck_ratio", values=Powers(low=1, high=4)),
        ),
        template=ResNetTemplate(frame=frame),
        adapted=_adapted(frame),
    )


def resnext(frame: Frame) -> Space:
    """The ResNeXt space on these images."""
    return Space(
        name="resnext",
        parameters=(
            *_depth_and_width(frame),
            Parameter(name="bottleneck_ratio", values=Powers(low=1, high=4)),
            Parameter(name="group_width", values=Powers(low=1, high=32)),
        ),
        template=ResNeXtTemplate(frame=frame),
        adapted=_adapted(frame),
    )


def _depth_and_width(frame: Frame) -> tuple[Parameter, Parameter]:
    return (
        Parameter(name="depth", values=LogUniform(low=1, high=DEEPEST), size=STAGES),
        Parameter(name="width", values=LogUniform(low=8, high=_widest(frame), step=8)),
    )


def _widest(frame: Frame) -> int:
    """Largest width of the first stage: 4 channels per pixel, at most 256."""
    return min(WIDEST, 4 * frame.resolution // 8 * 8)


def _stem(frame: Frame) -> Stem:
    return frame.stem if frame.small else STEM


def _adapted(frame: Frame) -> tuple[str, ...]:
    widest = _widest(frame)
    narrower = (f"first stage at most {widest} wide (at 64 pixels and above: {WIDEST})",)
    return (
        frame.adapted_stem("7x7 of stride 2 and width 64, max-pool")
        + (narrower if widest < WIDEST else ())
        + frame.adapted_strides(STRIDES)
    )
