"""The figures of a run that follow its filter: distributions, and error against a quantity."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from netspace.present.cost_plot import FEW, VERY_WIDE, WIDE
from netspace.present.hover import hovering
from netspace.present.palette import AXIS_ERROR, colour, literal, marker, style
from netspace.present.plots import draw_edf
from netspace.present.thinning import allotted, shown_rows, spread
from netspace.present.web.run_data import Rows, joined, title
from netspace.table import Floats

MOST_DRAWN = 500
"""Points of one figure, of all spaces together: a browser draws them anew at each move."""

HEIGHT = 380


def distributions(shown: Sequence[Rows], whole: Sequence[Rows], *, axis: str) -> go.Figure:
    """The distributions of the trials shown, on the axis of all; a brush narrows the error."""
    figure = draw_edf(shown, axis=axis)
    figure.update_xaxes(range=ends(joined(whole, "error"), logarithmic=False))
    return _brushed(figure)


def scatter(
    shown: Sequence[Rows], whole: Sequence[Rows], key: str, *, axis: str = AXIS_ERROR
) -> go.Figure:
    """Error against a quantity, a point for each finished trial shown; the axes are those of all.

    A point's customdata is its trial's ID and its own value of the quantity.
    """
    reach = joined(whole, key)
    logarithmic = is_wide(reach)
    figure = go.Figure()
    for rows in drawn(shown, key):
        _add_points(figure, rows, key, logarithmic)
    span = _span(reach)
    figure.update_xaxes(
        title_text=title(key),
        type="log" if logarithmic else "linear",
        range=ends(reach, logarithmic=logarithmic),
        dtick=(1 if span > VERY_WIDE else "D2") if logarithmic else None,
        tickformat="~s",
        nticks=6,
    )
    figure.update_yaxes(title_text=axis, range=ends(joined(whole, "error"), logarithmic=False))
    return _brushed(style(figure, height=HEIGHT, hovermode="closest"))


def drawn(shown: Sequence[Rows], key: str) -> list[Rows]:
    """The trials that are drawn as points: all that have error and quantity, or a sample."""
    known = [rows.rows(rows.table.finished & np.isfinite(rows.quantity(key))) for rows in shown]
    most = allotted([len(rows) for rows in known], MOST_DRAWN)
    return [
        rows.rows(shown_rows(rows.table.errors, own)) for rows, own in zip(known, most, strict=True)
    ]


def is_wide(values: Floats) -> bool:
    """Whether the quantity is drawn on a logarithmic axis."""
    known = values[np.isfinite(values)]
    return bool(known.size) and float(known.min()) > 0.0 and _span(values) > WIDE


def _span(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.max() / max(known.min(), 1e-12)) if known.size else 1.0


def ends(values: Floats, *, logarithmic: bool) -> tuple[float, float]:
    """The ends of an axis that holds all known values, and a margin; as plotly takes them."""
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 1.0
    scaled = np.log10(known) if logarithmic else known
    low, high = float(scaled.min()), float(scaled.max())
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 0.5
    return low - margin, high + margin


def _add_points(figure: go.Figure, rows: Rows, key: str, logarithmic: bool) -> None:
    values = rows.quantity(key)
    many = len(rows) > FEW
    hover = hovering(rows, rows.table, f"{literal(title(key))} %{{customdata[1]:,}}")
    ids, own = rows.ids.tolist(), values.tolist()
    figure.add_scatter(
        x=spread(values, logarithmic=logarithmic).tolist(),
        y=rows.table.errors.tolist(),
        mode="markers",
        marker=_marks(rows.number, many),
        customdata=list(zip(ids, own, strict=True)),
        name=literal(rows.space),
        showlegend=True,
        **hover,
    )


def _marks(number: int, many: bool) -> dict[str, Any]:
    return {
        "size": 5 if many else 8,
        "opacity": 0.5 if many else 0.8,
        "color": colour(number),
        "symbol": marker(number),
    }


def _brushed(figure: go.Figure) -> go.Figure:
    """A box drawn over it narrows what lies along its horizontal axis."""
    # Margins that follow the ticks would have the browser draw everything twice.
    figure.update_xaxes(automargin=False)
    figure.update_yaxes(automargin=False)
    return figure.update_layout(
        dragmode="select", selectdirection="h", height=HEIGHT, newselection={"line": {"width": 1}}
    )
