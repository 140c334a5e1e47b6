"""A run's networks trained again, short and long: grouped by network, and what their ranks say."""

from dataclasses import dataclass
from itertools import groupby
from math import nan

import numpy as np

from netspace.analyse.agreement import Agreement, agreement
from netspace.errors import UserError
from netspace.present.populations import key, populations
from netspace.present.record import RunRecord
from netspace.trial import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrained:
    """One network: its trainings at the short schedule, by seed, and those at the long one.

    number: the place of its space in the run, which gives its colour.
    """

    number: int
    short: tuple[Trial, ...]
    long: tuple[Trial, ...]

    @property
    def first(self) -> Trial:
        """Any of its trainings: the network is the same."""
        return self.short[0]

    @property
    def short_errors(self) -> tuple[float, ...]:
        """Errors in percent of the short trainings; NaN where one failed."""
        return tuple(_error(trial) for trial in self.short)

    @property
    def long_error(self) -> float:
        """Error in percent of the long training; NaN if it failed."""
        return _error(self.long[0])

    @property
    def complete(self) -> bool:
        """Whether all of its trainings finished."""
        return bool(np.isfinite((*self.short_errors, self.long_error)).all())


@dataclass(frozen=True, slots=True, kw_only=True)
class Fidelity:
    """What was trained again, in epochs, and how well the ranks agree.

    agreement is None while trainings are left to do, and where they allow no answer; missing then
    says why not.
    """

    networks: tuple[Retrained, ...]
    short_epochs: int
    long_epochs: int
    trainings: int
    done: int
    failed: int
    agreement: Agreement | None
    missing: str = ""

    @property
    def over(self) -> bool:
        """Whether all trainings are done."""
        return self.done == self.trainings

    @property
    def complete(self) -> tuple[Retrained, ...]:
        """The networks of which all trainings finished."""
        return tuple(one for one in self.networks if one.complete)


def fidelity_of(record: RunRecord) -> Fidelity | None:
    """What the run's fidelity round has found; None if it was not begun."""
    trials = record.fidelity
    if not trials:
        return None
    networks = _networks(record)
    done = sum(trial.state in ("finished", "failed") for trial in trials)
    found, missing = _agreement(networks) if done == len(trials) else (None, "")
    return Fidelity(
        networks=networks,
        short_epochs=networks[0].short[0].recipe.epochs,
        long_epochs=networks[0].long[0].recipe.epochs,
        trainings=len(trials),
        done=done,
        failed=sum(trial.state == "failed" for trial in trials),
        agreement=found,
        missing=missing,
    )


def _networks(record: RunRecord) -> tuple[Retrained, ...]:
    numbers = {population.space: population.number for population in populations(record)}
    short_epochs = record.study.recipe.epochs
    trials = sorted(record.fidelity, key=lambda trial: (*key(trial), trial.seed))
    groups = [tuple(own) for _, own in groupby(trials, key=key)]
    return tuple(
        Retrained(
            number=numbers[own[0].space],
            short=tuple(trial for trial in own if trial.recipe.epochs == short_epochs),
            long=tuple(trial for trial in own if trial.recipe.epochs > short_epochs),
        )
        for own in groups
    )


def _agreement(networks: tuple[Retrained, ...]) -> tuple[Agreement | None, str]:
    """How well the ranks agree, or why there is no saying."""
    short = [one.short_errors for one in networks]
    try:
        return agreement(short, [one.long_error for one in networks]), ""
    except UserError as fault:
        return None, str(fault)


def _error(trial: Trial) -> float:
    return nan if trial.error is None else trial.error
