"""A contest as a study file says it: who takes part, what is made equal, how all are trained.

The networks are written into the study when it is read, so that a contest does not change with
the runs and files that they came from.
"""

from dataclasses import dataclass, field, replace
from math import isclose
from typing import Annotated, Literal

from pydantic import Discriminator

from netspace.design.network import Network
from netspace.design.units import format_range, parse_milliseconds, parse_range
from netspace.errors import StudyError
from netspace.recipe import Recipe
from netspace.train.reading.decoding import LARGEST_OWN_RESOLUTION

Origin = Literal["handcrafted", "design space", "searched"]
"""Where a network comes from: drawn by hand, sampled from a design space, or found by a search."""

EQUALISED = "channels_last"
"""The backend whose latency is made equal."""

TOLERANCE = 0.02
"""How far, as a share of a single size, a network may lie from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """A network that takes part, as it was before anything was made equal.

    origin: see Origin. source: where it was taken from, in words.
    """

    name: str
    network: Network
    origin: Origin = "handcrafted"
    source: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            raise StudyError("a candidate needs a name; give one as 'name: …'")


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualFlops:
    """All candidates cost alike: what lies in the range stays, others are scaled to its middle.

    size: multiply-adds per image, 5M or 5M..6M; a single one is met within 2 %.
    """

    kind: Literal["flops"] = "flops"
    size: str

    def __post_init__(self) -> None:
        _ = self.range

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest flops that count as equal."""
        return _closed("flops", *parse_range(self.size))

    @property
    def sentence(self) -> str:
        """'equal flops, 5M..6M'."""
        return f"equal flops, {self.size}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualLatency:
    """All candidates take alike on this machine: one image, one thread, channels-last fp32.

    time: 2ms or 1.9ms..2.1ms.
    """

    kind: Literal["latency"] = "latency"
    time: str

    def __post_init__(self) -> None:
        _ = self.range

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest milliseconds that count as equal."""
        low, _, high = self.time.partition("..")
        return _closed("latency", parse_milliseconds(low), parse_milliseconds(high or low))

    @property
    def sentence(self) -> str:
        """'equal latency, 2ms'."""
        return f"equal latency, {self.time}"


Equal = Annotated[EqualFlops | EqualLatency, Discriminator("kind")]


def _closed(name: str, low: float | None, high: float | None) -> tuple[float, float]:
    if low is None or high is None or low <= 0 or low > high:
        raise StudyError(
            f"{name} {format_range(low, high)} must be a size, or a range with both ends"
        )
    if isclose(low, high):
        return low * (1 - TOLERANCE), high * (1 + TOLERANCE)
    return low, high


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Another data set for the same networks: trained from scratch, and from the first one's.

    recipe, fine_tuning: None is the contest's recipe; for fine-tuning at a tenth of its learning
    rate. Images are fitted to the networks' resolution, so that costs stay equal.
    """

    data: str
    recipe: Recipe | None = None
    fine_tuning: Recipe | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestStudy:
    """Networks of all origins under one recipe, the same seeds and the same data, at equal cost.

    resolution: in pixels; None is the images' own up to 64. backends: what latency is measured
    with; where it is made equal, PyTorch's channels-last too. seeds: trainings of each network.
    """

    data: str
    candidates: tuple[Contestant, ...]
    equal: Equal
    transfer: tuple[Transfer, ...] = ()
    seeds: int = 3
    recipe: Recipe = field(default_factory=Recipe)
    backends: tuple[str, ...] = ("channels_last",)
    resolution: int | None = None
    seed: int = 0
    skip_broken: bool = False
    device: str = "cpu"
    workers: int | None = None

    def __post_init__(self) -> None:
        names = [one.name for one in self.candidates]
        if len(names) < 2:
            raise StudyError("candidates: a contest needs two networks or more")
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise StudyError(f"candidates: '{twice}' stands there twice; give one of them a name")
        if not self.backends:
            raise StudyError("backends: give at least one, such as channels_last, or leave it out")
        if self.seeds < 2:
            raise StudyError(f"seeds {self.seeds} must be at least 2: one shows no spread")
        if self.seed < 0:
            raise StudyError(f"seed {self.seed} must be at least 0")
        if self.workers is not None and self.workers < 1:
            raise StudyError(f"workers {self.workers} must be at least 1")

    @property
    def timed_backends(self) -> tuple[str, ...]:
        """What latency is measured with, that which is made equal among them."""
        if isinstance(self.equal, EqualLatency) and EQUALISED not in self.backends:
            return (EQUALISED, *self.backends)
        return self.backends

    @property
    def at_most(self) -> int:
        """Without a resolution, images keep their own up to so many pixels."""
        return LARGEST_OWN_RESOLUTION

    @property
    def legs(self) -> "tuple[Leg, ...]":
        """The data sets in order, the contest's own first."""
        first = Leg(study=self, number=0, data=self.data, recipe=self.recipe)
        others = (
            Leg(
                study=self,
                number=number,
                data=one.data,
                recipe=one.recipe or self.recipe,
                fine_tuning=one.fine_tuning or _gentler(one.recipe or self.recipe),
            )
            for number, one in enumerate(self.transfer, start=1)
        )
        return (first, *others)


def _gentler(recipe: Recipe) -> Recipe:
    return replace(recipe, learning_rate=recipe.learning_rate / 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One data set of a contest, as a session reads it; number 0 is the contest's own.

    fine_tuning: how the networks trained on the first data set go on here; None on that itself.
    """

    study: ContestStudy
    number: int
    data: str
    recipe: Recipe
    fine_tuning: Recipe | None = None

    @property
    def resolution(self) -> int | None:
        """Of the images, in pixels; None is their own."""
        return self.study.resolution

    @property
    def at_most(self) -> int:
        """Without a resolution, images keep their own up to so many pixels."""
        return self.study.at_most

    @property
    def seed(self) -> int:
        """Of the split."""
        return self.study.seed

    @property
    def skip_broken(self) -> bool:
        """Whether images that do not decode are left out."""
        return self.study.skip_broken

    @property
    def device(self) -> str:
        """Where to train."""
        return self.study.device

    @property
    def workers(self) -> int | None:
        """Processes that train."""
        return self.study.workers

    @property
    def fact(self) -> str:
        """The name under which a run keeps what it knows of these images."""
        return "data" if self.number == 0 else f"data{self.number}"
