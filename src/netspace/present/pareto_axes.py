"""Axes and labels of panels whose cost is logarithmic."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log10
from typing import Any

import plotly.graph_objects as go

from netspace.present.palette import literal

Ends = tuple[float, float]

LEAST = 1.6
"""A panel's largest cost is at least so many times its smallest, so that a tick is inside."""

WIDE, WIDER = 3.2, 60.0
"""Above so many times its least cost an axis has room for 1, 2 and 5 of each power of ten only, and
then for powers of ten."""

COUNTS = 1_000
"""An axis that reaches beyond this is one of counts, written 10M; below, of milliseconds."""

PANEL = (360.0, 320.0)
"""Width and height, in pixels, that labels are placed for: half a report's page."""

LETTER, LINE, OFF = 6.6, 15.0, 8.0
"""Width and height of text of 12 pixels, and how far a label stands from its mark."""

SIDES: Mapping[str, tuple[int, int]] = {
    "top right": (1, 1),
    "bottom right": (1, -1),
    "middle right": (1, 0),
    "bottom left": (-1, -1),
    "middle left": (-1, 0),
    "top left": (-1, 1),
    "top center": (0, 1),
    "bottom center": (0, -1),
}
"""Where a label may stand, best first: right or left of its mark, above or below it. A step of the
front runs to the right of a mark and upwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A mark that is to have a label."""

    x: float
    y: float
    text: str


def cost_ends(costs: Sequence[float]) -> Ends:
    """The ends of a logarithmic axis: all costs with a margin, LEAST apart or more."""
    if not costs:
        return 1.0, 10.0
    low, high = log10(min(costs)), log10(max(costs))
    spread = max(high - low, log10(LEAST))
    margin = (spread - (high - low)) / 2 + 0.16 * spread
    return 10 ** (low - margin), 10 ** (high + margin)


def error_ends(errors: Sequence[float]) -> Ends:
    """The ends of the axis of errors: all of them with a margin, and nothing below 0."""
    if not errors:
        return 0.0, 100.0
    low, high = min(errors), max(errors)
    margin = 0.08 * (high - low) or 1.0
    return max(0.0, low - margin), high + margin


def scale(figure: go.Figure, costs: Ends, errors: Ends, panel: Mapping[str, int]) -> None:
    """Give a panel its ends: costs logarithmic, errors linear."""
    span = costs[1] / costs[0]
    figure.update_xaxes(
        type="log",
        range=[log10(end) for end in costs],
        dtick=1 if span > WIDER else "D2" if span > WIDE else "D1",
        tickformat="~s" if costs[1] > COUNTS else "~g",
        **panel,
    )
    figure.update_yaxes(range=errors, **panel)


def labels(
    spots: Sequence[Spot], costs: Ends, errors: Ends, others: Sequence[Spot] = ()
) -> dict[str, Any]:
    """Names beside marks, as plotly takes them, where they hide each other and marks least.

    others: marks that have no label.
    """
    return {
        "x": [spot.x for spot in spots],
        "y": [spot.y for spot in spots],
        "mode": "markers+text",
        "marker": {"size": 2 * OFF, "opacity": 0},  # a label keeps off its mark
        "text": [literal(spot.text) for spot in spots],
        "textposition": sides(spots, costs, errors, others),
        "textfont": {"size": 12},
        "hoverinfo": "skip",
        "showlegend": False,
        "cliponaxis": False,
    }


Box = tuple[float, float, float, float]
"""Left, lower, right and upper side, in pixels."""


def sides(
    spots: Sequence[Spot], costs: Ends, errors: Ends, others: Sequence[Spot] = ()
) -> list[str]:
    """Of SIDES, one for each label, in order of the spots; the first choose first."""
    taken = [_around(*_place(spot, costs, errors), OFF) for spot in (*spots, *others)]
    chosen: list[str] = []
    for spot in spots:
        boxes = dict(_boxes(spot, costs, errors))
        best = min(boxes, key=lambda side: _hidden(boxes[side], taken))
        taken.append(boxes[best])
        chosen.append(best)
    return chosen


def _place(spot: Spot, costs: Ends, errors: Ends) -> tuple[float, float]:
    across = log10(spot.x / costs[0]) / log10(costs[1] / costs[0])
    up = (spot.y - errors[0]) / (errors[1] - errors[0])
    return PANEL[0] * across, PANEL[1] * up


def _around(x: float, y: float, reach: float) -> Box:
    return x - reach, y - reach, x + reach, y + reach


def _boxes(spot: Spot, costs: Ends, errors: Ends) -> Iterator[tuple[str, Box]]:
    """The room that the label takes on each side of its mark."""
    x, y = _place(spot, costs, errors)
    width = LETTER * len(spot.text)
    for side, (right, up) in SIDES.items():
        middle, centre = x + right * (OFF + width / 2), y + up * (OFF + LINE / 2)
        yield (
            side,
            (middle - width / 2, centre - LINE / 2, middle + width / 2, centre + LINE / 2),
        )


def _hidden(box: Box, taken: Sequence[Box]) -> float:
    """The area of a box that lies on others, or outside the panel."""
    area = (box[2] - box[0]) * (box[3] - box[1])
    return sum(_shared(box, other) for other in taken) + area - _shared(box, (0.0, 0.0, *PANEL))


def _shared(box: Box, other: Box) -> float:
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    return max(0.0, width) * max(0.0, height)
