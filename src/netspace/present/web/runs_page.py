"""The page *Runs*: the list of runs, or one of them."""

from pathlib import Path

from dash import Dash, dcc, html
from dash.development.base_component import Component

from netspace.errors import UserError
from netspace.present.web.parts import fault
from netspace.present.web.run_pane import pane_of
from netspace.present.web.run_turn import register_list, register_run
from netspace.present.web.run_view import EVERY_MS, run_page
from netspace.present.web.runs_list import any_running, run_list
from netspace.present.web.view import View


def layout(view: View) -> Component:
    """The run that the query names, else the list of all."""
    if not view.query.get("run"):
        return _list(view)
    try:
        return run_page(pane_of(view, view.query))
    except UserError as found:
        return html.Div(
            [html.P(html.A("All runs", href="/runs"), className="runs-crumb"), fault(str(found))]
        )


def _list(view: View) -> Component:
    idle = not any_running(view.folders)
    return html.Div(
        [
            html.H1("Runs"),
            html.Div(run_list(view.folders), id="runs-list"),
            dcc.Interval(id="runs-list-tick", interval=EVERY_MS, disabled=idle),
        ]
    )


def register(app: Dash, folders: tuple[Path, ...]) -> None:
    """The callbacks of the list and of a run."""
    register_list(app, folders)
    register_run(app, folders)
