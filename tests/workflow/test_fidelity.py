"""Networks of a run trained again: which ones, how, and what happens when it is interrupted."""

import json
import shutil
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspace import cli
from netspace.analyse.agreement import kendall_tau
from netspace.config import Budget, FinalRound, SpaceChoice, Study
from netspace.recipe import Recipe
from netspace.run.folder import RunFolder
from netspace.run.jobs import Event, Finished
from netspace.run.store import Store
from netspace.trial import Trial
from netspace.workflow.fidelity import Wish, measure_fidelity, stratified
from netspace.workflow.study import run_study
from netspace.workflow.watch import Reporter
from tests.commands import Netspace
from tests.watching import Silent

STUDY = Study(
    data="digits",
    budget=Budget(flops="20K..100K"),
    spaces=(SpaceChoice(name="anynetx_e", networks=4), SpaceChoice(name="regnetx", networks=3)),
    recipe=Recipe(epochs=1, train_images=200, batch_size=16, learning_rate=0.05),
    final=FinalRound(candidates=1, seeds=1, epochs_factor=1),
    seed=3,
    workers=1,
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of seven networks."""
    return run_study(STUDY, tmp_path_factory.mktemp("run"), Silent()).path


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    """A run of one's own."""
    return Path(shutil.copytree(finished, tmp_path / "run"))


def trials(folder: Path, **equal: object) -> list[Trial]:
    with Store.existing(RunFolder(folder).database) as store:
        return store.trials(**equal)


class Interrupting(Reporter):
    """A user who loses patience after so many trainings."""

    patience = 4

    def trial(self, trial: Trial, event: Event) -> None:
        """Interrupt once enough have finished."""
        super().trial(trial, event)
        if isinstance(event, Finished):
            self.patience -= 1
            if not self.patience:
                raise KeyboardInterrupt


@pytest.fixture(scope="module")
def interrupted(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run, in which the measurement on five networks at twice the epochs was interrupted."""
    folder = Path(shutil.copytree(finished, tmp_path_factory.mktemp("interrupted") / "run"))
    words = ["fidelity", str(folder), "--networks", "5", "--times", "2"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("netspace.workflow.watch.Reporter", Interrupting)
        patch.setattr(sys, "argv", ["netspace", *words])
        with pytest.raises(SystemExit) as left:
            cli.main()
    assert left.value.code == 130
    return folder


@pytest.fixture(scope="module")
def measured(interrupted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, resumed to its end, with all of the seven networks."""
    folder = Path(shutil.copytree(interrupted, tmp_path_factory.mktemp("measured") / "run"))
    measure_fidelity(folder, Wish(networks=20), Silent())
    return folder


def test_an_interrupted_measurement_says_how_far_it_is(
    interrupted: Path, netspace: Netspace, tmp_path: Path
) -> None:
    done = trials(interrupted, round="fidelity", state="finished")
    status = json.loads(netspace("status", interrupted, "--json").out)
    assert 4 <= len(done) < 15
    assert (status["planned"], status["running"]) == (15 - len(done), 0)
    assert netspace("report", interrupted, "-o", tmp_path / "r.html").code == 0
    assert f"{len(done)} of 15 trainings for it are done" in (tmp_path / "r.html").read_text()


def test_only_what_is_missing_is_trained(interrupted: Path, measured: Path) -> None:
    done = trials(interrupted, round="fidelity", state="finished")
    again = trials(measured, round="fidelity")
    assert _identities(again[:15]) == _identities(trials(interrupted, round="fidelity"))
    assert [trial for trial in again if trial.id in {one.id for one in done}] == done


def _identities(some: list[Trial]) -> list[tuple[int, str, int, int]]:
    return [(trial.id, trial.space, trial.index, trial.seed) for trial in some]


def test_what_is_trained_and_said(measured: Path, finished: Path, netspace: Netspace) -> None:
    again = trials(measured, round="fidelity")
    _check_trainings(again, trials(finished, round="population"))
    told = netspace("fidelity", measured, "--json")
    document = json.loads(told.out)
    _check_document(document, again)
    assert netspace("fidelity", measured).out.splitlines()[0] == document["sentence"]
    summary = json.loads((measured / "summary.json").read_text())
    assert summary["fidelity"] == {key: document[key] for key in document if key != "trained"}
    assert summary["networks_trained"] == 7
    assert document["sentence"] in (measured / "report.html").read_text()


def test_repeating_trains_nothing(measured: Path, netspace: Netspace) -> None:
    before = trials(measured)
    told = netspace("fidelity", measured, "--networks", 20, "--times", 2, "--json")
    assert "Only 7 networks of the population finished: all are in." in told.err
    assert told.out == netspace("fidelity", measured, "--json").out
    assert trials(measured) == before


def test_the_run_itself_is_as_it_was(measured: Path, finished: Path, netspace: Netspace) -> None:
    before = trials(finished)
    assert [trial for trial in trials(measured) if trial.round != "fidelity"] == before
    assert not (measured / "weights").exists()
    kept = (measured / "winner.safetensors").stat().st_mtime_ns
    assert netspace("run", measured / "study.yaml", "--out", measured).code == 0
    assert len(trials(measured)) == len(before) + 21
    assert (measured / "winner.safetensors").stat().st_mtime_ns == kept


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--times", "4"], "was begun at 2 times the epochs, not 4; leave --times out"),
        (["--networks", "4"], "begun with 7 networks, and --networks 4 would leave some out"),
    ],
)
def test_another_measurement_is_refused(
    words: list[str], message: str, measured: Path, netspace: Netspace
) -> None:
    before = trials(measured)
    told = netspace("fidelity", measured, *words)
    assert (told.code, told.out) == (2, "")
    assert message in told.err
    assert trials(measured) == before


def _check_trainings(again: list[Trial], before: list[Trial]) -> None:
    """Seven networks, each twice at one epoch and once at two, with new seeds."""
    population = {(trial.space, trial.index): trial for trial in before}
    assert {trial.state for trial in again} == {"finished"}
    assert len({(trial.space, trial.index) for trial in again}) == 7
    assert len({trial.space for trial in again}) == 2
    for trial in again:
        own = population[trial.space, trial.index]
        assert trial.network == own.network
        assert trial.recipe == replace(own.recipe, epochs=trial.recipe.epochs)
        assert len(trial.curve) == trial.recipe.epochs
        assert trial.seed != own.seed
    assert sorted(trial.recipe.epochs for trial in again) == [1] * 14 + [2] * 7


def _check_document(document: dict, again: list[Trial]) -> None:
    """Its taus are those of the stored errors."""
    order = sorted(again, key=lambda trial: (trial.space, trial.index, trial.seed))
    first, second, long = ([trial.error for trial in order[start::3]] for start in range(3))
    mean = (kendall_tau(first, long) + kendall_tau(second, long)) / 2
    assert document["tau_short_long"]["value"] == pytest.approx(mean)
    assert document["tau_short_short"]["value"] == pytest.approx(kendall_tau(first, second))
    assert (document["short_epochs"], document["long_epochs"]) == (1, 2)
    assert len(document["trained"]) == document["networks_complete"] == 7


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--networks", "3"], "--networks 3 must be at least 4; 12 is usual"),
        (["--times", "1"], "--times 1 must be at least 2, for a longer schedule; 3 is usual"),
        (["--times", "2.5"], "'--times': Input should be a valid integer"),
    ],
)
def test_options_are_checked(
    words: list[str], message: str, netspace: Netspace, tmp_path: Path
) -> None:
    told = netspace("fidelity", tmp_path, *words)
    assert (told.code, told.out) == (2, "")
    (line,) = told.err.splitlines()
    assert message in line


def test_a_folder_without_a_run_is_left_as_it_was(netspace: Netspace, tmp_path: Path) -> None:
    told = netspace("fidelity", tmp_path)
    assert told.code == 2
    assert "no run there" in told.err
    assert list(tmp_path.iterdir()) == []


def test_an_unfinished_run_is_refused(copy: Path, netspace: Netspace) -> None:
    with Store(RunFolder(copy).database) as store:
        (first, *_) = store.trials(round="population")
        store.plan([replace(first, id=50, index=99, state="planned", error=None)])
    told = netspace("fidelity", copy)
    assert (told.code, told.out) == (2, "")
    assert "1 trainings of this run are still to do" in told.err
    assert f"finish it first: netspace run {copy / 'study.yaml'} --out {copy}" in told.err
    assert trials(copy, round="fidelity") == []


def test_fewer_than_four_finished_networks_are_refused(copy: Path, netspace: Netspace) -> None:
    with closing(sqlite3.connect(RunFolder(copy).database)) as database:
        failed = "UPDATE trials SET state = 'failed', error = NULL WHERE round = 'population'"
        database.execute(f"{failed} AND id > 3")
        database.commit()
    told = netspace("fidelity", copy)
    assert (told.code, told.out) == (2, "")
    assert "3 networks of the population finished, and ranks are compared among" in told.err
    assert trials(copy, round="fidelity") == []


def test_a_run_of_another_kind_is_refused(copy: Path, netspace: Netspace) -> None:
    with Store(RunFolder(copy).database) as store:
        store.record(kind="scaling")
    told = netspace("fidelity", copy)
    assert told.code == 2
    assert "holds a run of another kind (scaling, not design)" in told.err


class TestStratified:
    @given(st.lists(st.floats(0, 100), min_size=1, max_size=60), st.integers(0, 70), st.integers(0))
    def test_one_of_each_part_of_the_ranks(self, errors, count, seed):
        found = stratified(np.array(errors), count, seed=seed)
        wanted = min(count, len(errors))
        assert len(set(found.tolist())) == len(found) == wanted
        if wanted:
            order = np.argsort(errors, kind="stable").tolist()
            ranks = np.array([order.index(place) for place in found])
            middles = (np.arange(wanted) + 0.5) * len(errors) / wanted - 0.5
            assert np.abs(ranks - middles).max() <= 0.5 * len(errors) / wanted

    def test_it_depends_on_the_seed_alone(self):
        errors = np.random.default_rng(0).normal(size=100)
        one, again, other, part = (
            stratified(errors, 12, seed=seed, part=part).tolist()
            for seed, part in ((1, 0), (1, 0), (2, 0), (1, 12))
        )
        assert one == again
        assert one != other
        assert one != part
