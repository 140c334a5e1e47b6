"""A network's widths block by block beside the nearest RegNet line, as an SVG picture.

The axis of widths is logarithmic, as in Radosavovic et al. 2020, fig. 8, so the line is bent.
Colours follow the page (currentColor, --accent …).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log2

from netspace.design.fit import RegNetFit, fit_regnet
from netspace.design.network import Network
from netspace.design.units import format_size
from netspace.present.wording import counted, exact, printable

WIDTH, HEIGHT = 760, 404
LEFT, RIGHT, TOP, BOTTOM = 66, 640, 88, 350
EDGE = 14
TICK, GRIDS = 18, 9
LABEL, LINE = 20, 17
LONGEST_NAME = 54
SPARE = 0.3

STYLE = """
.netspace-widths{color:var(--text,#1d2126);background:var(--surface,#fff);
font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
.netspace-widths text{fill:currentColor}
.netspace-widths .total{font-size:13px;font-weight:600}
.netspace-widths .x{text-anchor:middle}
.netspace-widths .y{text-anchor:end}
.netspace-widths .x,.netspace-widths .y,.netspace-widths .axis{opacity:.72}
.netspace-widths .sub{font-size:9.5px}
.netspace-widths .rule{stroke:currentColor;opacity:.13}
.netspace-widths .base{stroke:currentColor;opacity:.5}
.netspace-widths path{fill:none}
.netspace-widths .leader{stroke:currentColor;opacity:.4}
.netspace-widths .line{stroke:currentColor;stroke-width:1.5;stroke-dasharray:5 4;opacity:.75}
.netspace-widths .steps{stroke:var(--accent,#0072b2);stroke-width:2.5}
.netspace-widths .block{fill:var(--accent-2,#d55e00);stroke:var(--surface,#fff);stroke-width:1}
.netspace-widths .dense{stroke:none}
.netspace-widths .label{font-weight:600}
.netspace-widths .of-steps{fill:var(--accent,#0072b2)}
.netspace-widths .of-block{fill:var(--accent-2,#bf5400)}
@media (prefers-color-scheme:dark){.netspace-widths{color:var(--text,#e4e7eb);
background:var(--surface,#14171b)}.netspace-widths .steps{stroke:var(--accent,#56b4e9)}
.netspace-widths .block{fill:var(--accent-2,#e69f00);stroke:var(--surface,#14171b)}
.netspace-widths .of-steps{fill:var(--accent,#56b4e9)}
.netspace-widths .of-block{fill:var(--accent-2,#e69f00)}}
""".replace("\n", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plane:
    """From blocks and channels to pixels; low and high are the ends of the axis as powers of 2."""

    blocks: int
    low: float
    high: float

    def x(self, block: float) -> float:
        """The middle of a block."""
        return LEFT + (RIGHT - LEFT) * (block + 0.5) / self.blocks

    def y(self, width: float) -> float:
        """The height of a width."""
        return BOTTOM - (BOTTOM - TOP) * (log2(width) - self.low) / (self.high - self.low)


def draw_widths(network: Network) -> str:
    """The widths, the nearest RegNet line and its quantised steps as one self-contained SVG."""
    fit = fit_regnet(network)
    plane = _plane(fit)
    name = printable(network.name or "network")
    return "\n".join(
        [
            '<svg xmlns="http://www.w3.org/2000/svg" class="netspace-widths" role="img" '
            f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">',
            f"<title>{escape(name)}: widths of {counted(fit.depth, 'block')}, and a RegNet line"
            "</title>",
            f"<desc>{escape(_described(network, fit))}</desc>",
            f"<style>{STYLE}</style>",
            *_heading(network, fit),
            *_axes(plane),
            *_labels(plane, fit),
            f'<path class="line" d="{_line(plane, fit)}"/>',
            f'<path class="steps" d="{_steps(plane, fit.predicted)}"/>',
            *_blocks(plane, fit.observed),
            "</svg>",
        ]
    )


def _plane(fit: RegNetFit) -> _Plane:
    """Room for every width, with something to spare; four to one at least."""
    widths = (*fit.predicted, *fit.observed, _line_end(fit))
    low, high = log2(min(widths)) - SPARE, log2(max(widths)) + SPARE
    more = max(0.0, 2 - (high - low)) / 2
    return _Plane(blocks=fit.depth, low=low - more, high=high + more)


def _heading(network: Network, fit: RegNetFit) -> Iterator[str]:
    if network.name:
        yield _text(EDGE, 24, escape(_shortened(printable(network.name))), "total")
    yield _text(
        EDGE,
        44 if network.name else 30,
        _subscripted(f"nearest RegNet: {_parameters(fit)}"),
        "small",
    )


def _parameters(fit: RegNetFit) -> str:
    multiplier = "any" if fit.multiplier is None else f"{fit.multiplier:.4g}"
    return (
        f"w_0 = {exact(fit.initial_width)}, w_a = {fit.slope:.4g}, w_m = {multiplier}, "
        f"d = {exact(fit.depth)}; e_fit = {fit.error:.3f}"
    )


def _axes(plane: _Plane) -> Iterator[str]:
    """Powers of 2 on the left, the numbers of the blocks below."""
    powers = range(ceil(plane.low), floor(plane.high) + 1)
    for power in powers[:: ceil(len(powers) / GRIDS)]:
        y = plane.y(2.0**power)
        yield f'<path class="rule" d="M{LEFT} {y:.1f}H{RIGHT}"/>'
        yield _text(LEFT - 8, y + 4, _tick(2**power), "y")
    yield f'<path class="base" d="M{LEFT} {BOTTOM}H{RIGHT}"/>'
    for block in range(0, plane.blocks, _pace(plane.blocks)):
        x = plane.x(block)
        yield f'<path class="base" d="M{x:.1f} {BOTTOM}v4"/>'
        yield _text(x, BOTTOM + TICK, exact(block), "x")
    yield _text(EDGE, TOP - 18, "width (channels)", "axis")
    yield _text((LEFT + RIGHT) / 2, BOTTOM + 2 * TICK + 2, "block j", "axis x")


def _tick(width: int) -> str:
    return exact(width) if width < 10**6 else format_size(width)


def _pace(blocks: int) -> int:
    """Every how many blocks one is numbered: 1, 2, 5, 10 …, at most 15 of them."""
    paces = (1, 2, 5, 10, 20, 50, 100, 200)
    return next(pace for pace in paces if blocks <= 15 * pace)


def _line(plane: _Plane, fit: RegNetFit) -> str:
    """u_j from the middle of the first block to the end of the last, in points enough to bend."""
    blocks = [(fit.depth - 0.5) * i / 64 for i in range(65)]
    points = (
        f"{plane.x(block):.1f} {plane.y(fit.initial_width + fit.slope * block):.1f}"
        for block in blocks
    )
    return "M" + "L".join(points)


def _line_end(fit: RegNetFit) -> float:
    return fit.line[-1] + fit.slope / 2


def _steps(plane: _Plane, widths: Sequence[int]) -> str:
    """A tread for each block, a riser wherever the width changes."""
    treads = (
        f"V{plane.y(width):.1f}H{plane.x(block + 0.5):.1f}" for block, width in enumerate(widths)
    )
    return f"M{LEFT} {plane.y(widths[0]):.1f}{''.join(treads)}"


def _blocks(plane: _Plane, widths: Sequence[int]) -> Iterator[str]:
    pitch = (RIGHT - LEFT) / plane.blocks
    radius = min(4.5, max(1.8, 0.3 * pitch))
    kind = "block" if pitch > 2 * radius else "block dense"
    for block, width in enumerate(widths):
        yield (
            f'<circle class="{kind}" cx="{plane.x(block):.1f}" cy="{plane.y(width):.1f}" '
            f'r="{radius:.1f}"/>'
        )


def _labels(plane: _Plane, fit: RegNetFit) -> Iterator[str]:
    """What each mark is, at its right end; moved apart where they end close together."""
    ends = sorted(
        [
            (plane.y(fit.observed[-1]), 0, "network", "block"),
            (plane.y(fit.predicted[-1]), 1, "quantised w_j", "steps"),
            (plane.y(_line_end(fit)), 2, "line u_j", "line"),
        ]
    )
    for (end, _, words, kind), y in zip(ends, _apart([end for end, *_ in ends]), strict=True):
        start = plane.x(plane.blocks - 1) if kind == "block" else RIGHT
        left = RIGHT + LABEL
        yield f'<path class="leader" d="M{start:.1f} {end:.1f}H{RIGHT}L{left - 5} {y:.1f}"/>'
        yield _text(left, y + 4, _subscripted(words), f"label of-{kind}")


def _apart(heights: Sequence[float]) -> list[float]:
    """Rising heights, moved such that neighbours are a line apart and their mean stays."""
    moved: list[float] = []
    for height in heights:
        moved.append(max(height, moved[-1] + LINE) if moved else height)
    shift = (sum(heights) - sum(moved)) / len(heights)
    return [height + shift for height in moved]


def _described(network: Network, fit: RegNetFit) -> str:
    """The picture in words, for those who do not see it."""
    stages = (
        f"{counted(stage.depth, 'block')} of {exact(stage.width)}" for stage in network.stages
    )
    return printable(f"Channels: {', '.join(stages)}. Nearest RegNet: {_parameters(fit)}.")


def _text(x: float, y: float, words: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{words}</text>'


def _subscripted(words: str) -> str:
    """With what follows an underscore set lower, as in w_0."""
    low, back = '<tspan class="sub" dy="3">', '</tspan><tspan dy="-3">'
    parts = re.split(r"(?<=\b\w)_(\w+)", escape(words))
    ends = "</tspan>" * (len(parts) // 2)
    return "".join(f"{low}{part}{back}" if i % 2 else part for i, part in enumerate(parts)) + ends


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
