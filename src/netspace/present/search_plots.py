"""The figures of a search's progress, beside what random search would have found."""

import numpy as np
import plotly.graph_objects as go

from netspace.present.palette import colour, literal, style, tint
from netspace.present.search_marks import (
    DRAWN,
    LEGEND,
    PROPOSED,
    Ends,
    clouds,
    crosses,
    ends_shown,
    with_margin,
)
from netspace.present.search_random import Expected
from netspace.present.search_trace import Followed, Trace
from netspace.present.search_volume import Volume
from netspace.present.wording import counted

ASKED = "networks asked for"


def draw_progress(
    trace: Trace, found: Followed, random: Expected | None, *, axis: str
) -> go.Figure:
    """What the search is followed by against networks asked for, in the order asked.

    The line is the best so far, the dashed one the best of as many random draws on average. axis:
    names what is followed.
    """
    ends = progress_ends(found, random)
    number = np.arange(1, len(trace) + 1, dtype=np.float64)
    figure = go.Figure()
    if random is not None:
        _add_random(figure, random)
    for values, early in ((found.early, True), (found.values, False)):
        for cloud in clouds(trace, values, number, ends, early=early):
            figure.add_scatter(**cloud)
    broken = crosses(trace, ends[0] if found.high else ends[1])
    if broken is not None:
        figure.add_scatter(**broken)
    _add_best(figure, found)
    figure.update_xaxes(title_text=ASKED, range=(0, len(trace) + 1))
    figure.update_yaxes(title_text=axis, range=with_margin(ends))
    return style(figure, height=460, hovermode="closest", legend=LEGEND)


def progress_ends(found: Followed, random: Expected | None) -> Ends:
    """Between which values networks are drawn in their place."""
    held = None if random is None else float(random.values[0])
    everyone = np.concatenate([found.values, found.early])
    return ends_shown(everyone, high=found.high, held=held)


def _add_best(figure: go.Figure, found: Followed) -> None:
    rows = np.flatnonzero(np.isfinite(found.so_far))
    figure.add_scatter(
        x=(rows + 1).tolist(),
        y=found.so_far[rows].tolist(),
        mode="lines",
        line={"shape": "hv", "width": 2.6, "color": colour(PROPOSED)},
        name="best so far",
        hovertemplate="after %{x} networks<br>best so far %{y:.4~f}<extra></extra>",
    )


def _add_random(figure: go.Figure, random: Expected) -> None:
    """The dashed line of random search inside its band, as far as there is one."""
    k = np.arange(1, len(random) + 1)
    sure = np.isfinite(random.low)
    for values, fill in ((random.high, None), (random.low, "tonexty")):
        figure.add_scatter(
            x=k[sure].tolist(),
            y=values[sure].tolist(),
            fill=fill,
            fillcolor=tint(DRAWN, 0.16),
            mode="lines",
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
        )
    figure.add_scatter(
        x=k.tolist(),
        y=random.values.tolist(),
        mode="lines",
        line={"width": 2.2, "dash": "dash", "color": colour(DRAWN)},
        name=f"random search, by {_whose(random)}",
        hovertemplate="best of %{x} random draws<br>%{y:.4~f} on average<extra></extra>",
    )


def _whose(random: Expected) -> str:
    draws = counted(random.draws, "draw")
    return f"{draws} of {literal(random.source)}" if random.source else draws


def draw_volume(found: Volume) -> go.Figure:
    """The share that the front beats against networks asked for, beside that of random ones."""
    figure = go.Figure()
    if found.draws:
        figure.add_scatter(
            x=list(range(1, found.draws + 1)),
            y=found.random.tolist(),
            mode="lines",
            line={"width": 2.2, "dash": "dash", "color": colour(DRAWN)},
            name=f"random search, by {counted(found.draws, 'draw')}",
            hovertemplate="%{x} random draws<br>%{y:.1%} on average<extra></extra>",
        )
    figure.add_scatter(
        x=list(range(1, len(found.share) + 1)),
        y=found.share.tolist(),
        mode="lines",
        line={"shape": "hv", "width": 2.6, "color": colour(PROPOSED)},
        name="the front so far",
        hovertemplate="after %{x} networks<br>%{y:.1%} beaten<extra></extra>",
    )
    figure.update_xaxes(title_text=ASKED, range=(0, len(found.share) + 1))
    figure.update_yaxes(title_text="share of the box that is beaten", tickformat=".0%")
    return style(figure, height=360, hovermode="closest", legend=LEGEND)
