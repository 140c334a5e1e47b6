"""The figures of a run, each from values to one plotly figure.

Names come from study files, and plotly reads tags in its texts: all are escaped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from netspace.analyse.edf import Edf, edf
from netspace.design.blocks import Bottleneck
from netspace.design.units import format_size
from netspace.present.palette import (
    AXIS_ERROR,
    STAR_FILL,
    STAR_LINE,
    colour,
    literal,
    marker,
    style,
    tint,
)
from netspace.present.populations import Population, Tabled, key
from netspace.present.wording import exact, percent
from netspace.table import TrialTable
from netspace.trial import Trial

COSTS = ("flops", "params", "activations")
COST_TITLES = (
    "flops (multiply-adds per image)",
    "params",
    "activations (elements per image)",
)
WIDE = 8
"""An axis whose largest value is above so many times its smallest is logarithmic."""


def draw_edf(populations: Sequence[Tabled]) -> go.Figure:
    """For each space the share of its networks with at most an error, inside its 95 % band."""
    curves = [
        Curve(
            population=one,
            edf=edf(one.table.errors) if one.table.finished.any() else None,
            note=f"{len(one.table) - one.table.failed} finished, {one.table.failed} failed",
        )
        for one in populations
    ]
    return draw_distributions(curves)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """A population's distribution, None if nothing finished; note: stands in the legend."""

    population: Tabled
    edf: Edf | None
    note: str


def draw_distributions(curves: Sequence[Curve]) -> go.Figure:
    """Each curve inside its band; a population without one is in the legend only."""
    figure = go.Figure()
    ends = _ends([curve.edf for curve in curves if curve.edf is not None])
    for curve in curves:
        if curve.edf is not None:
            _add_band(figure, curve.population, curve.edf, ends)
    for curve in curves:
        _add_steps(figure, curve, ends)
    figure.update_xaxes(title_text=AXIS_ERROR, range=ends)
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


def draw_costs(populations: Sequence[Population], winner: Trial | None = None) -> go.Figure:
    """Error against flops, params and activations; the winner's population point is starred."""
    figure = make_subplots(rows=1, cols=3, shared_yaxes=True, horizontal_spacing=0.035)
    stars = [
        trial
        for population in populations
        for trial in population.finished
        if winner is not None and key(trial) == key(winner)
    ]
    for column, (cost, title) in enumerate(zip(COSTS, COST_TITLES, strict=True), start=1):
        for population in populations:
            _add_points(figure, population, cost, column)
        if stars:
            _add_star(figure, stars[0], cost, column)
        values = [getattr(t.complexity, cost) for p in populations for t in p.finished]
        wide = bool(values) and max(values) > WIDE * max(1, min(values))
        figure.update_xaxes(
            title_text=title,
            type="log" if wide else "linear",
            dtick="D2" if wide else None,
            tickformat="~s",
            nticks=6,
            col=column,
        )
    figure.update_yaxes(title_text=AXIS_ERROR, col=1)
    return style(figure, height=400, hovermode="closest")


def _add_points(figure: go.Figure, population: Population, cost: str, column: int) -> None:
    trials = population.finished
    figure.add_scatter(
        x=[getattr(trial.complexity, cost) for trial in trials],
        y=[trial.error for trial in trials],
        mode="markers",
        marker={
            "size": 9,
            "opacity": 0.8,
            "color": colour(population.number),
            "symbol": marker(population.number),
        },
        name=literal(population.space),
        legendgroup=population.space,
        showlegend=column == 1,
        text=[describe(trial) for trial in trials],
        hovertemplate="%{text}<extra></extra>",
        row=1,
        col=column,
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
        text=[describe(trial)],
        hovertemplate="%{text}<extra></extra>",
        row=1,
        col=column,
    )


def describe(trial: Trial) -> str:
    """What hovering over a network tells; lines end in <br>, names are escaped."""
    stages = trial.network.stages
    groups = [s.block.group_width for s in stages if isinstance(s.block, Bottleneck)]
    lines = [
        f"<b>{literal(trial.name)}</b>",
        f"error {percent(trial.error)}" if trial.error is not None else "no error",
        f"depth {trial.network.depth}: {_joined(stage.depth for stage in stages)}",
        f"widths {_joined(stage.width for stage in stages)}",
    ]
    if any(groups):
        lines.append(f"group width {_joined(groups[:1] if len(set(groups)) == 1 else groups)}")
    for cost in COSTS:
        count = getattr(trial.complexity, cost)
        lines.append(f"{cost} {exact(count)} ({format_size(count)})")
    return "<br>".join(lines)


def _joined(numbers: Iterable[int | None]) -> str:
    return ", ".join("none" if number is None else exact(number) for number in numbers)


def describe_rows(space: str, table: TrialTable) -> list[str]:
    """What hovering over each row of a table tells, like `describe`."""
    columns = [(name, getattr(table, name).tolist()) for name in COSTS]
    rows = enumerate(zip(table.index.tolist(), table.errors.tolist(), strict=True))
    return [
        "<br>".join(
            (
                f"<b>{literal(f'{space}-{index}')}</b>",
                f"error {percent(error)}",
                *(f"{name} {format_size(costs[row])}" for name, costs in columns if costs[row] > 0),
            )
        )
        for row, (index, error) in rows
    ]
