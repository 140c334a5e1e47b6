"""A search at work on a run whose trainings are made up: what it asks for, and how it goes on."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Self
from zlib import crc32

import numpy as np
import pytest

from netspace.config import Budget, FinalRound, SearchTerms, SpaceChoice, Study
from netspace.design.network import Network
from netspace.design.serial import to_plain
from netspace.errors import RunError
from netspace.recipe import Recipe
from netspace.run.folder import RunFolder
from netspace.run.jobs import Event, Failed, Finished, TrainJob
from netspace.run.store import Store
from netspace.search.evolution import Evolution
from netspace.search.halving import Halving
from netspace.search.objective import Pareto, Reward
from netspace.search.strategies import STRATEGIES
from netspace.search.strategy import Search
from netspace.train.build import build
from netspace.train.weights import save_weights
from netspace.trial import Epoch, Trial
from netspace.workflow import session, study
from netspace.workflow.study import run_study
from tests.pictures import picture_folder
from tests.watching import Silent

EVOLUTION = Evolution(population=3, sample=2)


def share(network: Network, salt: str = "") -> float:
    """A number from 0 to 1 that only the network decides."""
    return crc32(f"{salt}{to_plain(network, complete=True)}".encode()) / 2**32


def made_up(network: Network, epochs: int) -> float:
    """An error in percent that only the network and its epochs decide."""
    return 30 + 40 * share(network) - 2 * epochs


SPREAD = 0.1
"""Points that a seed of the final round adds."""


class Pool:
    """In place of the worker processes; jobs end in the order in which they were begun.

    begun: every job; going_on: whether its state was there. stop_at: the event, counted from 1 in
    a session, in whose place an interrupt comes.
    """

    def __init__(
        self,
        breaks: Callable[[TrainJob], bool] = lambda job: False,
        error: Callable[[Network, int], float] = made_up,
    ):
        self.begun: list[TrainJob] = []
        self.going_on: list[bool] = []
        self.stop_at: int | None = None
        self._breaks, self._error = breaks, error
        self._jobs, self._heard = deque[TrainJob](), 0

    @property
    def idle(self) -> bool:
        """Whether nothing is in training."""
        return not self._jobs

    def __call__(self, images: Path, *, workers: int | None, device: str) -> Self:
        self.size, self._heard = workers or 1, 0
        self._jobs.clear()
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    @property
    def room(self) -> int:
        return self.size - len(self._jobs)

    def submit(self, job: TrainJob) -> None:
        assert self.room
        self.begun.append(job)
        self.going_on.append(job.state is not None and job.state.is_file())
        self._jobs.append(job)

    def events(self) -> Iterator[Event]:
        self._heard += 1
        if self._heard == self.stop_at:
            raise KeyboardInterrupt
        job = self._jobs.popleft()
        if self._breaks(job):
            yield Failed(id=job.id, reason="diverged: loss nan")
            return
        if job.weights is not None:
            save_weights(build(job.network), job.weights)
        if job.state is not None:
            job.state.parent.mkdir(exist_ok=True)
            job.state.touch()
        yield self._finished(job)

    def _finished(self, job: TrainJob) -> Finished:
        curve = tuple(
            Epoch(
                number=number,
                learning_rate=0.1,
                train_loss=1.0,
                validation_error_percent=self._error(job.network, number),
                seconds=1.0,
            )
            for number in range(1, (job.until or job.recipe.epochs) + 1)
        )
        error = curve[-1].validation_error_percent + SPREAD * (job.weights is not None) * job.seed
        return Finished(id=job.id, error=error, seconds=len(curve), curve=curve, setting={})


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return picture_folder(tmp_path_factory.mktemp("data") / "colours", images=16)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Pool:
    return use(Pool(), monkeypatch)


def use(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> Pool:
    monkeypatch.setattr(session, "ProcessPool", pool)
    monkeypatch.setattr(study, "render", lambda record: "")  # its own tests draw it; it takes long
    return pool


def searching(data: Path, *, networks: int = 7, epochs: int = 1, **changes: Any) -> Study:
    """A study of few networks; changes: of the study, and of its search."""
    names = ("strategy", "objective", "halving")
    terms = {name: changes.pop(name) for name in names if name in changes}
    plain = Study(
        data=str(data),
        budget=Budget(flops="100K..600K"),
        spaces=(SpaceChoice(name="anynetx_e", networks=networks),),
        recipe=Recipe(epochs=epochs, batch_size=16, warmup_epochs=0.5),
        final=FinalRound(candidates=2, seeds=2, epochs_factor=2),
        workers=1,
    )
    return replace(plain, search=SearchTerms(**{"strategy": EVOLUTION, **terms}), **changes)


def trials(folder: Path, **equal: object) -> list[Trial]:
    with Store.existing(RunFolder(folder).database) as store:
        return store.trials(**({"round": "population"} | equal))


def fact(folder: Path, name: str) -> Any:
    with Store.existing(RunFolder(folder).database) as store:
        return store.fact(name)


def networks(folder: Path) -> list[Network]:
    return [trial.network for trial in trials(folder)]


CHANGING = ("record", "plan", "begin", "finish", "fail", "release", "release_running", "go_on")


class Killed(BaseException):
    """Stands for kill -9."""


class Death:
    """Lets a process write to the store so many times more, and then nothing, ever."""

    def __init__(self, patch: pytest.MonkeyPatch):
        self.left: int | None = None
        for name in CHANGING:
            patch.setattr(Store, name, self._mortal(getattr(Store, name)))

    def _mortal(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*words: object, **named: object) -> object:
            if self.left is not None:
                self.left -= 1
                if self.left < 0:
                    raise Killed
            return method(*words, **named)

        return call

    def after(self, writes: int, work: Callable[[], object]) -> bool:
        """Whether the work was cut off."""
        self.left = writes
        try:
            work()
        except Killed:
            return True
        finally:
            self.left = None
        return False


@pytest.fixture
def death(monkeypatch: pytest.MonkeyPatch) -> Death:
    return Death(monkeypatch)


def result(folder: Path) -> tuple[object, ...]:
    """What must not depend on where a run was stopped."""
    final = trials(folder, round="final")
    return (
        [(one.index, one.network, one.state, one.seed, len(one.curve)) for one in trials(folder)],
        [(one.index, one.seed, one.error, len(one.curve)) for one in final],
        fact(folder, "origins"),
        fact(folder, "winner"),
    )


def check_whole(folder: Path, number: int) -> None:
    """So many networks, none twice, none over the budget, each with its origin."""
    found = trials(folder)
    assert len(found) == number == len({one.network for one in found})
    assert [one.index for one in found] == list(range(number))
    assert all(1e5 <= one.complexity.flops <= 6e5 for one in found)
    assert len(fact(folder, "origins")) == number
    assert {one.state for one in trials(folder, round="final")} == {"finished"}
    assert all(len(one.curve) == one.recipe.epochs for one in trials(folder, round="final"))


def test_a_search_trains_what_the_strategy_asks_for(
    pool: Pool, pictures: Path, tmp_path: Path
) -> None:
    run_study(searching(pictures), tmp_path, Silent())
    check_whole(tmp_path, 7)
    assert fact(tmp_path, "origins") == ["drawn"] * 3 + ["proposed"] * 4
    assert [job.id for job in pool.begun[:7]] == list(range(1, 8))
    known = sorted(trials(tmp_path), key=lambda one: one.error)
    finalists = {one.index for one in trials(tmp_path, round="final")}
    assert finalists == {one.index for one in known[:2]}
    assert not (tmp_path / "weights").exists()


def test_the_strategy_is_asked_as_workers_come_free_and_told_all(
    pool: Pool, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, told = [], {}
    ask, tell = Search.ask, Search.tell
    monkeypatch.setattr(Search, "ask", lambda self, n=1: asked.append(n) or ask(self, n))

    def hear(self: Search, number: int, error: float, *, epochs: int = 1) -> None:
        told.setdefault(number, []).append((error, epochs, len(asked)))
        tell(self, number, error, epochs=epochs)

    monkeypatch.setattr(Search, "tell", hear)
    run_study(searching(pictures, workers=2), tmp_path, Silent())
    assert asked == [2, 1, 1, 1, 1, 1]
    known = {one.index: one.error for one in trials(tmp_path)}
    assert {number: heard[0][0] for number, heard in told.items()} == known
    assert [len(heard) for heard in told.values()] == [1] * 7
    assert [heard[0][2] for heard in told.values()][:5] == [1, 2, 3, 4, 5]
    check_whole(tmp_path, 7)


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("event", [1, 4, 7, 9])
def test_an_interrupted_search_goes_on(
    event: int, workers: int, pool: Pool, pictures: Path, tmp_path: Path
) -> None:
    wanted = searching(pictures, workers=workers)
    whole = run_study(wanted, tmp_path / "whole", Silent()).path
    pool.stop_at = event
    with pytest.raises(KeyboardInterrupt):
        run_study(wanted, tmp_path / "run", Silent())
    pool.stop_at = None
    begun = len(pool.begun)
    run_study(wanted, tmp_path / "run", Silent())
    check_whole(tmp_path / "run", 7)
    assert len(pool.begun) - begun == 11 - (event - 1)
    if workers == 1:
        assert result(tmp_path / "run") == result(whole)


def kill_everywhere(
    wanted: Study, death: Death, folder: Path, *, step: int = 1, first: int = 1
) -> int:
    """Kill a run at every `step`th write and compare what it comes to; how many kills there were.

    A kill before the first few writes leaves no run.
    """
    whole = run_study(wanted, folder / "whole", Silent()).path
    for kills in count():
        run = folder / str(kills)
        if not death.after(first + kills * step, partial(run_study, wanted, run, Silent())):
            return kills
        run_study(wanted, run, Silent())
        assert result(run) == result(whole), f"killed after {first + kills * step} writes"
    raise AssertionError


def test_a_killed_search_goes_on_as_if_it_had_not_been(
    pool: Pool, death: Death, pictures: Path, tmp_path: Path
) -> None:
    assert kill_everywhere(searching(pictures, networks=5), death, tmp_path, step=7) > 5


@pytest.mark.slow
def test_a_search_may_be_killed_at_any_write(
    pool: Pool, death: Death, pictures: Path, tmp_path: Path
) -> None:
    assert kill_everywhere(searching(pictures, networks=5), death, tmp_path) > 40


def test_a_search_may_be_killed_again_and_again(
    pool: Pool, death: Death, pictures: Path, tmp_path: Path
) -> None:
    wanted = searching(pictures, networks=6, workers=2)
    kills = 0
    while death.after(14, lambda: run_study(wanted, tmp_path, Silent())):
        kills += 1
    assert kills > 2
    check_whole(tmp_path, 6)


@pytest.mark.parametrize("name", ["random", "surrogate", "tpe", "controller"])
def test_every_strategy_goes_on_after_a_kill(
    name: str, pool: Pool, death: Death, pictures: Path, tmp_path: Path
) -> None:
    wanted = searching(pictures, networks=14, strategy=STRATEGIES[name], workers=2)
    assert death.after(45, lambda: run_study(wanted, tmp_path, Silent()))
    assert 0 < len(trials(tmp_path)) < 14
    run_study(wanted, tmp_path, Silent())
    check_whole(tmp_path, 14)


def test_a_final_round_that_was_stopped_is_trained_to_its_end(
    pool: Pool, pictures: Path, tmp_path: Path
) -> None:
    wanted = searching(pictures, networks=4, epochs=3, halving=Halving())
    pool.stop_at = len(run_and_count(pool, wanted, tmp_path / "whole")) - 1
    with pytest.raises(KeyboardInterrupt):
        run_study(wanted, tmp_path / "run", Silent())
    pool.stop_at = None
    run_study(wanted, tmp_path / "run", Silent())
    assert result(tmp_path / "run") == result(tmp_path / "whole")
    assert {len(one.curve) for one in trials(tmp_path / "run", round="final")} == {6}


def run_and_count(pool: Pool, wanted: Study, folder: Path) -> list[TrainJob]:
    before = len(pool.begun)
    run_study(wanted, folder, Silent())
    return pool.begun[before:]


def test_a_search_may_go_on_to_more_networks_until_the_finalists_are_chosen(
    pool: Pool, pictures: Path, tmp_path: Path
) -> None:
    few, many = (searching(pictures, networks=number) for number in (4, 6))
    pool.stop_at = 3
    with pytest.raises(KeyboardInterrupt):
        run_study(few, tmp_path, Silent())
    pool.stop_at = 8
    with pytest.raises(KeyboardInterrupt):
        run_study(many, tmp_path, Silent())
    check_origins = fact(tmp_path, "origins")
    assert len(check_origins) == len(trials(tmp_path)) == 6
    pool.stop_at = None
    with pytest.raises(RunError, match=r"another study \(spaces differs\)"):
        run_study(searching(pictures, networks=8), tmp_path, Silent())
    run_study(many, tmp_path, Silent())
    check_whole(tmp_path, 6)


def test_a_search_ends_where_no_more_networks_are_found(
    pool: Pool, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Search.ask
    monkeypatch.setattr(
        Search, "ask", lambda self, n=1: ask(self, n) if len(self._asked) < 4 else ()
    )
    run_study(searching(pictures, networks=50), tmp_path, Silent())
    check_whole(tmp_path, 4)


def test_failed_trainings_are_known_and_no_errors(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(Pool(breaks=lambda job: job.id in (1, 4)), monkeypatch)
    told = {}
    tell = Search.tell

    def hear(self: Search, number: int, error: float, *, epochs: int = 1) -> None:
        told[number] = error
        tell(self, number, error, epochs=epochs)

    monkeypatch.setattr(Search, "tell", hear)
    run_study(searching(pictures), tmp_path, Silent())
    assert [one.state for one in trials(tmp_path)].count("failed") == 2
    assert [number for number, error in told.items() if np.isnan(error)] == [0, 3]
    check_whole(tmp_path, 7)


def test_a_search_in_which_all_fails_says_so_in_one_line(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = use(Pool(breaks=lambda job: True), monkeypatch)
    for _ in range(2):
        with pytest.raises(RunError, match="no network finished training, 5 failed; the first: d"):
            run_study(searching(pictures, networks=5), tmp_path, Silent())
    assert len(pool.begun) == 5


RUNGS = (1, 3, 9)


def halved(data: Path, **changes: Any) -> Study:
    return searching(data, **{"networks": 9, "epochs": 9, "halving": Halving()} | changes)


def parts_of(pool: Pool, number: int) -> list[int | None]:
    """How far each job of a trial was to go."""
    return [job.until for job in pool.begun if job.id == number]


@pytest.mark.parametrize("workers", [1, 2])
def test_the_best_of_a_rung_go_on_from_their_states(
    workers: int, pool: Pool, pictures: Path, tmp_path: Path
) -> None:
    run_study(halved(pictures, workers=workers), tmp_path, Silent())
    check_whole(tmp_path, 9)
    population = trials(tmp_path)
    for trial in population:
        done = parts_of(pool, trial.id)
        assert done == list(RUNGS[: len(done)])
        assert len(trial.curve) == done[-1]
        assert trial.attempts == len(done)
    going_on = [
        there for job, there in zip(pool.begun, pool.going_on, strict=True) if job.until in (3, 9)
    ]
    assert going_on
    assert all(going_on)
    check_rungs(population)


def check_rungs(population: list[Trial]) -> None:
    """Nobody of the best third waits; who went on is no more than a rung can have promoted."""
    for rung in RUNGS[:-1]:
        here = [one for one in population if len(one.curve) >= rung]
        here.sort(key=lambda one: one.curve[rung - 1].validation_error_percent)
        third = here[: len(here) // 3]
        assert all(len(one.curve) > rung for one in third)
        assert len(here) >= 3
    assert len([one for one in population if len(one.curve) == 9]) >= 1


def test_only_fully_trained_networks_come_into_the_final_round(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here errors rise with the epochs, so that the lowest are those of the shortest trainings."""
    use(Pool(error=lambda network, epochs: made_up(network, 1) / 4 + 5 * epochs), monkeypatch)
    run_study(halved(pictures, networks=12), tmp_path, Silent())
    whole = {one.index for one in trials(tmp_path) if len(one.curve) == 9}
    assert {one.index for one in trials(tmp_path, round="final")} <= whole
    assert min(one.error for one in trials(tmp_path)) < min(
        one.error for one in trials(tmp_path) if one.index in whole
    )


@pytest.mark.parametrize("networks", [1, 2, 5])
def test_where_too_few_networks_wait_the_best_of_them_goes_on(
    networks: int, pool: Pool, pictures: Path, tmp_path: Path
) -> None:
    run_study(halved(pictures, networks=networks), tmp_path, Silent())
    (whole,) = (one for one in trials(tmp_path) if len(one.curve) == 9)
    assert parts_of(pool, whole.id) == list(RUNGS)
    assert whole.error == min(made_up(one.network, 9) for one in trials(tmp_path))
    assert {one.index for one in trials(tmp_path, round="final")} == {whole.index}


def test_where_those_that_go_on_fail_others_do(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken: list[int] = []

    def breaks(job: TrainJob) -> bool:
        if job.until == 9 and len(broken) < 2:
            broken.append(job.id)
        return job.until == 9 and job.id in broken

    use(Pool(breaks=breaks), monkeypatch)
    run_study(halved(pictures, networks=5), tmp_path, Silent())
    assert {one.id for one in trials(tmp_path, state="failed")} == set(broken)
    assert sum(len(one.curve) == 9 for one in trials(tmp_path)) == 1


def test_where_all_that_go_on_fail_it_says_so(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(Pool(breaks=lambda job: job.until == 3), monkeypatch)
    with pytest.raises(RunError, match="no network finished training, 5 failed; the first: d"):
        run_study(halved(pictures, networks=5), tmp_path, Silent())


def test_a_network_that_was_promoted_and_not_yet_trained_goes_on(
    pool: Pool, death: Death, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = halved(pictures, strategy=EVOLUTION)
    run_study(wanted, tmp_path / "whole", Silent())
    go_on = Store.go_on

    def promoted(self: Store, trial_id: int) -> None:
        go_on(self, trial_id)
        death.left = 0

    with monkeypatch.context() as patch:
        patch.setattr(Store, "go_on", promoted)
        assert death.after(10**6, lambda: run_study(wanted, tmp_path / "run", Silent()))
    (waiting,) = trials(tmp_path / "run", state="planned")
    assert len(waiting.curve) == 1
    run_study(wanted, tmp_path / "run", Silent())
    assert result(tmp_path / "run") == result(tmp_path / "whole")


def test_a_network_that_failed_further_on_is_remembered_as_it_was_told(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of its first rung an error is known; forgotten, fewer others would go on."""
    pool = use(Pool(breaks=lambda job: job.id == 2 and job.until == 3), monkeypatch)
    wanted = halved(pictures)
    events = len(run_and_count(pool, wanted, tmp_path / "whole"))
    assert trials(tmp_path / "whole", id=2)[0].state == "failed", "it was good enough to go on"
    for event in range(6, events - 3, 3):
        pool.stop_at = event
        with pytest.raises(KeyboardInterrupt):
            run_study(wanted, tmp_path / str(event), Silent())
        pool.stop_at = None
        run_study(wanted, tmp_path / str(event), Silent())
        assert result(tmp_path / str(event)) == result(tmp_path / "whole")


@pytest.mark.slow
def test_a_halved_search_may_be_killed_at_any_write(
    pool: Pool, death: Death, pictures: Path, tmp_path: Path
) -> None:
    wanted = halved(pictures, networks=6, epochs=3)
    assert kill_everywhere(wanted, death, tmp_path, step=2) > 20


def test_states_lie_beside_the_run_until_there_is_a_winner(
    pool: Pool, pictures: Path, tmp_path: Path
) -> None:
    pool.stop_at = 12
    with pytest.raises(KeyboardInterrupt):
        run_study(halved(pictures), tmp_path, Silent())
    states = {path.name for path in (tmp_path / "weights").iterdir()}
    begun = {f"{one.id}.state.safetensors" for one in trials(tmp_path) if one.curve}
    assert states == begun
    pool.stop_at = None
    run_study(halved(pictures), tmp_path, Silent())
    assert not (tmp_path / "weights").exists()


class Stopwatch:
    """In place of the measurement of latency; only while nothing else is in training."""

    def __init__(self, pool: Pool):
        self.measured: list[Network] = []
        self._pool = pool

    @staticmethod
    def latency_ms(network: Network) -> float:
        return 1 + 9 * share(network, "latency")

    def __call__(self, network: Network) -> "Stopwatch":
        assert self._pool.idle
        self.measured.append(network)
        self.median_ms = self.latency_ms(network)
        return self


@pytest.fixture
def stopwatch(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    found = Stopwatch(pool)
    monkeypatch.setattr("netspace.train.latency.measure_latency", found)
    return found


FAST = Reward(cost="latency_ms", target="2ms", form="hard")


@pytest.mark.parametrize("halving", [None, Halving()])
def test_latency_is_measured_once_of_every_network_while_nothing_trains(
    halving: Halving | None, stopwatch: Stopwatch, pictures: Path, tmp_path: Path
) -> None:
    wanted = searching(pictures, epochs=3, objective=FAST, workers=2, halving=halving)
    run_study(wanted, tmp_path, Silent())
    check_whole(tmp_path, 7)
    assert stopwatch.measured == networks(tmp_path)
    expected = [Stopwatch.latency_ms(network) for network in networks(tmp_path)]
    assert fact(tmp_path, "latencies_ms") == expected


def test_latency_is_not_measured_again_where_a_search_goes_on(
    stopwatch: Stopwatch, pool: Pool, death: Death, pictures: Path, tmp_path: Path
) -> None:
    wanted = searching(pictures, objective=FAST)
    whole = run_study(wanted, tmp_path / "whole", Silent()).path
    for writes in range(5, 45, 5):
        folder = tmp_path / str(writes)
        assert death.after(writes, partial(run_study, wanted, folder, Silent()))
        known = trials(folder)
        before = len(stopwatch.measured)
        run_study(wanted, folder, Silent())
        assert stopwatch.measured[before:] == networks(folder)[len(known) :]
        assert result(folder) == result(whole)
        assert fact(folder, "latencies_ms") == fact(whole, "latencies_ms")


@pytest.mark.parametrize(
    "objective",
    [
        Reward(target="200K", form="hard"),
        Reward(target="200K", w=-0.5),
        Reward(target="2ms", cost="latency_ms", form="hard"),
        Pareto(costs=("flops", "params")),
    ],
)
def test_the_winner_is_chosen_by_the_objective_at_mean_errors(
    objective: Any, stopwatch: Stopwatch, pictures: Path, tmp_path: Path
) -> None:
    final = FinalRound(candidates=7, seeds=2, epochs_factor=1)
    run_study(searching(pictures, objective=objective, final=final), tmp_path, Silent())
    worth, errors = {}, {}
    for trial in trials(tmp_path):
        error = made_up(trial.network, 1) + SPREAD * 1.5  # the mean of seeds 1 and 2
        errors[trial.index] = error
        ratio = {
            "flops": trial.complexity.flops / 200e3,
            "latency_ms": Stopwatch.latency_ms(trial.network) / 2,
        }
        if objective.kind == "pareto":
            worth[trial.index] = -error
        elif objective.form == "hard":
            worth[trial.index] = (1 - error / 100) / max(1, ratio[objective.cost])
        else:
            worth[trial.index] = (1 - error / 100) * ratio["flops"] ** -0.5
    winner = fact(tmp_path, "winner")
    (best,) = trials(tmp_path, round="final", id=winner["best"])
    assert best.index == max(worth, key=worth.__getitem__)
    assert winner["validation_error"] == pytest.approx(errors[best.index])
    if objective.kind != "pareto":
        assert best.index != min(errors, key=errors.__getitem__), "else the error alone would do"


def test_the_final_round_takes_the_best_by_the_objective(
    pool: Pool, pictures: Path, tmp_path: Path
) -> None:
    objective = Reward(target="200K", form="hard")
    run_study(searching(pictures, objective=objective), tmp_path, Silent())
    worth = {
        one.index: (1 - one.error / 100) / max(1, one.complexity.flops / 200e3)
        for one in trials(tmp_path)
    }
    best = sorted(worth, key=worth.__getitem__)[-2:]
    assert Counter(one.index for one in trials(tmp_path, round="final")) == Counter(best * 2)
