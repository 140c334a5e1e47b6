"""The shell around the pages: the bar on top, the way from an address to a page."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from dash import Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from netspace.present.web.parts import fault, in_browser, named
from netspace.present.web.view import View

PAGES = {
    "explore": ("Explore", "netspace.present.web.explore"),
    "runs": ("Runs", "netspace.present.web.runs_page"),
    "decide": ("Decide", "netspace.present.web.decide_page"),
}
_INDEX = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{%title%}</title>
<link rel="icon" href="data:,">
{%css%}
</head>
<body>
{%app_entry%}
{%config%}
{%scripts%}
{%renderer%}
</body>
</html>
"""


class Page(Protocol):
    """A page: what it shows, and its callbacks."""

    def layout(self, view: View) -> Component:
        """All of the page for this view."""

    def register(self, app: Dash, folders: tuple[Path, ...]) -> None:
        """Add the page's callbacks; they look for runs in these folders."""


def make_app(folders: Sequence[Path]) -> Dash:
    """The app that looks for runs in these folders. It loads nothing from elsewhere."""
    app = Dash(
        "netspace",
        title="netspace",
        update_title=cast("str", None),
        index_string=_INDEX,
        assets_folder=str(Path(__file__).with_name("assets")),
        serve_locally=True,
        compress=False,
        suppress_callback_exceptions=True,
        include_pages_meta=False,
        enable_mcp=False,
        use_pages=False,
    )
    pages = {name: _page(module) for name, (_, module) in PAGES.items()}
    app.layout = _shell()
    _route(app, pages, tuple(folders))
    for page in pages.values():
        page.register(app, tuple(folders))
    return app


def _page(module: str) -> Page:
    return cast("Page", import_module(module))


def _shell() -> Component:
    links = [html.A(title, href=f"/{name}", id=f"to-{name}") for name, (title, _) in PAGES.items()]
    return html.Div(
        [
            html.A("Skip to the page", href="#page", className="skip"),
            html.Header(
                [
                    html.A("netspace", href="/explore", className="brand"),
                    html.Nav(links, **named("Pages")),
                ],
                className="bar",
            ),
            html.Main(id="page", tabIndex="-1"),
            dcc.Location(id="address", refresh=False),
            dcc.Store(id="view"),
            dcc.Store(id="said"),
        ]
    )


def _route(app: Dash, pages: Mapping[str, Page], folders: tuple[Path, ...]) -> None:
    """From the address to the page, and from a page's state to the address."""
    in_browser(app, "view", Output("view", "data"), Input("address", "href"), first=True)
    in_browser(app, "remember", Output("said", "data"), Input("query", "data"))

    @app.callback(Output("page", "children"), Input("view", "data"), prevent_initial_call=True)
    def show(data: dict[str, Any]) -> Component:
        view = View.of(data, folders)
        name = view.path.strip("/") or "explore"
        if name not in pages:
            return fault(f"there is no page at {view.path}; choose one above")
        # In here, the store is as new as the page, so that nothing is called back on arrival.
        return html.Div([pages[name].layout(view), dcc.Store(id="query")])
