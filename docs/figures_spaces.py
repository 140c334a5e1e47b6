"""Design spaces: their distributions of errors, and RegNet's lines."""

from pathlib import Path

import numpy as np
from claims_data import Floats
from figures_style import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PINK,
    QUIET,
    VERMILLION,
    label,
    look,
    panels,
    svg,
)
from matplotlib.axes import Axes

from netspace.analyse.edf import Edf, edf
from netspace.run.store import Store

DOCS = Path(__file__).resolve().parent
STUDY = DOCS / "studies" / "anynetx-cifar10" / "run.db"
PAGE = DOCS / "regnet-fits.md"
DRAWN = 40
"""Networks of each space that were drawn side by side, before any walk drew more."""
SPACES = {"anynetx_a": VERMILLION, "anynetx_e": GREEN, "regnetx": BLUE}
CALLED = {"anynetx_a": "AnyNetX_A", "anynetx_e": "AnyNetX_E", "regnetx": "RegNetX"}
PLACES = {"anynetx_a": (56.0, 0.08), "anynetx_e": (69.0, 0.66), "regnetx": (51.2, 0.55)}
SHOWN = (44.0, 82.0)
"""The errors from one end of the axis to the other."""

FAMILIES = {
    "RegNetX, RegNetY": (("regnet",), BLUE),
    "ResNet": (("resnet", "seresnet", "wide_resnet", "resnext"), PINK),
    "MobileNet": (("mobilenet",), GREEN),
    "MnasNet": (("mnasnet",), ORANGE),
    "EfficientNet": (("efficientnet",), VERMILLION),
    "VGG": (("vgg",), QUIET),
}
"""How the names of each family begin; those with ResNet's stages share one row."""


def populations() -> dict[str, Floats]:
    """Validation errors in percent of the networks that were drawn side by side, by space."""
    with Store.existing(STUDY) as store:
        trials = [trial for trial in store.trials() if trial.round == "population"]
    return {
        name: np.array(
            [t.error for t in trials if t.space == name and t.index < DRAWN], dtype=np.float64
        )
        for name in SPACES
    }


def distributions() -> str:
    """EDFs of three spaces at equal flops, without and with their bands."""
    with look():
        figure, (left, right) = panels(2, height=3.9, sharey=True)
        for axes in (left, right):
            for name, errors in populations().items():
                _curve(axes, edf(errors), SPACES[name], band=axes is right)
            axes.set_xlim(*SHOWN)
            axes.set_xlabel("top-1 error e on validation (%)")
        for name, place in PLACES.items():
            left.text(*place, CALLED[name], color=SPACES[name])
        left.set_ylabel("F(e): share of networks with error ≤ e")
        left.set_title("40 networks each, 5M to 6M flops, 3 epochs")
        right.set_title("with bands that hold everywhere at once, 95 %")
        return svg(figure)


def _curve(axes: Axes, found: Edf, colour: str, *, band: bool) -> None:
    """The steps from one end of the axis to the other, where shares are 0 and 1."""
    x = np.concatenate([SHOWN[:1], found.errors, SHOWN[1:]])
    width = found.high[0] - found.share[0]
    axes.step(x, _ended(0.0, found.share), where="post", color=colour, lw=1.8)
    if band:
        low, high = _ended(0.0, found.low), _ended(width, found.high)
        axes.fill_between(x, low, high, step="post", color=colour, alpha=0.13)


def _ended(first: float, values: Floats) -> Floats:
    return np.concatenate([[first], values, values[-1:]])


def fits() -> dict[str, list[float]]:
    """e_fit of the zoo's networks as regnet-fits.md prints it, by family."""
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    cells = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in lines]
    return {
        family: [float(row[5]) for row in cells if row[0].startswith(prefixes)]
        for family, (prefixes, _) in FAMILIES.items()
    }


def fit_errors() -> str:
    """How far the networks of the zoo are from a RegNet's line."""
    with look():
        figure, (axes,) = panels(1, height=3.0)
        for row, (family, found) in enumerate(fits().items()):
            errors = np.array(found)
            spread = np.random.default_rng(0).uniform(-0.18, 0.18, len(errors))
            colour = FAMILIES[family][1]
            axes.plot(errors, row + spread, "o", color=colour, alpha=0.7, ms=5)
        axes.set_yticks(range(len(FAMILIES)), list(FAMILIES))
        axes.set_ylim(len(FAMILIES) - 0.4, -0.6)
        axes.set_xlabel(r"$e_{fit}$: mean of |log$_2$(width of the line / own width)| over blocks")
        axes.set_title("Distance from the nearest RegNet line")
        axes.axvline(0, color=INK, lw=0.8)
        nearest = max(fits()["RegNetX, RegNetY"])
        label(axes, nearest, 0, f"at most {nearest:.3f}", INK, right=8)
        return svg(figure)
