"""Figures in the colours of the browser's mode: as the report's script does it for a report."""

import json
import re
from typing import Any, cast

import plotly.graph_objects as go
from dash import dcc, html
from dash.development.base_component import Component

from netspace.present.web.parts import named
from netspace.present.web.view import View

TEXT = {False: "#1d2126", True: "#e4e7eb"}
MUTED = {False: "#59636e", True: "#9ea8b3"}
RAISED = {False: "#f5f7f9", True: "#1c2127"}
LINE = {False: "#dce1e7", True: "#323a43"}
SWAPPED = {
    "#0072B2": "#56B4E9",
    "#56B4E9": "#0072B2",
    "#D55E00": "#E69F00",
    "#E69F00": "#D55E00",
}
# The buttons stay on this machine; plotly's own set would offer to upload the figure.
CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "responsive": True,
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "modeBarButtons": [["toImage", "resetScale2d"]],
}


def graph(name: str, figure: go.Figure, words: str, view: View, **config: Any) -> Component:
    """The figure with this ID; `words` say what it shows to those who do not see it.

    config: of plotly, over ours, such as modeBarButtons with a brush.
    """
    return html.Div(
        dcc.Graph(
            id=name,
            figure=dressed(figure, view),
            config=cast("Any", CONFIG | config),
            style={"height": f"{figure.layout.height}px"},
        ),
        role="img",
        className="plot",
        **named(words),
    )


def dressed(figure: go.Figure, view: View) -> dict[str, Any]:
    """The figure as JSON, in the view's colours; a finger that moves over it scrolls the page."""
    text = figure.to_json()
    if view.dark:
        text = _COLOURS.sub(lambda found: SWAPPED[found.group().upper()], text)
    plain: dict[str, Any] = json.loads(text)
    layout = plain["layout"]
    layout["font"] = {**layout.get("font", {}), "color": TEXT[view.dark]}
    layout["hoverlabel"] = {
        "bgcolor": RAISED[view.dark],
        "bordercolor": LINE[view.dark],
        "font": {"color": TEXT[view.dark]},
    }
    layout["modebar"] = {
        "bgcolor": "rgba(0,0,0,0)",
        "color": MUTED[view.dark],
        "activecolor": TEXT[view.dark],
    }
    if view.coarse:
        layout["dragmode"] = False
    return plain


_COLOURS = re.compile("|".join(SWAPPED), re.IGNORECASE)
