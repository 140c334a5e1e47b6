"""MnasNet's factorised hierarchical space: seven stages around MobileNetV2's.

Tan et al. 2019, sec. 4: each stage chooses operation, kernel, squeeze, skip, and depth and width
near MobileNetV2's (Sandler et al. 2018). The depth is its -1, 0 or +1, but at least 1; the width
any multiple of 8 from 0.75 to 1.25 times its, where the article has 0.75, 1 and 1.25 only and its
published networks do not keep to them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netspace.design.blocks import MBConv
from netspace.design.network import Head, Stage
from netspace.design.pieces import Squeeze
from netspace.spaces.batch import number
from netspace.spaces.frame import Frame
from netspace.spaces.inverted import HEAD, STRIDES, adapted, stem
from netspace.spaces.ranges import Choice, Floats, Uniform
from netspace.spaces.space import Batch, Columns, Parameter, Space

WIDTHS = (16, 24, 32, 64, 96, 160, 320)
DEPTHS = (1, 2, 3, 4, 3, 3, 1)
"""Of MobileNetV2's stages."""

STAGES = len(WIDTHS)

OPERATIONS = ("conv", "separable", "mbconv3", "mbconv6")
"""Full convolution; depthwise and 1x1, which is MBConv with expansion 1; MBConv with 3 and 6."""

EXPANSIONS = np.array((1, 1, 3, 6))
SKIPS = ("none", "identity", "pooled")
LEAST, MOST = 0.75, 1.25
"""Ends of the factors on widths. A step of 0.025 makes 8 channels in the widest stage."""

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class MnasNetTemplate:
    """Seven stages of MBConv blocks and their relatives; no dropout of any kind.

    A skip that makes no difference is decoded to the usual one, so that equal networks are equal.
    """

    frame: Frame

    def decode(self, columns: Columns) -> Iterator[Batch]:
        """All candidates in one batch: they differ in numbers only."""
        operation, kernel, skip, change = (
            columns[name].astype(np.int64)
            for name in ("operation", "kernel", "skip", "depth_change")
        )
        before = np.full(len(operation), self.frame.stem.width)
        stages = []
        for i, stride in enumerate(self.frame.fitted(STRIDES)):
            width = widths(self.frame.narrowed(WIDTHS[i]), columns["width_factor"][:, i])
            depth = np.maximum(DEPTHS[i] + change[:, i], 1)
            changes = (before != width) | (stride != 1)
            block = MBConv(
                expansion=number(EXPANSIONS[operation[:, i]]),
                kernel=number(kernel[:, i]),
                depthwise=number(operation[:, i] != OPERATIONS.index("conv")),
                se=Squeeze(ratio=number(columns["se_ratio"][:, i])),
                skip=number((skip[:, i] != SKIPS.index("none")) | (changes & (depth == 1))),
                pooled_skip=number((skip[:, i] == SKIPS.index("pooled")) & changes),
                act="relu",
            )
            stages.append(
                Stage(block=block, width=number(width), depth=number(depth), stride=stride)
            )
            before = width
        network = self.frame.network(
            tuple(stages),
            stem=stem(self.frame, "relu"),
            head=Head(width=self.frame.narrowed(HEAD)),
        )
        yield Batch(rows=np.arange(len(operation)), network=network)


def widths(width: int, factor: Floats) -> Ints:
    """The width times factors, (N,), as multiples of 8 that lie from 0.75 to 1.25 times it."""
    low, high = np.ceil(LEAST * width / 8), np.floor(MOST * width / 8)
    steps = np.clip(np.rint(width * factor / 8), low, high)
    return (steps * 8).astype(np.int64)


def mnasnet(frame: Frame) -> Space:
    """MnasNet's space on these images."""
    kinds = Choice(values=(0, 1, 2, 3))
    factors = Uniform(low=LEAST, high=MOST, step=0.025)
    return Space(
        name="mnasnet",
        parameters=(
            Parameter(name="operation", values=kinds, size=STAGES, labels=OPERATIONS),
            Parameter(name="kernel", values=Choice(values=(3, 5)), size=STAGES),
            Parameter(name="se_ratio", values=Choice(values=(0, 0.25)), size=STAGES),
            Parameter(name="skip", values=Choice(values=(0, 1, 2)), size=STAGES, labels=SKIPS),
            Parameter(name="depth_change", values=Choice(values=(-1, 0, 1)), size=STAGES),
            Parameter(name="width_factor", values=factors, size=STAGES),
        ),
        template=MnasNetTemplate(frame=frame),
        adapted=adapted(frame, WIDTHS),
    )
