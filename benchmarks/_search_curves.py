"""Mean regret against the number of networks, with intervals, and what is to be said of it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import mannwhitneyu

from _search_tables import YARDSTICKS, expected_regret, setting
from netspace.spaces.ranges import Floats

STATED = (100, 200, 500)
JUDGED = (100, 200)
"""Numbers of networks at which the best strategy is held against evolution's yardstick."""

MOST = 100.0
"""Cap of the ratio of two regrets, one of which may be 0."""

RESAMPLES = 2_000


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One strategy on one table: regret in points of the best so far, (seeds, networks).

    ms: per proposal. Where nobody knows the best network, errors in percent stand for regrets.
    """

    table: str
    strategy: str
    regrets: Floats
    ms: float

    @property
    def seeds(self) -> int:
        """How many searches."""
        return len(self.regrets)

    @property
    def networks(self) -> int:
        """How many networks each of them tried."""
        return int(self.regrets.shape[1])

    @cached_property
    def mean(self) -> Floats:
        """(networks,)."""
        return np.asarray(self.regrets.mean(axis=0))

    @cached_property
    def interval(self) -> Floats:
        """The 95 % interval of the mean, (2, networks): a percentile bootstrap over seeds."""
        chance = np.random.default_rng(0)
        drawn = chance.multinomial(self.seeds, np.full(self.seeds, 1 / self.seeds), RESAMPLES)
        return np.asarray(np.quantile(drawn @ self.regrets / self.seeds, (0.025, 0.975), axis=0))

    def standard_error(self, count: int) -> float:
        """Of the mean after so many networks."""
        return float(self.regrets[:, count - 1].std(ddof=1) / np.sqrt(self.seeds))

    def text(self, count: int) -> str:
        """The mean after so many networks, with its interval."""
        low, high = self.interval[:, count - 1]
        return f"{self.mean[count - 1]:.3f} ({low:.3f} to {high:.3f})"


Curves = Mapping[tuple[str, str], Curve]
"""By table and strategy."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A claim about the replays, and whether they bear it out."""

    claim: str
    holds: bool

    @property
    def line(self) -> str:
        """Both as text."""
        return f"{'holds' if self.holds else 'FAILS'}: {self.claim}"


def verdicts(curves: Curves, best: str) -> Iterator[Verdict]:
    """What was promised of random draws, evolution, the best strategy and the controller."""
    for curve in curves.values():
        for count in (n for n in STATED if n <= curve.networks):
            if curve.table not in YARDSTICKS:
                continue
            figures = YARDSTICKS[curve.table]
            if curve.strategy == "random" and count in figures.random:
                yield _random(curve, count, figures.random[count])
            if curve.strategy == "evolution" and count in figures.evolution:
                yield _evolution(curve, count, figures.evolution[count])
            if curve.strategy == best and count in JUDGED:
                yield _best(curve, count, figures.evolution[count])
    yield from _controller(curves)


def _random(curve: Curve, count: int, figure: float) -> Verdict:
    """Both figures are means of some hundred searches, so both are noisy."""
    mean, error = float(curve.mean[count - 1]), curve.standard_error(count)
    exact = expected_regret(setting(curve.table).every, count)
    holds = abs(mean - figure) <= 3 * np.sqrt(2) * error and abs(mean - exact) <= 3 * error
    return Verdict(
        claim=f"{curve.table} n={count}: random {curve.text(count)} is {figure:.3f} measured "
        f"elsewhere, and {exact:.3f} expected, within 3 standard errors",
        holds=bool(holds),
    )


def _evolution(curve: Curve, count: int, figure: float) -> Verdict:
    return Verdict(
        claim=f"{curve.table} n={count}: evolution {curve.text(count)} is not above {figure:.3f}, "
        "its interval taken into account",
        holds=bool(curve.interval[0, count - 1] <= figure),
    )


def _best(curve: Curve, count: int, figure: float) -> Verdict:
    return Verdict(
        claim=f"{curve.table} n={count}: {curve.strategy} {curve.text(count)} is at most half of "
        f"evolution's {figure:.3f}",
        holds=bool(curve.mean[count - 1] <= figure / 2),
    )


def _controller(curves: Curves) -> Iterator[Verdict]:
    random, controller = (curves.get(("macro", name)) for name in ("random", "controller"))
    if random is None or controller is None or min(random.networks, controller.networks) < 500:
        return
    last = random.regrets[:, 499], controller.regrets[:, 499]
    p = float(mannwhitneyu(*last, alternative="greater").pvalue)
    yield Verdict(
        claim=f"macro n=500: controller {controller.text(500)} beats random {random.text(500)}, "
        f"p = {p:.2g} < 0.01 (Mann-Whitney)",
        holds=p < 0.01,
    )


def ratios(curves: Curves, best: str) -> dict[str, float]:
    """Evolution's yardstick over the best strategy's regret, by table and number of networks."""
    found = {}
    for table, figures in YARDSTICKS.items():
        curve = curves.get((table, best))
        for count in JUDGED:
            if curve is not None and count <= curve.networks:
                regret = max(float(curve.mean[count - 1]), 1e-9)
                found[f"{table} {count}"] = round(min(MOST, figures.evolution[count] / regret), 2)
    return found


def rows(curves: Curves) -> Iterator[str]:
    """A line for each curve and stated number of networks, yardsticks beside them."""
    yield f"{'table':<11}{'n':>4}  {'strategy':<11}{'mean regret (95 %)':<26}{'seeds':>5}{'ms':>8}"
    for curve in curves.values():
        stated = [n for n in STATED if n <= curve.networks] or [curve.networks]
        for count in stated:
            figures = YARDSTICKS.get(curve.table)
            known = vars(figures).get(curve.strategy, {}) if figures else {}
            beside = f"   yardstick {known[count]:.3f}" if count in known else ""
            if not figures:
                beside = "   error in %, estimated"
            yield (
                f"{curve.table:<11}{count:>4}  {curve.strategy:<11}{curve.text(count):<26}"
                f"{curve.seeds:>5}{curve.ms:>8.2f}{beside}"
            )


def write_json(curves: Curves, path: Path) -> None:
    """All curves at some forty numbers of networks each."""
    found: dict[str, dict[str, Any]] = {}
    for curve in curves.values():
        points = marks(curve.networks)
        low, high = curve.interval[:, points - 1]
        found.setdefault(curve.table, {})[curve.strategy] = {
            "seeds": curve.seeds,
            "ms_per_proposal": round(curve.ms, 3),
            "n": points.tolist(),
            **{
                name: np.round(values, 4).tolist()
                for name, values in (("mean", curve.mean[points - 1]), ("low", low), ("high", high))
            },
        }
    path.write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")


def marks(networks: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Numbers of networks at which a curve is kept: dense at first, and the stated ones."""
    spread = np.rint(np.geomspace(1, networks, 40)).astype(np.int64)
    stated = [n for n in STATED if n <= networks]
    return np.unique(np.concatenate([spread, np.array(stated, dtype=np.int64)]))


def tables_of(curves: Curves) -> Sequence[str]:
    """The tables, in order."""
    return tuple(dict.fromkeys(table for table, _ in curves))
