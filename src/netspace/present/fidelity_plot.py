"""Short against long schedule: one point for each network that was trained again."""

from collections.abc import Sequence
from itertools import groupby
from statistics import fmean

import plotly.graph_objects as go

from netspace.present.fidelity import Fidelity, Retrained
from netspace.present.palette import colour, literal, marker, style
from netspace.present.wording import counted, percent


def draw_fidelity(found: Fidelity) -> go.Figure:
    """Error of the long training against the mean of the short ones, a bar from seed to seed."""
    figure = go.Figure()
    complete = sorted(found.complete, key=lambda one: one.number)
    for number, own in groupby(complete, key=lambda one: one.number):
        _add_points(figure, found, number, list(own))
    short, long = (counted(n, "epoch") for n in (found.short_epochs, found.long_epochs))
    figure.update_xaxes(title_text=f"top-1 error (%) after {short}: mean and span of two seeds")
    figure.update_yaxes(title_text=f"top-1 error (%) after {long}")
    return style(figure, height=400, hovermode="closest")


def _add_points(
    figure: go.Figure, found: Fidelity, number: int, networks: Sequence[Retrained]
) -> None:
    means = [fmean(one.short_errors) for one in networks]
    spans = zip(networks, means, strict=True)
    figure.add_scatter(
        x=means,
        y=[one.long_error for one in networks],
        mode="markers",
        error_x={
            "type": "data",
            "array": [max(one.short_errors) - mean for one, mean in spans],
            "color": colour(number),
            "thickness": 1.2,
            "width": 3,
        },
        marker={"size": 9, "opacity": 0.85, "color": colour(number), "symbol": marker(number)},
        name=literal(networks[0].first.space),
        showlegend=True,
        text=[_described(one, found) for one in networks],
        hovertemplate="%{text}<extra></extra>",
    )


def _described(one: Retrained, found: Fidelity) -> str:
    short, long = (counted(n, "epoch") for n in (found.short_epochs, found.long_epochs))
    errors = ", ".join(percent(error) for error in one.short_errors)
    name = f"<b>{literal(one.first.name)}</b>"
    return f"{name}<br>after {short}: {errors}<br>after {long}: {percent(one.long_error)}"
