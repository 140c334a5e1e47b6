"""Explore: a network by its controls, with its widths, picture, counts and rules, and scaled."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import plotly.graph_objects as go
from dash import Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from flask import Response, request

from netspace.errors import UserError
from netspace.present.export import yaml_text
from netspace.present.palette import style
from netspace.present.web import explore_results as results
from netspace.present.web.explore_controls import (
    DEFAULTS,
    MODES,
    NUMBERS,
    REGNET,
    ident,
    query_of,
    texts_of,
)
from netspace.present.web.explore_form import form, scaling_form
from netspace.present.web.explore_network import Explored, explored, scaled
from netspace.present.web.explore_presets import presets
from netspace.present.web.figures import dressed, graph
from netspace.present.web.parts import fault, in_browser, section
from netspace.present.web.view import View
from netspace.present.web.width_figure import HEIGHT, draw_lines

Texts = Mapping[str, str]

_SHOWN = {
    "title": "children",
    "fault": "children",
    "costs": "children",
    "notes": "children",
    "widths": "figure",
    "picture": "src",
    "rules": "children",
    "scaled": "children",
    "take": "children",
    "shown": "className",
}
_PARAMETERS = tuple(control.name for control in REGNET)
_NO_FIGURE = style(go.Figure(), height=HEIGHT)
_NO_PICTURE = "data:,"


def layout(view: View) -> Component:
    """The page for the network that the query names."""
    texts = texts_of(view.query)
    says: dict[str, Any] = {"title": "Explore a network", "shown": "nothing", "figure": _NO_FIGURE}
    says |= _answer(texts)
    take = html.Div(says.get("take"), id=ident("take"), className="take")
    head = html.Div([_top(says), take], className="head")
    return html.Div([head, form(texts), _results(texts, says, view)], className="explore")


def register(app: Dash, folders: tuple[Path, ...]) -> None:
    """Controls to results and address; slide and box kept in step; the network as a file."""
    _follow(app)
    _published(app)
    app.server.add_url_rule(results.NETWORK_FILE, "network_file", _network_file)

    @app.callback(
        output={name: Output(ident(name), prop) for name, prop in _SHOWN.items()}
        | {"query": Output("query", "data")},
        inputs={
            "values": {name: Input(ident(name), "value") for name in DEFAULTS},
            "data": State("view", "data"),
        },
        prevent_initial_call=True,
    )
    def show(values: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
        texts = {name: _text(value) for name, value in values.items()}
        says = dict.fromkeys(_SHOWN, no_update) | {"shown": "stale"} | _answer(texts)
        figure = says.pop("figure", None)
        if figure is not None:
            says["widths"] = dressed(figure, View.of(data, folders))
        return says | {"query": query_of(texts)}


def _answer(texts: Texts) -> dict[str, Any]:
    """What is shown for these values; of values that make no network only what is wrong."""
    try:
        found = explored(texts)
        counts = results.costs(found.network)
    except UserError as wrong:
        return {"fault": fault(str(wrong))}
    return {
        "title": found.title,
        "fault": "",
        "costs": counts,
        "notes": results.notes(found),
        "figure": draw_lines(found.line),
        "picture": results.picture(found.network),
        "rules": results.rule_table(found),
        "scaled": _scaled(found, texts),
        "take": results.take(found, texts),
        "shown": "",
    }


def _scaled(found: Explored, texts: Texts) -> list[Component]:
    try:
        how = scaled(found.network, texts)
        return [results.scaled_table(found.network, how), *results.scale_note(found, how, texts)]
    except UserError as wrong:
        return [fault(str(wrong))]


def _top(says: Mapping[str, Any]) -> Component:
    return html.Div(
        [
            html.H1(says["title"], id=ident("title")),
            html.Div(
                [
                    html.Div(says["fault"], id=ident("fault")),
                    html.Div(says.get("costs"), id=ident("costs")),
                ],
                className="counts",
            ),
        ],
        className="top",
    )


def _results(texts: Texts, says: Mapping[str, Any], view: View) -> Component:
    words = "Widths of the blocks in channels, over a RegNet line and its quantised steps"
    picture = html.Img(
        id=ident("picture"),
        src=says.get("picture", _NO_PICTURE),
        alt="The network from image to classes: its parts, their sizes, and their shares of cost",
    )
    scaling = [scaling_form(texts), html.Div(says.get("scaled"), id=ident("scaled"))]
    rules = section("Rules", html.Div(says.get("rules"), id=ident("rules")), name="rules")
    sections = [
        section("Widths", graph(ident("widths"), says["figure"], words, view), name="widths"),
        section(
            "Picture",
            html.Div(picture, className="scroll picture"),
            html.Div(says.get("notes"), id=ident("notes")),
            name="network",
        ),
        html.Div([rules, section("Scaled", *scaling, name="scaling")], className="pair"),
    ]
    return html.Div(sections, id=ident("shown"), className=says["shown"])


def _follow(app: Dash) -> None:
    """Slide and box of each number, and what is to be seen of a mode: in the browser."""
    for name, control in NUMBERS.items():
        function = "follow_power" if control.power else "follow"
        slide, box = f"{ident(name)}-slide", ident(name)
        ends = [(slide, "value"), (box, "value")]
        in_browser(app, function, [Output(*end) for end in ends], *(Input(*end) for end in ends))
    hidden = [Output(ident(f"of-{mode}"), "hidden") for mode in MODES]
    in_browser(app, "only", hidden, Input(ident("mode"), "value"))
    of_block = Output(ident("of-anynet"), "className")
    in_browser(app, "of_block", of_block, Input(ident("block"), "value"))


def _published(app: Dash) -> None:
    @app.callback(
        [
            Output(ident(name), "value", allow_duplicate=True)
            for name in (*_PARAMETERS, "se", "preset")
        ],
        Input(ident("preset"), "value"),
        prevent_initial_call=True,
    )
    def choose(name: str | None) -> list[Any]:
        chosen = presets().get(name or "")
        if chosen is None:
            raise PreventUpdate
        squeezed = [chosen["se"]] if chosen["se"] else []
        return [*(chosen[name] for name in _PARAMETERS), squeezed, None]


def _network_file() -> Response:
    texts = texts_of(dict(parse_qsl(request.query_string.decode(), keep_blank_values=True)))
    try:
        found = explored(texts)
    except UserError as wrong:
        return Response(f"{wrong}\n", status=400, mimetype="text/plain")
    return Response(
        yaml_text(found.network),
        mimetype="application/yaml",
        headers={"Content-Disposition": f'attachment; filename="{found.file}"'},
    )


def _text(value: Any) -> str:
    """A control's value as it stands in the query."""
    if isinstance(value, list):
        return "".join(value)
    return "" if value is None else str(value)
