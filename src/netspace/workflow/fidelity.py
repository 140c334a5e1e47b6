"""Whether a run's short schedule ranks as a longer one would: some networks trained again.

The networks are spread over the errors of the whole population, all spaces together. Each is
trained twice at the short schedule and once for longer, all three with seeds of their own: its
error in the population chose it, so that error is lucky or unlucky in a known way, and is not used.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from netspace.analyse.agreement import FEWEST
from netspace.config import Study, study_from_plain
from netspace.errors import RunError, UserError
from netspace.present.fidelity import Fidelity, fidelity_of
from netspace.present.populations import key
from netspace.present.record import RunRecord
from netspace.run.folder import RunFolder
from netspace.run.store import Store
from netspace.trial import Trial
from netspace.workflow.record import record_of
from netspace.workflow.session import check_before, opened, require_kind, session
from netspace.workflow.study import write_results
from netspace.workflow.watch import Watcher

NETWORKS = 12
TIMES = 3
SHORT = 2
"""Trainings of each network at the short schedule; one at the long one is added."""

PLACE = 0xF1DE
"""Where the choice has its random numbers, apart from all other choices of the study's seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How many networks, and how many times the epochs; None is as begun, else 12 and 3."""

    networks: int | None = None
    times: int | None = None

    def __post_init__(self) -> None:
        if self.networks is not None and self.networks < FEWEST:
            raise UserError(
                f"--networks {self.networks} must be at least {FEWEST}; {NETWORKS} is usual"
            )
        if self.times is not None and self.times < 2:
            raise UserError(
                f"--times {self.times} must be at least 2, for a longer schedule; {TIMES} is usual"
            )


def measure_fidelity(path: Path, wish: Wish, watcher: Watcher) -> tuple[RunRecord, Fidelity]:
    """Train what is missing and write the run's summary and report anew.

    A run that is not finished is refused: its errors are not all there to choose from, and whatever
    is planned in it would be trained along. Raises RunError if another measurement was begun.
    """
    folder = RunFolder(path)
    with Store.existing(folder.database) as store:
        _require_finished(folder, store)
    with opened(folder) as store:
        _require_finished(folder, store)
        study = study_from_plain(store.fact("study"))
        new = _new_trials(study, wish, folder, store)
        if new or _unfinished(store, fidelity=True):
            check_before(study)
            with session(study, folder, store, watcher) as at_work:
                store.plan(new)
                at_work.train("fidelity")
        write_results(folder, store)
        record = record_of(folder, store)
    found = fidelity_of(record)
    assert found is not None, "its trials were planned"
    if wish.networks is not None and len(found.networks) < wish.networks:
        watcher.say(f"Only {len(found.networks)} networks of the population finished: all are in.")
    return record, found


def _require_finished(folder: RunFolder, store: Store) -> None:
    require_kind("design", store, folder)
    command = store.fact("command") or f"netspace run {folder.study} --out {folder.path}"
    if store.fact("study") is None or store.fact("data") is None or not store.spaces():
        raise RunError(f"{folder.path}: this run stopped before its first training; start it again")
    left = _unfinished(store, fidelity=False)
    if left:
        raise RunError(
            f"{folder.path}: {left} trainings of this run are still to do, and fidelity is chosen "
            f"from all of its errors; finish it first: {command}"
        )


def _unfinished(store: Store, *, fidelity: bool) -> int:
    """How many trainings are still to do, of fidelity or of all else."""
    return sum(
        one.state in ("planned", "running")
        for one in store.standings()
        if (one.round == "fidelity") == fidelity
    )


def _new_trials(study: Study, wish: Wish, folder: RunFolder, store: Store) -> list[Trial]:
    """The trials that are not planned yet. Raises RunError if they do not fit those that are."""
    known = store.trials(round="fidelity")
    begun = list(dict.fromkeys(key(trial) for trial in known))
    times = _times(wish, known, study, folder)
    wanted = wish.networks or len(begun) or NETWORKS
    if wanted < len(begun):
        raise RunError(
            f"{folder.path}: fidelity was begun with {len(begun)} networks, and --networks "
            f"{wanted} would leave some out; give {len(begun)} or more, or leave --networks out"
        )
    chosen = _chosen(store, study.seed, begun, wanted - len(begun), folder)
    return [trial for place in chosen for trial in _trainings(store, place, times)]


def _times(wish: Wish, known: Sequence[Trial], study: Study, folder: RunFolder) -> int:
    if not known:
        return wish.times or TIMES
    begun = max(trial.recipe.epochs for trial in known) // study.recipe.epochs
    if wish.times not in (None, begun):
        raise RunError(
            f"{folder.path}: fidelity was begun at {begun} times the epochs, not {wish.times}; "
            "leave --times out, or measure in a copy of the folder as it was before"
        )
    return begun


def _trainings(store: Store, place: tuple[str, int], times: int) -> Iterator[Trial]:
    """The network's trainings: short, short and long, each with the next seed after its own."""
    space, index = place
    (trained,) = store.trials(round="population", space=space, index=index)
    for number in range(1, SHORT + 2):
        epochs = trained.recipe.epochs * (times if number > SHORT else 1)
        yield Trial(
            round="fidelity",
            space=space,
            index=index,
            network=trained.network,
            parameters=trained.parameters,
            complexity=trained.complexity,
            recipe=replace(trained.recipe, epochs=epochs),
            seed=trained.seed + number,
        )


def _chosen(
    store: Store, seed: int, begun: Sequence[tuple[str, int]], count: int, folder: RunFolder
) -> list[tuple[str, int]]:
    """So many networks of the population besides those begun, fewer if there are no more."""
    tables = {space: store.table(space=space) for space in store.spaces()}
    places = [
        (space, int(index))
        for space, table in tables.items()
        for index in table.index[table.finished]
    ]
    errors = np.concatenate([table.errors[table.finished] for table in tables.values()])
    if len(places) < FEWEST:
        raise RunError(
            f"{folder.path}: {len(places)} networks of the population finished, and ranks are "
            f"compared among at least {FEWEST}; run a study with more networks"
        )
    taken = set(begun)
    free = np.array([place not in taken for place in places])
    found = stratified(errors[free], count, seed=seed, part=len(begun))
    left = np.flatnonzero(free)
    return [places[number] for number in left[found]]


def stratified(
    errors: NDArray[np.float64], count: int, *, seed: int, part: int = 0
) -> NDArray[np.int64]:
    """Places `(count,)` in errors `(n,)`, one drawn from each of so many equal parts of the ranks.

    All places if there are not more. part: tells several choices of one seed apart.
    """
    count = min(count, errors.size)
    order = np.argsort(errors, kind="stable")
    chance = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(PLACE, part)))
    ends = np.linspace(0, errors.size, count + 1).round().astype(np.int64)
    ranks = chance.integers(ends[:-1], ends[1:])
    return order[ranks]
