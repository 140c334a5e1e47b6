"""Learning curves: of the best of the population, and of the final round."""

from collections.abc import Iterable, Mapping, Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from netspace.present.palette import AXIS_ERROR, colour, literal, style
from netspace.present.populations import Population, finished, key
from netspace.trial import Trial

BEST = 5
FEW_EPOCHS = 12
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


def draw_curves(populations: Sequence[Population], final: Sequence[Trial]) -> go.Figure:
    """Validation error against epoch: the best 5 of the populations, and the final round.

    A network has the same colour (its space's) and the same dashes in both; the best one of each
    space has the thick line.
    """
    trials = finished(trial for population in populations for trial in population.trials)
    rounds = ((f"population: the best {BEST}", trials[:BEST]), ("final round: each seed", final))
    panels = [(title, drawn) for title, own in rounds if (drawn := _with_curve(own))]
    figure = make_subplots(
        rows=1,
        cols=max(1, len(panels)),
        shared_yaxes=True,
        horizontal_spacing=0.035,
        subplot_titles=[title for title, _ in panels],
    )
    style(figure, height=440, hovermode="closest", margin={"t": 76}, legend={"y": 1.1})
    colours = {population.space: colour(population.number) for population in populations}
    ranks = _ranks(trial for _, drawn in panels for trial in drawn)
    named: set[tuple[str, int]] = set()
    for column, (_, drawn) in enumerate(panels, start=1):
        for trial in drawn:
            rank = ranks[key(trial)]
            dash, width = DASHES[rank % len(DASHES)], 1.6 if rank else 2.8
            line = {"color": colours.get(trial.space), "dash": dash, "width": width}
            _add_curve(figure, trial, line, column, key(trial) not in named)
            named.add(key(trial))
    figure.update_annotations(font_size=13)
    longest = max((len(trial.curve) for _, drawn in panels for trial in drawn), default=0)
    figure.update_xaxes(title_text="epoch", dtick=1 if longest <= FEW_EPOCHS else None)
    figure.update_yaxes(title_text=AXIS_ERROR, col=1)
    return figure.update_yaxes(**_scale(drawn for _, drawn in panels))


def _with_curve(trials: Sequence[Trial]) -> list[Trial]:
    return [trial for trial in trials if trial.curve]


def _ranks(trials: Iterable[Trial]) -> dict[tuple[str, int], int]:
    """Each network's place among those of its space, from 0, in the order of the trials."""
    ranks: dict[tuple[str, int], int] = {}
    for trial in trials:
        ranks.setdefault(key(trial), sum(space == trial.space for space, _ in ranks))
    return ranks


def _scale(panels: Iterable[Sequence[Trial]]) -> dict[str, object]:
    """A logarithmic error axis, on which the ends of the curves lie apart; not where one is 0."""
    values = [
        epoch.validation_error_percent
        for trials in panels
        for trial in trials
        for epoch in trial.curve
    ]
    if not values or min(values) <= 0:
        return {"rangemode": "tozero"}
    return {
        "type": "log",
        "tickformat": "~g",
        "dtick": "D1" if max(values) < 6 * min(values) else "D2",
    }


def _add_curve(
    figure: go.Figure, trial: Trial, line: Mapping[str, object], column: int, legend: bool
) -> None:
    seed = f", seed {trial.seed}" if trial.round == "final" else ""
    figure.add_scatter(
        x=[epoch.number for epoch in trial.curve],
        y=[epoch.validation_error_percent for epoch in trial.curve],
        mode="lines+markers",
        line=line,
        marker={"size": 4},
        name=literal(trial.name),
        legendgroup=trial.name,
        showlegend=legend,
        hovertemplate=f"<b>%{{fullData.name}}</b>{seed}<br>"
        "epoch %{x}: %{y:.2f} %<extra></extra>",
        row=1,
        col=column,
    )
