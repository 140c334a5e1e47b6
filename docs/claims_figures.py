"""The figures of regnets-and-efficientnets.md, as SVG that is the same in every run."""

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from claims_data import (
    CORE_I9,
    EFFICIENTNET,
    FAMILIES,
    REGNET_X,
    REGNET_Y,
    RTX_4090,
    V100,
    Row,
    column,
    family,
)
from claims_numbers import Interval, Prediction
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from matplotlib.typing import RcKeyType

from netspace.present.palette import COLOURS

BLUE, VERMILLION, GREEN = COLOURS[:3]
INK, QUIET = "#30363d", "#8a939e"
COLOUR = {EFFICIENTNET: VERMILLION, REGNET_X: GREEN, REGNET_Y: BLUE}
MARKER = {EFFICIENTNET: "D", REGNET_X: "s", REGNET_Y: "o"}
DEVICE_COLOUR = {V100: QUIET, RTX_4090: BLUE, CORE_I9: VERMILLION}
DEVICE_MARKER = {V100: "^", RTX_4090: "o", CORE_I9: "s"}
DEVICE_NAME = {V100: "V100", RTX_4090: "RTX 4090", CORE_I9: "Core i9 (CPU)"}

GFLOPS = (0.2, 0.4, 1, 2, 4, 10, 20, 40)
FLOPS_LABEL = "flops (billions of multiply-adds, log scale)"
STYLE: dict[RcKeyType, Any] = {
    "svg.hashsalt": "netspace",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e7ea",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "xtick.color": INK,
    "ytick.color": INK,
    "lines.markersize": 5,
    "lines.linewidth": 1.4,
}

Side = Literal["left", "center", "right"]
Place = tuple[float, float, Side]
Places = Mapping[str, Place]
"""Where a line's name stands: offset in points from a network, and alignment."""

BESIDE: Places = {REGNET_X: (7, 4, "left"), REGNET_Y: (7, -6, "left")}
AROUND: Places = {REGNET_X: (0, 7, "center"), REGNET_Y: (0, -13, "center")}


def error_at_flops(article: Sequence[Row], later: Sequence[Row]) -> str:
    """Error against flops, under the article's recipe and under later ones."""
    with mpl.rc_context(STYLE):
        figure, (left, right) = _panels(2, height=3.7, sharey=True)
        _curves(left, article, "flops", "error_percent")
        _curves(right, later, "flops", "error_percent")
        for axes, rows in ((left, article), (right, later)):
            _flops_axis(axes)
            axes.set_xlim(0.15, 150)
            _named(axes, rows, "flops", {**BESIDE, EFFICIENTNET: (7, -3, "left")})
        left.set_ylabel("top-1 error on ImageNet (%)")
        left.set_title("The article's recipe: one for all, 100 epochs")
        right.set_title("Later, longer recipes: one for each family")
        return _svg(figure)


def activations_at_flops(rows: Sequence[Row], exponents: Mapping[str, Interval]) -> str:
    """Activations against flops, with the power of flops that they grow with."""
    with mpl.rc_context(STYLE):
        figure, (axes,) = _panels(1, height=3.7)
        for name in FAMILIES:
            of_family = family(rows, name)
            x, y = column(of_family, "flops") / 1e9, column(of_family, "activations") / 1e6
            axes.plot(x, y, MARKER[name], color=COLOUR[name])
            ends = np.array([x[0], x[-1]])
            fit = np.polyfit(np.log(x), np.log(y), 1)
            axes.plot(ends, np.exp(np.polyval(fit, np.log(ends))), color=COLOUR[name], lw=1)
        axes.set_yscale("log")
        _ticks(axes.yaxis, (2, 5, 10, 20, 50, 100))
        _flops_axis(axes)
        axes.set_ylabel("activations (millions, log scale)")
        spots = {EFFICIENTNET: (0.9, 40), REGNET_X: (2.2, 6.6), REGNET_Y: (2.2, 5.2)}
        for name, spot in spots.items():
            power = f"{exponents[name].value:.2f}"
            axes.text(*spot, f"{name} ~ flops$^{{{power}}}$", color=COLOUR[name])
        return _svg(figure)


def time_ratios(found: Mapping[str, Mapping[str, Sequence[tuple[Row, Interval]]]]) -> str:
    """How many times the RegNets' time EfficientNets take at equal flops, for each device."""
    with mpl.rc_context(STYLE):
        figure, panels = _panels(2, height=3.5, sharey=True)
        for axes, (name, devices) in zip(panels, found.items(), strict=True):
            axes.axhline(1, color=INK, lw=0.8)
            for step, (device, ratios) in enumerate(devices.items()):
                shift = 1 + 0.05 * (step - 1)  # so that bars of two devices do not hide each other
                x = [shift * row.flops / 1e9 for row, _ in ratios]
                y = [ratio.value for _, ratio in ratios]
                bars = np.array([[r.value - r.low, r.high - r.value] for _, r in ratios]).T
                colour = DEVICE_COLOUR[device]
                axes.errorbar(x, y, yerr=bars, color=colour, elinewidth=0.7, lw=1.2)
                axes.plot(x, y, DEVICE_MARKER[device], color=colour)
                _label(axes, x[-1], y[-1], DEVICE_NAME[device], colour, (7, 0, "left"))
            axes.set_yscale("log")
            axes.set_xlim(0.3, 90)
            _ticks(axes.yaxis, (0.7, 1, 1.5, 2, 3, 4, 5))
            _flops_axis(axes)
            axes.set_title(f"Time of EfficientNets / time of {name}")
        panels[0].set_ylabel("times as long per image (log scale)")
        panels[0].text(0.32, 1.03, "equally fast", va="bottom", color=INK, fontsize=8)
        return _svg(figure)


def error_at_time(article: Sequence[Row], later: Sequence[Row]) -> str:
    """Error against the time of one image, on three devices."""
    with mpl.rc_context(STYLE):
        figure, panels = _panels(3, height=3.5, sharey=True)
        shown = ((article, V100), (later, RTX_4090), (later, CORE_I9))
        recipes = ("article's recipe", "later recipes", "later recipes")
        for axes, (rows, device), recipe in zip(panels, shown, recipes, strict=True):
            _curves(axes, rows, device, "error_percent")
            axes.set_xscale("log")
            _ticks(axes.xaxis, (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200))
            axes.set_title(f"{DEVICE_NAME[device]}, {recipe}")
            axes.set_xlabel("ms per image (log scale)")
            _named(axes, rows, device, BESIDE if device == CORE_I9 else AROUND)
            _named(axes, rows, device, {EFFICIENTNET: (6, 3, "left")}, at=0)
        panels[0].set_ylabel("top-1 error on ImageNet (%)")
        return _svg(figure)


def predictors(found: Sequence[tuple[str, Prediction]]) -> str:
    """Rank correlation of time with flops and activations, and their difference."""
    with mpl.rc_context(STYLE):
        figure, (left, right) = _panels(2, height=0.36 * len(found) + 1.2, sharey=True)
        kinds = {"flops": (VERMILLION, "s"), "activations": (BLUE, "o"), "params": (QUIET, "^")}
        for row, (_, prediction) in enumerate(found):
            for step, (name, (colour, mark)) in enumerate(kinds.items()):
                _dot(left, prediction.rank[name], row + 0.2 * (step - 1), colour, mark)
            _dot(right, prediction.rank_gain, row, INK, "o")
        apart = len(found) - 2  # the row in which the three lie far apart
        for step, (name, (colour, _)) in enumerate(kinds.items()):
            place = found[apart][1].rank[name].value
            up = -12 if name == "params" else 5
            _label(left, place, apart + 0.2 * (step - 1), name, colour, (0, up, "center"))
        left.set_yticks(range(len(found)), [name for name, _ in found])
        left.set_ylim(len(found) - 0.4, -0.6)
        left.set_xlabel("Spearman's rank correlation with time")
        left.set_title("What tells the time?")
        right.axvline(0, color=INK, lw=0.8)
        right.set_xlabel("activations' correlation less that of flops")
        right.set_title("Activations better: right of 0")
        return _svg(figure)


def _dot(axes: Axes, number: Interval, y: float, colour: str, mark: str) -> None:
    axes.plot([number.low, number.high], [y, y], color=colour, lw=1.2)
    axes.plot(number.value, y, mark, color=colour, ms=4.5)


def _panels(count: int, *, height: float, sharey: bool = False) -> tuple[Figure, list[Axes]]:
    """A figure of panels side by side; height in inches."""
    figure = Figure(figsize=(6.4 if count == 1 else 9.6, height), layout="constrained")
    axes = figure.subplots(1, count, squeeze=False, sharey=sharey)
    return figure, list(axes[0])


def _curves(axes: Axes, rows: Sequence[Row], x: str, y: str) -> None:
    """One line for each family, by rising flops."""
    for name in FAMILIES:
        of_family = family(rows, name)
        unit = 1e9 if x == "flops" else 1
        axes.plot(
            column(of_family, x) / unit,
            column(of_family, y),
            f"{MARKER[name]}-",
            color=COLOUR[name],
        )


def _named(axes: Axes, rows: Sequence[Row], x: str, places: Places, *, at: int = -1) -> None:
    """The families' names beside their last networks, or those at another place."""
    for name, place in places.items():
        row = family(rows, name)[at]
        (value,) = column([row], x) / (1e9 if x == "flops" else 1)
        _label(axes, float(value), row.error_percent, name, COLOUR[name], place)


def _label(axes: Axes, x: float, y: float, text: str, colour: str, place: Place) -> None:
    right, up, side = place
    axes.annotate(
        text,
        (x, y),
        xytext=(right, up),
        textcoords="offset points",
        color=colour,
        ha=side,
        va="center" if up == 0 else "baseline",
    )


def _flops_axis(axes: Axes) -> None:
    axes.set_xscale("log")
    _ticks(axes.xaxis, GFLOPS)
    axes.set_xlabel(FLOPS_LABEL)


def _ticks(axis: mpl.axis.Axis, places: Sequence[float]) -> None:
    axis.set_major_locator(FixedLocator(places))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _svg(figure: Figure) -> str:
    text = StringIO()
    figure.savefig(text, format="svg", facecolor="white", metadata={"Date": None})
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"
