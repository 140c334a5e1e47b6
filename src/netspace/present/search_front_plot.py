"""The figure of a search's front: error against one cost or two."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from netspace.analyse.outcomes import Floats
from netspace.config import Budget
from netspace.present.cost_plot import TITLES, VERY_WIDE, WIDE
from netspace.present.palette import AXIS_ERROR, GREY, STAR_FILL, STAR_LINE, style
from netspace.present.search_marks import LEGEND, clouds, ends_shown, hover_lines, told, with_margin
from netspace.present.search_trace import Trace, front_rows
from netspace.search.objective import Objective, Reward

TITLES_OF_COSTS = {**TITLES, "latency_ms": "latency (ms, one image, measured here)"}

Limits = Mapping[str, Mapping[str, float]]
"""For each cost what its lines are called, and at which cost they stand."""


def limits_of(budget: Budget, objective: Objective) -> Limits:
    """The upper ends of the budget, and the target of a reward."""
    found: dict[str, dict[str, float]] = {}
    for bound in budget.bounds:
        if bound.high is not None:
            found.setdefault(bound.quantity, {})["budget"] = bound.high
    if isinstance(objective, Reward):
        found.setdefault(objective.cost, {})["target"] = objective.amount
    return found


def draw_front(
    trace: Trace, costs: Sequence[str], limits: Limits, *, axis: str = AXIS_ERROR
) -> go.Figure:
    """Error against each cost: the networks compared, the front filled, limits as dotted lines.

    The staircase is what no network of the panel beats in error and its cost. axis: names errors.
    """
    figure = make_subplots(rows=1, cols=len(costs), shared_yaxes=True, horizontal_spacing=0.04)
    joint = front_rows(trace, costs)
    errors = trace.compared
    ends = ends_shown(errors, held=float(errors[joint].max()) if joint.size else None)
    for column, cost in enumerate(costs, start=1):
        place = {"row": 1, "col": column, "showlegend": column == 1}
        for cloud in clouds(trace, errors, trace.costs[cost], ends):
            figure.add_scatter(**{**cloud, **place})
        figure.add_scatter(**_staircase(trace, cost), **place)
        figure.add_scatter(**_members(trace, joint, cost), **place)
        for name, limit in limits.get(cost, {}).items():
            _add_limit(figure, name, limit, column)
        _scale(figure, trace.costs[cost][trace.whole], limits.get(cost, {}), column)
        figure.update_xaxes(title_text=TITLES_OF_COSTS[cost], col=column)
    figure.update_yaxes(range=with_margin(ends))
    figure.update_yaxes(title_text=axis, col=1)
    return style(figure, height=430, hovermode="closest", legend=LEGEND)


def _staircase(trace: Trace, cost: str) -> dict[str, object]:
    rows = front_rows(trace, [cost])
    across = trace.costs[cost]
    last = float(np.nanmax(across[trace.whole])) if rows.size else None
    x, y = across[rows].tolist(), trace.errors[rows].tolist()
    return {
        "x": [*x, last] if rows.size else [],
        "y": [*y, y[-1]] if rows.size else [],
        "mode": "lines",
        "line": {"shape": "hv", "width": 2, "color": GREY},
        "hoverinfo": "skip",
        "name": "no network below",
        "legendgroup": "staircase",
    }


def _members(trace: Trace, rows: NDArray[np.int64], cost: str) -> dict[str, object]:
    return {
        "x": trace.costs[cost][rows].tolist(),
        "y": trace.errors[rows].tolist(),
        "mode": "markers",
        "marker": {
            "size": 10,
            "symbol": "circle",
            "color": STAR_FILL,
            "line": {"color": STAR_LINE, "width": 1.5},
        },
        "name": f"the front ({rows.size})",
        "legendgroup": "front",
        **told(hover_lines(trace), rows),
    }


def _add_limit(figure: go.Figure, name: str, limit: float, column: int) -> None:
    figure.add_vline(
        x=limit,
        line={"color": GREY, "width": 1.5, "dash": "dot"},
        annotation={"text": name, "font": {"size": 12}, "textangle": -90, "xanchor": "right"},
        annotation_position="bottom left",
        row=1,
        col=column,
    )


def _scale(figure: go.Figure, known: Floats, limits: Mapping[str, float], column: int) -> None:
    """A logarithmic axis where costs lie far apart; the limits are inside it."""
    values = np.concatenate([known[np.isfinite(known)], list(limits.values())])
    span = float(values.max() / values.min()) if values.size else 1.0
    figure.update_xaxes(
        type="log" if span > WIDE else "linear",
        dtick=(1 if span > VERY_WIDE else "D2") if span > WIDE else None,
        tickformat="~s",
        nticks=6,
        col=column,
    )
