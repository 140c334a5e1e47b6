"""A network as an SVG picture: one column for each part, from the image to the classes.

A slab is a block: its height hints at the resolution, its thickness at the width. Below stand the
numbers, and each part's share of the cost. Colours follow the page (currentColor, --accent …).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import sqrt

from netspace.design.complexity import Complexity
from netspace.design.network import Network
from netspace.design.units import format_size
from netspace.present.anatomy import PartView, anatomy
from netspace.present.wording import counted, exact, map_size, printable, share

WIDTH = 920
LABELS = 118
COLUMN = 78
MARGIN = 14
TALLEST, SHORTEST = 132.0, 12.0
THICKEST, THINNEST = 30.0, 2.5
GAP = 2.0
MIDDLE = 46 + TALLEST / 2
LINE, SECOND, BAR_LINE = 25, 16, 34
EDGE = 14
COSTS = ("flops", "params", "activations")

STYLE = """
.netspace-network{color:var(--text,#1d2126);background:var(--surface,#fff);
font:13px system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
.netspace-network text{fill:currentColor;text-anchor:middle}
.netspace-network .label{text-anchor:start;opacity:.68}
.netspace-network .total{text-anchor:start;font-size:12px;font-weight:600}
.netspace-network .name{font-weight:600}
.netspace-network .small{font-size:12px}
.netspace-network .rule{stroke:currentColor;opacity:.13}
.netspace-network .flow{fill:none;stroke:currentColor;opacity:.4;stroke-width:1.5}
.netspace-network .image{fill:var(--surface,#fff);stroke:currentColor;stroke-dasharray:3 3}
.netspace-network .stem{fill:#8a939e}
.netspace-network .block,.netspace-network .part{fill:var(--accent,#0072b2)}
.netspace-network .head{fill:var(--accent-2,#d55e00)}
.netspace-network .track{fill:currentColor;opacity:.1}
@media (prefers-color-scheme:dark){.netspace-network{color:var(--text,#e4e7eb);
background:var(--surface,#14171b)}.netspace-network .image{fill:var(--surface,#14171b)}
.netspace-network .block,.netspace-network .part{fill:var(--accent,#56b4e9)}
.netspace-network .head{fill:var(--accent-2,#e69f00)}}
""".replace("\n", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """Where one part stands; `part` is None for the image."""

    part: PartView | None
    left: float
    width: float

    @property
    def middle(self) -> float:
        return self.left + self.width / 2


def draw(network: Network) -> str:
    """The network as one self-contained SVG element."""
    views = anatomy(network)
    columns = _columns(views)
    table, y = _table(columns, network, MIDDLE + TALLEST / 2 + 24)
    bars, bottom = _bars(columns, y + 4)
    top = 0 if network.name else 16
    width, height = _right(columns) + 2 * EDGE, bottom + EDGE - 10 - top
    name = escape(printable(network.name or "network"))
    heading = [_text(0, 12, network.name, "total")] if network.name else []
    return "\n".join(
        [
            '<svg xmlns="http://www.w3.org/2000/svg" class="netspace-network" role="img" '
            f'viewBox="{-EDGE} {top} {width:g} {height:g}" width="{width:g}" height="{height:g}">',
            f"<title>{name}: {len(network.stages)} stages, {network.depth} blocks</title>",
            f"<desc>{escape(_described(network, views))}</desc>",
            f"<style>{STYLE}</style>",
            *heading,
            *_flow(columns, network),
            *table,
            *bars,
            "</svg>",
        ]
    )


def _columns(views: Sequence[PartView]) -> list[_Column]:
    """The image, then the parts; what room is left goes to the stages by their depth."""
    shown: list[PartView | None] = [None, *views]
    spare = max(0.0, WIDTH - LABELS - COLUMN * len(shown))
    depth = sum(view.blocks for view in views)
    columns, left = [], float(LABELS)
    for part in shown:
        blocks = part.blocks if part else 0
        width = COLUMN + spare * blocks / depth
        columns.append(_Column(part=part, left=left, width=width))
        left += width
    return columns


def _flow(columns: Sequence[_Column], network: Network) -> Iterator[str]:
    """Names, slabs and the line through them."""
    first, last = columns[0], columns[-1]
    end = last.middle - 14
    yield f'<path class="flow" d="M{first.middle:.1f} {MIDDLE}H{end:.1f}"/>'
    yield f'<path class="flow" d="M{end - 6:.1f} {MIDDLE - 5}l7 5l-7 5"/>'
    thickness = _thickness(columns)
    for column in columns:
        yield _text(column.middle, 34, column.part.name if column.part else "image", "name")
        if column.part is None:
            yield _rectangle("image", column.middle, _tall(network.resolution[0], network), 26)
        elif column is last:
            yield _rectangle("head", last.middle, 44, 16)
        else:
            yield from _slabs(column, column.part, network, thickness)


def _slabs(column: _Column, part: PartView, network: Network, thickness: float) -> Iterator[str]:
    tall = _tall(part.output.height, network)
    if not part.blocks:
        yield _rectangle("stem", column.middle, tall, _thick(part.width, thickness))
        return
    thick, room = _thick(part.width, thickness), column.width - MARGIN
    pitch = thick + GAP
    if part.blocks * pitch > room + 2 * GAP:  # too many to tell apart: one body, its depth written
        yield _rectangle("block", column.middle, tall, room)
        return
    start = column.middle - (part.blocks - 1) * pitch / 2
    for block in range(part.blocks):
        yield _rectangle("block", start + block * pitch, tall, thick)


def _thickness(columns: Sequence[_Column]) -> float:
    """Pixels for each square root of a channel, such that every stage's slabs fit its column."""
    stages = [(column.width - MARGIN, column.part) for column in columns if column.part]
    return min(
        min(THICKEST, (room + GAP) / max(1, part.blocks) - GAP) / sqrt(part.width)
        for room, part in stages
        if part.width
    )


def _thick(width: int | None, thickness: float) -> float:
    return max(THINNEST, thickness * sqrt(width or 1))


def _tall(height: int, network: Network) -> float:
    return max(SHORTEST, TALLEST * sqrt(height / network.resolution[0]))


def _table(columns: Sequence[_Column], network: Network, y: float) -> tuple[list[str], float]:
    """The rows of numbers under the slabs, from `y` on, and where they end."""
    drawn, right = [], _right(columns)
    for label, values in _rows([column.part for column in columns if column.part], network):
        drawn.append(_text(0, y, label, "label"))
        lines = [value.split(", ") for value in values]
        for column, words in zip(columns, lines, strict=True):
            drawn += [
                _text(column.middle, y + SECOND * number, line, "")
                for number, line in enumerate(words)
                if line
            ]
        y += SECOND * (max(map(len, lines)) - 1) + 8
        drawn.append(f'<path class="rule" d="M0 {y:.1f}H{right:.1f}"/>')
        y += LINE - 8
    return drawn, y


def _rows(parts: Sequence[PartView], network: Network) -> list[tuple[str, list[str]]]:
    """Label and one value for each column; a comma ends a line."""
    height, width = network.resolution
    image, classes = f"{height}×{width}", counted(network.classes, "class")
    widths = ["" if part.width is None else exact(part.width) for part in parts]
    depths = [exact(part.blocks) if part.blocks else "" for part in parts]
    rows = [
        ("output", [image, *(map_size(part.output) for part in parts[:-1]), classes]),
        ("built of", [counted(network.channels, "channel"), *(part.kind for part in parts)]),
        ("width", ["", *widths]),
        ("depth", ["", *depths]),
        ("stride", ["", *(f"{part.stride}" for part in parts[:-1]), ""]),
        ("sees, pixels", ["", *(exact(part.reach.size) for part in parts[:-1]), ""]),
    ]
    names = dict.fromkeys(name for part in parts for name in part.details)
    details = [(name, ["", *(part.details.get(name, "") for part in parts)]) for name in names]
    return rows + details


def _bars(columns: Sequence[_Column], y: float) -> tuple[list[str], float]:
    """For each cost a bar in every column: the part's share of the whole."""
    drawn, track = [], COLUMN - MARGIN
    parts = [(column.middle, column.part.complexity) for column in columns if column.part]
    whole = sum((cost for _, cost in parts), start=Complexity())
    for name in COSTS:
        total = getattr(whole, name)
        drawn.append(_text(0, y, name, "label"))
        drawn.append(_text(0, y + 15, format_size(total), "total"))
        for middle, cost in parts:
            part, left = getattr(cost, name), middle - track / 2
            place = f'x="{left:.1f}" y="{y + 6:.1f}" height="7"'
            drawn.append(_text(middle, y + 1, share(part, total), "small"))
            drawn.append(f'<rect class="track" {place} width="{track}"/>')
            drawn.append(f'<rect class="part" {place} width="{track * part / total:.2f}"/>')
        y += BAR_LINE
    return drawn, y


def _described(network: Network, views: Sequence[PartView]) -> str:
    """The picture in words, for those who do not see it."""
    height, width = network.resolution
    said = [f"From images of {height}×{width} pixels to {network.classes:,} classes."]
    for view in views:
        words = [view.kind if not view.blocks else f"{view.blocks} × {view.kind}"]
        words += [] if view.width is None else [f"width {view.width:,}"]
        words += [] if view is views[-1] else [f"stride {view.stride}"]
        words += [f"{name} {value}" for name, value in view.details.items()]
        if view is not views[-1]:
            words.append(f"output {map_size(view.output)}")
            words.append(f"receptive field {view.reach.size:,} pixels")
        said.append(f"{view.name}: {', '.join(words)}.")
    return printable(" ".join(said))


def _right(columns: Sequence[_Column]) -> float:
    return columns[-1].left + columns[-1].width


def _rectangle(kind: str, middle: float, tall: float, thick: float) -> str:
    corner = min(2.5, thick / 3)
    return (
        f'<rect class="{kind}" x="{middle - thick / 2:.1f}" y="{MIDDLE - tall / 2:.1f}" '
        f'width="{thick:.1f}" height="{tall:.1f}" rx="{corner:.1f}"/>'
    )


def _text(x: float, y: float, words: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(printable(words))}</text>'
