"""The trials of a run, grouped as they are compared: by space, and in the final by network."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from math import isfinite, nan
from statistics import fmean
from typing import Protocol

import numpy as np

from netspace.analyse.comparison import Comparison
from netspace.analyse.verdict import compare
from netspace.present.record import RunRecord
from netspace.search.domain import COSTS
from netspace.table import Floats, TrialTable
from netspace.trial import Trial


def key(trial: Trial) -> tuple[str, int]:
    """What tells the networks of a run apart: the space and the place in its sample."""
    return trial.space, trial.index


def finished(trials: Iterable[Trial]) -> tuple[Trial, ...]:
    """The trials that ended with an error, best first."""
    done = [(trial.error, trial) for trial in trials if trial.state == "finished"]
    known = [(error, trial) for error, trial in done if error is not None and isfinite(error)]
    return tuple(trial for _, trial in sorted(known, key=lambda pair: pair[0]))


def errors(trials: Iterable[Trial]) -> list[float]:
    """Validation errors in percent of the finished trials, ascending."""
    return [trial.error for trial in finished(trials) if trial.error is not None]


class Tabled(Protocol):
    """A population as most figures take it: of this run, or of a table from elsewhere."""

    @property
    def space(self) -> str:
        """What the population is called."""

    @property
    def number(self) -> int:
        """Its place in the run, which gives its colour."""

    @property
    def table(self) -> TrialTable:
        """Its finished and failed networks."""

    def called(self, index: int) -> str:
        """What the network at this place of the sample is called."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TablePopulation:
    """The networks of one space of which only a table is known.

    number: gives its colour. names: what networks are called, by index, where they have names.
    """

    space: str
    number: int
    table: TrialTable
    names: Mapping[int, str] = field(default_factory=dict)

    def called(self, index: int) -> str:
        """The network's own name, or its space and index: 'table-7'."""
        return self.names.get(index) or f"{self.space}-{index}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """The first-round trials of one space; number: its place in the run, which gives its colour."""

    space: str
    number: int
    trials: tuple[Trial, ...]

    @property
    def finished(self) -> tuple[Trial, ...]:
        """The networks that were trained to the end, best first."""
        return finished(self.trials)

    @property
    def errors(self) -> list[float]:
        """Their validation errors in percent, ascending."""
        return errors(self.trials)

    @property
    def table(self) -> TrialTable:
        """Its finished and failed trainings as columns, by index."""
        return _table(trial for trial in self.trials if trial.state in ("finished", "failed"))

    def called(self, index: int) -> str:
        """Its space and index: 'regnetx-7'."""
        return f"{self.space}-{index}"

    @property
    def failed(self) -> int:
        """How many trainings broke down."""
        return len(self.trials) - len(self.finished) - self.unfinished

    @property
    def unfinished(self) -> int:
        """How many are planned or running."""
        return sum(trial.state in ("planned", "running") for trial in self.trials)


def _table(trials: Iterable[Trial]) -> TrialTable:
    rows = sorted(trials, key=lambda trial: (trial.index, trial.id))
    names = dict.fromkeys(name for trial in rows for name in trial.parameters)
    known = (t.error if t.state == "finished" and t.error is not None else nan for t in rows)
    errors = np.fromiter(known, dtype=np.float64)
    return TrialTable(
        index=np.array([trial.index for trial in rows], dtype=np.int64),
        errors=np.where(np.isfinite(errors), errors, nan),
        flops=np.array([trial.complexity.flops for trial in rows], dtype=np.float64),
        params=np.array([trial.complexity.params for trial in rows], dtype=np.float64),
        activations=np.array([trial.complexity.activations for trial in rows], dtype=np.float64),
        parameters={
            name: parameter_column([t.parameters.get(name) for t in rows]) for name in names
        },
    )


def parameter_column(values: Sequence[object]) -> Floats:
    """A parameter of n networks, `(n, size)`: a number or several each; NaN where one lacks it."""
    rows = (value if isinstance(value, list | tuple) else (value,) for value in values)
    return np.array(list(zip_longest(*rows)), dtype=np.float64).T


def compare_spaces(a: Tabled, b: Tabled) -> Comparison:
    """Space B against space A, by the errors of their networks; failures stand beside them."""
    return compare(a.table.errors, b.table.errors)


def tabled(population: Tabled) -> TablePopulation:
    """The population with its table made once, for many readers."""
    return TablePopulation(space=population.space, number=population.number, table=population.table)


def done(population: Tabled) -> int:
    """How many of its networks have an error."""
    return int(np.count_nonzero(population.table.finished))


def populations(record: RunRecord) -> tuple[Population, ...]:
    """One population for each space of the study, in its order, without trials too."""
    names = dict.fromkeys(choice.called for choice in record.study.spaces)
    names |= dict.fromkeys(trial.space for trial in record.population)
    return tuple(
        Population(
            space=name,
            number=number,
            trials=tuple(trial for trial in record.population if trial.space == name),
        )
        for number, name in enumerate(names)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One network of the final round: its trials there, one for each seed."""

    trials: tuple[Trial, ...]

    @property
    def first(self) -> Trial:
        """Any of its trials: the network is the same."""
        return self.trials[0]

    @property
    def error(self) -> float | None:
        """Mean validation error over the finished seeds, in percent; None if there is none."""
        known = errors(self.trials)
        return fmean(known) if known else None

    @property
    def finished(self) -> tuple[Trial, ...]:
        """Its trials that ended with an error, best first."""
        return finished(self.trials)


def candidates(final: Sequence[Trial]) -> tuple[Candidate, ...]:
    """The networks of the final round, best mean error first; those without an error last."""
    groups: dict[tuple[str, int], list[Trial]] = {}
    for trial in final:
        groups.setdefault(key(trial), []).append(trial)
    found = [
        Candidate(trials=tuple(sorted(trials, key=lambda trial: trial.seed)))
        for trials in groups.values()
    ]
    return tuple(sorted(found, key=lambda one: (one.error is None, one.error or 0.0)))


def costs_of(trials: Sequence[Trial], latencies_ms: Sequence[float] = ()) -> dict[str, Floats]:
    """What the trials' networks cost, by name, (N,); latencies_ms: of a search, by index."""
    costs: dict[str, Floats] = {
        name: np.array([getattr(trial.complexity, name) for trial in trials], dtype=np.float64)
        for name in COSTS
    }
    if latencies_ms:
        costs["latency_ms"] = np.array([latencies_ms[trial.index] for trial in trials])
    return costs
