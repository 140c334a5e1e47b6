"""The loop between store and executor: every planned trial ends as finished or failed."""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import assert_never

from netspace.errors import StorageError, TrainingError
from netspace.run.executors import Executor
from netspace.run.jobs import Died, EpochDone, Event, Failed, Finished, Probed, Stopped, TrainJob
from netspace.run.store import Store
from netspace.trial import Trial

ALIKE = 3
"""So many unexpected breakdowns of one kind, and nothing finished, stop a run."""

DEATHS = 2
"""A trial whose worker dies is begun again; after so many deaths in a row it has failed."""


def run_trials(
    store: Store,
    executor: Executor,
    *,
    weights: Callable[[Trial], Path | None] = lambda trial: None,
    on_event: Callable[[Trial, Event], None] = lambda trial, event: None,
) -> None:
    """Run all planned trials, as many at once as the executor takes.

    Trials left running by a process that was killed are planned again first. What is finished is
    stored at once; on an interrupt the running trials go back to planned.
    """
    store.release_running()
    waiting = deque(store.trials(state="planned"))
    running: dict[int, Trial] = {}
    deaths: Counter[int] = Counter()
    broken: dict[str, list[int]] = {}
    try:
        while waiting or running:
            while waiting and executor.room:
                trial = waiting.popleft()
                if store.begin(trial.id):
                    running[trial.id] = trial
                    executor.submit(_job(trial, weights(trial)))
            for event in executor.events():
                trial = running[event.id]
                if not isinstance(event, EpochDone):
                    del running[event.id]
                if isinstance(event, Died):
                    deaths[trial.id] += 1
                elif isinstance(event, Failed) and event.unexpected:
                    broken.setdefault(event.reason, []).append(trial.id)
                if _store(event, trial, store, deaths[trial.id]):
                    waiting.appendleft(trial)
                on_event(trial, event)
                _stop_if_all_break_alike(store, broken)
    finally:
        for trial_id in running:
            store.release(trial_id)


def _stop_if_all_break_alike(store: Store, broken: Mapping[str, list[int]]) -> None:
    """Stop before a whole population fails for a reason that is not the networks' own."""
    for reason, trial_ids in broken.items():
        if len(trial_ids) >= ALIKE and not store.counts()["finished"]:
            store.plan_again(trial_ids)
            raise TrainingError(
                f"stopped: {len(trial_ids)} trainings broke down alike and none finished "
                f"({reason}); they are planned again, for it is not the networks' fault"
            )


def _job(trial: Trial, weights: Path | None) -> TrainJob:
    return TrainJob(
        id=trial.id,
        network=trial.network,
        recipe=trial.recipe,
        seed=trial.seed,
        weights=weights,
    )


def _store(event: Event, trial: Trial, store: Store, deaths: int) -> bool:
    """Store what happened to the trial; whether it is to be begun again."""
    match event:
        case Finished():
            store.finish(
                trial.id,
                error=event.error,
                seconds=event.seconds,
                curve=event.curve,
                setting=event.setting,
            )
        case Failed():
            store.fail(
                trial.id,
                event.reason,
                seconds=event.seconds,
                curve=event.curve,
                setting=event.setting,
            )
        case Died() if deaths < DEATHS:
            store.release(trial.id)
            return True
        case Died():
            hint = "; it may need more memory than there is" if event.killed else ""
            store.fail(trial.id, f"{event.reason} {deaths} times{hint}")
        case Stopped():
            store.release(trial.id)
            raise StorageError(event.reason)
        case EpochDone() | Probed():
            pass
        case _:
            assert_never(event)
    return False
