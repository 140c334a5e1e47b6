"""Everything that is said about one contest, as one value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite

from netspace.contest_study import ContestStudy, Origin
from netspace.design.complexity import Complexity, count
from netspace.design.network import Network
from netspace.present.latency_record import Figures, LatencyReport
from netspace.present.record import DataFacts
from netspace.trial import Round, Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A candidate as it takes part.

    origin, source: as in the study. changes: sentences on what fitting it to the images and making
    it equal did; empty where it takes part as it was.
    """

    name: str
    origin: Origin
    source: str
    network: Network
    changes: tuple[str, ...] = ()

    @property
    def complexity(self) -> Complexity:
        """What it costs per image, on the contest's own data."""
        return count(self.network)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """All trainings on one data set in one way.

    mode: 'contest' on the first data set; on others 'transfer' from scratch, and 'fine-tuning'.
    """

    mode: Round
    data: DataFacts
    trials: tuple[Trial, ...]

    @property
    def title(self) -> str:
        """'cifar10', 'rsscn7-64, from scratch', 'rsscn7-64, fine-tuned'."""
        ways = {"contest": "", "transfer": ", from scratch", "fine-tuning": ", fine-tuned"}
        return f"{self.data.name}{ways[self.mode]}"

    def errors(self) -> dict[str, tuple[float, ...]]:
        """Validation errors of the finished trainings by network, in percent, in order of seeds."""
        found: dict[str, tuple[float, ...]] = {}
        for trial in self.trials:
            known = trial.state == "finished" and trial.error is not None and isfinite(trial.error)
            error = (trial.error,) if known and trial.error is not None else ()
            found[trial.space] = (*found.get(trial.space, ()), *error)
        return found

    def failed(self) -> dict[str, int]:
        """How many trainings of each network failed."""
        failed = [trial.space for trial in self.trials if trial.state == "failed"]
        return {name: failed.count(name) for name in dict.fromkeys(failed)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Victor:
    """The network of the lowest mean validation error on the first data set, and its weights.

    validation_error: mean over the seeds; kept_error: of the best seed, whose weights are kept;
    test_error: of those weights, read once; all in percent.
    """

    name: str
    seed: int
    validation_error: float
    kept_error: float
    test_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestRecord:
    """One contest, finished or not.

    latency: measured on this machine, the networks in the order of the entries; None before.
    """

    folder: str
    study: ContestStudy
    command: str
    plan: tuple[str, ...]
    entries: tuple[Entry, ...]
    heats: tuple[Heat, ...]
    latency: LatencyReport | None
    victor: Victor | None
    seconds: float
    started: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def trials(self) -> tuple[Trial, ...]:
        """All trainings."""
        return tuple(trial for heat in self.heats for trial in heat.trials)

    @property
    def first(self) -> Heat:
        """The contest on its own data."""
        return self.heats[0]

    def figures(self, name: str) -> Mapping[str, Figures]:
        """An entry's latencies by backend; empty before they were measured."""
        timed = () if self.latency is None else self.latency.networks
        return next((one.figures for one in timed if one.name == name), {})

    def entry(self, name: str) -> Entry:
        """The entry of this name."""
        return next(one for one in self.entries if one.name == name)
