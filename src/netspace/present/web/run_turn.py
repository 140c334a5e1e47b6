"""What the page of a run does when something on it is moved, brushed, clicked or finished."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from netspace.errors import UserError
from netspace.present.web.figures import dressed
from netspace.present.web.parts import fault
from netspace.present.web.run_brush import changed_looking
from netspace.present.web.run_figures import scatter
from netspace.present.web.run_pane import Pane, pane_of
from netspace.present.web.run_progress import progress
from netspace.present.web.run_search import lineage, search
from netspace.present.web.run_tables import networks
from netspace.present.web.run_view import (
    broken,
    chips,
    count_words,
    drawer,
    edf_figure,
    seen,
    slider,
    thinned,
)
from netspace.present.web.runs_list import any_running, run_list
from netspace.present.web.view import View

_BRUSHED = (
    Input("runs-edf", "selectedData"),
    Input("runs-left", "selectedData"),
    Input("runs-right", "selectedData"),
    Input("runs-range", "value"),
    Input("runs-by", "value"),
    Input("runs-x-left", "value"),
    Input("runs-x-right", "value"),
    Input({"type": "runs-drop", "key": ALL}, "n_clicks"),
)
_WHERE = (State("view", "data"), State("query", "data"))
_FOLLOWING = {
    "query": Output("query", "data", allow_duplicate=True),
    "fault": Output("runs-fault", "children", allow_duplicate=True),
    "edf": Output("runs-edf", "figure", allow_duplicate=True),
    "left": Output("runs-left", "figure", allow_duplicate=True),
    "right": Output("runs-right", "figure", allow_duplicate=True),
    "slider": {
        name: Output("runs-range", name, allow_duplicate=True)
        for name in ("min", "max", "step", "marks", "value")
    },
    "chips": Output("runs-chips", "children", allow_duplicate=True),
    "count": Output("runs-count", "children", allow_duplicate=True),
    "thinned": Output("runs-thinned", "children", allow_duplicate=True),
    "table": Output("runs-table", "children", allow_duplicate=True),
    "failed": Output("runs-failed", "children", allow_duplicate=True),
    "search": Output("runs-search", "children", allow_duplicate=True),
}
_LIVE = {
    "progress": Output("runs-progress", "children"),
    "walks": Output("runs-walks", "children"),
    "seen": Output("runs-seen", "data"),
    "idle": Output("runs-tick", "disabled"),
    "opened": Output("runs-opened", "children", allow_duplicate=True),
}


def register_list(app: Dash, folders: tuple[Path, ...]) -> None:
    """The list is looked at anew while a run in it goes on."""

    @app.callback(
        Output("runs-list", "children"),
        Output("runs-list-tick", "disabled"),
        Input("runs-list-tick", "n_intervals"),
        prevent_initial_call=True,
    )
    def look_again(_: int) -> tuple[Any, bool]:
        return run_list(folders), not any_running(folders)


def register_run(app: Dash, folders: tuple[Path, ...]) -> None:
    """Brushing, a click on a point, and a run that goes on."""

    # One callback for both: what one sets of the slider would call another as if it had been moved.
    @app.callback(
        output=_FOLLOWING | _LIVE,
        inputs=[_BRUSHED, Input("runs-tick", "n_intervals"), State("runs-seen", "data"), _WHERE],
        prevent_initial_call=True,
    )
    def turn(_: Sequence[Any], __: int, before: Any, where: Sequence[Any]) -> dict[str, Any]:
        view, query = _view(where, folders), _query(where, folders)
        if ctx.triggered_id == "runs-tick":
            return _look(view, query, before)
        return _all_kept(_LIVE) | _brush(view, query)

    @app.callback(
        output={
            "query": Output("query", "data", allow_duplicate=True),
            "opened": Output("runs-opened", "children", allow_duplicate=True),
            "closed": Output("runs-network", "hidden"),
            "left": Output("runs-left", "clickData"),
            "right": Output("runs-right", "clickData"),
        },
        inputs=[
            Input("runs-left", "clickData"),
            Input("runs-right", "clickData"),
            Input("runs-close", "n_clicks"),
            _WHERE,
        ],
        prevent_initial_call=True,
    )
    def open_network(left: Any, right: Any, _: Any, where: Sequence[Any]) -> dict[str, Any]:
        clicked = {"runs-left": left, "runs-right": right}.get(str(ctx.triggered_id))
        return _open(_view(where, folders), _query(where, folders), clicked)

    focus: Any = app.clientside_callback
    focus(_FOCUS, Output("runs-network", "title"), Input("runs-opened", "children"))


_FOCUS = """children => {
    const drawer = document.getElementById("runs-network");
    if (drawer && !drawer.dataset.heard) {
        drawer.dataset.heard = "true";
        document.addEventListener("keydown", event => {
            const close = document.getElementById("runs-close");
            if (event.key === "Escape" && close && close.offsetParent) close.click();
        });
    }
    if (children) setTimeout(() => document.getElementById("runs-close").focus(), 0);
    return window.dash_clientside.no_update;
}"""


def _view(where: Sequence[Any], folders: tuple[Path, ...]) -> View:
    return View.of(where[0], folders)


def _query(where: Sequence[Any], folders: tuple[Path, ...]) -> Mapping[str, str]:
    """The page's state: as a callback wrote it last, else as the address had it."""
    view, written = _view(where, folders), where[1]
    return view.query if written is None else {str(k): str(v) for k, v in written.items()}


def _brush(view: View, query: Mapping[str, str]) -> dict[str, Any]:
    try:
        before = pane_of(view, query)
        looking = before.looking
        for one in ctx.triggered:
            looking = changed_looking(looking, before.whole, one["prop_id"], one["value"])
    except UserError as found:
        return _all_kept(_FOLLOWING) | {"fault": fault(str(found))}
    if looking == before.looking:
        raise PreventUpdate
    return following(Pane.of(looking, before.data, view))


def following(pane: Pane) -> dict[str, Any]:
    """Everything that follows the filter and the quantities chosen."""
    looking, view = pane.looking, pane.view
    left, right = (scatter(pane.shown, pane.whole, key) for key in looking.x)
    return {
        "query": looking.query(pane.data),
        "fault": None,
        "edf": dressed(edf_figure(pane), view) if pane.sampled else no_update,
        "left": dressed(left, view),
        "right": dressed(right, view),
        "slider": slider(pane),
        "chips": chips(pane),
        "count": count_words(pane),
        "thinned": thinned(pane),
        "table": networks(looking, pane.data, pane.shown),
        "failed": broken(pane),
        "search": search(looking, pane.data, view) if pane.data.kind == "search" else no_update,
    }


def _look(view: View, query: Mapping[str, str], before: Any) -> dict[str, Any]:
    try:
        pane = pane_of(view, query)
    except UserError as found:
        return _all_kept(_FOLLOWING | _LIVE) | {"fault": fault(str(found))}
    idle = not pane.data.folder.in_use
    if seen(pane.data) == before and not idle:
        raise PreventUpdate
    return following(pane) | {
        "progress": progress(pane.data),
        "walks": lineage(pane.data, view),
        "seen": seen(pane.data),
        "idle": idle,
        "opened": no_update if pane.looking.network is None else drawer(pane),
    }


def _all_kept(outputs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: dict.fromkeys(own, no_update) if isinstance(own, dict) else no_update
        for name, own in outputs.items()
    }


def _open(view: View, query: Mapping[str, str], clicked: Any) -> dict[str, Any]:
    try:
        pane = pane_of(view, query)
    except UserError as found:
        return {"query": no_update, "opened": fault(str(found)), "closed": False} | _UNCLICKED
    network = None if clicked is None else clicked_id(clicked)
    if network is None and ctx.triggered_id != "runs-close":
        raise PreventUpdate
    pane = replace(pane, looking=replace(pane.looking, network=network))
    opened = {"opened": drawer(pane), "closed": network is None}
    return {"query": pane.looking.query(pane.data)} | opened | _UNCLICKED


_UNCLICKED = {"left": None, "right": None}
"""So that a second click on the same point is heard."""


def clicked_id(clicked: Mapping[str, Any]) -> int | None:
    """The trial of the point that was clicked; None if it was none."""
    points = clicked.get("points") or [{}]
    held = points[0].get("customdata")
    return int(held[0]) if isinstance(held, list) and held else None
