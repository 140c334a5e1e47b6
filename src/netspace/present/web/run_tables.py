"""The networks of a run as tables whose rows are links, for the keyboard and for reading."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import urlencode

import numpy as np
from dash import html
from dash.development.base_component import Component

from netspace.design.units import format_size
from netspace.present.hover import COSTS
from netspace.present.tables import NONE
from netspace.present.web.parts import Cell, table
from netspace.present.web.run_data import Rows, RunData
from netspace.present.web.run_state import Looking
from netspace.present.wording import counted, percent, spaced

MOST_LISTED = 25
MOST_PARAMETERS = 8
_HEAD = ("network", "error", *COSTS)


def address(looking: Looking, data: RunData, *, network: int | None = None) -> str:
    """The link to this state, with a network open or none."""
    return f"/runs?{urlencode(replace(looking, network=network).query(data))}"


def networks(looking: Looking, data: RunData, shown: Sequence[Rows]) -> Component:
    """The best networks of those shown, the lowest error first."""
    ranked = list(_ranked(shown))
    done = sum(int(np.count_nonzero(rows.table.finished)) for rows in shown)
    if not ranked:
        return html.P("No network that has finished passes the filter.", className="note")
    names = list(dict.fromkeys(name for own in shown for name in own.table.parameters))
    names = names[:MOST_PARAMETERS]
    rows: list[tuple[Cell, ...]] = [
        (
            html.A(_called(own, place), href=address(looking, data, network=int(own.ids[place]))),
            percent(float(own.table.errors[place])),
            *(_cost(float(getattr(own.table, cost)[place])) for cost in COSTS),
            *(_values(own, name, place) for name in names),
        )
        for own, place in ranked
    ]
    said = f"The best {len(ranked)} of {counted(done, 'network')}; a name opens its network."
    if done <= len(ranked):
        said = f"{counted(done, 'network')}, the lowest error first; a name opens its network."
    head = (*_HEAD, *map(spaced, names))
    shown_table = table(head, rows, numbers=range(1, len(head)))
    return html.Div([html.P(said, className="note"), shown_table])


def _ranked(shown: Sequence[Rows]) -> Iterator[tuple[Rows, int]]:
    """The best networks of all spaces: their rows, and which one."""
    places = [(own, place) for own in shown for place in np.flatnonzero(own.table.finished)]
    errors = np.array([own.table.errors[place] for own, place in places])
    for rank in np.argsort(errors, kind="stable")[:MOST_LISTED].tolist():
        own, place = places[rank]
        yield own, int(place)


def failed(looking: Looking, data: RunData, shown: Sequence[Rows]) -> Component | None:
    """The trainings that broke down with their reasons; None if none did."""
    broken = [(own, int(place)) for own in shown for place in np.flatnonzero(~own.table.finished)]
    if not broken:
        return None
    rows: list[tuple[Cell, ...]] = [
        (
            html.A(_called(own, place), href=address(looking, data, network=int(own.ids[place]))),
            f"{own.attempts[place]}",
            own.reasons.get(int(own.ids[place])) or "no reason is known",
        )
        for own, place in broken[:MOST_LISTED]
    ]
    more = len(broken) - len(rows)
    if more > 0:
        rows.append((f"and {more:,} more", "", ""))
    return table(("network", "attempts", "reason"), rows, numbers=(1,))


def _called(own: Rows, place: int) -> str:
    name, seed = own.called(int(own.table.index[place])), int(own.seeds[place])
    return name if seed < 0 else f"{name}, seed {seed}"


def _values(own: Rows, name: str, place: int) -> str:
    """A parameter's value, or its values stage by stage."""
    column = own.table.parameters.get(name)
    known = [] if column is None else [value for value in column[place].tolist() if value == value]
    return ", ".join(f"{value:g}" for value in known) or NONE


def _cost(value: float) -> str:
    return format_size(value) if np.isfinite(value) else NONE
