"""Which networks of a run are the best by its own objective."""

from collections.abc import Sequence

import numpy as np

from netspace.config import Study
from netspace.design.units import format_size
from netspace.present.populations import Candidate, costs_of, finished
from netspace.search.front import front
from netspace.search.objective import Accuracy, Objective
from netspace.spaces.ranges import Floats
from netspace.trial import Trial


def objective_of(study: Study) -> Objective:
    """What the study's final choice maximises."""
    return Accuracy() if study.search is None else study.search.objective


def ranked(study: Study, trials: Sequence[Trial], latencies_ms: Sequence[float]) -> list[Trial]:
    """The finished trials that were trained as long as the recipe says, best first."""
    whole = [one for one in finished(trials) if _whole(study, one)]
    errors = np.array([one.error for one in whole], dtype=np.float64)
    order = _order(objective_of(study), errors, whole, latencies_ms)
    return [whole[place] for place in order]


def _whole(study: Study, trial: Trial) -> bool:
    """Whether the training went on to its end: halving stops most of them before."""
    halved = study.search is not None and study.search.halving is not None
    return not halved or len(trial.curve) == study.recipe.epochs


def best_candidates(
    study: Study, found: Sequence[Candidate], latencies_ms: Sequence[float]
) -> list[Candidate]:
    """The candidates with an error, best first by their mean over the seeds."""
    known = [one for one in found if one.error is not None]
    errors = np.array([one.error for one in known], dtype=np.float64)
    firsts = [one.first for one in known]
    return [known[i] for i in _order(objective_of(study), errors, firsts, latencies_ms)]


def best_words(
    order: Sequence[Trial], objective: Objective, latencies_ms: Sequence[float], epochs: int
) -> str:
    """The best of these trials, best first, the size of their front, and what was spent on all."""
    best, costs = order[0], costs_of(order, latencies_ms)
    names = objective.costs or ("flops",)
    errors = np.array([one.error for one in order], dtype=np.float64)
    size = int(front(np.stack([errors, *(costs[name] for name in names)], axis=1)).sum())
    return (
        f"Best of {len(order)}: {best.name}, {best.error:.2f} % at "
        f"{format_size(best.complexity.flops)} flops; {size} on the front of error and "
        f"{' and '.join(name.removesuffix('_ms') for name in names)}; {epochs} epochs trained"
    )


def _order(
    objective: Objective, errors: Floats, trials: Sequence[Trial], latencies_ms: Sequence[float]
) -> list[int]:
    if not trials:
        return []
    preference = objective.preference(errors, costs_of(trials, latencies_ms))
    return sorted(range(len(trials)), key=lambda place: (-preference[place], trials[place].id))
