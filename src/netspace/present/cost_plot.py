"""The figure of error against flops, params and activations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from netspace.present.hover import COSTS, describe, hovering
from netspace.present.palette import (
    AXIS_ERROR,
    STAR_FILL,
    STAR_LINE,
    colour,
    literal,
    marker,
    style,
)
from netspace.present.populations import Population, TablePopulation, key
from netspace.present.thinning import MOST_POINTS, allotted, shown_rows
from netspace.table import Floats
from netspace.trial import Trial

TITLES = {
    "flops": "flops (multiply-adds per image)",
    "params": "params",
    "activations": "activations (elements per image)",
}
WIDE = 8
"""An axis whose largest value is above so many times its smallest is logarithmic."""

VERY_WIDE = 50
"""Above it such an axis has room for powers of ten only."""

FEW = 1_000
"""More points have small marks, as large ones would hide each other."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cloud:
    """The networks of one space as points.

    errors, costs: in percent and by name, `(n,)`, NaN where unknown. hover: what hovering tells,
    as plotly takes it. number: of the space, which gives colour and marker.
    """

    space: str
    number: int
    errors: Floats
    costs: Mapping[str, Floats]
    hover: Mapping[str, Any]


def draw_costs(populations: Sequence[Population], winner: Trial | None = None) -> go.Figure:
    """Error against flops, params and activations; the winner's population point is starred."""
    stars = [
        trial
        for population in populations
        for trial in population.finished
        if winner is not None and key(trial) == key(winner)
    ]
    clouds = [_cloud(one.space, one.number, one.finished) for one in populations]
    return _draw(clouds, COSTS, AXIS_ERROR, stars[0] if stars else None)


def draw_table_costs(
    populations: Sequence[TablePopulation], *, axis: str = AXIS_ERROR
) -> go.Figure | None:
    """Error against each cost that is known, None if none is; a large population is thinned."""
    done = [one.table.finished for one in populations]
    most = allotted([int(rows.sum()) for rows in done], MOST_POINTS)
    clouds = [_thinned(one, own) for one, own in zip(populations, most, strict=True)]
    known = [name for name in COSTS if any(np.isfinite(one.costs[name]).any() for one in clouds)]
    return _draw(clouds, known, axis) if known else None


def _cloud(space: str, number: int, trials: Sequence[Trial]) -> Cloud:
    return Cloud(
        space=space,
        number=number,
        errors=np.array([trial.error for trial in trials], dtype=np.float64),
        costs={
            name: np.array([getattr(t.complexity, name) for t in trials], dtype=np.float64)
            for name in COSTS
        },
        hover=_described(trials),
    )


def _described(trials: Sequence[Trial]) -> dict[str, Any]:
    text = [describe(trial) for trial in trials]
    return {"text": text, "hovertemplate": "%{text}<extra></extra>"}


def _thinned(population: TablePopulation, most: int) -> Cloud:
    done = np.flatnonzero(population.table.finished)
    rows = done[shown_rows(population.table.errors[done], most)]
    table = population.table.rows(rows)
    return Cloud(
        space=population.space,
        number=population.number,
        errors=table.errors,
        costs={name: getattr(table, name) for name in COSTS},
        hover=hovering(population, table),
    )


def _draw(
    clouds: Sequence[Cloud], costs: Sequence[str], axis: str, star: Trial | None = None
) -> go.Figure:
    figure = make_subplots(rows=1, cols=len(costs), shared_yaxes=True, horizontal_spacing=0.035)
    for column, cost in enumerate(costs, start=1):
        for cloud in clouds:
            _add_points(figure, cloud, cost, column)
        if star is not None:
            _add_star(figure, star, cost, column)
        span = _span(np.concatenate([cloud.costs[cost] for cloud in clouds]))
        figure.update_xaxes(
            title_text=TITLES[cost],
            type="log" if span > WIDE else "linear",
            dtick=(1 if span > VERY_WIDE else "D2") if span > WIDE else None,
            tickformat="~s",
            nticks=6,
            col=column,
        )
    figure.update_yaxes(title_text=axis, col=1)
    return style(figure, height=400, hovermode="closest")


def _span(values: Floats) -> float:
    """How many times its least the greatest known cost is."""
    known = values[np.isfinite(values)]
    return float(known.max() / max(1.0, known.min())) if known.size else 1.0


def _add_points(figure: go.Figure, cloud: Cloud, cost: str, column: int) -> None:
    many = cloud.errors.size > FEW
    figure.add_scatter(
        x=cloud.costs[cost].tolist(),  # NaN is drawn nowhere
        y=cloud.errors.tolist(),
        mode="markers",
        marker={
            "size": 5 if many else 9,
            "opacity": 0.5 if many else 0.8,
            "color": colour(cloud.number),
            "symbol": marker(cloud.number),
        },
        name=literal(cloud.space),
        legendgroup=cloud.space,
        showlegend=column == 1,
        row=1,
        col=column,
        **cloud.hover,
    )


def _add_star(figure: go.Figure, trial: Trial, cost: str, column: int) -> None:
    figure.add_scatter(
        x=[getattr(trial.complexity, cost)],
        y=[trial.error],
        mode="markers",
        marker={
            "size": 18,
            "symbol": "star",
            "color": STAR_FILL,
            "line": {"color": STAR_LINE, "width": 1.5},
        },
        name=f"the chosen network, {literal(trial.name)}",
        legendgroup="chosen",
        showlegend=column == 1,
        row=1,
        col=column,
        **_described([trial]),
    )
