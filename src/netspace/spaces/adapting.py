"""A network written for large images, made ready for small ones in the way the spaces are.

At 64 pixels or less the stem becomes a 3x3 convolution of stride 1 without a pool, and the first
stages keep the resolution where the last map would fall below 2 pixels (see frame.Frame). Widths,
depths and blocks stay.
"""

from dataclasses import dataclass, replace

from netspace.design.network import Network, Stage, Stem
from netspace.spaces.frame import SMALL, Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapted:
    """A network for other images, and sentences on what was changed beside classes and channels."""

    network: Network
    changes: tuple[str, ...]


def adapted(network: Network, *, resolution: int, channels: int, classes: int) -> Adapted:
    """The network for square images of `resolution` pixels; one written for small ones stays."""
    own = network.for_input(resolution=resolution, channels=channels, classes=classes)
    if resolution > SMALL or max(network.resolution) <= SMALL:
        return Adapted(network=own, changes=())
    frame = Frame(resolution=resolution, channels=channels, classes=classes)
    strides = tuple(stage.stride for stage in network.stages)
    fitted = frame.fitted(strides) if set(strides) <= {1, 2} else strides
    stages = tuple(
        _strided(stage, stride) for stage, stride in zip(own.stages, fitted, strict=True)
    )
    return Adapted(
        network=replace(own, stem=_small(own.stem), stages=stages),
        changes=(*_stem_change(own.stem), *frame.adapted_strides(strides)),
    )


def _small(stem: Stem) -> Stem:
    return replace(stem, kernel=3, stride=1, padding=None, pool=None)


def _stem_change(stem: Stem) -> tuple[str, ...]:
    if _small(stem) == stem:
        return ()
    pool = " and a pool" if stem.pool is not None else ""
    before = f"{stem.kernel}x{stem.kernel} of stride {stem.stride}{pool}"
    return (f"stem 3x3 of stride 1 (written as {before})",)


def _strided(stage: Stage, stride: int) -> Stage:
    if stride == stage.stride:
        return stage
    return replace(stage, stride=stride, downsampling=None if stride == 1 else stage.downsampling)
