"""The grid as a map: how much deeper and larger a network is, how wide, and at what error.

At one factor of flops two of depth, width and resolution fix the third: depth is the horizontal
axis, resolution the vertical one, and lines join networks of one width.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log10, sqrt

import plotly.graph_objects as go

from netspace.design.factors import Factors
from netspace.design.scaling import between
from netspace.present.palette import GREY, colour, style
from netspace.present.scaling_findings import CALLED, METHODS
from netspace.present.scaling_plots import told
from netspace.present.scaling_record import Point, ScalingRecord, best_of_grid

MARGINS = (1.12, 1.05)
"""The map ends at its outermost networks times these, in depth and in resolution."""
COLOURS_OF_ERROR = ((0.0, colour(0)), (0.5, "#b4bac2"), (1.0, colour(1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A network of the map: what its dimensions came to, as multiples of the base's."""

    point: Point
    factors: Factors


def draw_map(record: ScalingRecord) -> go.Figure | None:
    """Every network at the factor by depth and resolution, coloured by error; None without any."""
    known = [point for point in record.grid if point.errors]
    if not known:
        return None
    methods = [point for name in METHODS if (point := record.at(name, record.study.factor))]
    places = [
        _Place(point=point, factors=between(record.network, point.network))
        for point in (*known, *methods)
    ]
    figure = go.Figure()
    ends = _ends([place.factors for place in places])
    for width in _steps(sqrt(record.study.factor)):
        _add_width(figure, width, record.study.factor, ends)
    _add_chosen(figure, places, best_of_grid(known))
    errors = [place.point.mean for place in places]
    for own in (places[: len(known)], places[len(known) :]):
        if own:
            _add_places(figure, record, own, (min(errors), max(errors)))
    for axis, name, (low, high) in (
        (figure.update_xaxes, "depth", ends[0]),
        (figure.update_yaxes, "resolution", ends[1]),
    ):
        steps = _steps(high)
        axis(
            type="log",
            title_text=f"{name}, times the base's",
            range=(log10(low), log10(high)),
            tickvals=steps,
            ticktext=[f"{step:g}" for step in steps],
        )
    return style(figure, height=480, hovermode="closest")


_Ends = tuple[tuple[float, float], tuple[float, float]]


def _ends(factors: Sequence[Factors]) -> _Ends:
    depths = [one.depth for one in factors]
    sides = [one.resolution for one in factors]
    across, up = MARGINS
    return (
        (min(1.0, *depths) / across, max(depths) * across),
        (min(1.0, *sides) / up, max(sides) * up),
    )


def _steps(most: float) -> list[float]:
    """Round multiples from 1 to the most, at most nine."""
    step = next(step for step in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0) if (most - 1) / step <= 8)
    return [round(1 + step * number, 1) for number in range(int((most - 1) / step + 1e-9) + 1)]


def _add_width(figure: go.Figure, width: float, factor: float, ends: _Ends) -> None:
    """The line on which the width is this many times the base's, by the formula."""
    (left, right), (low, high) = ends
    rest = factor / width**2  # what is left for depth x resolution^2
    depths = [max(left, rest / high**2), min(right, rest / low**2)]
    if depths[0] >= depths[1]:
        return
    sides = [sqrt(rest / depth) for depth in depths]
    figure.add_scatter(
        x=depths,
        y=sides,
        mode="lines",
        line={"color": "rgba(128,128,128,0.5)", "width": 1, "dash": "dot"},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.add_annotation(
        x=log10(depths[1]),
        y=log10(sides[1]),
        text=f"width {width:g}",
        showarrow=False,
        xanchor="left",
        yanchor="bottom",
        font={"size": 11},
        opacity=0.7,
    )


def _add_chosen(figure: go.Figure, places: Sequence[_Place], best: Point | None) -> None:
    """A ring around the best of the grid."""
    own = [place.factors for place in places if place.point is best]
    figure.add_scatter(
        x=[one.depth for one in own],
        y=[one.resolution for one in own],
        mode="markers",
        marker={"size": 24, "symbol": "circle-open", "color": GREY, "line": {"width": 2}},
        name="the best of the grid",
        hoverinfo="skip",
    )


def _add_places(
    figure: go.Figure, record: ScalingRecord, places: Sequence[_Place], ends: tuple[float, float]
) -> None:
    """Networks as marks with their errors written beside them; ends: of the colours."""
    methods = places[0].point.series != "grid"
    figure.add_scatter(
        x=[place.factors.depth for place in places],
        y=[place.factors.resolution for place in places],
        mode="markers+text",
        marker={
            "size": 20 if methods else 14,
            "symbol": "diamond-open" if methods else "circle",
            "line": {"width": 2.5 if methods else 0},
            "opacity": 1,
            "color": [place.point.mean for place in places],
            "cmin": ends[0],
            "cmax": ends[1],
            "colorscale": COLOURS_OF_ERROR,
        },
        text=list(_labels(places, methods)),
        textposition="bottom center" if methods else "top center",
        hovertext=[_told(record, place) for place in places],
        hovertemplate="%{hovertext}<extra></extra>",
        name="known methods" if methods else "points of the grid",
    )


def _labels(places: Sequence[_Place], methods: bool) -> Iterator[str]:
    """The error of each; of networks in one place all errors, at the last of them."""
    spots = [(place.factors.depth, place.factors.resolution) for place in places]
    for number, (place, spot) in enumerate(zip(places, spots, strict=True)):
        if methods:
            yield f"{CALLED[place.point.series]} {place.point.mean:.1f}"
        elif spot in spots[number + 1 :]:
            yield ""
        else:
            here = [one.point.mean for one, at in zip(places, spots, strict=True) if at == spot]
            yield ", ".join(f"{error:.1f}" for error in here)


def _told(record: ScalingRecord, place: _Place) -> str:
    came = place.factors
    return (
        f"{told(record, place.point)}<br>depth x {came.depth:.3f}, width x {came.width:.3f}, "
        f"resolution x {came.resolution:.3f}"
    )
