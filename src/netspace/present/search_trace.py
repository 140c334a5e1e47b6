"""A search as columns: what was asked for, in which order, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, nan
from typing import Self

import numpy as np
from numpy.typing import NDArray

from netspace.analyse.outcomes import Floats
from netspace.config import SearchTerms
from netspace.present.populations import Candidate, candidates, costs_of, parameter_column
from netspace.present.record import RunRecord
from netspace.search.front import front
from netspace.search.objective import Cost, Objective, Reward
from netspace.trial import State, Trial


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trace:
    """A search, a row for each network in the order asked for; arrays are `(n,)`.

    errors: in percent, after `epochs`; NaN where there is none. costs: by name, NaN where unknown.
    drawn: at random, not proposed by the strategy. parameters: name to `(n, size)`, NaN where a
    network lacks a value. seconds: of training, NaN where unknown. rungs: epochs at which networks
    wait, the last one the whole training; empty where all are trained to the end.
    """

    names: tuple[str, ...]
    errors: Floats
    states: tuple[State, ...]
    costs: Mapping[str, Floats]
    drawn: NDArray[np.bool_]
    parameters: Mapping[str, Floats]
    epochs: NDArray[np.int64]
    seconds: Floats
    rungs: tuple[int, ...] = ()

    @classmethod
    def of(
        cls,
        errors: Floats,
        *,
        costs: Mapping[str, Floats],
        drawn: NDArray[np.bool_],
        parameters: Mapping[str, Floats] | None = None,
        names: Sequence[str] = (),
    ) -> Self:
        """A search on a published table: nothing was trained; without an error a network failed."""
        count = len(errors)
        return cls(
            names=tuple(names) or tuple(f"network {number}" for number in range(1, count + 1)),
            errors=errors,
            states=tuple("finished" if known else "failed" for known in np.isfinite(errors)),
            costs=costs,
            drawn=drawn,
            parameters=parameters or {},
            epochs=np.zeros(count, dtype=np.int64),
            seconds=np.full(count, nan),
        )

    def __len__(self) -> int:
        return len(self.errors)

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Whose training broke down."""
        return np.array([state == "failed" for state in self.states], dtype=np.bool_)

    @property
    def whole(self) -> NDArray[np.bool_]:
        """Which have an error after the whole training: only these are compared."""
        last = self.rungs[-1] if self.rungs else 0
        return np.isfinite(self.errors) & (self.epochs >= last)

    @property
    def compared(self) -> Floats:
        """The errors of those that are compared, NaN of the others."""
        return np.where(self.whole, self.errors, nan)

    @property
    def spent_epochs(self) -> NDArray[np.int64]:
        """Epochs trained for the first 1, 2 … networks."""
        return np.cumsum(self.epochs)

    @property
    def spent_seconds(self) -> Floats:
        """Seconds trained for the first 1, 2 … networks, as far as they are known."""
        return np.nancumsum(self.seconds)


def trace_of(record: RunRecord) -> Trace:
    """The search of a run, as far as it has come. The record's study has a search."""
    trials = _asked(record)
    names = dict.fromkeys(name for trial in trials for name in trial.parameters)
    terms = terms_of(record)
    epochs = record.study.recipe.epochs
    return Trace(
        names=tuple(trial.name for trial in trials),
        errors=np.array([_error(trial) for trial in trials], dtype=np.float64),
        states=tuple(trial.state for trial in trials),
        costs=costs_of(trials, record.latencies_ms),
        drawn=np.array([record.origins[t.index] == "drawn" for t in trials], dtype=np.bool_),
        parameters={
            name: parameter_column([t.parameters.get(name) for t in trials]) for name in names
        },
        epochs=np.array([len(trial.curve) for trial in trials], dtype=np.int64),
        seconds=np.array([trial.seconds for trial in trials], dtype=np.float64),
        rungs=terms.halving.rungs(epochs) if terms.halving else (),
    )


def terms_of(record: RunRecord) -> SearchTerms:
    """How the run searched; its study has a search."""
    assert record.study.search is not None
    return record.study.search


def _error(trial: Trial) -> float:
    known = trial.state == "finished" and trial.error is not None and isfinite(trial.error)
    return trial.error if known and trial.error is not None else nan


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Followed:
    """What a search is followed by: the reward of a `Reward`, else the error in percent.

    values: `(n,)`, NaN where a network is not compared. early: of those that stopped at a rung,
    not comparable with them. high: whether it is to be high.
    """

    values: Floats
    early: Floats
    high: bool = False
    so_far: Floats = field(init=False)

    def __post_init__(self) -> None:
        best = np.fmax if self.high else np.fmin
        object.__setattr__(self, "so_far", best.accumulate(self.values))

    @property
    def best_rows(self) -> NDArray[np.int64]:
        """The row of the best so far, the first of equals; -1 while there is none."""
        before = np.concatenate([[nan], self.so_far])[: len(self.values)]
        better = self.values > before if self.high else self.values < before
        new = better | (np.isnan(before) & np.isfinite(self.values))
        return np.maximum.accumulate(np.where(new, np.arange(len(new)), -1))

    @property
    def best(self) -> int | None:
        """The row of the best of all; None where there is none."""
        row = int(self.best_rows[-1]) if len(self.values) else -1
        return row if row >= 0 else None


def followed(trace: Trace, objective: Objective) -> Followed:
    """What the search is followed by, and its best so far; failed networks change nothing."""
    early = np.where(trace.whole, nan, trace.errors)
    if not isinstance(objective, Reward):
        return Followed(values=trace.compared, early=early)
    return Followed(
        values=objective.preference(trace.compared, trace.costs),
        early=objective.preference(early, trace.costs),
        high=True,
    )


def best_trial(record: RunRecord) -> Trial | None:
    """Of a run's search the best network so far by its objective."""
    best = followed(trace_of(record), terms_of(record).objective).best
    return None if best is None else _asked(record)[best]


def finalists(record: RunRecord) -> tuple[Candidate, ...]:
    """The networks of the final round, best first; those without an error last.

    Of a search in the order of its final choice: by its objective at the mean error, and those that
    finished on fewer seeds after the others.
    """
    found = candidates(record.final)
    known = [one for one in found if one.error is not None]
    if record.study.search is None or not known:
        return found
    errors = np.array([one.error for one in known], dtype=np.float64)
    costs = costs_of([one.first for one in known], record.latencies_ms)
    worth = terms_of(record).objective.preference(errors, costs)
    ranks = [
        (-len(one.finished), -float(value), one.first.id)
        for one, value in zip(known, worth, strict=True)
    ]
    order = sorted(range(len(known)), key=ranks.__getitem__)
    return (*(known[place] for place in order), *found[len(known) :])


def _asked(record: RunRecord) -> list[Trial]:
    return sorted(record.population, key=lambda trial: trial.index)


def front_costs(objective: Objective) -> tuple[Cost, ...]:
    """The costs that the front is shown against: the objective's, else flops."""
    return objective.costs or ("flops",)


def front_rows(trace: Trace, costs: Sequence[str]) -> NDArray[np.int64]:
    """The rows that no other beats in error and in these costs, by rising first cost."""
    values = np.stack([trace.compared, *(trace.costs[name] for name in costs)], axis=1)
    rows = np.flatnonzero(front(values)).astype(np.int64)
    return rows[np.argsort(trace.costs[costs[0]][rows], kind="stable")]
