"""Small pieces that all pages are built of."""

from collections.abc import Sequence
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, html
from dash.development.base_component import Component

Cell = str | Component


def named(words: str) -> dict[str, Any]:
    """The attribute that names an element to those who do not see it: `html.Nav(…, **named(…))`."""
    return _attributes("aria-label", words)


def _attributes(name: str, value: str) -> dict[str, Any]:
    return {name: value}


def in_browser(
    app: Dash,
    function: str,
    outputs: Output | Sequence[Output],
    *inputs: Input,
    first: bool = False,
) -> None:
    """A callback by a function of assets/web.js; `first`: it is called on arrival too."""
    untyped: Any = app
    called = ClientsideFunction("netspace", function)
    untyped.clientside_callback(called, outputs, *inputs, prevent_initial_call=not first)


def fault(message: str) -> Component:
    """What is wrong, in one line, read out by screen readers as it appears."""
    return html.P(message, className="fault", role="alert")


def section(title: str, *children: Component, name: str) -> Component:
    """A titled part of a page; `name` is its ID."""
    heading = html.H2(title, id=f"{name}-title")
    attributes = _attributes("aria-labelledby", f"{name}-title")
    return html.Section([heading, *children], id=name, **attributes)


def table(
    head: Sequence[Cell], rows: Sequence[Sequence[Cell]], *, numbers: Sequence[int] = ()
) -> Component:
    """A table that scrolls sideways where it is too wide; `numbers`: columns set right."""

    def kind(column: int) -> str:
        return "number" if column in numbers else ""

    top = html.Tr([html.Th(c, className=kind(i), scope="col") for i, c in enumerate(head)])
    body = [html.Tr([html.Td(c, className=kind(i)) for i, c in enumerate(row)]) for row in rows]
    return html.Div(html.Table([html.Thead(top), html.Tbody(body)]), className="scroll")


def command(name: str, text: str) -> Component:
    """A command to copy; web.js does it for every button with data-copy."""
    return html.Div(
        [
            html.Code(text, id=name),
            html.Button(
                "Copy", type="button", className="button", **_attributes("data-copy", name)
            ),
        ],
        className="command",
    )
