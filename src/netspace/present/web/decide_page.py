"""The page *Decide*: a contest's table, which differences are real, and error against cost."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, urlencode

from dash import Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component

from netspace.errors import UserError
from netspace.present import tables
from netspace.present.contest_findings import agreement_sentence, agreement_with_first
from netspace.present.contest_pictures import WORDS, costs_of, picture, points, words
from netspace.present.contest_reading import contest_record
from netspace.present.contest_record import ContestRecord
from netspace.present.contest_sentences import (
    choice,
    contest_answer,
    contest_circumstances,
    reading,
    verdicts,
)
from netspace.present.contest_tables import carried_table, pairs_table, rules_table, standings_table
from netspace.present.draw import draw
from netspace.present.export import yaml_text
from netspace.present.web.figures import dressed, graph
from netspace.present.web.folders import run_folders
from netspace.present.web.parts import fault, section, table
from netspace.present.web.view import View
from netspace.run.folder import RunFolder
from netspace.run.store import Store

FIGURE = "decide-pareto"


def layout(view: View) -> Component:
    """The contest that the query names; the only one there is; else the list of all."""
    found = contests(view.folders)
    wanted = view.query.get("contest") or (str(found[0]) if len(found) == 1 else "")
    if not wanted:
        return _list(found, view.folders)
    path = next((one for one in found if str(one) == wanted), None)
    if path is None:
        return html.Div(
            [_back(), fault(f"there is no contest at {wanted}; choose one of the list")]
        )
    try:
        record = read(path)
    except UserError as unread:
        return html.Div([_back(), fault(str(unread))])
    return _contest(record, view)


def contests(folders: Sequence[Path]) -> list[Path]:
    """The runs in these folders that are contests and can be read."""
    return [path for path in run_folders(folders) if _is_contest(path)]


def _is_contest(path: Path) -> bool:
    try:
        with Store.existing(RunFolder(path).database) as store:
            return bool(store.fact("kind") == "contest" and store.fact("data"))
    except UserError:
        return False


def read(path: Path) -> ContestRecord:
    """The contest in this folder, as far as it is."""
    with Store.existing(RunFolder(path).database) as store:
        return contest_record(path, store)


def _back() -> Component:
    return html.P(html.A("All contests", href="/decide"))


def _list(found: Sequence[Path], folders: Sequence[Path]) -> Component:
    if not found:
        places = ", ".join(str(folder) for folder in folders) or "no folder"
        said = (
            f"No contest was found in {places}. Set networks against each other with 'netspace "
            "contest STUDY.yaml', or give a contest's folder: netspace ui DIR."
        )
        return html.Div([html.H1("Decide"), html.P(said, className="note")])
    rows = []
    for path in found:
        link = html.A(str(path), href=f"/decide?{urlencode({'contest': str(path)})}")
        rows.append((link, _answer(path)))
    return html.Div([html.H1("Decide"), table(("contest", "what came out"), rows)])


def _answer(path: Path) -> str:
    try:
        return contest_answer(read(path))
    except UserError as unread:
        return f"cannot be read: {unread}"


def _contest(record: ContestRecord, view: View) -> Component:
    standings, further = standings_table(record), record.heats[1:]
    return html.Div(
        [
            _back(),
            html.H1(contest_answer(record)),
            html.P(contest_circumstances(record), className="note"),
            section(
                "The table",
                html.Ul([html.Li(sentence) for sentence in verdicts(record)]),
                html.P(choice(record)),
                _shown(standings),
                html.P(reading(record), className="note"),
                name="decide-table",
            ),
            *([_picture_section(record, view)] if points(record) else []),
            section(
                "Each against each", _shown(pairs_table(record, record.first)), name="decide-pairs"
            ),
            *([_carried(record)] if further else []),
            section("Rules of handcraft", _shown(rules_table(record)), name="decide-rules"),
            section("The networks", *_networks(record), name="decide-networks"),
            dcc.Store(id="decide-contest", data=record.folder),
        ]
    )


def _shown(own: tables.Table) -> Component:
    return table(own.columns, own.rows, numbers=range(own.words, len(own.columns)))


def _picture_section(record: ContestRecord, view: View) -> Component:
    costs = costs_of(record)
    cost = view.query.get("cost", costs[0])
    cost = cost if cost in costs else costs[0]
    chooser = html.Div(
        [
            html.Label("Cost", htmlFor="decide-cost"),
            dcc.Dropdown(list(costs), cost, id="decide-cost", clearable=False, searchable=False),
        ],
        className="decide-cost",
    )
    return section(
        "Error against cost",
        chooser,
        graph(FIGURE, picture(record, cost, stacked=view.coarse), WORDS, view),
        html.P(" ".join(words(record, cost)), className="note", id="decide-words"),
        name="decide-picture",
    )


def _carried(record: ContestRecord) -> Component:
    said = [
        agreement_sentence(heat, agreement_with_first(record, heat)) for heat in record.heats[1:]
    ]
    return section(
        "On other data",
        html.Ul([html.Li(sentence) for sentence in said]),
        _shown(carried_table(record)),
        name="decide-carried",
    )


def _networks(record: ContestRecord) -> list[Component]:
    """A picture of each, folded away, with its file to take along."""
    found: list[Component] = []
    for entry in record.entries:
        image = f"data:image/svg+xml;utf8,{quote(draw(entry.network))}"
        text = f"data:text/yaml;charset=utf-8,{quote(yaml_text(entry.network))}"
        said = f"{entry.origin}, {entry.source}. " if entry.source else f"{entry.origin}. "
        found.append(
            html.Details(
                [
                    html.Summary(entry.name),
                    html.P(said + ("; ".join(entry.changes) or "It takes part as it is.")),
                    html.Div(
                        html.Img(src=image, alt=f"the parts of {entry.name}"), className="scroll"
                    ),
                    html.P(html.A("YAML", href=text, download=f"{entry.name}.yaml")),
                ]
            )
        )
    return found


def register(app: Dash, folders: tuple[Path, ...]) -> None:
    """Another cost redraws the picture and stands in the address."""

    @app.callback(
        Output(FIGURE, "figure"),
        Output("decide-words", "children"),
        Output("query", "data", allow_duplicate=True),
        Input("decide-cost", "value"),
        State("decide-contest", "data"),
        State("view", "data"),
        prevent_initial_call=True,
    )
    def change(cost: str, contest: str, data: dict[str, object]) -> tuple[object, str, object]:
        path = next(one for one in contests(folders) if str(one) == contest)
        record, view = read(path), View.of(data, folders)
        query = {"contest": contest, "cost": cost}
        return (
            dressed(picture(record, cost, stacked=view.coarse), view),
            " ".join(words(record, cost)),
            query,
        )
