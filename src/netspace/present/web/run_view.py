"""The page of one run: its progress, its figures with a brush, its networks."""

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import Any

import numpy as np
import plotly.graph_objects as go
from dash import dcc, html
from dash.development.base_component import Component

from netspace.present.palette import AXIS_ERROR
from netspace.present.web.figures import CONFIG, graph
from netspace.present.web.parts import section
from netspace.present.web.run_cache import stamp
from netspace.present.web.run_data import Rows, RunData, joined, quantities, title
from netspace.present.web.run_figures import HEIGHT, distributions, drawn, scatter
from netspace.present.web.run_filter import Span, readable
from netspace.present.web.run_network import opened
from netspace.present.web.run_pane import Pane
from netspace.present.web.run_progress import labelled, progress
from netspace.present.web.run_search import lineage, search
from netspace.present.web.run_state import Looking
from netspace.present.web.run_tables import address, failed, networks
from netspace.present.wording import counted
from netspace.table import Floats

FINEST = 500
"""A slider has at least so many places."""

EVERY_MS = 2_000
"""Between two looks at a run that goes on."""

_CONFIG = {**CONFIG, "modeBarButtons": [["toImage", "select2d", "zoom2d", "pan2d", "resetScale2d"]]}
SIDES = ("left", "right")
NO_SAMPLE = (
    "Distributions are drawn of networks drawn at random, the population of a design or a table; "
    "these were chosen."
)


def run_page(pane: Pane) -> Component:
    """All of the page of a run."""
    looking, data = pane.looking, pane.data
    return html.Div(
        [
            html.P(html.A("All runs", href="/runs"), className="runs-crumb"),
            html.H1(looking.run),
            html.P(" · ".join(_circumstances(data)), className="lead"),
            html.Div(progress(data), id="runs-progress"),
            rounds(pane),
            html.Div(id="runs-fault"),
            html.Div(_controls(pane), className="runs-controls"),
            html.Div(_plots(pane), className="runs-plots"),
            html.P(thinned(pane), id="runs-thinned", className="note"),
            section(
                "Networks",
                html.Div(networks(looking, data, pane.shown), id="runs-table"),
                name="runs-networks",
            ),
            html.Div(broken(pane), id="runs-failed"),
            html.Div(search(looking, data, pane.view), id="runs-search"),
            html.Div(lineage(data, pane.view), id="runs-walks"),
            _aside(pane),
            dcc.Store(id="runs-seen", data=seen(data)),
            dcc.Interval(id="runs-tick", interval=EVERY_MS, disabled=not data.folder.in_use),
        ],
        className="runs-one",
    )


def _aside(pane: Pane) -> Component:
    close = html.Button("Close", id="runs-close", className="button")
    inside = [close, html.Div(drawer(pane), id="runs-opened")]
    return html.Aside(
        inside,
        id="runs-network",
        hidden=pane.looking.network is None,
        **labelled("The network that is open"),
    )


def seen(data: RunData) -> list[Any]:
    """What changes when the run does, as the browser keeps it."""
    return [list(part) for part in stamp(data.folder)]


def _circumstances(data: RunData) -> list[str]:
    images, file = data.facts.get("data") or {}, data.facts.get("table") or {}
    known = [data.kind, images.get("name"), file.get("file"), data.facts.get("started")]
    return [str(one) for one in known if one]


def rounds(pane: Pane) -> Component | None:
    """Links to the rounds, where there are several."""
    looking, data = pane.looking, pane.data
    if len(data.rounds) < 2:
        return None
    links = [
        html.A(
            f"{name} ({sum(map(len, own)):,})",
            href=address(Looking.first(looking.run, data, name), data),
            **_current(name == looking.round),
        )
        for name, own in data.rounds.items()
    ]
    return html.Nav(links, className="runs-rounds", **labelled("Rounds"))


def _current(here: bool) -> dict[str, Any]:
    return {"aria-current": "true"} if here else {}


def _controls(pane: Pane) -> list[Component]:
    options = options_of(pane)
    bounds = slider(pane)
    return [
        html.Div(
            [
                html.Label("Filter by", htmlFor="runs-by"),
                dcc.Dropdown(options, pane.looking.by, id="runs-by", clearable=False),
            ],
            className="runs-by",
        ),
        html.Div(
            dcc.RangeSlider(id="runs-range", allowCross=False, updatemode="mouseup", **bounds),
            className="runs-range",
        ),
        html.P(count_words(pane), id="runs-count", role="status"),
        html.Div(chips(pane), id="runs-chips"),
    ]


def options_of(pane: Pane) -> list[dict[str, str]]:
    """The quantities of the round, as a dropdown takes them."""
    known = quantities(pane.whole) or (pane.looking.by,)
    return [{"label": title(key), "value": key} for key in known]


def slider(pane: Pane) -> dict[str, Any]:
    """The slider of the chosen quantity: between its least and its greatest value."""
    least, most = reach(pane.whole, pane.looking.by)
    span = pane.looking.filter.spans.get(pane.looking.by, Span())
    step = step_of(_known(pane.whole, pane.looking.by))
    low, high = floor(least / step) * step, ceil(most / step) * step
    high += step if low == high else 0.0  # a slider of one place sets its own value
    return {
        "min": low,
        "max": high,
        "step": step,
        "marks": {low: readable(low), high: readable(high)},
        "value": [max(low, span.low), min(high, span.high)],
    }


def step_of(known: Floats) -> float:
    """How far the slider moves at least: 1 among whole numbers, else a power of ten."""
    reach = float(np.ptp(known)) if known.size else 0.0
    fine = 10.0 ** floor(log10(reach / FINEST)) if reach else 1.0
    return max(1.0, fine) if np.all(np.mod(known, 1) == 0) else fine


def _known(whole: Sequence[Rows], key: str) -> Floats:
    values = joined(whole, key)
    return values[np.isfinite(values)]


def reach(whole: Sequence[Rows], key: str) -> tuple[float, float]:
    """The least and the greatest value of a quantity; 0 and 1 where none is known."""
    known = _known(whole, key)
    return (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)


def chips(pane: Pane) -> list[Component]:
    """The filter in words, each part with a button that takes it away."""
    buttons: list[Component] = [
        html.Button(
            f"{sentence} ×",
            id={"type": "runs-drop", "key": key},
            className="runs-chip",
            title=f"Take away: {sentence}",
        )
        for key, sentence in pane.looking.filter.sentences()
    ]
    if len(buttons) > 1:
        every = {"type": "runs-drop", "key": ""}
        buttons.append(html.Button("Take all away", id=every, className="runs-chip runs-all"))
    return buttons


def count_words(pane: Pane) -> str:
    """How many trials pass the filter, and by space."""
    done, broken = _counts(pane.shown)
    all_done, all_broken = _counts(pane.whole)
    if not pane.looking.filter.spans:
        return f"{counted(all_done, 'network')} finished, {all_broken:,} failed."
    return f"{done:,} of {counted(all_done, 'network')} shown, {broken:,} of {all_broken:,} failed."


def _counts(own: Sequence[Rows]) -> tuple[int, int]:
    failed = sum(rows.table.failed for rows in own)
    return sum(map(len, own)) - failed, failed


def _plots(pane: Pane) -> list[Component]:
    figures = [scatter(pane.shown, pane.whole, key) for key in pane.looking.x]
    edf = graph(
        "runs-edf", edf_figure(pane), "Distribution of errors by space", pane.view, **_CONFIG
    )
    parts: list[Component] = [
        html.Div(edf if pane.sampled else _no_sample(pane), className="runs-plot")
    ]
    for side, key, figure in zip(SIDES, pane.looking.x, figures, strict=True):
        choice = dcc.Dropdown(options_of(pane), key, id=f"runs-x-{side}", clearable=False)
        label = html.Label("Error against", htmlFor=f"runs-x-{side}")
        words = f"Error against {title(key)}"
        drawing = graph(f"runs-{side}", figure, words, pane.view, **_CONFIG)
        top = html.Div([label, choice], className="runs-by")
        parts.append(html.Div([top, drawing], className="runs-plot"))
    return parts


def _no_sample(pane: Pane) -> list[Component]:
    """Why there are no distributions; the empty figure keeps the callbacks alike."""
    empty = graph("runs-edf", go.Figure(layout={"height": HEIGHT}), "", pane.view)
    return [html.P(NO_SAMPLE, className="note"), html.Div(empty, hidden=True)]


def edf_figure(pane: Pane) -> go.Figure:
    """The distributions of the trials shown."""
    return distributions(pane.shown, pane.whole, axis=AXIS_ERROR)


def thinned(pane: Pane) -> str:
    """That the figures show some of the networks only; empty if they show all."""
    done = _counts(pane.shown)[0]
    points = max(sum(map(len, drawn(pane.shown, key))) for key in pane.looking.x)
    known = min(done, max(sum(_has(rows, key) for rows in pane.shown) for key in pane.looking.x))
    if points >= known:
        return ""
    return (
        f"Of {counted(done, 'network')} {points:,} are drawn as points: the best, and others taken "
        "at random. Counts, distributions and tables rest on all."
    )


def _has(rows: Rows, key: str) -> int:
    return int(np.count_nonzero(rows.table.finished & np.isfinite(rows.quantity(key))))


def broken(pane: Pane) -> Component | None:
    """The failed trainings that pass the filter."""
    found = failed(pane.looking, pane.data, pane.shown)
    return None if found is None else section("Failed trainings", found, name="runs-broken")


def drawer(pane: Pane) -> Component | None:
    """The network that is open."""
    return opened(pane.data, pane.looking.network, pane.view)
