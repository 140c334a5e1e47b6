"""Everything a report says about one run, as one value."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from netspace.analyse.refinement import Step
from netspace.config import Study
from netspace.search.strategy import Origin
from netspace.trial import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFacts:
    """The data set in figures and sentences; images: number of them by split."""

    name: str
    origin: str
    fingerprint: str
    classes: tuple[str, ...]
    resolution: int
    channels: int
    images: Mapping[str, int]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceFacts:
    """A space of the run: its size, how it was narrowed and fitted, and how it was drawn from.

    latency: how networks within a limit of latency were found; latencies_ms: as measured then, by
    the networks' order. Empty where there is no such limit.
    """

    name: str
    degrees_of_freedom: int
    log10_size: float
    rules: tuple[str, ...]
    adapted: tuple[str, ...]
    acceptance_rate: float
    shortfall: str
    latency: str = ""
    latencies_ms: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Winner:
    """The chosen network: its final trials, and its one reading on test.

    trials: the final-round trials of this network, finished; best: the one whose weights are kept.
    validation_error: mean over its seeds, in percent; test_error: of the kept weights, in percent.
    """

    trials: tuple[Trial, ...]
    best: Trial
    validation_error: float
    test_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run, finished or not; winner is None until it is over.

    plan: sentences on what was planned and why. command: how to repeat the run.
    started: date and time of the first session. seconds: of work so far, over all sessions.
    steps: of the refinements of its spaces. origins: of a search, for each of its networks in the
    order asked for: drawn at random, or proposed by the strategy. latencies_ms: of a search that
    weighs latency, by the same order.
    """

    folder: str
    study: Study
    command: str
    plan: tuple[str, ...]
    data: DataFacts
    spaces: tuple[SpaceFacts, ...]
    trials: tuple[Trial, ...]
    winner: Winner | None
    seconds: float
    steps: tuple[Step, ...] = ()
    origins: tuple[Origin, ...] = ()
    latencies_ms: tuple[float, ...] = ()
    started: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)

    def latency_ms(self, trial: Trial) -> float | None:
        """What the trial's network was measured to take, before it was trained; None if it was not.

        Of a search by its place there, of a sampled network by its place in its space.
        """
        if self.latencies_ms:
            known = self.latencies_ms
        else:
            known = next((one.latencies_ms for one in self.spaces if one.name == trial.space), ())
        return known[trial.index] if trial.index < len(known) else None

    @property
    def population(self) -> tuple[Trial, ...]:
        """The trials of the first round."""
        return tuple(trial for trial in self.trials if trial.round == "population")

    @property
    def final(self) -> tuple[Trial, ...]:
        """The trials of the final round."""
        return tuple(trial for trial in self.trials if trial.round == "final")

    @property
    def fidelity(self) -> tuple[Trial, ...]:
        """The trainings that tell whether the short schedule ranks as a longer one would."""
        return tuple(trial for trial in self.trials if trial.round == "fidelity")
