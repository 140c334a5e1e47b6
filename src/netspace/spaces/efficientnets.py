"""The EfficientNet space: kernels, expansions, depths and squeezes in EfficientNet-B0's frame.

Widths, strides, stem, head and the kind of squeeze are EfficientNet-B0's (Tan & Le 2019); each of
the seven stages chooses e in {1, 4, 6}, k in {3, 5}, d in 1 … 4 and a squeeze or none. It holds
EfficientNet-B0 and the networks of Accel-NASBench (github.com/afzalxo/Accel-NAS-Bench).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from netspace.design.blocks import MBConv
from netspace.design.network import Head, Stage
from netspace.design.pieces import Squeeze
from netspace.spaces.batch import number
from netspace.spaces.frame import Frame
from netspace.spaces.inverted import HEAD, STRIDES, adapted, stem
from netspace.spaces.ranges import Choice, Uniform
from netspace.spaces.space import Batch, Columns, Parameter, Space

WIDTHS = (16, 24, 40, 80, 112, 192, 320)
"""Of EfficientNet-B0's stages."""

STAGES = len(WIDTHS)


@dataclass(frozen=True, slots=True, kw_only=True)
class EfficientNetTemplate:
    """Seven stages of MBConv blocks at EfficientNet-B0's widths; no dropout of any kind."""

    frame: Frame

    def decode(self, columns: Columns) -> Iterator[Batch]:
        """All candidates in one batch: they differ in numbers only."""
        expansion, kernel, depth = (
            columns[name].astype(np.int64) for name in ("expansion", "kernel", "depth")
        )
        ratio = columns["se_ratio"]
        stages = []
        for i, stride in enumerate(self.frame.fitted(STRIDES)):
            block = MBConv(
                expansion=number(expansion[:, i]),
                kernel=number(kernel[:, i]),
                se=Squeeze(ratio=number(ratio[:, i]), rounding="floor", act="silu"),
            )
            width = self.frame.narrowed(WIDTHS[i])
            stages.append(Stage(block=block, width=width, depth=number(depth[:, i]), stride=stride))
        network = self.frame.network(
            tuple(stages),
            stem=stem(self.frame, "silu"),
            head=Head(width=self.frame.narrowed(HEAD), act="silu"),
        )
        yield Batch(rows=np.arange(len(depth)), network=network)


def efficientnet(frame: Frame) -> Space:
    """The EfficientNet space on these images."""
    return Space(
        name="efficientnet",
        parameters=(
            Parameter(name="expansion", values=Choice(values=(1, 4, 6)), size=STAGES),
            Parameter(name="kernel", values=Choice(values=(3, 5)), size=STAGES),
            Parameter(name="depth", values=Uniform(low=1, high=4), size=STAGES),
            Parameter(name="se_ratio", values=Choice(values=(0, 0.25)), size=STAGES),
        ),
        template=EfficientNetTemplate(frame=frame),
        adapted=adapted(frame, WIDTHS),
    )
