"""The store keeps every trial once, through kills, concurrency and other hardships."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from netspace.design.complexity import count
from netspace.errors import RunError, StorageError
from netspace.recipe import Recipe
from netspace.run.store import Store
from netspace.spaces.families import space
from netspace.trial import Epoch, Trial

CURVE = (
    Epoch(number=1, learning_rate=0.0, train_loss=2.3, validation_error_percent=80, seconds=0.5),
    Epoch(number=2, learning_rate=0.1, train_loss=1.9, validation_error_percent=70, seconds=0.4),
)
SETTING = {"torch": "2", "precision": "bf16"}


@pytest.fixture
def store(tmp_path: Path):
    with Store(tmp_path / "run.db") as opened:
        yield opened


def trials(number: int = 3) -> list[Trial]:
    drawn = space("anynetx_a", resolution=32, classes=10).sample(number, flops=(1e6, 9e6))
    return [
        Trial(
            space="anynetx_a",
            index=index,
            network=member.network,
            parameters=member.parameters,
            complexity=member.complexity,
            recipe=Recipe(epochs=2, flip=False),
            seed=index,
        )
        for index, member in enumerate(drawn.members)
    ]


def test_a_planned_trial_reads_back_as_it_was(store: Store) -> None:
    planned = trials(2)
    store.plan(planned)
    read = store.trials()
    assert [replace(trial, id=0) for trial in read] == [
        replace(trial, parameters=dict(read[i].parameters)) for i, trial in enumerate(planned)
    ]
    assert count(read[0].network) == read[0].complexity
    assert read[0].parameters["depth"] == list(planned[0].parameters["depth"])


def test_planning_again_adds_nothing_and_changes_nothing(store: Store) -> None:
    store.plan(trials(2))
    store.begin(1)
    store.finish(1, error=12.5, seconds=3.0, curve=CURVE, setting=SETTING)
    store.plan(trials(3))
    assert [trial.state for trial in store.trials()] == ["finished", "planned", "planned"]


def test_a_finished_trial_keeps_its_result(store: Store) -> None:
    store.plan(trials(1))
    assert store.begin(1)
    store.finish(1, error=12.5, seconds=3.0, curve=CURVE, setting=SETTING)
    (trial,) = store.trials(state="finished")
    assert (trial.error, trial.seconds, trial.curve) == (12.5, 3.0, CURVE)
    assert trial.setting == SETTING
    assert trial.attempts == 1


def test_a_trial_is_begun_by_one_only(store: Store) -> None:
    store.plan(trials(1))
    with ThreadPoolExecutor(8) as threads:
        begun = list(threads.map(lambda _: store.begin(1), range(8)))
    assert begun.count(True) == 1
    assert store.trials()[0].attempts == 1


def test_only_a_running_trial_can_finish_or_fail(store: Store) -> None:
    store.plan(trials(1))
    store.finish(1, error=1.0, seconds=1.0, curve=(), setting={})
    store.fail(1, "never begun")
    assert store.trials()[0].state == "planned"
    store.begin(1)
    store.fail(1, "diverged")
    store.finish(1, error=1.0, seconds=1.0, curve=(), setting={})
    assert store.trials()[0].state == "failed"
    assert store.trials()[0].error is None


def test_what_was_running_is_planned_again(store: Store) -> None:
    store.plan(trials(3))
    store.begin(1)
    store.begin(2)
    store.fail(2, "diverged")
    assert store.release_running() == 1
    assert store.counts() == {"planned": 2, "running": 0, "finished": 0, "failed": 1}
    assert [trial.attempts for trial in store.trials()] == [1, 1, 0]


def test_a_trial_that_goes_on_keeps_its_result_until_it_has_another(store: Store) -> None:
    store.plan(trials(2))
    for number in (1, 2):
        store.begin(number)
        store.finish(number, error=80.0, seconds=1.0, curve=CURVE[:1], setting=SETTING)
    store.go_on(1)
    for state in ("planned", "running", "planned"):
        trial = store.trials(index=0)[0]
        assert trial.state == state
        assert (trial.error, trial.seconds, trial.curve) == (80.0, 1.0, CURVE[:1])
        assert trial.setting == SETTING
        assert store.counts()["finished"] == 1
        assert store.table(space="anynetx_a").index.tolist() == [1]
        store.begin(1) if state == "planned" else store.release_running()
    store.finish(1, error=70.0, seconds=2.0, curve=CURVE, setting={"torch": "3"})
    trial = store.trials(index=0)[0]
    assert (trial.state, trial.error, trial.seconds, trial.curve) == ("finished", 70.0, 2.0, CURVE)
    assert trial.setting == {"torch": "3"}
    assert store.table(space="anynetx_a").errors.tolist() == [70.0, 80.0]


def test_only_a_finished_trial_can_go_on(store: Store) -> None:
    store.plan(trials(3))
    store.begin(2)
    store.begin(3)
    store.fail(3, "diverged")
    for number in (1, 2, 3):
        store.go_on(number)
    assert [trial.state for trial in store.trials()] == ["planned", "running", "failed"]


def test_a_trial_that_goes_on_and_fails_has_no_error(store: Store) -> None:
    store.plan(trials(1))
    store.begin(1)
    store.finish(1, error=80.0, seconds=1.0, curve=CURVE[:1], setting=SETTING)
    store.go_on(1)
    store.begin(1)
    store.fail(1, "diverged", seconds=1.5, curve=CURVE, setting=SETTING)
    (trial,) = store.trials()
    assert (trial.state, trial.error, trial.reason) == ("failed", None, "diverged")
    assert (trial.seconds, trial.curve) == (1.5, CURVE)
    assert store.table(space="anynetx_a").failed == 1


def test_facts_are_set_and_set_again(store: Store) -> None:
    assert store.fact("plan") is None
    store.record(plan=["a"], seconds=1.5)
    store.record(plan=["b"])
    assert store.fact("plan") == ["b"]
    assert store.fact("seconds") == 1.5


def test_many_processes_may_open_a_new_run_and_write_at_once(tmp_path: Path) -> None:
    def work(number: int) -> None:
        with Store(tmp_path / "run.db") as own:
            own.record(**{f"worker{number}": number})

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(work, range(16)))
    with Store(tmp_path / "run.db") as again:
        assert [again.fact(f"worker{number}") for number in range(16)] == list(range(16))


def test_a_file_that_is_no_run_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "run.db").write_bytes(b"something else entirely" * 100)
    with pytest.raises(StorageError, match="not a readable run"):
        Store(tmp_path / "run.db")


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run there"):
        Store.existing(tmp_path / "run.db")
    assert not (tmp_path / "run.db").exists()


def test_another_format_is_refused(store: Store, tmp_path: Path) -> None:
    store.record(format=99)
    with pytest.raises(RunError, match="format 99 was written by another version"):
        Store(tmp_path / "run.db")


def test_a_full_disk_says_so_and_loses_nothing(tmp_path: Path) -> None:
    with Store(tmp_path / "run.db") as store:
        store.plan(trials(1))
    store = Store(tmp_path / "run.db")
    pages = sqlite3.connect(tmp_path / "run.db").execute("PRAGMA page_count").fetchone()[0]

    @_on_connect(store)
    def _limit(connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(StorageError, match="disk is full; free some space"):
        store.record(large="x" * 1_000_000)
    assert [trial.state for trial in store.trials()] == ["planned"]
    store.close()


def _on_connect(store: Store):
    import sqlalchemy as sa

    def register(function):
        store._engine.dispose()
        sa.event.listen(store._engine, "connect", lambda connection, _: function(connection))

    return register
