"""A run read back from its store: what pages and reports say of it, as values."""

from collections.abc import Sequence
from typing import Any

from netspace.analyse.refinement import Step
from netspace.config import study_from_plain
from netspace.design.serial import read
from netspace.present.record import DataFacts, RunRecord, SpaceFacts, Winner
from netspace.run.folder import RunFolder
from netspace.run.store import Store
from netspace.trial import Trial


def record_of(folder: RunFolder, store: Store) -> RunRecord:
    """The run of a design or a search, finished or not."""
    trials = tuple(store.trials())
    settings = [trial.setting for trial in trials if trial.setting]
    return RunRecord(
        folder=str(folder.path),
        study=study_from_plain(store.fact("study")),
        command=store.fact("command") or "",
        plan=tuple(store.fact("plan") or ()),
        data=read(DataFacts, store.fact("data")),
        spaces=tuple(read(SpaceFacts, plain) for plain in store.fact("spaces") or ()),
        trials=trials,
        winner=_winner(store.fact("winner"), trials),
        seconds=store.fact("seconds") or 0.0,
        steps=steps_of(store),
        origins=tuple(store.fact("origins") or ()),
        latencies_ms=tuple(store.fact("latencies_ms") or ()),
        started=store.fact("started") or "",
        versions=settings[0] if settings else {},
    )


def steps_of(store: Store) -> tuple[Step, ...]:
    """The steps of the run's refinement so far."""
    return tuple(read(Step, plain) for plain in store.fact("steps") or ())


def _winner(fact: dict[str, Any] | None, trials: Sequence[Trial]) -> Winner | None:
    if fact is None:
        return None
    by_id = {trial.id: trial for trial in trials}
    return Winner(
        trials=tuple(by_id[trial_id] for trial_id in fact["trials"]),
        best=by_id[fact["best"]],
        validation_error=fact["validation_error"],
        test_error=fact["test_error"],
    )
