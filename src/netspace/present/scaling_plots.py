"""The figures of a scaling study: error against flops, and the grid."""

from collections.abc import Sequence
from math import log10

import plotly.graph_objects as go

from netspace.design.complexity import count
from netspace.design.units import format_size
from netspace.present.hover import describe
from netspace.present.palette import AXIS_ERROR, GREY, colour, marker, style
from netspace.present.scaling_findings import CALLED, error_of
from netspace.present.scaling_record import SERIES, Point, ScalingRecord
from netspace.present.wording import times, uncertain

APART = 0.03
"""Octaves of flops between neighbouring series, so that their bars do not hide each other."""


def draw_scaling(record: ScalingRecord) -> go.Figure:
    """Error against flops: a line from the base for each series, the grid as faint dots."""
    figure = go.Figure()
    _add_grid(figure, record)
    for number, name in reversed(list(enumerate(SERIES))):
        if record.series(name):
            _add_series(figure, record, name, number)
    if record.base is not None:
        _add_base(figure, record, record.base)
    base = count(record.network).flops
    steps = (1.0, *record.factors)
    figure.update_xaxes(
        type="log",
        title_text="flops (multiply-adds per image)",
        tickvals=[base * step for step in steps],
        ticktext=[f"{format_size(base * step)}<br>{times(step)}" for step in steps],
        range=[log10(base) - 0.05, log10(base * steps[-1]) + 0.05],
    )
    figure.update_yaxes(title_text=AXIS_ERROR)
    return style(figure, height=460, hovermode="closest", legend={"traceorder": "reversed"})


def _add_grid(figure: go.Figure, record: ScalingRecord) -> None:
    known = [point for point in record.grid if point.errors]
    if known:
        apart = _apart(-1.5)
        figure.add_scatter(
            x=[point.complexity.flops * apart for point in known],
            y=[point.mean for point in known],
            mode="markers",
            marker={"size": 7, "opacity": 0.45, "color": GREY},
            name="points of the grid",
            text=[told(record, point) for point in known],
            hovertemplate="%{text}<extra></extra>",
        )


def _add_series(figure: go.Figure, record: ScalingRecord, name: str, number: int) -> None:
    own = record.series(name)
    apart = _apart(number)
    # The base is on every line, but its mark and its bar are drawn once.
    start = [] if record.base is None else [record.base]
    hidden = [0] * len(start)
    figure.add_scatter(
        x=[point.complexity.flops for point in start]
        + [point.complexity.flops * apart for point in own],
        y=[point.mean for point in (*start, *own)],
        error_y=_bars(record, own, before=len(start)),
        mode="lines+markers",
        line={"color": colour(number), "width": 3 if name == "compound" else 1.8},
        marker={
            "size": hidden + [10] * len(own),
            "symbol": marker(number),
            "line": {"width": 0},
            "opacity": 1,
        },
        name=CALLED[name],
        text=[told(record, point) for point in (*start, *own)],
        hovertemplate="%{text}<extra></extra>",
    )


def _apart(number: float) -> float:
    """By which factor a series is moved along the axis."""
    return 2 ** (APART * (number - (len(SERIES) - 1) / 2))


def _bars(record: ScalingRecord, own: Sequence[Point], *, before: int = 0) -> dict[str, object]:
    """Bars of the intervals; none for so many points before, nor where the spread is unknown."""
    halves = [error_of(record, point).half_width for point in own]
    known = record.spread is not None
    array = [0.0] * before + halves if known else []
    return {"visible": known, "array": array, "thickness": 1.5, "width": 4}


def _add_base(figure: go.Figure, record: ScalingRecord, base: Point) -> None:
    figure.add_scatter(
        x=[base.complexity.flops],
        y=[base.mean],
        error_y=_bars(record, [base]),
        mode="markers",
        marker={"size": 11, "symbol": "hexagon", "color": GREY},
        name="the base",
        text=[told(record, base)],
        hovertemplate="%{text}<extra></extra>",
    )


def told(record: ScalingRecord, point: Point) -> str:
    """What hovering over a point tells: the mean in place of one training's error."""
    found = error_of(record, point)
    seeds = f"error {uncertain(found.value, found.half_width)} %, {len(point.errors)} seeds"
    _, _, *rest = describe(point.trials[0]).split("<br>")
    height, width = point.network.resolution
    title = f"<b>{CALLED[point.series]} at {times(point.factor)}</b>"
    return "<br>".join([title, seeds, f"resolution {height}×{width}", *rest])
