"""The figure of which parameters tell a space's best networks from the rest."""

from collections.abc import Sequence

import plotly.graph_objects as go

from netspace.analyse.importance import Importance
from netspace.present.palette import colour, literal, style, tint
from netspace.present.wording import spaced

MOST_BARS = 12
LEAST = 0.005
"""A smaller share would read 0 %."""


def draw_importances(number: int, found: Sequence[Importance]) -> go.Figure:
    """A bar for each of the most important parameters; those that may be chance are pale.

    number: of the space, which gives the colour.
    """
    bars = [one for one in found if one.share >= LEAST][:MOST_BARS][::-1]
    figure = go.Figure()
    figure.add_bar(
        orientation="h",
        y=[literal(called(one)) for one in bars],
        x=[one.share for one in bars],
        marker={
            "color": [colour(number) if one.significant else tint(number, 0.3) for one in bars],
        },
        text=[f"{one.share:.0%}" for one in bars],
        textposition="outside",
        cliponaxis=False,
        customdata=[(f"{one.p_value:.2g}", one.networks) for one in bars],
        hovertemplate="%{y}<br>p = %{customdata[0]} after Holm's correction<br>"
        "%{customdata[1]} networks<extra></extra>",
    )
    figure.update_xaxes(
        title_text="share of what separates the best", tickformat=".0%", rangemode="tozero"
    )
    figure.update_yaxes(ticks="", showgrid=False)
    style(figure, height=26 * len(bars) + 96, showlegend=False, bargap=0.35)
    return figure.update_layout(margin={"t": 28, "b": 44, "l": 8, "r": 48})


def called(one: Importance) -> str:
    """The parameter in words, with its stage: 'width, stage 2', 'width, stages summed'."""
    if one.stage is not None:
        return f"{spaced(one.parameter)}, stage {one.stage}"
    return spaced(one.parameter) + (", stages summed" if one.stages > 1 else "")
