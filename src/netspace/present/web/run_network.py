"""One trial of a run, opened: its network as a picture, its counts, its learning curve."""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

import plotly.graph_objects as go
from dash import html
from dash.development.base_component import Component

from netspace.errors import UserError
from netspace.present.draw import draw
from netspace.present.export import yaml_text
from netspace.present.palette import AXIS_ERROR, colour, literal, style
from netspace.present.tables import NONE, Table, cost_table, parts_table
from netspace.present.web.figures import graph
from netspace.present.web.parts import fault, table
from netspace.present.web.run_data import MEASURED, Rows, RunData, title
from netspace.present.web.run_filter import readable
from netspace.present.web.run_search import picture
from netspace.present.web.view import View
from netspace.present.wording import counted, duration, percent, spaced
from netspace.run.store import Store
from netspace.trial import Trial

DASHES = ("solid", "dash", "dot", "dashdot")


def opened(data: RunData, network: int | None, view: View) -> Component | None:
    """The trial with this ID; None if none is to be open."""
    if network is None:
        return None
    try:
        name, parts = (
            _imported(data, network) if data.kind == "table" else _trained(data, network, view)
        )
    except (UserError, TypeError, KeyError) as found:
        name, parts = "No network", [fault(str(found))]
    return html.Div([html.H2(name, id="runs-network-title"), *parts])


def _imported(data: RunData, network: int) -> tuple[str, list[Component]]:
    rows, place = _row(data, network)
    one = rows.rows(rows.ids == network)
    error = float(one.table.errors[0])
    known = [(key, float(one.quantity(key)[0])) for key in _keys(one)]
    said = percent(error) if error == error else rows.reasons.get(network, "failed")
    cells = [(title(key), readable(value)) for key, value in known if value == value]
    return rows.called(place), [
        html.P(f"Top-1 error: {said}. A row of an imported table: its network is not known."),
        table(("quantity", "value"), cells, numbers=(1,)),
    ]


def _row(data: RunData, network: int) -> tuple[Rows, int]:
    for own in data.rounds.values():
        for rows in own:
            found = rows.table.index[rows.ids == network]
            if found.size:
                return rows, int(found[0])
    raise UserError(f"network {network} is not in this run; choose one from the table")


def _keys(rows: Rows) -> Iterator[str]:
    yield from (key for key in MEASURED if key != "error")
    for name, values in rows.table.parameters.items():
        stages = values.shape[1]
        yield from [name] if stages == 1 else [f"{name}.{one + 1}" for one in range(stages)]


def _trained(data: RunData, network: int, view: View) -> tuple[str, list[Component]]:
    with Store.existing(data.folder.database) as store:
        found = store.trials(id=network)
        if not found:
            raise UserError(f"network {network} is not in this run; choose one from the table")
        trial = found[0]
        again = store.trials(space=trial.space, index=trial.index)
    return trial.name, list(_parts(trial, again, view))


def _parts(trial: Trial, again: Sequence[Trial], view: View) -> Iterator[Component]:
    yield html.P(outcome(trial))
    text = yaml_text(trial.network)
    yield html.P(
        html.A(
            "Download YAML",
            href=f"data:text/yaml;charset=utf-8,{quote(text)}",
            download=f"{trial.name}.yaml",
            id="runs-yaml",
            className="button",
        )
    )
    yield picture(draw(trial.network), f"The network {trial.name}, part by part")
    curves = [one for one in again if one.curve]
    if curves:
        words = f"Validation error of {trial.name} after each epoch"
        yield graph("runs-curve", draw_trial(curves), words, view)
    yield html.H3("Cost")
    yield shown(cost_table(trial.network))
    yield html.H3("Parts")
    yield shown(parts_table(trial.network))
    if trial.parameters:
        yield html.H3("Parameters in its space")
        yield table(("parameter", "value"), pairs(trial.parameters))
    yield html.H3("Training")
    yield table(("", ""), [*_training(trial), *pairs(trial.setting)])


def outcome(trial: Trial) -> str:
    """What came of the training, in a sentence or two."""
    attempts = counted(trial.attempts, "attempt")
    spent = f" in {duration(trial.seconds)}" if trial.seconds is not None else ""
    match trial.state:
        case "finished":
            error = NONE if trial.error is None else percent(trial.error)
            return f"Finished{spent}: {error} validation error ({attempts})."
        case "failed":
            return f"Failed after {attempts}: {trial.reason or 'no reason is known'}."
        case "running" | "planned":
            return f"{trial.state.capitalize()}; no result yet."


def _training(trial: Trial) -> Iterator[tuple[str, str]]:
    yield "round", trial.round
    yield "seed", f"{trial.seed}"
    yield "epochs", f"{len(trial.curve)} of {trial.recipe.epochs}"
    yield "learning rate", f"{trial.recipe.learning_rate:g}"
    yield "batch size", f"{trial.recipe.batch_size}"


def pairs(values: Mapping[str, object]) -> list[tuple[str, str]]:
    """Names and values as text."""
    return [(spaced(name), _plain(value)) for name, value in values.items()]


def _plain(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_plain(one) for one in value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}" if isinstance(value, float) else f"{value}"
    return NONE if value is None else str(value)


def shown(plain: Table) -> Component:
    """A report's table as a part of the page."""
    return table(plain.columns, plain.rows, numbers=range(plain.words, len(plain.columns)))


def draw_trial(trials: Sequence[Trial]) -> go.Figure:
    """Validation error against epoch: a line for each training of one network."""
    figure = go.Figure()
    for place, trial in enumerate(trials):
        figure.add_scatter(
            x=[epoch.number for epoch in trial.curve],
            y=[epoch.validation_error_percent for epoch in trial.curve],
            mode="lines+markers",
            line={"color": colour(place), "dash": DASHES[place % len(DASHES)], "width": 2},
            marker={"size": 5},
            name=literal(f"{trial.round}, seed {trial.seed}"),
            showlegend=True,
            hovertemplate="epoch %{x}: %{y:.2f} %<extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(title_text="epoch")
    figure.update_yaxes(title_text=AXIS_ERROR)
    return style(figure, height=320, hovermode="closest")
