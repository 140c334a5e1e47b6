"""Everything that is said about one scaling study, as one value."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isclose, isfinite
from statistics import fmean

from netspace.analyse.replicates import Spread, spread
from netspace.config import ScalingStudy
from netspace.design.complexity import Complexity
from netspace.design.network import Network
from netspace.present.record import DataFacts
from netspace.trial import Trial

SERIES = ("compound", "depth", "width", "resolution", "fast")
"""The ways of scaling that are compared. Compound is the best of the grid, trained anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One scaled network and its trainings, one for each seed.

    series: base, grid, or how it was scaled. factor: of the base's flops, as asked for.
    alpha, beta, gamma: what depth, width and resolution were multiplied by; of the grid only.
    """

    series: str
    factor: float
    trials: tuple[Trial, ...]

    @property
    def network(self) -> Network:
        """The network that was trained."""
        return self.trials[0].network

    @property
    def complexity(self) -> Complexity:
        """What it costs per image."""
        return self.trials[0].complexity

    @property
    def bases(self) -> tuple[float, float, float]:
        """alpha, beta and gamma of a grid or compound point."""
        known = self.trials[0].parameters
        alpha, beta, gamma = (float(str(known[name])) for name in ("alpha", "beta", "gamma"))
        return alpha, beta, gamma

    @property
    def errors(self) -> tuple[float, ...]:
        """Validation errors of the finished trainings, in percent."""
        return tuple(self.error_by_seed.values())

    @property
    def error_by_seed(self) -> dict[int, float]:
        """Validation error of each finished training, in percent."""
        done = ((t.seed, t.error) for t in self.trials if t.state == "finished")
        return {seed: error for seed, error in done if error is not None and isfinite(error)}

    @property
    def failed(self) -> int:
        """How many trainings failed."""
        return sum(trial.state == "failed" for trial in self.trials)

    @property
    def mean(self) -> float:
        """Mean error over the finished seeds; there must be one."""
        return fmean(self.errors)


def points(trials: Iterable[Trial]) -> tuple[Point, ...]:
    """The trials of a study, those of one network together, in the order planned."""
    groups: dict[tuple[str, str, int], list[Trial]] = {}
    for trial in trials:
        groups.setdefault((trial.round, trial.space, trial.index), []).append(trial)
    return tuple(
        Point(series=series, factor=float(str(own[0].parameters["factor"])), trials=tuple(own))
        for (_, series, _), own in groups.items()
    )


def best_of_grid(found: Sequence[Point]) -> Point | None:
    """The grid's point of lowest mean error, among those that finished most seeds."""
    grid = [point for point in found if point.series == "grid" and point.errors]
    most = max((len(point.errors) for point in grid), default=0)
    complete = [point for point in grid if len(point.errors) == most]
    return min(complete, key=lambda point: point.mean, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingRecord:
    """One scaling study, finished or not.

    plan: sentences on what was planned and why. command: how to repeat it. seconds: of work so
    far. points: every network trained or to be trained.
    """

    folder: str
    study: ScalingStudy
    command: str
    plan: tuple[str, ...]
    data: DataFacts
    points: tuple[Point, ...]
    seconds: float
    started: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def trials(self) -> tuple[Trial, ...]:
        """All trainings."""
        return tuple(trial for point in self.points for trial in point.trials)

    @property
    def factors(self) -> tuple[float, float]:
        """The factor that the study scales to, and its square."""
        return self.study.factors

    @property
    def network(self) -> Network:
        """The base, with the classes and channels of the images."""
        data = self.data
        return self.study.network.for_input(classes=len(data.classes), channels=data.channels)

    @property
    def spread(self) -> Spread | None:
        """The spread of a training over seeds; None while no network has two results."""
        groups = self.replicates
        return spread(groups) if groups else None

    @property
    def replicates(self) -> tuple[tuple[float, ...], ...]:
        """Errors of the points with results of two seeds or more, no training twice."""
        seen: set[tuple[Network, int]] = set()
        groups = []
        for point in self.points:
            new = {s: e for s, e in point.error_by_seed.items() if (point.network, s) not in seen}
            seen |= {(point.network, seed) for seed in new}
            groups.append(tuple(new.values()))
        return tuple(group for group in groups if len(group) > 1)

    @property
    def grid(self) -> tuple[Point, ...]:
        """The points of the grid, with or without a result."""
        return tuple(point for point in self.points if point.series == "grid")

    @property
    def ways(self) -> tuple[Point, ...]:
        """The base and every way of scaling it, with or without a result, by factor."""
        order = ("base", *SERIES)
        own = (point for point in self.points if point.series in order)
        return tuple(sorted(own, key=lambda point: (point.factor, order.index(point.series))))

    def series(self, name: str) -> tuple[Point, ...]:
        """The points of one series with a result, by factor."""
        own = (point for point in self.points if point.series == name and point.errors)
        return tuple(sorted(own, key=lambda point: point.factor))

    def at(self, name: str, factor: float) -> Point | None:
        """The point of a series at this factor, if it has a result."""
        own = (p for p in self.series(name) if isclose(p.factor, factor))
        return next(own, None)

    @property
    def base(self) -> Point | None:
        """The network before scaling, if it has a result."""
        return self.at("base", 1.0)

    @property
    def best(self) -> Point | None:
        """The best of the grid, in its trainings with fresh seeds; None until those are done."""
        return self.at("compound", self.study.factor)
