"""The grid search over depth, width and resolution, on small images."""

import json
import shutil
from dataclasses import replace
from math import isclose
from pathlib import Path

import pytest

from netspace.config import ScalingStudy, load_study
from netspace.design.blocks import Basic
from netspace.design.complexity import count
from netspace.design.network import Network, Stage, Stem
from netspace.design.zoo import network
from netspace.errors import InfeasibleError, RunError, StudyError
from netspace.present.scaling_record import best_of_grid, points
from netspace.recipe import Recipe
from netspace.run.folder import RunFolder
from netspace.run.jobs import Finished
from netspace.run.store import Store
from netspace.train.probe import Speed
from netspace.workflow import scaling_plan
from netspace.workflow.record import read_record
from netspace.workflow.scaling import read_scaling, run_scaling
from netspace.workflow.scaling_plan import Capacity, candidates, misses, sized
from tests.pictures import picture_folder
from tests.watching import Silent

BASE = Network(
    stem=Stem(width=8, stride=1),
    stages=(
        Stage(block=Basic(), width=8, depth=2, stride=1),
        Stage(block=Basic(), width=16, depth=3),
    ),
    classes=3,
    resolution=(12, 12),
    name="tiny",
)


def small_study(data: Path) -> ScalingStudy:
    recipe = Recipe(epochs=1, batch_size=16, learning_rate=0.05)
    return ScalingStudy(network=BASE, data=str(data), recipe=recipe)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return picture_folder(tmp_path_factory.mktemp("data") / "colours")


class Impatient(Silent):
    """Interrupts the run after a few trainings."""

    def __init__(self) -> None:
        self.left = 5

    def trial(self, trial, event):
        self.left -= isinstance(event, Finished)
        if not self.left:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def finished(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run that was interrupted on the way."""
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scaling_plan, "GRID_POINTS", 4)
        with pytest.raises(KeyboardInterrupt):
            run_scaling(small_study(pictures), folder, Impatient())
        with Store.existing(folder / "run.db") as store:
            assert 5 <= store.counts()["finished"] < 10
        return run_scaling(small_study(pictures), folder, Silent())


def test_everything_is_trained_with_its_seeds(finished: RunFolder) -> None:
    with Store.existing(finished.database) as store:
        trials = store.trials()
    assert {trial.state for trial in trials} == {"finished"}
    found = points(trials)
    assert {len(point.trials) for point in found} == {2}
    series = [point.series for point in found]
    assert series.count("grid") >= 2
    assert [series.count(name) for name in ("base", "depth", "width", "resolution", "fast")] == [
        1,
        2,
        2,
        2,
        2,
    ]
    assert series.count("compound") == 2


def test_the_best_of_the_grid_is_confirmed_with_fresh_seeds(finished: RunFolder) -> None:
    with Store.existing(finished.database) as store:
        first, again = store.trials(round="scaling"), store.trials(round="confirmation")
    best = best_of_grid(points(first))
    assert best is not None
    assert best.mean == min(p.mean for p in points(first) if p.series == "grid")
    at_factor, further = points(again)
    assert at_factor.network == best.network
    assert at_factor.bases == further.bases == best.bases
    assert further.factor == 4
    assert not {trial.seed for trial in first} & {trial.seed for trial in again}


def test_networks_hit_their_factor(finished: RunFolder) -> None:
    base = count(BASE).flops
    for point in read_scaling(finished).points:
        if point.series == "grid":
            assert isclose(point.complexity.flops, 2 * base, rel_tol=0.02)


def test_the_winner_is_the_confirmed_network(finished: RunFolder) -> None:
    record = read_scaling(finished)
    summary = json.loads(finished.summary.read_text())
    assert record.best is not None
    assert network(str(finished.winner)) == record.best.network
    assert summary["flops"] == record.best.complexity.flops
    assert summary["validation_error_percent"] == pytest.approx(record.best.mean)


def test_repeating_it_trains_nothing(finished: RunFolder, pictures: Path) -> None:
    before = finished.database.read_bytes()
    run_scaling(small_study(pictures), finished.path, Silent())
    with Store.existing(finished.database) as store:
        assert {trial.attempts for trial in store.trials()} <= {1, 2}
    assert before == finished.database.read_bytes()


def test_the_study_file_is_the_study(finished: RunFolder, pictures: Path) -> None:
    assert load_study(finished.study) == small_study(pictures)


def test_a_study_written_with_fewer_fields_is_the_same(
    finished: RunFolder, pictures: Path, tmp_path: Path
) -> None:
    """As by a version that did not know them yet."""
    shutil.copytree(finished.path, tmp_path / "run")
    with Store(tmp_path / "run" / "run.db") as store:
        plain = store.fact("study")
        del plain["network"]["stochastic_depth"]
        store.record(study=plain)
    run_scaling(small_study(pictures), tmp_path / "run", Silent())


def test_another_study_is_refused(finished: RunFolder, pictures: Path) -> None:
    other = replace(small_study(pictures), seed=7)
    with pytest.raises(RunError, match="another run \\(seed differs\\)"):
        run_scaling(other, finished.path, Silent())


def test_a_scaling_study_is_no_design(finished: RunFolder) -> None:
    with pytest.raises(RunError, match=r"another kind \(scaling, not design\)"):
        read_record(finished)


def test_a_study_file_may_name_its_network(tmp_path: Path) -> None:
    file = tmp_path / "scaling.yaml"
    file.write_text("network: resnet20_cifar\ndata: digits\nfactor: 3\n")
    study = load_study(file)
    assert isinstance(study, ScalingStudy)
    assert study.network == network("resnet20_cifar")
    assert study.at_most == 96


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("factor: 1", "factor 1 must be above 1"),
        ("seeds: 1", "seeds 1 must be at least 2: one shows no spread"),
        ("seed: -1", "seed -1 must be at least 0"),
        ("workers: 0", "workers 0 must be at least 1"),
        ("factr: 2", "factr: unknown field; did you mean 'factor'?"),
    ],
)
def test_faults_in_a_study_file_are_named(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "scaling.yaml"
    file.write_text(f"network: resnet20_cifar\ndata: digits\n{line}\n")
    with pytest.raises(StudyError) as fault:
        load_study(file)
    assert message in str(fault.value)


def test_no_training_counts_twice(finished: RunFolder) -> None:
    record = read_scaling(finished)
    trained = {(trial.network, trial.seed) for trial in record.trials}
    assert sum(len(errors) for errors in record.replicates) == len(trained)
    grid, methods = (
        {t.seed for p in record.points if (p.series in names) for t in p.trials}
        for names in (("base", "grid"), scaling_plan.METHODS)
    )
    assert not grid & methods


def test_images_are_not_enlarged_to_be_shrunk_again(finished: RunFolder) -> None:
    """Networks take up to 24 pixels here, the images have 12."""
    assert read_scaling(finished).data.resolution == 12


def test_a_grid_without_points_is_refused_before_training(
    pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scaling_plan, "grid", lambda *_, **__: ())
    study = replace(small_study(pictures), factor=1.01)
    with pytest.raises(InfeasibleError, match=r"no way to share 1\.01x the flops out"):
        candidates(study, BASE)


def test_what_a_method_cannot_reach_is_left_out_and_said() -> None:
    base = network("lenet5")
    study = ScalingStudy(network=base, data="x")
    found = candidates(study, base)
    assert "depth" not in {one.series for one in found}
    said = list(misses(study, found))
    assert "depth cannot reach 2x and is left out there." in said


def test_a_method_that_misses_its_factor_is_said() -> None:
    base = network("regnet_x_200mf").for_input(resolution=32, classes=10)
    study = ScalingStudy(network=base, data="x")
    found = candidates(study, base)
    flops = count(base).flops
    off = [
        one
        for one in found
        if one.series in scaling_plan.METHODS
        and not isclose(one.complexity.flops / flops, one.parameters["factor"], rel_tol=0.02)
    ]
    assert len(list(misses(study, found))) == len(off)


def planned(time: float) -> tuple[ScalingStudy, tuple[str, ...]]:
    study = ScalingStudy(network=BASE, data="x")
    speed = Speed(training=1e-3, evaluation=1e-4, start=0.5)
    here = Capacity(
        train_images=10_000,
        validation_images=1_000,
        workers=2,
        speeds=[(one, speed) for one in candidates(study, BASE)],
    )
    return sized(study, here, time=time, spent=0.0)


def test_more_time_gives_more_epochs() -> None:
    an_hour, two_hours = planned(3_600)[0].recipe, planned(7_200)[0].recipe
    assert an_hour.epochs < two_hours.epochs
    assert an_hour.train_images is None


def test_little_time_gives_fewer_images() -> None:
    study, sentences = planned(300)
    assert study.recipe.epochs == scaling_plan.FEWEST_EPOCHS
    assert 2_000 <= (study.recipe.train_images or 0) < 10_000
    assert f"{study.recipe.train_images:,} of 10,000" in sentences[2]


def test_too_little_time_is_refused() -> None:
    with pytest.raises(InfeasibleError, match="--time 20 s is too short: 3 epochs on 2,000 images"):
        planned(20)
