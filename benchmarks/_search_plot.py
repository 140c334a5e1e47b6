"""Curves of mean regret, a panel for each table."""

from pathlib import Path
from typing import Any

import numpy as np

from _search_curves import Curve, Curves, tables_of
from _search_tables import YARDSTICKS

FLOOR = 0.01
"""Regret in points at which a panel ends: curves that reach 0 leave it below."""

EARLY = 5
"""Networks after which a panel of errors begins: the first are far above the rest."""

COLOURS = {
    "random": "#7f7f7f",
    "evolution": "#1f77b4",
    "surrogate": "#d62728",
    "controller": "#2ca02c",
    "tpe": "#9467bd",
    "gp": "#8c564b",
    "nsga2": "#e377c2",
    "cmaes": "#bcbd22",
}

TITLES = {
    "macro": "NAS-Bench-Macro, CIFAR-10",
    "cifar10": "NAS-Bench-201, CIFAR-10",
    "cifar100": "NAS-Bench-201, CIFAR-100",
    "imagenet16": "NAS-Bench-201, ImageNet16-120",
    "accel": "Accel-NASBench, estimated",
}


def plot(curves: Curves, path: Path) -> None:
    """Draw the curves into an image file, with bands of 95 % intervals."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    tables = tables_of(curves)
    across = 2 if len(tables) in (2, 4) else min(3, len(tables))
    down = -(-len(tables) // across)
    figure, panels = pyplot.subplots(
        down, across, figsize=(4.6 * across, 3.7 * down), squeeze=False, layout="constrained"
    )
    for panel, table in zip(panels.flat, tables, strict=False):
        _panel(panel, table, [curve for (name, _), curve in curves.items() if name == table])
    for panel in panels.flat[len(tables) :]:
        panel.axis("off")
    handles = {
        label: handle
        for panel in panels.flat
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        handles.values(),
        handles,
        loc="outside lower center",
        ncols=min(5, len(handles)),
        frameon=False,
    )
    figure.savefig(path, dpi=130)
    pyplot.close(figure)


def _panel(panel: Any, table: str, curves: list[Curve]) -> None:
    known = table in YARDSTICKS
    for curve in curves:
        _curve(panel, curve)
    if known:
        figures = YARDSTICKS[table].evolution
        stated = [n for n in figures if n <= max(curve.networks for curve in curves)]
        panel.plot(
            stated,
            [max(figures[n], FLOOR) for n in stated],
            linestyle="none",
            marker="x",
            color="black",
            label="evolution, measured elsewhere",
        )
    panel.set(title=TITLES[table], xlabel="networks tried")
    if known:
        panel.set(ylabel="mean regret, points", yscale="log")
        panel.set_ylim(bottom=FLOOR)
        panel.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    else:
        panel.set(ylabel="mean of the lowest error, %")
        low = min(float(curve.interval[0].min()) for curve in curves)
        high = max(float(curve.mean[:EARLY][-1]) for curve in curves)
        panel.set_ylim(low - 0.05 * (high - low), high)
    panel.set_xlim(left=1)
    panel.grid(visible=True, which="major", color="#e5e5e5")
    panel.spines[["top", "right"]].set_visible(False)


def _curve(panel: Any, curve: Curve) -> None:
    networks = np.arange(1, curve.networks + 1)
    low, high = np.maximum(curve.interval, FLOOR / 10)
    colour = COLOURS.get(curve.strategy, "#17becf")
    mean = np.maximum(curve.mean, FLOOR / 10)
    panel.plot(networks, mean, color=colour, linewidth=1.6, label=curve.strategy)
    panel.fill_between(networks, low, high, color=colour, alpha=0.15, linewidth=0)
