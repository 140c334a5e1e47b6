"""Whole runs on small images: what they write, how they resume, what they refuse."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import load_file

from netspace.config import Budget, FinalRound, SpaceChoice, Study, load_study, study_text
from netspace.design.complexity import count
from netspace.design.serial import to_plain
from netspace.design.zoo import network
from netspace.errors import InfeasibleError, RunError, StudyError
from netspace.recipe import Recipe
from netspace.run.folder import RunFolder
from netspace.run.store import Store
from netspace.train.build import build
from netspace.workflow.study import run_study
from tests.pictures import picture_folder
from tests.watching import Silent, wait_for_finished


def small_study(data: Path, **changes: object) -> Study:
    study = Study(
        data=str(data),
        budget=Budget(flops="100K..600K"),
        spaces=(
            SpaceChoice(name="anynetx_e", networks=3),
            SpaceChoice(name="regnetx", networks=2),
        ),
        recipe=Recipe(epochs=1, batch_size=16, learning_rate=0.05),
        final=FinalRound(candidates=2, seeds=2, epochs_factor=2),
    )
    return replace(study, **changes)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return picture_folder(tmp_path_factory.mktemp("data") / "colours")


@pytest.fixture(scope="module")
def finished(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return run_study(small_study(pictures), tmp_path_factory.mktemp("run"), Silent())


def test_a_run_trains_everything_and_leaves_the_winner(finished: RunFolder) -> None:
    with Store(finished.database) as store:
        population = store.trials(round="population")
        final = store.trials(round="final")
    assert [trial.state for trial in population] == ["finished"] * 5
    assert len(final) == 4
    assert {trial.recipe.epochs for trial in final} == {2}
    best_two = sorted(population, key=lambda trial: (trial.error, trial.id))[:2]
    assert {(t.space, t.index) for t in final} == {(t.space, t.index) for t in best_two}
    chosen = network(str(finished.winner))
    assert chosen in [trial.network for trial in best_two]
    build(chosen).load_state_dict(load_file(finished.winner_weights))
    assert not finished.weights.exists()
    assert not (finished.path / ".images").exists()


def test_the_summary_has_the_exact_figures(finished: RunFolder) -> None:
    summary = json.loads(finished.summary.read_text())
    chosen = network(str(finished.winner))
    cost = count(chosen)
    assert (summary["flops"], summary["params"], summary["activations"]) == (
        cost.flops,
        cost.params,
        cost.activations,
    )
    assert summary["networks_trained"] == 5
    assert summary["networks_failed"] == 0
    assert summary["winner"] == chosen.name
    assert 0 <= summary["test_error_percent"] <= 100
    assert [space["name"] for space in summary["spaces"]] == ["anynetx_e", "regnetx"]
    assert summary["seconds"] > 0


def test_the_winner_has_the_lowest_mean_validation_error(finished: RunFolder) -> None:
    summary = json.loads(finished.summary.read_text())
    with Store(finished.database) as store:
        final = store.trials(round="final")
    means = {}
    for trial in final:
        means.setdefault((trial.space, trial.index), []).append(trial.error)
    lowest = min(sum(errors) / len(errors) for errors in means.values())
    assert summary["validation_error_percent"] == pytest.approx(lowest)


def test_repeating_a_finished_run_trains_nothing(finished: RunFolder, pictures: Path) -> None:
    before = finished.summary.read_text()
    modified = finished.winner_weights.stat().st_mtime_ns
    run_study(small_study(pictures), finished.path, Silent())
    assert finished.summary.read_text() == before
    assert finished.winner_weights.stat().st_mtime_ns == modified


def test_the_study_file_in_the_folder_is_the_study(finished: RunFolder, pictures: Path) -> None:
    assert load_study(finished.study) == small_study(pictures)


def test_a_folder_with_another_study_is_refused(finished: RunFolder, pictures: Path) -> None:
    with pytest.raises(RunError, match=r"another study \(seed differs\); choose another --out"):
        run_study(small_study(pictures, seed=9), finished.path, Silent())


def test_images_that_changed_are_refused(tmp_path: Path) -> None:
    data = picture_folder(tmp_path / "colours", images=8)
    study = small_study(data)
    with Store(tmp_path / "run.db") as store:
        store.record(data={"fingerprint": "0123456789abcdef"})
    with pytest.raises(RunError, match="changed since this run began"):
        run_study(study, tmp_path, Silent())


def test_a_study_that_cannot_begin_leaves_the_folder_free(tmp_path: Path, pictures: Path) -> None:
    with pytest.raises(InfeasibleError, match="none of"):
        run_study(small_study(pictures, budget=Budget(flops="1..2")), tmp_path, Silent())
    assert list(tmp_path.glob("*")) == []
    run_study(small_study(pictures, seed=1), tmp_path / "run", Silent())


def test_a_folder_of_other_things_is_left_as_it_was(tmp_path: Path, pictures: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InfeasibleError):
        run_study(small_study(pictures, budget=Budget(flops="1..2")), tmp_path, Silent())
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_folder_in_use_is_refused(tmp_path: Path, pictures: Path) -> None:
    folder = RunFolder(tmp_path)
    with folder.locked(), pytest.raises(RunError, match="another netspace process"):
        run_study(small_study(pictures), tmp_path, Silent())


def test_a_run_in_which_everything_fails_says_why(tmp_path: Path, pictures: Path) -> None:
    wild = Recipe(epochs=1, batch_size=16, learning_rate=1e30, warmup_epochs=0)
    with pytest.raises(RunError, match="no network finished training, 5 failed; the first: diver"):
        run_study(small_study(pictures, recipe=wild), tmp_path, Silent())
    with Store(tmp_path / "run.db") as store:
        assert store.counts()["failed"] == 5


@pytest.mark.slow
def test_after_a_kill_the_same_command_goes_on(tmp_path: Path, pictures: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(study_text(small_study(pictures, recipe=Recipe(epochs=4, batch_size=16))))
    command = [sys.executable, "-m", "netspace.cli", "run", str(file), "--out", str(tmp_path / "r")]
    first = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    database = tmp_path / "r" / "run.db"
    kept = wait_for_finished(database, 2)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    with Store(database) as store:
        trials = store.trials()
        assert store.counts() == {"planned": 0, "running": 0, "finished": 9, "failed": 0}
    after = {trial.id: trial for trial in trials}
    assert all(after[trial.id] == trial for trial in kept)
    assert len({(t.round, t.space, t.index, t.seed) for t in trials}) == 9
    assert max(trial.attempts for trial in trials) <= 2


@pytest.mark.slow
def test_an_interrupt_leaves_a_run_that_goes_on(tmp_path: Path, pictures: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(study_text(small_study(pictures, recipe=Recipe(epochs=30, batch_size=16))))
    command = [sys.executable, "-m", "netspace.cli", "run", str(file), "--out", str(tmp_path / "r")]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    wait_for_finished(tmp_path / "r" / "run.db", 1)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert told.splitlines()[-1] == "netspace: interrupted; run the same command again to go on"
    with Store(tmp_path / "r" / "run.db") as store:
        counts = store.counts()
    assert counts["running"] == 0
    assert counts["finished"] >= 1
    assert counts["planned"] >= 1
    assert not (tmp_path / "r" / ".images").exists()


def test_workers_and_device_may_change_between_sessions(
    finished: RunFolder, pictures: Path
) -> None:
    run_study(small_study(pictures, workers=1), finished.path, Silent())


def test_seconds_are_kept_as_the_run_goes_on(finished: RunFolder) -> None:
    with Store(finished.database) as store:
        trained = sum(trial.seconds or 0 for trial in store.trials())
        assert store.fact("seconds") >= trained / 4


def test_a_failed_trial_keeps_what_was_measured(tmp_path: Path, pictures: Path) -> None:
    wild = Recipe(epochs=2, batch_size=16, learning_rate=1e30, warmup_epochs=1.9)
    with pytest.raises(RunError):
        run_study(small_study(pictures, recipe=wild), tmp_path, Silent())
    with Store(tmp_path / "run.db") as store:
        (first, *_) = store.trials(state="failed")
    assert first.seconds is not None
    assert first.setting["precision"] in ("fp32", "bf16")


@pytest.mark.parametrize("workers", [0, -1])
def test_a_pool_needs_a_worker(pictures: Path, workers: int) -> None:
    with pytest.raises(StudyError, match=f"workers {workers} must be at least 1"):
        small_study(pictures, workers=workers)


def test_a_study_recorded_without_its_defaults_is_the_same_study(
    finished: RunFolder, pictures: Path, tmp_path: Path
) -> None:
    shutil.copytree(finished.path, tmp_path / "run")
    with Store(tmp_path / "run" / "run.db") as store:
        store.record(study=to_plain(small_study(pictures)))
    run_study(small_study(pictures), tmp_path / "run", Silent())
