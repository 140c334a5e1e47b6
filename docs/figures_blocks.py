"""The pictures of the blocks: each drawn from its own tree of layers, with its counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from figures_layers import GAP, LINE, Drawn, drawn, flow, stack

from netspace.design.blocks import (
    Basic,
    Block,
    Bottleneck,
    Inception,
    MBConv,
    Plain,
    Separable,
    Vanilla,
    layers,
)
from netspace.design.complexity import Complexity, measure
from netspace.design.layers import Shape
from netspace.design.pieces import Squeeze
from netspace.design.units import format_size

SIDE = 28
EDGE, APART = 16, 34

STYLE = """
.netspace-blocks{color:var(--text,#1d2126);background:var(--surface,#fff);
font:13px system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
.netspace-blocks text{fill:currentColor;text-anchor:middle}
.netspace-blocks .title{font-size:14px;font-weight:600}
.netspace-blocks .name{font-weight:600}
.netspace-blocks .small{font-size:11px;opacity:.8}
.netspace-blocks .flow{fill:none;stroke:currentColor;opacity:.5;stroke-width:1.4}
.netspace-blocks .box{fill:#0072b2;fill-opacity:.13;stroke:#0072b2}
.netspace-blocks .join{fill:var(--surface,#fff);stroke:#d55e00;stroke-width:1.4}
@media (prefers-color-scheme:dark){.netspace-blocks{color:var(--text,#e4e7eb);
background:var(--surface,#14171b)}.netspace-blocks .join{fill:var(--surface,#14171b);
stroke:#e69f00}.netspace-blocks .box{fill:#56b4e9;stroke:#56b4e9}}
""".replace("\n", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A block from so many channels to so many, on a map of `SIDE` x `SIDE`."""

    title: str
    block: Block
    width_in: int
    width: int
    stride: int = 1

    @property
    def input(self) -> Shape:
        """The map that it takes."""
        return Shape(channels=self.width_in, height=SIDE, width=SIDE)

    @property
    def complexity(self) -> Complexity:
        """What it costs on one image."""
        return measure(layers(self.block, self.width_in, self.width, self.stride), self.input)[0]


SE = Squeeze(ratio=0.25)
GROUPS: dict[str, tuple[Case, ...]] = {
    "blocks-plain": (
        Case(title="plain (VGG)", block=Plain(), width_in=128, width=128),
        Case(title="vanilla", block=Vanilla(), width_in=128, width=128),
        Case(title="basic (ResNet-18)", block=Basic(), width_in=128, width=128),
        Case(title="basic, striding", block=Basic(), width_in=128, width=256, stride=2),
    ),
    "blocks-bottleneck": (
        Case(
            title="bottleneck (ResNet-50)",
            block=Bottleneck(bottleneck_ratio=4),
            width_in=128,
            width=128,
        ),
        Case(
            title="ResNeXt",
            block=Bottleneck(bottleneck_ratio=2, group_width=4),
            width_in=128,
            width=128,
        ),
        Case(title="X (RegNetX)", block=Bottleneck(group_width=16), width_in=128, width=128),
        Case(title="Y (RegNetY)", block=Bottleneck(group_width=16, se=SE), width_in=128, width=128),
    ),
    "blocks-mobile": (
        Case(title="separable (MobileNet-v1)", block=Separable(), width_in=128, width=128),
        Case(
            title="MBConv (MobileNet-v2)",
            block=MBConv(act="relu6"),
            width_in=128,
            width=128,
        ),
        Case(title="MBConv with squeeze", block=MBConv(se=SE), width_in=128, width=128),
        Case(
            title="fused MBConv",
            block=MBConv(expansion=4, depthwise=False),
            width_in=128,
            width=128,
        ),
    ),
    "blocks-inception": (
        Case(
            title="inception 3a (GoogLeNet)",
            block=Inception(
                width1=64, reduce3=96, width3=128, reduce5=16, width5=32, width_pool=32
            ),
            width_in=192,
            width=256,
        ),
    ),
}


def pictures() -> dict[str, str]:
    """The SVG of every group of blocks, by its name."""
    return {name: picture(cases) for name, cases in GROUPS.items()}


def picture(cases: Sequence[Case]) -> str:
    """Blocks side by side, each with its name above and its counts below."""
    columns = [_column(case) for case in cases]
    width = sum(column.width for column in columns) + APART * (len(columns) - 1) + 2 * EDGE
    height = max(column.height for column in columns) + 2 * EDGE
    parts, left = [], float(EDGE)
    for column in columns:
        parts.append(column.at(left + column.axis, EDGE))
        left += column.width + APART
    names = ", ".join(case.title for case in cases)
    return "\n".join(
        [
            '<svg xmlns="http://www.w3.org/2000/svg" class="netspace-blocks" role="img" '
            f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}">',
            f"<title>Blocks: {escape(names)}</title>",
            f"<desc>{escape(' '.join(described(case) for case in cases))}</desc>",
            f"<style>{STYLE}</style>",
            *parts,
            "</svg>\n",
        ]
    )


def described(case: Case) -> str:
    """The block's counts in a sentence."""
    cost = case.complexity
    return (
        f"{case.title}: {case.width_in} to {case.width} channels on {SIDE}×{SIDE}, "
        f"{cost.flops:,} flops, {cost.params:,} params, {cost.activations:,} activations."
    )


def _column(case: Case) -> Drawn:
    tree = layers(case.block, case.width_in, case.width, case.stride)
    inner = stack([_port(), drawn(tree, case.input), _port()])
    top, cost = 2 * LINE + 8, case.complexity
    y = top + inner.height + LINE + 4
    said = [
        (LINE, "title", case.title),
        (2 * LINE, "small", f"{case.width_in} → {case.width} channels, {SIDE}×{SIDE} map"),
        (y, "name", f"{format_size(cost.flops)} flops"),
        (y + LINE, "small", f"{format_size(cost.params)} params"),
        (y + 2 * LINE, "small", f"{format_size(cost.activations)} activations"),
    ]
    middle = max(inner.axis, 88.0)
    texts = [f'<text class="{kind}" x="{middle:g}" y="{at:g}">{t}</text>' for at, kind, t in said]
    return Drawn(
        width=max(middle + inner.width - inner.axis, 176),
        height=y + 2 * LINE,
        axis=middle,
        svg=inner.at(middle, top) + "".join(texts),
    )


def _port() -> Drawn:
    """Where the data comes in or goes out."""
    return Drawn(width=0, height=GAP / 2, axis=0, svg=flow(0, 0, 0, GAP / 2))
