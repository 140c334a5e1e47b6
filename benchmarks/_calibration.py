"""Pairs of populations in published tables of trained networks, and verdicts replayed on them.

The tables are whole or large, so the true difference of a pair is known and a verdict can be wrong.
A replay draws networks with replacement and watches them grow, as `netspace compare
--until-decided` does.
"""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from _shared import SHARED
from netspace.analyse.estimands import (
    USUAL_MARGIN,
    BestOf,
    Chance,
    Estimand,
    EstimandName,
    Mean,
    effect_of,
    estimand_of,
)
from netspace.analyse.looks import HORIZON, looks, quantiles

Floats: TypeAlias = NDArray[np.float64]
ERROR = 0.05
POWER = 0.9


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Errors in percent of a whole space A and of a part B of it; the same for a null pair."""

    name: str
    a: Floats
    b: Floats

    def truth(self, estimand: Estimand) -> float:
        """The difference of B and A if networks are drawn from the table with replacement."""
        match estimand:
            case BestOf(k=k):
                return _expected_lowest(self.b, k) - _expected_lowest(self.a, k)
            case Mean():
                return float(self.b.mean() - self.a.mean())
            case Chance():
                others = np.sort(self.a)
                at_most = np.searchsorted(others, self.b, side="right")
                below = np.searchsorted(others, self.b, side="left")
                return float(100.0 * ((at_most + below).mean() / (2 * len(others))) - 50.0)


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What became of the replays of one pair: how often, and at how many networks a side.

    power: of a single look at the horizon, to the verdict that is right.
    """

    pair: str
    truth: float
    wrong: float
    right: float
    coverage: float
    median_networks: float
    mean_networks: float
    power: float

    @property
    def decidable(self) -> bool:
        """Whether a fixed sample of the horizon's size decides it rightly often enough."""
        return self.power >= POWER


def replay(pair: Pair, estimand: EstimandName, *, replays: int = 1_000, seed: int = 0) -> Replayed:
    """Watch so many draws of the pair grow until they decide, or reach the horizon."""
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    a, b = (rng.choice(errors, (replays, HORIZON)) for errors in (pair.a, pair.b))
    measure, margin = estimand_of(estimand, HORIZON), USUAL_MARGIN[estimand]
    truth = pair.truth(measure)
    stated, bounds = looks(HORIZON), quantiles(HORIZON, ERROR)
    low, high = np.empty(replays), np.empty(replays)
    stopped = np.full(replays, HORIZON)
    running = np.ones(replays, dtype=np.bool_)
    for n, quantile in zip(stated, bounds, strict=True):
        below, above = _interval(measure, a[running, :n], b[running, :n], quantile)
        low[running], high[running], stopped[running] = below, above, n
        running[running] = ~_decided(below, above, margin)
    fixed = _interval(measure, a, b, float(ndtri(1 - ERROR / 2)))
    right, wrong = _right(low, high, truth, margin), _wrong(low, high, truth, margin)
    return Replayed(
        pair=pair.name,
        truth=truth,
        wrong=float(wrong.mean()),
        right=float(right.mean()),
        coverage=float(((low <= truth) & (truth <= high)).mean()),
        median_networks=float(np.median(stopped)),
        mean_networks=float(stopped.mean()),
        power=float(_right(*fixed, truth, margin).mean()),
    )


def pairs() -> Iterator[Pair]:
    """The pairs that the figures are stated for, three of them null."""
    yield from _nas_bench_201()
    yield from _macro()
    yield from _accel()


def missing() -> list[Path]:
    """The tables that are not there."""
    names = ("nas_bench_201_12epoch.csv.gz", "nas_bench_macro.csv", "accel_nasbench.csv")
    return [path for name in names if not (path := SHARED / "facts" / name).is_file()]


def _expected_lowest(errors: Floats, k: int) -> float:
    """Expected minimum of k draws with replacement."""
    ascending, n = np.sort(errors), len(errors)
    above = (1.0 - np.arange(n + 1) / n) ** k
    return float((above[:-1] - above[1:]) @ ascending)


def _interval(measure: Estimand, a: Floats, b: Floats, quantile: float) -> tuple[Floats, Floats]:
    found = effect_of(measure, np.sort(a, axis=1), np.sort(b, axis=1))
    half = found.half_width(quantile)
    return found.difference - half, found.difference + half


def _decided(low: Floats, high: Floats, margin: float) -> NDArray[np.bool_]:
    return np.asarray((high < 0) | (low > 0) | ((-margin < low) & (high < margin)))


def _right(low: Floats, high: Floats, truth: float, margin: float) -> NDArray[np.bool_]:
    return _decided(low, high, margin) & ~_wrong(low, high, truth, margin)


def _wrong(low: Floats, high: Floats, truth: float, margin: float) -> NDArray[np.bool_]:
    better, worse = high < 0, low > 0
    equivalent = ~better & ~worse & (-margin < low) & (high < margin)
    wrong = (better & (truth >= 0)) | (worse & (truth <= 0))
    return np.asarray(wrong | (equivalent & (abs(truth) > margin)))


def _nas_bench_201() -> Iterator[Pair]:
    with gzip.open(SHARED / "facts" / "nas_bench_201_12epoch.csv.gz", "rt") as lines:
        rows = list(csv.DictReader(lines))
    cells = [row["arch_str"].replace("+", "").strip("|").split("|") for row in rows]
    edges = np.array([[edge.split("~")[0] for edge in cell if edge] for cell in cells])
    parts = {
        "at least two 3x3 convolutions": (edges == "nor_conv_3x3").sum(axis=1) >= 2,
        "no average pooling": (edges != "avg_pool_3x3").all(axis=1),
        "third edge is skip": edges[:, 2] == "skip_connect",
    }
    for column in ("cifar10_valid", "cifar100_valid", "imagenet16_valid"):
        errors = 100.0 - np.array([float(row[column]) for row in rows])
        for name, part in parts.items():
            yield Pair(name=f"nas_bench_201 {column}: {name}", a=errors, b=errors[part])
        if column == "cifar10_valid":
            yield Pair(name=f"nas_bench_201 {column}: null", a=errors, b=errors)


def _macro() -> Iterator[Pair]:
    with (SHARED / "facts" / "nas_bench_macro.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    layers = np.array([[int(kind) for kind in row["arch"]] for row in rows])
    errors = 100.0 - np.array([float(row["mean_acc"]) for row in rows])
    parts = {
        "no identity in layers 0-3": (layers[:, :4] != 0).all(axis=1),
        "MB6_K5 in the last two": (layers[:, -2:] == 2).all(axis=1),
        "at most two identities": (layers == 0).sum(axis=1) <= 2,
        "last layer not identity": layers[:, -1] != 0,
    }
    for name, part in parts.items():
        yield Pair(name=f"nas_bench_macro: {name}", a=errors, b=errors[part])
    yield Pair(name="nas_bench_macro: null", a=errors, b=errors)


def _accel() -> Iterator[Pair]:
    with (SHARED / "facts" / "accel_nasbench.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    expansions = np.array([[float(row[f"block{i}_e"]) for i in range(3, 7)] for row in rows])
    errors = 100.0 - np.array([float(row["val_top1"]) for row in rows])
    part = (expansions >= 4).all(axis=1)
    yield Pair(name="accel_nasbench: e >= 4 in the last four stages", a=errors, b=errors[part])
    yield Pair(name="accel_nasbench: null", a=errors, b=errors)
