"""Scaling one dimension and several: in a study of one's own, and in published networks."""

import csv
from pathlib import Path

import numpy as np
from figures_style import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PINK,
    QUIET,
    VERMILLION,
    label,
    log_ticks,
    look,
    panels,
    svg,
)
from matplotlib.axes import Axes

from netspace.present.scaling_findings import CALLED, error_of
from netspace.present.scaling_record import Point, ScalingRecord
from netspace.run.folder import RunFolder
from netspace.workflow.scaling import read_scaling

ROOT = Path(__file__).resolve().parents[1]
STUDY = ROOT / "docs" / "studies" / "scaling-cifar10"
PUBLISHED = ROOT / "tests" / "golden" / "published_networks.csv"

WAYS = {"depth": PINK, "width": GREEN, "resolution": BLUE, "fast": ORANGE, "compound": VERMILLION}
ABOVE = {"fast": -9, "compound": 6}
"""Of names that would lie on each other, how many points higher they stand."""
APART = 0.025

SERIES = {
    "ResNet": (PINK, "ResNet-50, 101, 152:\ndepth alone", (5.0, 23.0)),
    "ResNeXt": (GREEN, "ResNeXt-50, 101, 152:\ndepth alone", (0.5, 20.0)),
    "EfficientNet": (VERMILLION, "EfficientNet-B0 to B5:\ncompound", (0.17, 21.6)),
    "RegNetX": (BLUE, "RegNetX: a new network\nat each size", (0.3, 29.6)),
}
"""Colour, words, and where these begin: flops in billions, error in percent."""


def scaling() -> str:
    """Error against flops for each way of scaling: measured here, and published."""
    with look():
        figure, (left, right) = panels(2, height=4.0)
        _study(left, read_scaling(RunFolder(STUDY)))
        _published(right)
        return svg(figure)


def _study(axes: Axes, record: ScalingRecord) -> None:
    base = record.base
    assert base is not None, "the study is finished"
    for step, (name, colour) in enumerate(WAYS.items()):
        own = (base, *record.series(name))
        x = [point.complexity.flops / 1e6 for point in own]
        shift = np.array([1.0] + [2 ** (APART * (step - 2))] * (len(own) - 1))
        found = [error_of(record, point) for point in own]
        y, bars = [one.value for one in found], [one.half_width for one in found]
        axes.errorbar(x * shift, y, yerr=bars, fmt="o-", color=colour, elinewidth=0.8)
        label(axes, x[-1], y[-1], CALLED[name], colour, right=12, up=ABOVE.get(name, 0))
    _base(axes, base)
    axes.set_xscale("log")
    log_ticks(axes.xaxis, [factor * base.complexity.flops / 1e6 for factor in (1, 2, 4)])
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.3g}")
    axes.set_xlim(1.5, 15)
    axes.set_xlabel("flops (millions of multiply-adds, log scale)")
    axes.set_ylabel("top-1 error on validation (%)")
    axes.set_title("A small RegNetX on CIFAR-10, 3 epochs")


def _base(axes: Axes, base: Point) -> None:
    flops = base.complexity.flops / 1e6
    axes.plot(flops, base.mean, "h", color=QUIET, ms=8)
    label(axes, flops, base.mean, "the base", INK, right=-8)


def published() -> dict[str, list[tuple[float, float]]]:
    """(flops, top-1 error in percent) of each family of `SERIES`, by rising flops."""
    with PUBLISHED.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        name: sorted(
            (float(row["flops"]), float(row["imagenet_top1_error"]))
            for row in rows
            if row["family"] == name
        )
        for name in SERIES
    }


def _published(axes: Axes) -> None:
    for name, points in published().items():
        colour, words, place = SERIES[name]
        x, y = zip(*points, strict=True)
        axes.plot(np.array(x) / 1e9, y, "o-", color=colour)
        axes.text(*place, words, color=colour)
    axes.set_xscale("log")
    log_ticks(axes.xaxis, (0.2, 0.4, 1, 2, 4, 10, 20, 40))
    axes.set_xlim(0.15, 110)
    axes.set_xlabel("flops (billions of multiply-adds, log scale)")
    axes.set_ylabel("top-1 error on ImageNet (%)")
    axes.set_title("Published networks, one recipe of 100 epochs")
