"""The picture of a contest: error against a cost, the front, and published networks beside it.

The errors of a contest and those on ImageNet share no axis, and neither do costs at two image
sizes: published networks stand in a panel of their own.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from netspace.contest_study import Origin
from netspace.design.units import format_size
from netspace.present.cost_plot import TITLES
from netspace.present.palette import AXIS_ERROR, GREY, colour, literal, marker, style
from netspace.present.pareto import PLACES, Place, Placed, Point, Real, placed, published_cost
from netspace.present.pareto_axes import Ends, Spot, cost_ends, error_ends, labels, scale
from netspace.present.published import Published
from netspace.present.wording import percent, spaced

AXIS_IMAGENET = "top-1 error (%) on ImageNet"
NUMBERS: Mapping[Origin, int] = {"handcrafted": 0, "searched": 1, "design space": 2}
"""Of each kind's colour and marker."""

PALE = 0.4
"""The opacity of what is behind the front."""

_LOOK: Mapping[str, Any] = {"hovermode": "closest", "legend": {"font": {"size": 12}}}
_ALONE = {"row": 1, "col": 1}


def draw_pareto(
    points: Sequence[Point],
    cost: str,
    *,
    real: Real | None = None,
    backdrop: Sequence[Published] = (),
    stacked: bool = False,
    axis: str = AXIS_ERROR,
) -> go.Figure:
    """Error against a cost with intervals and front; `backdrop` in a second panel if there is one.

    cost: of `Point.costs`. real: as for `placed`. stacked: the second panel below the first, for
    narrow screens. axis: names the contest's errors.
    """
    panels = 2 if backdrop else 1
    shape = (panels, 1) if stacked else (1, panels)
    gap = {"vertical_spacing": 0.14} if stacked else {"horizontal_spacing": 0.09}
    figure = make_subplots(rows=shape[0], cols=shape[1], **gap)
    shown = placed(points, cost, real)
    _explain(figure, shown, backdrop)
    _add_contest(figure, shown, _ALONE)
    figure.update_yaxes(title_text=axis, row=1, col=1)
    figure.update_xaxes(title_text=cost_title(cost), row=1, col=1)
    if backdrop:
        _add_published(figure, backdrop, cost, {"row": shape[0], "col": shape[1]})
    height = 430 if shape[0] == 1 else 780
    return style(figure, height=height, **_LOOK)


def draw_published(backdrop: Sequence[Published], cost: str) -> go.Figure:
    """The second panel of `draw_pareto` as a figure of its own."""
    figure = make_subplots(rows=1, cols=1)
    _explain(figure, (), backdrop)
    _add_published(figure, backdrop, cost, _ALONE)
    return style(figure, height=430, **_LOOK)


def cost_title(cost: str) -> str:
    """What an axis of this cost is called."""
    return TITLES.get(cost) or f"latency in ms, {literal(spaced(cost))}"


def _explain(figure: go.Figure, shown: Sequence[Placed], backdrop: Sequence[Published]) -> None:
    """The legend: kinds by shape and colour, places by how a mark is filled."""
    present = {one.point.kind for one in shown} | {one.origin for one in backdrop}
    for kind in NUMBERS:
        if kind in present:
            _add_key(figure, kind, {"symbol": marker(NUMBERS[kind]), "color": _colour(kind)})
    if any(one.place == "open" for one in shown):
        _add_key(figure, "hollow: within the noise", {"symbol": "circle-open", "color": GREY})
    if any(one.place == "behind" for one in shown):
        _add_key(figure, "pale: behind", {"symbol": "circle", "color": GREY, "opacity": PALE})


def _add_key(figure: go.Figure, name: str, mark: Mapping[str, Any]) -> None:
    figure.add_scatter(
        x=[None], y=[None], mode="markers", name=name, marker={"size": 10, **mark}, **_ALONE
    )


def _colour(kind: Origin) -> str:
    return colour(NUMBERS[kind])


def _add_contest(figure: go.Figure, shown: Sequence[Placed], panel: Mapping[str, int]) -> None:
    ends = cost_ends([one.cost for one in shown])
    heights = error_ends([end for one in shown for end in _interval(one)])
    figure.add_scatter(**_stairs(shown, ends), **panel)
    for kind in NUMBERS:
        for place in PLACES:
            own = [one for one in shown if (one.point.kind, one.place) == (kind, place)]
            if own:
                figure.add_scatter(**_marks(kind, place, own), **panel)
    spots = [Spot(x=one.cost, y=one.point.error, text=one.point.name) for one in shown]
    figure.add_scatter(**labels(spots, ends, heights), **panel)
    scale(figure, ends, heights, panel)


def _stairs(shown: Sequence[Placed], ends: Ends) -> dict[str, Any]:
    """The front of the mean errors, on to the panel's right end."""
    x = [one.cost for one in shown if one.lowest]
    y = [one.point.error for one in shown if one.lowest]
    return {
        "x": [*x, ends[1]] if x else [],
        "y": [*y, y[-1]] if x else [],
        "mode": "lines",
        "line": {"shape": "hv", "width": 2, "color": GREY},
        "hoverinfo": "skip",
        "name": "front of the mean errors",
    }


def _marks(kind: Origin, place: Place, own: Sequence[Placed]) -> dict[str, Any]:
    symbol = marker(NUMBERS[kind])
    ends = [_interval(one) for one in own]
    return {
        "x": [one.cost for one in own],
        "y": [one.point.error for one in own],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [high - one.point.error for one, (_, high) in zip(own, ends, strict=True)],
            "arrayminus": [one.point.error - low for one, (low, _) in zip(own, ends, strict=True)],
            "thickness": 1.5,
            "width": 4,
        },
        "mode": "markers",
        "marker": {
            "size": 11,
            "color": _colour(kind),
            "symbol": f"{symbol}-open" if place == "open" else symbol,
            "line": {"width": 2, "color": _colour(kind)},
        },
        "opacity": PALE if place == "behind" else 1.0,
        "name": f"{kind}, {place}",
        "showlegend": False,
        "text": [_hover(one) for one in own],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _interval(one: Placed) -> tuple[float, float]:
    """The ends of the whisker; both the error itself where none is known."""
    point = one.point
    known = isfinite(point.low) and isfinite(point.high)
    return (point.low, point.high) if known else (point.error, point.error)


def _hover(one: Placed) -> str:
    point = one.point
    known = isfinite(point.low) and isfinite(point.high)
    interval = f" ({point.low:.2f} to {point.high:.2f})" if known else ", no interval"
    lines = [
        f"<b>{literal(point.name)}</b>, {point.kind}",
        f"error {percent(point.error)}{interval}",
        *(_cost_words(name, cost) for name, cost in point.costs.items() if isfinite(cost)),
        PLACES[one.place].lower(),
    ]
    return "<br>".join(lines)


def _cost_words(name: str, cost: float) -> str:
    if name in TITLES:
        return f"{name} {format_size(cost)}"
    return f"{literal(spaced(name))} {cost:.3g} ms"


def _add_published(
    figure: go.Figure, backdrop: Sequence[Published], cost: str, panel: Mapping[str, int]
) -> None:
    """Families trained by one recipe as lines, all other networks as grey dots."""
    own = published_cost(cost)
    known = [(one, value) for one in backdrop if (value := one.cost(own)) is not None]
    known.sort(key=lambda pair: pair[1])
    alike: dict[str, list[tuple[Published, float]]] = {}
    for one, value in known:
        if one.source == "pycls":
            alike.setdefault(one.family, []).append((one, value))
    figure.add_scatter(**_dots([pair for pair in known if pair[0].source != "pycls"]), **panel)
    for pairs in alike.values():
        figure.add_scatter(**_family(pairs), **panel)
    spots = [_spot(pair) for pairs in alike.values() for pair in pairs]
    low, high = error_ends([one.error for one, _ in known])
    # The few small networks with far larger errors would press all others together.
    heights = (low, error_ends([spot.y for spot in spots])[1]) if spots else (low, high)
    ends = cost_ends([value for one, value in known if one.error <= heights[1]])
    firsts = [_spot(pairs[0]) for pairs in alike.values()]
    figure.add_scatter(**labels(firsts, ends, heights, spots), **panel)
    scale(figure, ends, heights, panel)
    figure.update_yaxes(title_text=AXIS_IMAGENET, **panel)
    title = "latency in ms, one image, Intel i9" if own == "cpu_ms" else TITLES[own]
    figure.update_xaxes(title_text=title, **panel)


def _spot(pair: tuple[Published, float]) -> Spot:
    one, value = pair
    return Spot(x=value, y=one.error, text=one.family)


def _family(pairs: Sequence[tuple[Published, float]]) -> dict[str, Any]:
    kind = pairs[0][0].origin
    return {
        **_drawn(pairs),
        "mode": "lines+markers",
        "line": {"width": 1.5, "color": _colour(kind)},
        "marker": {"size": 7, "color": _colour(kind), "symbol": marker(NUMBERS[kind])},
        "name": pairs[0][0].family,
        "showlegend": False,
    }


def _dots(pairs: Sequence[tuple[Published, float]]) -> dict[str, Any]:
    return {
        **_drawn(pairs),
        "mode": "markers",
        "marker": {"size": 4, "color": GREY, "opacity": 0.5},
        "name": "ImageNet, other recipes",
    }


def _drawn(pairs: Sequence[tuple[Published, float]]) -> dict[str, Any]:
    return {
        "x": [value for _, value in pairs],
        "y": [one.error for one, _ in pairs],
        "text": [
            f"<b>{literal(one.name)}</b>, {one.family}, {one.origin}<br>ImageNet error "
            f"{percent(one.error)} at {one.resolution} pixels<br>recipe {one.recipe} ({one.source})"
            for one, _ in pairs
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }
