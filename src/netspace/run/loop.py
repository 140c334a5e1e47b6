"""The loop between store and executor: every planned trial ends as finished or failed."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from netspace.errors import StorageError, TrainingError
from netspace.run.executors import Executor
from netspace.run.jobs import Died, EpochDone, Event, Failed, Finished, Probed, Stopped, TrainJob
from netspace.run.store import Store
from netspace.trial import Epoch, Trial

ALIKE = 3
"""So many unexpected breakdowns of one kind, and nothing finished, stop a run."""

DEATHS = 2
"""A trial whose worker dies is begun again; after so many deaths in a row it has failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is trained of a trial at once: up to epoch `until`, None is the recipe's last.

    state: where the training is saved at the end of the part, and from where it goes on.
    """

    until: int | None = None
    state: Path | None = None


def run_trials(
    store: Store,
    executor: Executor,
    *,
    weights: Callable[[Trial], Path | None] = lambda trial: None,
    start: Callable[[Trial], Path | None] = lambda trial: None,
    part: Callable[[Trial], Part] = lambda trial: Part(),
    more: Callable[[int], Sequence[Trial]] = lambda count: (),
    on_event: Callable[[Trial, Event], None] = lambda trial, event: None,
) -> None:
    """Run all planned trials, as many at once as the executor takes.

    Trials left running by a process that was killed are planned again first. What is finished is
    stored at once; on an interrupt the running trials go back to planned.
    weights: where a trial's weights are kept. start: weights that its training begins from.
    more: plans up to so many trials in the store and gives them as read from there, none if there
    are none now. It is asked where no trial waits for a free place, first and after each that ends;
    once nothing runs and there are none, the work is done.
    """
    store.release_running()

    def job(trial: Trial) -> TrainJob:
        return _job(trial, weights(trial), start(trial), part(trial))

    work = _Work(store, executor, job, more)
    try:
        while work.begin():
            for event in executor.events():
                on_event(work.heard(event), event)
                work.stop_if_all_break_alike()
    finally:
        work.release()


class _Work:
    """Trials waiting and running, and how often their workers died or they broke down."""

    def __init__(
        self,
        store: Store,
        executor: Executor,
        job: Callable[[Trial], TrainJob],
        more: Callable[[int], Sequence[Trial]],
    ):
        self._store, self._executor, self._job, self._more = store, executor, job, more
        self._waiting = deque(store.trials(state="planned"))
        self._running: dict[int, Trial] = {}
        self._deaths: Counter[int] = Counter()
        self._broken: dict[str, list[Trial]] = {}
        self._asked = False

    def begin(self) -> bool:
        """Begin as many trials as there is room for; whether there is anything left to do."""
        while self._executor.room and self._some_wait():
            trial = self._waiting.popleft()
            if self._store.begin(trial.id):
                self._running[trial.id] = trial
                self._executor.submit(self._job(trial))
        return bool(self._waiting or self._running)

    def _some_wait(self) -> bool:
        """Whether trials wait, further ones asked for once after each event that may allow some."""
        if not self._waiting and not self._asked:
            self._waiting.extend(self._more(self._executor.room))
            self._asked = True
        return bool(self._waiting)

    def heard(self, event: Event) -> Trial:
        """Store what happened to a trial; the trial as it was before it began."""
        trial = self._running[event.id]
        if isinstance(event, EpochDone):
            return trial
        del self._running[event.id]
        self._asked = False
        if isinstance(event, Died):
            self._deaths[trial.id] += 1
        else:
            del self._deaths[trial.id]
        if isinstance(event, Failed) and event.unexpected:
            self._broken.setdefault(event.reason, []).append(trial)
        if _keep(event, trial, self._store, self._deaths[trial.id]):
            self._waiting.appendleft(trial)
        return trial

    def stop_if_all_break_alike(self) -> None:
        """Stop before a whole population fails for a reason that is not the networks' own."""
        for reason, trials in self._broken.items():
            if len(trials) >= ALIKE and not self._store.counts()["finished"]:
                self._store.plan_again(trials)
                raise TrainingError(
                    f"stopped: {len(trials)} trainings broke down alike and none finished "
                    f"({reason}); they are planned again, for it is not the networks' fault"
                )

    def release(self) -> None:
        """Put what runs back to planned."""
        for trial_id in self._running:
            self._store.release(trial_id)


def _job(trial: Trial, weights: Path | None, start: Path | None, part: Part) -> TrainJob:
    return TrainJob(
        id=trial.id,
        network=trial.network,
        recipe=trial.recipe,
        seed=trial.seed,
        weights=weights,
        until=part.until,
        state=part.state,
        start=start,
    )


def _keep(event: Event, trial: Trial, store: Store, deaths: int) -> bool:
    """Store how a trial ended; whether it is to be begun again."""
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
                seconds=(trial.seconds or 0.0) + event.seconds,
                curve=_continued(trial.curve, event.curve),
                setting=event.setting,
            )
        case Died() if deaths < DEATHS:
            store.release(trial.id)
            return True
        case Died():
            hint = "; it may need more memory than there is" if event.killed else ""
            store.fail(
                trial.id,
                f"{event.reason} {deaths} times{hint}",
                seconds=trial.seconds,
                curve=trial.curve,
                setting=trial.setting,
            )
        case Stopped():
            store.release(trial.id)
            raise StorageError(event.reason)
        case EpochDone() | Probed():
            pass
        case _:
            assert_never(event)
    return False


def _continued(before: Sequence[Epoch], now: Sequence[Epoch]) -> tuple[Epoch, ...]:
    """The curve of a training that went on, or that began anew without a state to go on from."""
    first = now[0].number if now else len(before) + 1
    return (*before[: first - 1], *now)
