"""The figure of where a search looked at first and at last: pairs of strips of frequencies."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from netspace.analyse.outcomes import Floats
from netspace.present.palette import colour, literal, style
from netspace.present.search_marks import PROPOSED
from netspace.present.search_shifts import Shift
from netspace.present.wording import spaced

STRIP, GAP, HEAD = 16, 7, 56
"""Heights in pixels: of a strip, between the pairs, and of what stands above a parameter."""

COLUMNS = 2

_SCALE = ((0.0, f"{colour(PROPOSED)}00"), (1.0, f"{colour(PROPOSED)}99"))


def draw_shifts(found: Sequence[Shift]) -> go.Figure:
    """For each parameter and place a pair of strips: how frequent each value was early, and late.

    A place is marked with an asterisk where it moved more than chance would let it.
    """
    groups = [list(own) for _, own in groupby(found, key=lambda one: one.parameter)]
    columns = min(COLUMNS, len(groups))
    lines = [groups[start : start + columns] for start in range(0, len(groups), columns)]
    heights = [max(_height(own) for own in line) for line in lines]
    total = sum(heights) + HEAD * (len(lines) - 1)
    figure = make_subplots(
        rows=len(lines),
        cols=columns,
        horizontal_spacing=0.1,
        vertical_spacing=HEAD / total if len(lines) > 1 else 0,
        row_heights=heights,
        subplot_titles=[f"<b>{literal(spaced(own[0].parameter))}</b>" for own in groups],
    )
    for number, own in enumerate(groups):
        row = number // columns
        _add(figure, own, heights[row], {"row": row + 1, "col": number % columns + 1})
    style(figure, height=total + HEAD + 12, hovermode="closest", showlegend=False)
    figure.update_layout(margin={"t": HEAD, "b": 12, "l": 68})
    return figure.update_annotations(font_size=12, yshift=20)


def _height(own: Sequence[Shift]) -> int:
    return len(own) * (2 * STRIP + GAP)


def _add(figure: go.Figure, own: Sequence[Shift], height: int, place: dict[str, int]) -> None:
    starts = [number * (2 * STRIP + GAP) for number in range(len(own))]
    edges = [edge for at in starts for edge in (at, at + STRIP, at + 2 * STRIP)]
    figure.add_heatmap(
        x=[literal(value) for value in own[0].values],
        y=[*edges, edges[-1] + GAP],
        z=_strips(own),
        zmin=0,
        zmax=100,
        colorscale=_SCALE,
        showscale=False,
        xgap=1,
        ygap=1,
        customdata=_told(own),
        hovertemplate="%{customdata}: %{x}<br>%{z:.0f} % of the networks<extra></extra>",
        hoverongaps=False,
        **place,
    )
    figure.add_scatter(**_numbers(own, starts), **place)
    bare = {"showgrid": False, "showline": False, "ticks": ""}
    font = {"size": 11}
    figure.update_xaxes(type="category", side="top", tickangle=0, tickfont=font, **bare, **place)
    figure.update_yaxes(
        tickvals=[at + STRIP for at in starts],
        ticktext=[_called(one) for one in own],
        tickfont=font,
        range=(height, 0),
        **bare,
        **place,
    )


def _numbers(own: Sequence[Shift], starts: Sequence[int]) -> dict[str, Any]:
    """The percentages as text, which unlike a heat map's has the page's colour, light or dark."""
    cells = [
        (value, at + STRIP * (late + 0.5), share)
        for one, at in zip(own, starts, strict=True)
        for late, shares in enumerate((one.early, one.late))
        for value, share in zip(one.values, shares.tolist(), strict=True)
    ]
    return {
        "x": [literal(value) for value, _, _ in cells],
        "y": [y for _, y, _ in cells],
        "text": [f"{100 * share:.0f}" for _, _, share in cells],
        "mode": "text",
        "textfont": {"size": 10},
        "hoverinfo": "skip",
    }


def _strips(own: Sequence[Shift]) -> list[list[float | None]]:
    """Percentages: early, late, and nothing in the gap below each pair."""
    rows: list[list[float | None]] = []
    for one in own:
        rows += [_percentages(one.early), _percentages(one.late), [None] * len(one.values)]
    return rows


def _percentages(shares: Floats) -> list[float | None]:
    return [float(share) for share in np.round(100 * shares, 1)]


def _told(own: Sequence[Shift]) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for one in own:
        for words in ("first third", "last third", ""):
            rows.append([f"{literal(one.name)}, {words}"] * len(one.values))
    return rows


def _called(shift: Shift) -> str:
    place = "all" if shift.place is None else f"stage {shift.place}"
    return f"{place} *" if shift.clear else place
