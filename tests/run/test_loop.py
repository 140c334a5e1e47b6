"""The loop ends every planned trial, whatever its executor does."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from netspace.errors import StorageError, TrainingError
from netspace.run.jobs import Died, EpochDone, Event, Failed, Finished, Job, Stopped
from netspace.run.loop import DEATHS, Part, run_trials
from netspace.run.store import Store
from netspace.trial import Epoch, Trial

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


class Source:
    """Plans further trials of a list as it is asked, so many at a time as `allowed` says."""

    def __init__(self, store: Store, allowed: Callable[[int], int] = lambda count: count):
        self.asked, self.given = [], []
        self._store, self._allowed, self._left = store, allowed, deque(trials(9)[4:])

    def __call__(self, count: int) -> Sequence[Trial]:
        self.asked.append(count)
        some = [self._left.popleft() for _ in range(min(self._allowed(count), len(self._left)))]
        self._store.plan(some)
        found = [self._store.trials(space=one.space, index=one.index)[0] for one in some]
        self.given.extend(trial.id for trial in found)
        return found


def test_further_trials_are_asked_for_once_none_waits(store: Store) -> None:
    more, executor = Source(store), Scripted(lambda job, _: finished(job))
    run_trials(store, executor, more=more)
    assert executor.begun == list(range(1, 10))
    assert more.given == list(range(5, 10))
    assert store.counts()["finished"] == 9
    assert more.asked == [1] * 6 + [2]  # the ninth is the last; then both places come free


def test_an_empty_answer_is_not_the_last_word_while_trials_run(store: Store) -> None:
    """There may be more once a running trial has ended, as where only both free places will do."""
    more = Source(store, lambda count: count if count == 2 else 0)
    run_trials(store, Scripted(lambda job, _: finished(job)), more=more)
    assert more.asked == [1, 2] * 3 + [2]
    assert store.counts()["finished"] == 9


def test_an_epoch_is_no_reason_to_ask_again(store: Store) -> None:
    class Chatty(Scripted):
        def events(self) -> Iterator[Event]:
            self.told = not getattr(self, "told", False)
            if self.told:
                yield EpochDone(id=self._jobs[0].id, epoch=EPOCH)
            else:
                yield list(super().events())[-1]

    more = Source(store, lambda count: 0)
    run_trials(store, Chatty(lambda job, _: finished(job)), more=more)
    assert more.asked == [1, 2]


def test_a_run_without_planned_trials_begins_by_asking(tmp_path: Path) -> None:
    with Store(tmp_path / "run.db") as store:
        run_trials(store, Scripted(lambda job, _: finished(job)), more=Source(store))
        assert store.counts()["finished"] == 5


def test_a_source_that_gives_what_cannot_begin_ends_the_run(store: Store) -> None:
    run_trials(store, Scripted(lambda job, _: finished(job)))
    run_trials(store, Scripted(lambda job, _: finished(job)), more=lambda _: store.trials())
    assert {trial.attempts for trial in store.trials()} == {1}


SECOND = replace(EPOCH, number=2, validation_error_percent=30.0)


def whole(job: Job) -> Finished:
    curve = (EPOCH, SECOND)[: job.until]
    error = curve[-1].validation_error_percent
    return Finished(id=job.id, error=error, seconds=len(curve), curve=curve, setting=SETTING)


def part(trial: Trial) -> Part:
    return Part(until=len(trial.curve) + 1, state=Path(f"{trial.id}.state"))


def promote(store: Store, *trial_ids: int) -> Callable[[int], Sequence[Trial]]:
    """These trials go on, each once, as soon as all have finished their first epoch."""
    left = deque(trial_ids)

    def more(count: int) -> Sequence[Trial]:
        if store.counts()["finished"] < 4 and len(left) == len(trial_ids):
            return ()
        some = [left.popleft() for _ in range(min(count, len(left)))]
        for trial_id in some:
            store.go_on(trial_id)
        return [store.trials(id=trial_id)[0] for trial_id in some]

    return more


def test_a_trial_goes_on_from_its_state(store: Store) -> None:
    jobs = []

    def answer(job: Job, _: int) -> Event:
        jobs.append((job.id, job.until, job.state))
        return whole(job)

    run_trials(store, Scripted(answer), part=part, more=promote(store, 3, 1))
    assert jobs[4:] == [(3, 2, Path("3.state")), (1, 2, Path("1.state"))]
    assert [until for _, until, _ in jobs[:4]] == [1, 1, 1, 1]
    assert [trial.error for trial in store.trials()] == [30.0, 50.0, 30.0, 50.0]
    assert [trial.curve for trial in store.trials()][:2] == [(EPOCH, SECOND), (EPOCH,)]
    assert [trial.seconds for trial in store.trials()] == [2.0, 1.0, 2.0, 1.0]
    assert [trial.attempts for trial in store.trials()] == [2, 1, 2, 1]


def test_without_parts_a_job_has_no_end_of_its_own(store: Store) -> None:
    jobs = []
    run_trials(store, Scripted(lambda job, _: jobs.append(job) or finished(job)))
    assert {(job.until, job.state) for job in jobs} == {(None, None)}


@pytest.mark.parametrize("heard", [(), (SECOND,)])
def test_a_trial_that_fails_further_on_keeps_what_it_learnt(
    store: Store, heard: tuple[Epoch, ...]
) -> None:
    def answer(job: Job, attempt: int) -> Event:
        if attempt == 2:
            return Failed(id=job.id, reason="diverged", seconds=0.5, curve=heard, setting=SETTING)
        return whole(job)

    run_trials(store, Scripted(answer), part=part, more=promote(store, 2))
    (failed,) = store.trials(state="failed")
    assert (failed.id, failed.error, failed.reason) == (2, None, "diverged")
    assert failed.curve == (EPOCH, *heard)
    assert failed.seconds == 1.5
    assert store.table(space="anynetx_a").failed == 1


def test_a_failure_after_a_new_start_has_no_epoch_twice(store: Store) -> None:
    """Its state was gone, so it was trained from scratch."""

    def answer(job: Job, attempt: int) -> Event:
        if attempt == 2:
            return Failed(id=job.id, reason="diverged", curve=(EPOCH, SECOND))
        return whole(job)

    run_trials(store, Scripted(answer), part=part, more=promote(store, 2))
    assert store.trials()[1].curve == (EPOCH, SECOND)


def test_workers_that_die_further_on_take_nothing_away(store: Store) -> None:
    def answer(job: Job, attempt: int) -> Event:
        return Died(id=job.id, reason="its worker died") if attempt > 1 else whole(job)

    executor = Scripted(answer)
    run_trials(store, executor, part=part, more=promote(store, 2))
    assert executor.begun.count(2) == 1 + DEATHS
    (failed,) = store.trials(state="failed")
    assert "died 2 times" in failed.reason
    assert (failed.curve, failed.seconds, failed.setting) == ((EPOCH,), 1.0, SETTING)


def test_deaths_count_in_a_row_not_over_all_parts(store: Store) -> None:
    def answer(job: Job, attempt: int) -> Event:
        return Died(id=job.id, reason="its worker died") if attempt in (1, 3) else whole(job)

    run_trials(store, Scripted(answer), part=part, more=promote(store, 2))
    assert store.trials()[1].attempts == 4
    assert store.counts() == {"planned": 0, "running": 0, "finished": 4, "failed": 0}


def test_an_interrupt_leaves_a_trial_that_went_on_where_it_stood(store: Store) -> None:
    def answer(job: Job, attempt: int) -> Event:
        if attempt == 2:
            raise KeyboardInterrupt
        return whole(job)

    with pytest.raises(KeyboardInterrupt):
        run_trials(store, Scripted(answer), part=part, more=promote(store, 2))
    (planned,) = store.trials(state="planned")
    assert (planned.id, planned.error, planned.curve) == (2, 50.0, (EPOCH,))
    run_trials(store, Scripted(lambda job, _: whole(job)), part=part)
    assert store.trials()[1].curve == (EPOCH, SECOND)


def test_an_interrupt_of_the_source_plans_the_rest(store: Store) -> None:
    def interrupted(_: int) -> Sequence[Trial]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_trials(store, Scripted(lambda job, _: finished(job)), more=interrupted)
    assert store.counts() == {"planned": 1, "running": 0, "finished": 3, "failed": 0}


def test_breakdowns_alike_further_on_leave_the_earlier_results(store: Store) -> None:
    def answer(job: Job, attempt: int) -> Event:
        if attempt == 2:
            return Failed(id=job.id, reason="unexpected RuntimeError: driver", unexpected=True)
        return whole(job)

    with pytest.raises(TrainingError, match="3 trainings broke down alike"):
        run_trials(store, Scripted(answer), part=part, more=promote(store, 1, 2, 3, 4))
    found = store.trials()
    assert {trial.state for trial in found} == {"planned"}
    assert {(one.error, one.seconds, one.curve, one.reason) for one in found} == {
        (50.0, 1.0, (EPOCH,), "")
    }
