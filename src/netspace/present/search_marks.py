"""How the networks of a search look in its figures, and what hovering over them tells."""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspace.analyse.outcomes import Floats
from netspace.design.units import format_size
from netspace.present.palette import GREY, colour, literal, marker
from netspace.present.search_trace import Trace
from netspace.present.wording import counted, percent

DRAWN, PROPOSED = 1, 0
"""Numbers of the colours of networks drawn at random, and of those that a strategy proposed."""

REACH = 3.0
"""An axis reaches so many times as far from the best as the median does; the few worse networks
are drawn at its end."""

Ends = tuple[float, float]

LEGEND = {"itemsizing": "constant", "font": {"size": 12}}
_ORIGINS = ((PROPOSED, "proposed by the strategy"), (DRAWN, "drawn at random"))


def ends_shown(values: Floats, *, high: bool = False, held: float | None = None) -> Ends:
    """The least and greatest value that is drawn in its place; `held` is inside too."""
    known = values[np.isfinite(values)]
    if not known.size:
        return (0.0, 1.0) if high else (0.0, 100.0)
    sign = -1.0 if high else 1.0
    best, worst = float((sign * known).min()), float((sign * known).max())
    far = best + REACH * (float(np.median(sign * known)) - best)
    worst = min(worst, far) if far > best else worst
    if held is not None:
        worst = max(worst, sign * held)
    low, up = sorted((sign * best, sign * worst))
    return low, up


def with_margin(ends: Ends) -> Ends:
    """The ends of the axis, a little further out."""
    margin = 0.06 * (ends[1] - ends[0]) or 0.5
    return ends[0] - margin, ends[1] + margin


def outside(values: Floats, ends: Ends) -> int:
    """How many of the values are drawn at the axis's end."""
    return int(np.count_nonzero((values < ends[0]) | (values > ends[1])))


def clouds(
    trace: Trace, values: Floats, across: Floats, ends: Ends, *, early: bool = False
) -> Iterator[dict[str, Any]]:
    """The networks with a value as points, as plotly takes them: proposed ones, and drawn ones.

    early: those that stopped at a rung, which are hollow.
    """
    said = hover_lines(trace)
    for code, words in _ORIGINS:
        own = trace.drawn == (code == DRAWN)
        rows = np.flatnonzero(own & np.isfinite(values) & np.isfinite(across))
        if rows.size:
            yield {
                "x": across[rows].tolist(),
                "y": np.clip(values[rows], *ends).tolist(),
                "mode": "markers",
                "marker": {
                    "symbol": f"{marker(code)}-open" if early else marker(code),
                    "size": 6 if early else 7,
                    "opacity": 0.5 if early else 0.55,
                    "color": colour(code),
                },
                "name": f"{words}, stopped early" if early else words,
                "legendgroup": f"{code}{early}",
                **told(said, rows),
            }


def crosses(trace: Trace, edge: float) -> dict[str, Any] | None:
    """The failed networks as crosses at an edge of the figure, by their place in the search."""
    rows = np.flatnonzero(trace.failed)
    if not rows.size:
        return None
    return {
        "x": (rows + 1).tolist(),
        "y": [edge] * rows.size,
        "mode": "markers",
        "marker": {"symbol": "x-thin", "size": 8, "line": {"width": 2, "color": GREY}},
        "name": f"failed ({rows.size})",
        **told(hover_lines(trace), rows),
    }


def told(said: Sequence[str], rows: NDArray[np.int64]) -> Mapping[str, Any]:
    """What hovering over these rows tells, as plotly takes it."""
    return {
        "text": [said[row] for row in rows.tolist()],
        "hovertemplate": "%{text}<extra></extra>",
    }


def hover_lines(trace: Trace) -> list[str]:
    """What hovering over each network tells."""
    return [_line(trace, row) for row in range(len(trace))]


def _line(trace: Trace, row: int) -> str:
    error, epochs = float(trace.errors[row]), int(trace.epochs[row])
    after = f" after {counted(epochs, 'epoch')}" if epochs else ""
    lines = [
        f"<b>{literal(trace.names[row])}</b>",
        f"number {row + 1}, {'drawn' if trace.drawn[row] else 'proposed'}",
        f"error {percent(error)}{after}" if isfinite(error) else trace.states[row],
        costs_words({name: float(column[row]) for name, column in trace.costs.items()}),
    ]
    return "<br>".join(filter(None, lines))


def costs_words(costs: Mapping[str, float]) -> str:
    """'5.2M flops, 61K params, 3.41 ms': what is known."""
    return ", ".join(
        f"{cost:.3g} ms" if name == "latency_ms" else f"{format_size(cost)} {name}"
        for name, cost in costs.items()
        if isfinite(cost)
    )
