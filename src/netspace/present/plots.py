"""Distributions of errors as figures.

Names come from study files, and plotly reads tags in its texts: all are escaped.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import plotly.graph_objects as go

from netspace.analyse.edf import Edf, edf
from netspace.present.palette import AXIS_ERROR, colour, literal, style, tint
from netspace.present.populations import Tabled
from netspace.present.thinning import drawn_steps


def draw_edf(populations: Sequence[Tabled], *, axis: str = AXIS_ERROR) -> go.Figure:
    """For each space the share of its networks with at most an error, inside its 95 % band.

    axis: names the errors.
    """
    curves = [
        Curve(
            population=one,
            edf=edf(one.table.errors) if one.table.finished.any() else None,
            note=f"{len(one.table) - one.table.failed:,} finished, {one.table.failed:,} failed",
        )
        for one in populations
    ]
    return draw_distributions(curves, axis=axis)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """A population's distribution, None if nothing finished; note: stands in the legend."""

    population: Tabled
    edf: Edf | None
    note: str


def draw_distributions(curves: Sequence[Curve], *, axis: str = AXIS_ERROR) -> go.Figure:
    """Each curve inside its band; a population without one is in the legend only."""
    figure = go.Figure()
    curves = [
        curve if curve.edf is None else replace(curve, edf=drawn_steps(curve.edf))
        for curve in curves
    ]
    ends = _ends([curve.edf for curve in curves if curve.edf is not None])
    for curve in curves:
        if curve.edf is not None:
            _add_band(figure, curve.population, curve.edf, ends)
    for curve in curves:
        _add_steps(figure, curve, ends)
    figure.update_xaxes(title_text=axis, range=ends)
    figure.update_yaxes(
        title_text="share of networks with at most this error",
        range=(0, 1.02),
        tickformat=".0%",
    )
    return style(figure, height=430, hovermode="closest")


def _ends(curves: Sequence[Edf]) -> tuple[float, float]:
    """The ends of the axis of errors: all of them, and a margin."""
    if not curves:
        return 0.0, 100.0
    low = min(float(curve.errors[0]) for curve in curves)
    high = max(float(curve.errors[-1]) for curve in curves)
    margin = 0.04 * (high - low) + 0.1
    return max(0.0, low - margin), high + margin


def _add_band(figure: go.Figure, population: Tabled, curve: Edf, ends: tuple[float, float]) -> None:
    lowest = float(curve.low[-1])
    # Left of the first step the band is as high as it is deep right of the last one.
    high = [1.0 - lowest, *curve.high.tolist(), 1.0]
    low = [0.0, *curve.low.tolist(), lowest]
    line = {
        "x": [ends[0], *curve.errors.tolist(), ends[1]],
        "mode": "lines",
        "line": {"width": 0, "shape": "hv"},
        "legendgroup": population.space,
        "showlegend": False,
        "hoverinfo": "skip",
    }
    figure.add_scatter(y=high, **line)
    figure.add_scatter(y=low, fill="tonexty", fillcolor=tint(population.number, 0.14), **line)


def _add_steps(figure: go.Figure, curve: Curve, ends: tuple[float, float]) -> None:
    population, steps = curve.population, curve.edf
    figure.add_scatter(
        # A space without an error has its place in the legend all the same.
        x=[None] if steps is None else [ends[0], *steps.errors.tolist(), ends[1]],
        y=[None] if steps is None else [0.0, *steps.share.tolist(), 1.0],
        mode="lines",
        line={"shape": "hv", "width": 2.5, "color": colour(population.number)},
        name=f"{literal(population.space)} ({curve.note})",
        legendgroup=population.space,
        hovertemplate="%{fullData.name}<br>%{y:.0%} have at most %{x:.2f} %<extra></extra>",
    )
