"""The loop ends every planned trial, whatever its executor does."""

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from netspace.errors import StorageError, TrainingError
from netspace.run.jobs import Died, EpochDone, Event, Failed, Finished, Job, Stopped
from netspace.run.loop import DEATHS, run_trials
from netspace.run.store import Store
from netspace.trial import Epoch

from .test_store import SETTING, trials

EPOCH = Epoch(
    number=1, learning_rate=0.1, train_loss=1.0, validation_error_percent=50.0, seconds=1.0
)


def finished(job: Job) -> Finished:
    return Finished(id=job.id, error=50.0, seconds=1.0, curve=(EPOCH,), setting=SETTING)


class Scripted:
    """An executor whose answers are a function of the job and of how often it was begun."""

    def __init__(self, answer: Callable[[Job, int], Event], size: int = 2):
        self.size, self.begun = size, []
        self._answer, self._jobs = answer, deque()

    @property
    def room(self) -> int:
        return self.size - len(self._jobs)

    def submit(self, job: Job) -> None:
        assert self.room
        self.begun.append(job.id)
        self._jobs.append(job)

    def events(self) -> Iterator[Event]:
        job = self._jobs.popleft()
        yield EpochDone(id=job.id, epoch=EPOCH)
        yield self._answer(job, self.begun.count(job.id))


@pytest.fixture
def store(tmp_path: Path):
    with Store(tmp_path / "run.db") as opened:
        opened.plan(trials(4))
        yield opened


def test_every_trial_is_trained_once(store: Store) -> None:
    executor = Scripted(lambda job, _: finished(job))
    run_trials(store, executor)
    assert sorted(executor.begun) == [1, 2, 3, 4]
    assert store.counts()["finished"] == 4
    assert all(trial.curve == (EPOCH,) for trial in store.trials())


def test_a_second_run_trains_nothing(store: Store) -> None:
    run_trials(store, Scripted(lambda job, _: finished(job)))
    again = Scripted(lambda job, _: finished(job))
    run_trials(store, again)
    assert again.begun == []


def test_a_failed_trial_keeps_its_reason_and_the_others_go_on(store: Store) -> None:
    def answer(job: Job, _: int) -> Event:
        return Failed(id=job.id, reason="diverged: loss nan") if job.id == 2 else finished(job)

    run_trials(store, Scripted(answer))
    assert [trial.reason for trial in store.trials()] == ["", "diverged: loss nan", "", ""]
    assert store.trials()[1].error is None
    assert store.counts() == {"planned": 0, "running": 0, "finished": 3, "failed": 1}


def test_a_dead_worker_gives_the_trial_another_attempt(store: Store) -> None:
    def answer(job: Job, attempt: int) -> Event:
        return Died(id=job.id, reason="killed") if attempt == 1 else finished(job)

    run_trials(store, Scripted(answer))
    assert store.counts()["finished"] == 4
    assert [trial.attempts for trial in store.trials()] == [2, 2, 2, 2]


def test_a_trial_that_kills_its_workers_fails_in_the_end(store: Store) -> None:
    def answer(job: Job, _: int) -> Event:
        return Died(id=job.id, reason="its worker died") if job.id == 3 else finished(job)

    executor = Scripted(answer)
    run_trials(store, executor)
    assert executor.begun.count(3) == DEATHS
    assert "more memory" in store.trials()[2].reason
    assert store.counts()["finished"] == 3


def test_a_worker_that_cannot_write_stops_the_run_and_fails_no_trial(store: Store) -> None:
    def answer(job: Job, _: int) -> Event:
        return Stopped(id=job.id, reason="the disk is full") if job.id == 2 else finished(job)

    with pytest.raises(StorageError, match="the disk is full"):
        run_trials(store, Scripted(answer))
    assert store.counts() == {"planned": 3, "running": 0, "finished": 1, "failed": 0}


def test_breakdowns_that_are_all_alike_stop_the_run_and_fail_nothing(store: Store) -> None:
    def answer(job: Job, _: int) -> Event:
        return Failed(id=job.id, reason="unexpected RuntimeError: driver", unexpected=True)

    with pytest.raises(TrainingError, match="3 trainings broke down alike"):
        run_trials(store, Scripted(answer))
    assert store.counts() == {"planned": 4, "running": 0, "finished": 0, "failed": 0}


def test_breakdowns_beside_finished_trials_are_failures_of_their_own(store: Store) -> None:
    def answer(job: Job, _: int) -> Event:
        if job.id == 1:
            return finished(job)
        return Failed(id=job.id, reason="unexpected RuntimeError: shape", unexpected=True)

    run_trials(store, Scripted(answer))
    assert store.counts() == {"planned": 0, "running": 0, "finished": 1, "failed": 3}


def test_an_interrupt_leaves_finished_ones_and_plans_the_rest(store: Store) -> None:
    def answer(job: Job, _: int) -> Event:
        if job.id == 3:
            raise KeyboardInterrupt
        return finished(job)

    with pytest.raises(KeyboardInterrupt):
        run_trials(store, Scripted(answer))
    assert store.counts() == {"planned": 2, "running": 0, "finished": 2, "failed": 0}


def test_trials_left_running_by_a_kill_are_trained_again(store: Store) -> None:
    store.begin(2)
    executor = Scripted(lambda job, _: finished(job))
    run_trials(store, executor)
    assert sorted(executor.begun) == [1, 2, 3, 4]
    assert store.trials()[1].attempts == 2


def test_listeners_hear_every_event_with_its_trial(store: Store) -> None:
    heard = []
    run_trials(
        store,
        Scripted(lambda job, _: finished(job)),
        on_event=lambda trial, event: heard.append((trial.id, type(event).__name__)),
    )
    assert sorted(heard) == [(i, name) for i in (1, 2, 3, 4) for name in ("EpochDone", "Finished")]
