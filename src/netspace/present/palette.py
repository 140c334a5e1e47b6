"""How all figures look: one colour and one marker for each space, quiet axes.

Colours: Okabe and Ito 2008, told apart by the colour-blind. Backgrounds are transparent and grids
half-transparent, so that figures read on light and on dark pages; on dark ones the report shows
blue and sky blue, and vermillion and orange, in each other's place.
"""

from html import escape
from typing import Any

import plotly.graph_objects as go

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8a939e")
GREY = COLOURS[-1]
MARKERS = ("circle", "diamond", "square", "triangle-up", "triangle-down", "pentagon", "cross")
STAR_FILL, STAR_LINE = "#F0E442", "#3a3a3a"
GRID = "rgba(128,128,128,0.22)"
AXIS_ERROR = "top-1 error (%) on validation"

_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif'
_AXIS = {
    "gridcolor": GRID,
    "linecolor": "rgba(128,128,128,0.6)",
    "showline": True,
    "zeroline": False,
    "ticks": "outside",
    "ticklen": 4,
    "tickcolor": "rgba(128,128,128,0.6)",
    "automargin": True,
    "title": {"standoff": 8, "font": {"size": 13}},
}
_TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": _FONT, "size": 13},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 64, "r": 16, "t": 48, "b": 52},
        "hoverlabel": {"align": "left", "font": {"family": _FONT, "size": 13}},
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        "xaxis": _AXIS,
        "yaxis": _AXIS,
    }
)


def style(figure: go.Figure, *, height: int, **layout: Any) -> go.Figure:
    """Give a figure the common look; height in pixels."""
    return figure.update_layout(template=_TEMPLATE, height=height, **layout)


def literal(name: str) -> str:
    """A name as plotly shows it letter by letter: without tags, entities or formulas."""
    return escape(name, quote=False).replace("$", "&#36;")


def colour(number: int) -> str:
    """The colour of the space with this number."""
    return COLOURS[number % len(COLOURS)]


def marker(number: int) -> str:
    """The marker of the space with this number."""
    return MARKERS[number % len(MARKERS)]


def tint(number: int, opacity: float) -> str:
    """The space's colour, let through to this opacity."""
    return f"{colour(number)}{round(255 * opacity):02X}"
