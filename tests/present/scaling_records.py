"""Made-up scaling studies: really scaled networks, invented errors."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from math import log2

import numpy as np

from netspace.config import ScalingStudy
from netspace.design.blocks import Bottleneck
from netspace.design.complexity import count
from netspace.design.factors import Base
from netspace.design.grid import grid
from netspace.design.network import Network, Stage, Stem
from netspace.design.reaching import scaling
from netspace.present.record import DataFacts
from netspace.present.scaling_record import Point, ScalingRecord, best_of_grid, points
from netspace.recipe import Recipe
from netspace.trial import Round, Trial
from tests.present.records import NASTY, finish

FACTOR = 2.0
STAGES = ((16, 1, 1), (32, 2, 2), (72, 4, 2), (144, 2, 2))
BASE = Network(
    stem=Stem(width=16, stride=1),
    stages=tuple(
        Stage(block=Bottleneck(group_width=8), width=width, depth=depth, stride=stride)
        for width, depth, stride in STAGES
    ),
    classes=10,
    resolution=(16, 16),
    name="small",
)
STUDY = ScalingStudy(network=BASE, data="cifar10", recipe=Recipe(epochs=6, train_images=20_000))
ERRORS = {
    ("base", 1.0): 45.6,
    ("depth", 2.0): 41.4,
    ("depth", 4.0): 39.3,
    ("width", 2.0): 41.0,
    ("width", 4.0): 37.2,
    ("resolution", 2.0): 42.3,
    ("resolution", 4.0): 41.9,
    ("fast", 2.0): 40.1,
    ("fast", 4.0): 36.3,
    ("compound", 2.0): 39.2,
    ("compound", 4.0): 34.4,
}
"""True mean errors of the invented networks, in percent; those of the grid are 39.4 at best."""


def planned(seeds: int = 2) -> list[Trial]:
    """The trials of the first round before any is trained."""
    return [trial for place in range(seeds) for trial in _first(place)]


@cache
def _first(place: int) -> tuple[Trial, ...]:
    found = [_trial("scaling", "base", 0, BASE, place, factor=1.0)]
    for index, point in enumerate(grid(BASE, FACTOR)):
        bases = {"alpha": point.alpha, "beta": point.beta, "gamma": point.gamma}
        found.append(_trial("scaling", "grid", index, point.network, place, factor=FACTOR, **bases))
    for method in ("depth", "width", "resolution", "fast"):
        for index, factor in enumerate((FACTOR, FACTOR**2)):
            network = scaling(BASE, factor=factor, by=method).after
            found.append(_trial("scaling", method, index, network, place, factor=factor))
    return tuple(found)


def _trial(
    round: Round, space: str, index: int, network: Network, place: int, **parameters: float
) -> Trial:
    return Trial(
        round=round,
        space=space,
        index=index,
        network=network,
        parameters=parameters,
        complexity=count(network),
        recipe=STUDY.recipe,
        seed=1000 + place,
    )


def trained(trials: Sequence[Trial], *, noise: float = 0.5, seed: int = 0) -> list[Trial]:
    """The trials, all finished."""
    chance = np.random.default_rng(seed)
    return [
        finish(trial, round(_expected(trial) + float(chance.normal(0, noise)), 2))
        for trial in trials
    ]


def _expected(trial: Trial) -> float:
    factor = float(str(trial.parameters["factor"]))
    if trial.space != "grid":
        return ERRORS[trial.space, factor]
    alpha, beta = (log2(float(str(trial.parameters[name]))) for name in ("alpha", "beta"))
    return 39.4 + 5.0 * ((alpha - 0.3) ** 2 + (2 * beta - 0.5) ** 2)


def confirmation(best: Point, seeds: int = 2) -> list[Trial]:
    """The best of the grid anew, and the same alpha, beta and gamma at the square of the factor."""
    alpha, beta, gamma = best.bases
    base = Base(alpha=alpha, beta=beta, gamma=gamma)
    further = scaling(BASE, factor=FACTOR**2, by="compound", base=base).after
    known = {"alpha": alpha, "beta": beta, "gamma": gamma}
    return [
        _trial("confirmation", "compound", index, network, seeds + place, factor=factor, **known)
        for place in range(seeds)
        for index, (network, factor) in enumerate(((best.network, FACTOR), (further, FACTOR**2)))
    ]


def record(trials: Sequence[Trial], **changes: object) -> ScalingRecord:
    """A record of these trials; other fields may be changed."""
    numbered = [replace(trial, id=number) for number, trial in enumerate(trials, start=1)]
    whole = ScalingRecord(
        folder="runs/scaled",
        study=STUDY,
        command="netspace scale small.yaml --search --data cifar10 --factor 2 --out runs/scaled",
        plan=("12 points (alpha, beta, gamma) at 2x the flops, 2 seeds each.",),
        data=DataFacts(
            name="cifar10",
            origin="CIFAR-10, Alex Krizhevsky 2009; no licence stated.",
            fingerprint="0123456789abcdef",
            classes=(NASTY, *(f"class {number}" for number in range(1, 10))),
            resolution=32,
            channels=3,
            images={"train": 40_000, "validation": 10_000, "test": 10_000},
            notes=("validation was taken from train, in proportion by class",),
        ),
        points=points(numbered),
        seconds=3505.0,
        started="2025-01-02 03:04",
        versions={"netspace": "0.1.0", "python": "3.11.2", "torch": "2.13.0+cpu"},
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def whole(**true: float) -> ScalingRecord:
    """A finished study; `compound` and other true errors at the factor may be changed."""
    first = trained(planned())
    best = best_of_grid(points(first))
    assert best is not None
    again = trained(confirmation(best), seed=1)
    trials = [_moved(trial, true) for trial in (*first, *again)]
    return record(trials)


def _moved(trial: Trial, true: dict[str, float]) -> Trial:
    factor = float(str(trial.parameters["factor"]))
    if trial.space not in true or factor != FACTOR or trial.error is None:
        return trial
    moved = trial.error + true[trial.space] - ERRORS[trial.space, factor]
    return finish(trial, round(moved, 2))
