"""How the figures of the story look: white ground, few inks, the same bytes in every run."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from io import StringIO

import matplotlib as mpl
from claims_figures import INK, QUIET, STYLE
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from netspace.design.units import format_size
from netspace.present.palette import COLOURS

BLUE, VERMILLION, GREEN, PINK, ORANGE, SKY = COLOURS[:6]

__all__ = ["BLUE", "GREEN", "INK", "ORANGE", "PINK", "QUIET", "SKY", "VERMILLION"]


def look() -> AbstractContextManager[None]:
    """The settings under which a figure is made and written."""
    return mpl.rc_context(STYLE)


def panels(count: int, *, height: float, sharey: bool = False) -> tuple[Figure, list[Axes]]:
    """A figure of panels side by side; height in inches."""
    figure = Figure(figsize=(6.4 if count == 1 else 9.6, height), layout="constrained")
    axes = figure.subplots(1, count, squeeze=False, sharey=sharey)
    return figure, list(axes[0])


def svg(figure: Figure) -> str:
    """The figure as SVG without a date."""
    text = StringIO()
    figure.savefig(text, format="svg", facecolor="white", metadata={"Date": None})
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def label(
    axes: Axes, x: float, y: float, text: str, colour: str, *, right: float = 6, up: float = 0
) -> None:
    """Words beside a point, so many points to the right (or, below 0, to the left) and up."""
    side = "left" if right > 0 else "right" if right < 0 else "center"
    axes.annotate(
        text,
        (x, y),
        xytext=(right, up),
        textcoords="offset points",
        color=colour,
        ha=side,
        va="center" if up == 0 else "baseline",
    )


def log_ticks(axis: Axis, places: Sequence[float], *, sizes: bool = False) -> None:
    """Marks at these places of a logarithmic axis; as sizes, 400M rather than 4e8."""
    axis.set_major_locator(FixedLocator(places))
    axis.set_minor_locator(NullLocator())
    write = format_size if sizes else "{:g}".format
    axis.set_major_formatter(FuncFormatter(lambda value, _: write(value)))
