"""What the spaces of inverted bottlenecks share: MobileNetV2's strides, stem and head.

At 64 pixels or less the stem has half of its 32 channels, and so have all stages and the head.
"""

from collections.abc import Sequence
from dataclasses import replace

from netspace.design.layers import Activation
from netspace.design.network import Stem
from netspace.spaces.frame import Frame

STRIDES = (1, 2, 2, 2, 1, 2, 1)
HEAD = 1280


def stem(frame: Frame, act: Activation) -> Stem:
    """The frame's stem with this activation."""
    return replace(frame.stem, act=act)


def adapted(frame: Frame, widths: Sequence[int]) -> tuple[str, ...]:
    """Sentences on what differs from the 224-pixel template of stages of these widths."""
    return frame.adapted_stem() + _halved(frame, widths) + frame.adapted_strides(STRIDES)


def _halved(frame: Frame, widths: Sequence[int]) -> tuple[str, ...]:
    if not frame.small:
        return ()
    stages = ", ".join(str(frame.narrowed(width)) for width in widths)
    return (
        "widths half of those above 64 pixels, as the stem's is, in multiples of 8: "
        f"stages {stages}, head {frame.narrowed(HEAD)}",
    )
