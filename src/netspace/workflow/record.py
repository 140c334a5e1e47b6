"""A run read back from its store, as one value."""

from collections.abc import Sequence
from typing import Any

from netspace.config import study_from_plain
from netspace.design.serial import read
from netspace.errors import RunError
from netspace.present.record import DataFacts, RunRecord, SpaceFacts, Winner
from netspace.run.folder import RunFolder
from netspace.run.store import Store
from netspace.trial import Trial
from netspace.workflow.session import require_kind
from netspace.workflow.steps import steps_of


def record_of(folder: RunFolder, store: Store) -> RunRecord:
    """The run, finished or not."""
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


def read_record(folder: RunFolder) -> RunRecord:
    """The run in a folder. Raises RunError if there is none, or none that has begun."""
    with Store.existing(folder.database) as store:
        require_kind(("design", "search"), store, folder)
        if store.fact("data") is None or store.fact("study") is None:
            raise RunError(
                f"{folder.path}: this run stopped before its images were read; start it again"
            )
        return record_of(folder, store)


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
