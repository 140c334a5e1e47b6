"""The parts of a network in words and numbers, as the picture and the tables show them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from netspace.design.blocks import (
    Basic,
    Block,
    Bottleneck,
    Inception,
    MBConv,
    Plain,
    Separable,
    Vanilla,
)
from netspace.design.complexity import Complexity, parts
from netspace.design.custom import Custom
from netspace.design.layers import Shape
from netspace.design.network import Head, Network, Stage, Stem
from netspace.design.pieces import Pooling, Squeeze
from netspace.design.receptive import Reach


@dataclass(frozen=True, slots=True, kw_only=True)
class PartView:
    """Stem, one stage, or head.

    kind: what it is built of, in words. blocks: how many; 0 for stem and head. stride: by how much
    the whole part downsamples. details: the block's own parameters by name. reach: what one
    position of the output sees of the image.
    """

    name: str
    kind: str
    width: int | None
    blocks: int
    stride: int
    details: Mapping[str, str]
    output: Shape
    reach: Reach
    complexity: Complexity


def anatomy(network: Network) -> tuple[PartView, ...]:
    """Stem, stages and head, in the order of the data."""
    said = (
        _stem(network.stem),
        *(_stage(number, stage) for number, stage in enumerate(network.stages, start=1)),
        _head(network.head),
    )
    return tuple(
        PartView(
            name=name,
            kind=kind,
            width=width,
            blocks=blocks,
            stride=stride,
            details=details,
            output=part.output,
            reach=part.reach,
            complexity=part.complexity,
        )
        for (name, kind, width, blocks, stride, details), part in zip(
            said, parts(network), strict=True
        )
    )


_Said = tuple[str, str, int | None, int, int, Mapping[str, str]]


def _stem(stem: Stem) -> _Said:
    kind = f"{_square(stem.kernel)} conv{_pooled(stem.pool)}"
    stride = stem.stride * (1 if stem.pool is None else 2)
    return "stem", kind, stem.width, 0, stride, {}


def _stage(number: int, stage: Stage) -> _Said:
    kind, details = describe_block(stage.block)
    if stage.downsampling is not None:
        details = {"downsampling": f"{stage.downsampling.function}-pool", **details}
    return f"stage {number}", kind, stage.width, stage.depth, stage.stride, details


def _head(head: Head) -> _Said:
    words = [] if head.pool is None else [f"{head.pool.function}-pool"]
    words += [] if head.width is None else ["1×1 conv"]
    if head.classifier == "convolution":
        words += ["1×1 conv", "mean"]
    else:
        words += {None: [], 1: ["mean"]}.get(head.grid, [f"mean {head.grid}×{head.grid}"])
        words += [f"linear {width:,}" for width in head.hidden] + ["linear"]
    kind = ", ".join(words)
    details = {"dropout": f"{head.dropout:g}"} if head.dropout else {}
    return "head", kind, head.width, 0, 1, details


def _pooled(pooling: Pooling | None) -> str:
    return "" if pooling is None else f", {pooling.function}-pool"


def describe_block(block: Block) -> tuple[str, Mapping[str, str]]:
    """The block's kind in words, and its parameters by name."""
    match block:
        case Plain():
            return f"{_square(block.kernel)} conv", {}
        case Vanilla():
            return "vanilla", {}
        case Basic():
            return "basic" if block.se is None else "basic, SE", _squeeze(block.se)
        case Bottleneck():
            grouped = {} if block.group_width is None else {"group width": f"{block.group_width:,}"}
            ratio = {"bottleneck ratio": f"{block.bottleneck_ratio:g}"}
            return _bottleneck_kind(block), grouped | ratio | _squeeze(block.se)
        case MBConv():
            own = {"expansion": f"{block.expansion:.3g}", "kernel": _square(block.kernel)}
            return _mbconv_kind(block), own | _squeeze(block.se) | _skip(block)
        case Separable():
            return "separable", {"kernel": _square(block.kernel)}
        case Inception():
            return "inception", {
                "1×1 branch": f"{block.width1}",
                "3×3 branch": f"{block.width3}",
                "5×5 branch": f"{block.width5}",
                "pool branch": f"{block.width_pool}",
            }
        case Custom():
            return "custom", {}
        case _:
            assert_never(block)


def _bottleneck_kind(block: Bottleneck) -> str:
    if block.group_width is None:
        return "bottleneck" if block.se is None else "bottleneck, SE"
    return "X block" if block.se is None else "Y block"


def _mbconv_kind(block: MBConv) -> str:
    if block.depthwise:
        return "MBConv"
    return "conv" if block.expansion == 1 else "fused MBConv"


def _skip(block: MBConv) -> dict[str, str]:
    """The shortcut, where it is not the usual one."""
    if block.pooled_skip:
        return {"skip": "pooled"}
    return {} if block.skip else {"skip": "none"}


def _squeeze(se: Squeeze | None) -> dict[str, str]:
    return {} if se is None else {"squeeze ratio": f"{se.ratio:g}"}


def _square(kernel: int) -> str:
    return f"{kernel}×{kernel}"
