"""A contest on small images: made equal, trained alike, carried over, interrupted, repeated."""

import json
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import pytest

from netspace.contest_study import Contestant, ContestStudy, EqualFlops, EqualLatency, Transfer
from netspace.design.blocks import Basic, MBConv, Plain
from netspace.design.complexity import count
from netspace.design.network import Network, Stage, Stem
from netspace.design.zoo import network
from netspace.errors import InfeasibleError, RunError
from netspace.present.contest_record import ContestRecord
from netspace.recipe import Recipe
from netspace.run.folder import RunFolder
from netspace.run.jobs import Finished
from netspace.run.store import Store
from netspace.train.data import load
from netspace.workflow.contest import run_contest
from netspace.workflow.contest_plan import entries
from netspace.workflow.contest_result import read_contest
from netspace.workflow.record import read_record
from tests.pictures import picture_folder
from tests.watching import Silent

RECIPE = Recipe(epochs=1, batch_size=16, learning_rate=0.05)


def net(block: Basic | MBConv | Plain, width: int, depth: int = 2) -> Network:
    stages = (
        Stage(block=block, width=width, depth=depth, stride=1),
        Stage(block=block, width=2 * width, depth=depth),
    )
    return Network(stem=Stem(width=8, stride=1), stages=stages, classes=5, resolution=(12, 12))


CANDIDATES = (
    Contestant(name="residual", network=net(Basic(), 16)),
    Contestant(name="plain", network=net(Plain(), 24)),
    Contestant(name="inverted", network=net(MBConv(expansion=4), 24), origin="searched"),
)


@pytest.fixture(scope="module")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return picture_folder(tmp_path_factory.mktemp("data") / "colours")


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return picture_folder(tmp_path_factory.mktemp("data") / "others", seed=1, size=16)


def study_of(colours: Path, others: Path) -> ContestStudy:
    return ContestStudy(
        data=str(colours),
        candidates=CANDIDATES,
        equal=EqualFlops(size="300K..330K"),
        transfer=(Transfer(data=str(others)),),
        seeds=2,
        recipe=RECIPE,
    )


class Impatient(Silent):
    """Interrupts the contest after so many trainings."""

    def __init__(self, left: int) -> None:
        self.left = left

    def trial(self, trial, event):
        self.left -= isinstance(event, Finished)
        if not self.left:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def finished(colours: Path, others: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A contest that was interrupted in every part of it."""
    folder, study = tmp_path_factory.mktemp("run"), study_of(colours, others)
    for after in (4, 4, 6):
        with pytest.raises(KeyboardInterrupt):
            run_contest(study, folder, Impatient(after))
    return run_contest(study, folder, Silent())


@pytest.fixture(scope="module")
def record(finished: RunFolder) -> ContestRecord:
    return read_contest(finished)


def test_every_network_is_trained_in_every_way_with_the_same_seeds(record: ContestRecord) -> None:
    assert [heat.mode for heat in record.heats] == ["contest", "transfer", "fine-tuning"]
    for heat in record.heats:
        assert {trial.state for trial in heat.trials} == {"finished"}
        seeds = {
            name: tuple(t.seed for t in heat.trials if t.space == name)
            for name in ("residual", "plain", "inverted")
        }
        assert len(set(seeds.values())) == 1
        assert len(set(seeds["plain"])) == 2


def test_one_recipe_for_all_and_a_gentler_one_for_fine_tuning(record: ContestRecord) -> None:
    contest, scratch, tuned = ({trial.recipe for trial in heat.trials} for heat in record.heats)
    assert contest == scratch == {RECIPE}
    assert tuned == {replace(RECIPE, learning_rate=RECIPE.learning_rate / 10)}


def test_costs_are_equal(record: ContestRecord) -> None:
    for entry in record.entries:
        assert 300e3 <= entry.complexity.flops <= 330e3
        assert count(entry.network) == entry.complexity


def test_what_was_done_to_a_candidate_is_said(record: ContestRecord) -> None:
    before = {one.name: one.network for one in CANDIDATES}
    for entry in record.entries:
        changed = before[entry.name].for_input(classes=3) != entry.network
        assert changed == bool(entry.changes)


def test_the_winner_has_the_lowest_mean_error_and_its_weights_are_kept(
    finished: RunFolder, record: ContestRecord
) -> None:
    means = {name: fmean(own) for name, own in record.first.errors().items()}
    assert record.victor is not None
    assert record.victor.name == min(means, key=lambda name: means[name])
    assert record.victor.validation_error == min(means.values())
    assert network(str(finished.winner)) == record.entry(record.victor.name).network
    assert finished.winner_weights.is_file()
    assert not finished.weights.exists()


def test_only_one_figure_is_read_on_test(finished: RunFolder) -> None:
    assert finished.summary.read_text().count("test_error") == 1


def test_the_summary_holds_every_error_and_every_pair(
    finished: RunFolder, record: ContestRecord
) -> None:
    summary = json.loads(finished.summary.read_text())
    own = summary["data_sets"][0]
    assert len(own["differences"]) == 3
    for one in own["standings"]:
        assert tuple(one["errors_percent"]) == record.first.errors()[one["name"]]
        assert one["error_percent"] == pytest.approx(fmean(one["errors_percent"]))
        assert one["low"] < one["error_percent"] < one["high"]
    assert {one["name"] for one in summary["networks"]} == {"residual", "plain", "inverted"}
    assert all(one["rules"] for one in summary["networks"])
    assert all(one["latency_ms"] for one in summary["networks"])


def test_repeating_it_trains_nothing(finished: RunFolder, colours: Path, others: Path) -> None:
    with Store.existing(finished.database) as store:
        before = store.counts()
    run_contest(study_of(colours, others), finished.path, Silent())
    with Store.existing(finished.database) as store:
        assert store.counts() == before


def test_a_finished_contest_is_shown_without_its_images(
    finished: RunFolder, colours: Path, others: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise AssertionError("nothing is to be trained or measured")

    monkeypatch.setattr("netspace.workflow.contest.check_before", gone)
    finished.report.unlink()
    run_contest(study_of(colours, others), finished.path, Silent())
    assert finished.report.is_file()


def test_other_backends_are_measured(finished: RunFolder, colours: Path, others: Path) -> None:
    study = replace(study_of(colours, others), backends=("eager", "channels_last"))
    found = read_contest(run_contest(study, finished.path, Silent())).latency
    assert found is not None
    assert found.backends == ("eager", "channels_last")


def test_fine_tuning_without_its_weights_stops_and_fails_nothing(
    colours: Path, others: Path, tmp_path: Path
) -> None:
    study = study_of(colours, others)
    with pytest.raises(KeyboardInterrupt):
        run_contest(study, tmp_path / "run", Impatient(8))
    next((tmp_path / "run" / "weights").iterdir()).unlink()
    with pytest.raises(RunError, match="the weights that fine-tuning begins from are gone"):
        run_contest(study, tmp_path / "run", Silent())
    with Store.existing(tmp_path / "run" / "run.db") as store:
        assert store.counts()["failed"] == 0


def test_another_contest_is_refused(finished: RunFolder, colours: Path, others: Path) -> None:
    other = replace(study_of(colours, others), seeds=3)
    with pytest.raises(RunError, match="seeds differs"):
        run_contest(other, finished.path, Silent())


def test_a_contest_is_no_design(finished: RunFolder) -> None:
    with pytest.raises(RunError, match="another kind"):
        read_record(finished)


def test_changed_images_are_refused(
    colours: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    own = picture_folder(tmp_path / "own")
    study = replace(study_of(colours, own), data=str(own), transfer=())
    with pytest.raises(KeyboardInterrupt):
        run_contest(study, tmp_path / "run", Impatient(1))
    next((own / "red").glob("*.png")).unlink()
    with pytest.raises(RunError, match="changed since this run began"):
        run_contest(study, tmp_path / "run", Silent())


def test_equal_latency_is_what_the_clock_says(colours: Path) -> None:
    """A clock that takes a microsecond for every 1,000 flops."""
    study = replace(
        study_of(colours, colours), equal=EqualLatency(time="0.28ms..0.32ms"), transfer=()
    )
    found = entries(study, load(colours), lambda net: count(net).flops / 1e6)
    for entry in found:
        assert entry.complexity.flops == pytest.approx(300e3, rel=0.07)


def test_a_network_with_the_wanted_latency_stays_as_it_is(colours: Path) -> None:
    study = replace(study_of(colours, colours), equal=EqualLatency(time="1ms..9ms"), transfer=())
    found = entries(study, load(colours), lambda net: 5.0)
    assert [one.changes for one in found] == [()] * 3


def test_a_latency_out_of_reach_says_how_near_it_came(colours: Path) -> None:
    """A machine on which every layer takes 2 ms, however small it is."""
    study = replace(study_of(colours, colours), equal=EqualLatency(time="5ms"), transfer=())
    with pytest.raises(InfeasibleError, match=r"equal latency, 5ms .*the nearest takes \d+"):
        entries(study, load(colours), lambda net: 2.0 * (net.depth + 2))


def test_what_cannot_be_made_equal_is_refused_by_name(colours: Path) -> None:
    study = replace(study_of(colours, colours), equal=EqualFlops(size="1K"), transfer=())
    with pytest.raises(InfeasibleError, match="candidate 'residual' cannot be scaled"):
        entries(study, load(colours))


def test_two_candidates_that_come_to_one_network_are_refused(colours: Path, tmp_path: Path) -> None:
    twins = (CANDIDATES[0], replace(CANDIDATES[0], name="again"))
    study = replace(study_of(colours, colours), candidates=twins, transfer=())
    with pytest.raises(RunError, match="come to the same network"):
        run_contest(study, tmp_path / "run", Silent())
    assert not (tmp_path / "run").exists()
