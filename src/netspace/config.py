"""Study files: YAML read into typed values, and written from them.

A study says everything a run needs: data, budget, spaces, recipe and seed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Literal

import yaml

from netspace.design.network import Network
from netspace.design.serial import read, to_plain
from netspace.design.units import parse_milliseconds, parse_range
from netspace.design.zoo import network
from netspace.errors import StudyError
from netspace.recipe import Recipe
from netspace.search.halving import Halving
from netspace.search.objective import Accuracy, Objective
from netspace.search.strategies import STRATEGIES, Strategy
from netspace.spaces.constraints import Bound, Constraint, Quantity
from netspace.spaces.families import article, space
from netspace.spaces.rules import Rule
from netspace.spaces.space import Space
from netspace.train.reading.decoding import LARGEST_OWN_RESOLUTION

UPPER_PART = 0.85
"""A budget of T flops draws networks from this share of T up to T, so all are of like cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a network may cost per image. Sizes like 5M, ranges like 5M..6M, either end open.

    A single size of flops T, or ..T, is a budget: networks are drawn from 0.85 T to T. A single
    size of params or activations is an upper limit. latency: the most that it may take, like 5ms,
    measured on one thread of the machine that the run begins on.
    """

    flops: str | float | None = None
    params: str | float | None = None
    activations: str | float | None = None
    latency: str | None = None

    def __post_init__(self) -> None:
        _ = self.bounds, self.latency_ms

    @property
    def latency_ms(self) -> float | None:
        """The most milliseconds that a network may take."""
        return None if self.latency is None else parse_milliseconds(self.latency)

    @property
    def bounds(self) -> tuple[Bound, ...]:
        """The budget as bounds."""
        bounds = [] if self.flops is None else [_budget(self.flops)]
        if self.params is not None:
            bounds.append(_limit("params", self.params))
        if self.activations is not None:
            bounds.append(_limit("activations", self.activations))
        return tuple(bounds)


def _budget(flops: str | float) -> Bound:
    low, high = parse_range(str(flops))
    single = ".." not in str(flops)
    if high is not None and (low is None or single):
        low = UPPER_PART * high
    return Bound(quantity="flops", low=low, high=high)


def _limit(quantity: Quantity, size: str | float) -> Bound:
    low, high = parse_range(str(size))
    single = ".." not in str(size)
    return Bound(quantity=quantity, low=None if single else low, high=high)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceChoice:
    """A space that takes part: its name, how many networks, and what narrows it.

    label: what the run calls it, the name if empty. article: with the RegNet article's limits.
    """

    name: str
    networks: int = 12
    label: str = ""
    article: bool = False
    rules: tuple[Rule, ...] = ()
    limits: tuple[Constraint, ...] = ()

    def __post_init__(self) -> None:
        space(self.name)  # an unknown name is refused here
        if self.networks < 1:
            raise StudyError(f"networks {self.networks} must be at least 1")
        if self.article and not self.name.startswith("regnet"):
            raise StudyError(
                f"article: only RegNet spaces have the article's limits, not {self.name}"
            )

    @property
    def called(self) -> str:
        """The name in this run."""
        return self.label or self.name

    def space(self, *, resolution: int, channels: int, classes: int) -> Space:
        """The space, fitted to the images."""
        whole = space(self.name, resolution=resolution, channels=channels, classes=classes)
        narrowed = article(whole) if self.article else whole
        return narrowed.with_rule(*self.rules, name=self.called).with_limits(*self.limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalRound:
    """The best candidates are trained again, each with several seeds, for longer."""

    candidates: int = 3
    seeds: int = 2
    epochs_factor: int = 3

    def __post_init__(self) -> None:
        for name in ("candidates", "seeds", "epochs_factor"):
            if getattr(self, name) < 1:
                raise StudyError(f"{name} {getattr(self, name)} must be at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchTerms:
    """How networks of a space are searched for, where they are not sampled.

    strategy: what proposes them. objective: what is to be high. halving: train briefly first, and
    only the best to the end; None trains all to the end.
    """

    strategy: Strategy = field(default_factory=lambda: STRATEGIES["surrogate"])
    objective: Objective = field(default_factory=Accuracy)
    halving: Halving | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One whole experiment.

    data: a folder, or a built-in name. search: how the networks are found; None samples them.
    resolution: in pixels; None is the images' own up to 64. device: cpu, cuda or mps.
    workers: processes; None is one per core.
    """

    data: str
    budget: Budget = field(default_factory=Budget)
    spaces: tuple[SpaceChoice, ...] = (
        SpaceChoice(name="anynetx_a"),
        SpaceChoice(name="regnetx"),
    )
    recipe: Recipe = field(default_factory=Recipe)
    search: SearchTerms | None = None
    final: FinalRound = field(default_factory=FinalRound)
    resolution: int | None = None
    seed: int = 0
    skip_broken: bool = False
    device: str = "cpu"
    workers: int | None = None

    @property
    def at_most(self) -> int:
        """Without a resolution, images keep their own up to so many pixels."""
        return LARGEST_OWN_RESOLUTION

    @property
    def kind(self) -> Literal["design", "search"]:
        """What kind of run the study makes."""
        return "design" if self.search is None else "search"

    def __post_init__(self) -> None:
        called = [choice.called for choice in self.spaces]
        if not called:
            raise StudyError("spaces: a study needs at least one space, such as regnetx")
        twice = next((name for name in called if called.count(name) > 1), None)
        if twice is not None:
            raise StudyError(f"spaces: '{twice}' stands there twice; give one of them a label")
        if self.seed < 0:
            raise StudyError(f"seed {self.seed} must be at least 0")
        if self.workers is not None and self.workers < 1:
            raise StudyError(f"workers {self.workers} must be at least 1")
        if self.search is None:
            if self.budget.flops is None:
                raise StudyError("budget: flops is required, such as 5M or 5M..6M")
        else:
            self._check_search(self.search)

    def _check_search(self, terms: SearchTerms) -> None:
        if len(self.spaces) != 1:
            raise StudyError(
                f"spaces: a search takes one space, not {len(self.spaces)}; leave the others out"
            )
        if not self.budget.bounds and not terms.objective.costs:
            raise StudyError(
                "budget: a search for accuracy alone needs a limit; give flops, or an objective "
                "that weighs a cost"
            )
        if terms.halving is not None:
            terms.halving.rungs(self.recipe.epochs)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingStudy:
    """A network scaled in many ways to one factor of flops, each way trained with several seeds.

    network: the base; its resolution is where the factors start. factor: of flops; the known
    methods are trained at its square too. seeds: trainings of each network.
    """

    network: Network
    data: str
    factor: float = 2.0
    seeds: int = 2
    recipe: Recipe = field(default_factory=Recipe)
    seed: int = 0
    skip_broken: bool = False
    device: str = "cpu"
    workers: int | None = None

    def __post_init__(self) -> None:
        if not 1 < self.factor <= 8:
            raise StudyError(f"factor {self.factor:g} must be above 1 and at most 8; 2 is usual")
        if self.seeds < 2:
            raise StudyError(f"seeds {self.seeds} must be at least 2: one shows no spread")
        if self.seed < 0:
            raise StudyError(f"seed {self.seed} must be at least 0")
        if self.workers is not None and self.workers < 1:
            raise StudyError(f"workers {self.workers} must be at least 1")

    @property
    def factors(self) -> tuple[float, float]:
        """The factor and its square, at which the ways of scaling are compared."""
        return self.factor, self.factor**2

    @property
    def resolution(self) -> None:
        """Images keep their own resolution, up to `at_most`."""
        return

    @property
    def at_most(self) -> int:
        """More pixels than any of the networks takes are not kept of an image."""
        return ceil(max(self.network.resolution) * self.factor)


AnyStudy = Study | ScalingStudy


def load_study(path: Path) -> AnyStudy:
    """Read a study file; one with a network is a scaling study.

    Raises StudyError with one line that names the path of the fault.
    """
    plain = read_plain(path)
    if isinstance(plain, Mapping) and "candidates" in plain:
        raise StudyError(f"{path}: candidates make a contest; run it with 'netspace contest'")
    if isinstance(plain, Mapping) and "network" in plain:
        return scaling_from_plain(plain, where=str(path))
    return study_from_plain(plain, where=str(path))


def read_plain(path: Path) -> object:
    """What a study file holds, as plain values. Raises StudyError if it is missing, or no YAML."""
    try:
        return yaml.safe_load(path.read_text("utf-8"))
    except OSError as fault:
        raise StudyError(f"{path}: cannot be read ({fault.strerror}); give a study file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        raise StudyError(f"{path} is not YAML: {' '.join(str(fault).split())}") from None


def study_from_plain(plain: object, *, where: str = "") -> Study:
    """The study of a plain dict, whose strategy may be a name. Raises StudyError."""
    search = plain.get("search") if isinstance(plain, Mapping) else None
    if isinstance(search, Mapping) and isinstance(name := search.get("strategy"), str):
        assert isinstance(plain, Mapping)
        plain = {**plain, "search": {**search, "strategy": {"kind": name}}}
    return read(Study, plain, where=where, error=StudyError)


def scaling_from_plain(plain: Mapping[str, object], *, where: str = "") -> ScalingStudy:
    """The scaling study of a plain dict, whose network may be a name. Raises StudyError."""
    if isinstance(plain["network"], str):
        plain = {**plain, "network": to_plain(network(plain["network"]))}
    return read(ScalingStudy, plain, where=where, error=StudyError)


def study_text(study: object) -> str:
    """A study of any kind as YAML."""
    return yaml.safe_dump(to_plain(study), sort_keys=False, default_flow_style=None)
