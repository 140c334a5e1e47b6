"""Which parameter values the good networks of a space have: the numbers, and their figure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log10

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from netspace.analyse.insight import GoodRange, good_range
from netspace.present.cost_plot import FEW, WIDE
from netspace.present.hover import hovering
from netspace.present.palette import AXIS_ERROR, colour, literal, marker, style, tint
from netspace.present.populations import Tabled
from netspace.present.thinning import MOST_POINTS, shown_rows, spread
from netspace.present.wording import spaced
from netspace.spaces.ranges import distribution
from netspace.spaces.rules import Shared, narrowed
from netspace.spaces.space import Parameter, Space
from netspace.table import Floats, TrialTable

MOST_COLUMNS = 4
"""Panels in a row: in narrower ones the titles would run into each other."""

FEWEST = 8
"""Finished networks that good ranges need: the subsamples, a quarter of them, then hold two."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Knob:
    """One parameter, of one stage where the stages differ: its values and which were good.

    allowed: the values that the space has, ascending. table: the finished networks that have a
    value; values: theirs, `(n,)`. spread: their least and greatest, over all stages.
    """

    parameter: str
    stage: int | None
    allowed: tuple[float, ...]
    table: TrialTable
    values: Floats
    spread: tuple[float, float]
    good: GoodRange

    @property
    def name(self) -> str:
        """The parameter in words, with its stage: 'width, stage 2'."""
        place = "" if self.stage is None else f", stage {self.stage}"
        return f"{spaced(self.parameter)}{place}"

    @property
    def wide(self) -> bool:
        """Whether its values span so much that a logarithmic axis shows them better."""
        return self.spread[1] > WIDE * self.spread[0] > 0

    @property
    def telling(self) -> bool:
        """Whether the good range is narrower than what the networks have."""
        return bool(self.values.min() < self.good.low or self.values.max() > self.good.high)


def knobs(table: TrialTable, space: Space) -> tuple[Knob, ...]:
    """Every parameter that the space leaves free, by the finished networks of the table.

    Empty below `FEWEST` networks: their ranges would tell nothing.
    """
    done = table.rows(table.finished)
    if len(done) < FEWEST:
        return ()
    return tuple(knob for parameter in space.parameters for knob in _knobs(parameter, done, space))


def _knobs(parameter: Parameter, done: TrialTable, space: Space) -> Iterator[Knob]:
    rules = space.rules_of(parameter)
    allowed = tuple(distribution(narrowed(parameter.values, rules)).values.tolist())
    values = done.parameters.get(parameter.name)
    if len(allowed) == 1 or values is None or not np.isfinite(values).any():
        return
    alike = parameter.size == 1 or any(isinstance(rule, Shared) for rule in rules)
    for stage, column in enumerate(values.T[:1] if alike else values.T, start=1):
        known = np.isfinite(column)
        if not known.any():
            continue
        yield Knob(
            parameter=parameter.name,
            stage=None if alike else stage,
            allowed=allowed,
            table=done if known.all() else done.rows(known),
            values=column[known],
            spread=(float(np.nanmin(values)), float(np.nanmax(values))),
            good=good_range(column, done.errors),
        )


def drawn_knobs(found: Sequence[Knob]) -> list[Knob]:
    """Those that are drawn: the band of a parameter that no stage narrows would cover all."""
    telling = {knob.parameter for knob in found if knob.telling}
    return [knob for knob in found if knob.parameter in telling]


def draw_good_ranges(
    population: Tabled, found: Sequence[Knob], *, most: int = MOST_POINTS, axis: str = AXIS_ERROR
) -> go.Figure:
    """Error against each parameter in small multiples; the band is the good range.

    most: points that a panel shows; axis: names the errors.
    """
    found = drawn_knobs(found)
    stages = max((knob.stage or 0 for knob in found), default=0)
    columns = min(stages, MOST_COLUMNS) or (len(found) if 0 < len(found) <= MOST_COLUMNS else 3)
    places = _places(found, columns)
    rows = max((row for row, _ in places), default=1)
    figure = make_subplots(
        rows=rows,
        cols=columns,
        shared_yaxes=True,
        horizontal_spacing=0.025,
        vertical_spacing=0.3 / (rows + 0.3),
        subplot_titles=[f"{literal(knob.name)}: {span(knob.good)}" for knob in found],
        specs=[
            [{} if (row, column) in places else None for column in range(1, columns + 1)]
            for row in range(1, rows + 1)
        ],
        y_title=axis,
    )
    for (row, column), knob in zip(places, found, strict=True):
        _add_knob(figure, population, knob, row, column, most)
    style(figure, height=195 * rows + 40, hovermode="closest", showlegend=False)
    figure.update_layout(margin={"t": 36, "b": 32, "l": 68})
    return figure.update_annotations(font_size=12)


def _places(found: Sequence[Knob], columns: int) -> list[tuple[int, int]]:
    """Row and column of each panel, from 1: the stages of a parameter begin a row."""
    places, row, column = [], 1, 0
    for knob in found:
        if column == columns or (knob.stage == 1 and column > 0):
            row, column = row + 1, 0
        column += 1
        places.append((row, column))
    return places


def _add_knob(
    figure: go.Figure, population: Tabled, knob: Knob, row: int, column: int, most: int
) -> None:
    place, number = {"row": row, "col": column}, population.number
    rows = shown_rows(knob.table.errors, most)
    many = rows.size > FEW
    figure.add_scatter(
        x=spread(knob.values[rows], logarithmic=knob.wide).tolist(),
        customdata=knob.values[rows].tolist(),
        y=knob.table.errors[rows].tolist(),
        mode="markers",
        marker={
            "size": 5 if many else 7,
            "opacity": 0.5 if many else 0.75,
            "color": colour(number),
            "symbol": marker(number),
        },
        **hovering(population, knob.table.rows(rows), f"{literal(knob.name)} %{{customdata}}"),
        **place,
    )
    figure.add_vrect(
        x0=knob.good.low,
        x1=knob.good.high,
        fillcolor=tint(number, 0.16),
        line={"color": tint(number, 0.5), "width": 1},
        layer="below",
        **place,
    )
    figure.add_vline(
        x=knob.good.median,
        line={"color": colour(number), "width": 1.5, "dash": "dot"},
        layer="below",
        **place,
    )
    ticks = _ticks(knob)
    figure.update_xaxes(
        type="log" if knob.wide else "linear",
        range=_ends(knob),
        tickvals=ticks or None,
        ticktext=[f"{tick:g}" for tick in ticks],
        nticks=5,
        **place,
    )


def _ends(knob: Knob) -> tuple[float, float]:
    """The ends of the axis: all values of the parameter, whatever the stage, and a margin."""
    low, high = knob.spread
    if knob.wide:
        low, high = log10(low), log10(high)
    margin = 0.08 * (high - low) or 0.5
    return low - margin, high + margin


def _ticks(knob: Knob) -> list[float]:
    """At most six: the values themselves where they are few, or powers of two; else plotly's."""
    low, high = knob.spread
    within = [value for value in knob.allowed if low <= value <= high]
    if len(within) <= 6:
        return within
    if not knob.wide or low < 2.0**-3:  # smaller powers would be long numbers
        return []
    powers = [2.0**power for power in range(-3, 24) if low <= 2.0**power <= high]
    return powers[:: -(-len(powers) // 6)]


def span(good: GoodRange) -> str:
    """'64 to 128', or the one value."""
    if good.low == good.high:
        return f"{good.low:g}"
    return f"{good.low:g} to {good.high:g}"
