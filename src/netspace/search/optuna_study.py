"""Optuna's side of a search: what it chooses from, its trials, and the search as its study."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

import numpy as np

from netspace.errors import UserError
from netspace.search.domain import Domain, Genes, Slot
from netspace.search.history import History
from netspace.search.objective import Objective, Pareto
from netspace.spaces.ranges import Floats

if TYPE_CHECKING:
    import optuna

SomeSampler = TypeVar("SomeSampler", bound="optuna.samplers.BaseSampler")

Distributions: TypeAlias = "dict[str, optuna.distributions.BaseDistribution]"


def to_study(domain: Domain, history: History, objective: Objective) -> "optuna.Study":
    """What a search was told, as a study in memory: `add_trials` copies it to one in a database.

    Parameters are numbers of values, from 0; a trial's user attributes give the values themselves,
    the error in percent and the costs. Raises UserError where Optuna is missing.
    """
    required("optuna")
    study, distributions = empty_study(objective), distributions_of(domain.slots)
    study.set_user_attr("objective", objective.sentence)
    for row, values in enumerate(objective_values(history, objective)):
        gene = history.genes[row]
        trial = ended_trial(distributions, gene, values)
        for name, slot in zip(distributions, domain.slots, strict=True):
            trial.set_user_attr(name, slot.values[trial.params[name]])
        if np.isfinite(history.errors[row]):
            trial.set_user_attr("error", float(history.errors[row]))
        for cost, column in history.costs.items():
            if np.isfinite(column[row]):
                trial.set_user_attr(cost, float(column[row]))
        study.add_trial(trial)
    return study


def distributions_of(slots: Sequence[Slot]) -> Distributions:
    """By name, what Optuna chooses from: numbers of values, in order where the slot has one.

    Not on a log scale: a step to the next number is small by itself, whatever the values.
    """
    from optuna.distributions import CategoricalDistribution, IntDistribution

    return {
        label(slot): IntDistribution(0, len(slot.values) - 1)
        if slot.ordered
        else CategoricalDistribution(tuple(range(len(slot.values))))
        for slot in slots
    }


def label(slot: Slot) -> str:
    """What Optuna calls it: 'depth[0]'."""
    return f"{slot.name}[{slot.place}]"


def named(distributions: Distributions, gene: Genes) -> dict[str, int]:
    """A candidate's numbers of values by what Optuna calls them."""
    return dict(zip(distributions, gene.tolist(), strict=True))


def ended_trial(
    distributions: Distributions, gene: Genes, values: Floats
) -> "optuna.trial.FrozenTrial":
    """A trial that has these values, or failed where they are unknown."""
    from optuna.trial import TrialState, create_trial

    known = bool(np.isfinite(values).all())
    return create_trial(
        state=TrialState.COMPLETE if known else TrialState.FAIL,
        values=values.tolist() if known else None,
        params=named(distributions, gene),
        distributions=distributions,
    )


def empty_study(objective: Objective) -> "optuna.Study":
    """A study in memory without trials, with the directions of the objective."""
    import optuna

    low, high = optuna.study.StudyDirection.MINIMIZE, optuna.study.StudyDirection.MAXIMIZE
    many = isinstance(objective, Pareto)
    directions = [low, *(low for _ in objective.costs)] if many else [high]
    with quiet():
        # Named, or Optuna would make one that is not used.
        any_sampler = optuna.samplers.RandomSampler(seed=0)
        return optuna.create_study(directions=directions, sampler=any_sampler)


def objective_values(known: History, objective: Objective) -> Floats:
    """What the study is told, (N, objectives); NaN where unknown."""
    if isinstance(objective, Pareto) and len(known):
        return objective.values(known.errors, known.costs)
    return known.fitness.reshape(len(known), 1)


def over(sampler: "type[SomeSampler]", distributions: Distributions) -> "type[SomeSampler]":
    """A sampler told what it chooses from, which it would else gather from all trials each time."""
    free = {name: found for name, found in distributions.items() if not found.single()}

    def space(*_: object) -> Distributions:
        return dict(free)

    # The name is kept: the sampler marks generations by it.
    made = type(sampler.__name__, (sampler,), {"infer_relative_search_space": space})
    return cast("type[SomeSampler]", made)


@contextmanager
def quiet() -> Iterator[None]:
    """Without Optuna's news and its warnings of experiments."""
    import optuna

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(level)


def required(module: str) -> None:
    """Raises UserError where a package of the extra is missing."""
    try:
        import_module(module)
    except ImportError:
        raise UserError(
            f"this needs {module}, which is not installed; pip install 'netspace[search]'"
        ) from None
