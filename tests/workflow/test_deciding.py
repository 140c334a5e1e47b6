"""Populations that grow until a verdict is reached, and walks over real (small) trainings."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from netspace.analyse.looks import FIRST
from netspace.analyse.verdict import decide
from netspace.config import Budget, FinalRound, SpaceChoice, Study, load_study
from netspace.errors import RunError, UserError
from netspace.recipe import Recipe
from netspace.run.folder import RunFolder
from netspace.run.store import Store
from netspace.workflow.compare import Terms, side
from netspace.workflow.deciding import compare_until_decided
from netspace.workflow.growing import growing
from netspace.workflow.record import read_record
from netspace.workflow.study import run_study
from tests.pictures import picture_folder
from tests.watching import Silent

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return Study(
        data=str(picture_folder(tmp_path_factory.mktemp("data") / "colours")),
        budget=Budget(flops="100K..600K"),
        spaces=(
            SpaceChoice(name="anynetx_e", networks=3),
            SpaceChoice(name="regnetx", networks=2),
        ),
        recipe=Recipe(epochs=1, batch_size=16, learning_rate=0.05),
        final=FinalRound(candidates=1, seeds=1, epochs_factor=1),
    )


@pytest.fixture(scope="module")
def begun(study, tmp_path_factory):
    return run_study(study, tmp_path_factory.mktemp("run"), Silent()).path


@pytest.fixture
def run(begun, tmp_path):
    return shutil.copytree(begun, tmp_path / "run")


def sides(run):
    return side(f"{run}:anynetx_e"), side(f"{run}:regnetx")


def test_both_populations_grow_to_the_first_look(run):
    a, b = sides(run)
    known = a.table.errors
    found = compare_until_decided(a, b, Terms(), at_most=FIRST, watcher=Silent())
    a, b = sides(run)
    assert (len(a.table), len(b.table)) == (FIRST, FIRST)
    assert a.table.errors[:3].tolist() == known.tolist()
    assert found == decide(a.table.errors, b.table.errors)
    assert found.looks == (FIRST,)
    networks = [trial.network for trial in read_record(RunFolder(run)).population]
    assert len(set(networks[:3] + networks[5:22])) == 20


def test_a_grown_run_is_still_the_same_run(run, study):
    compare_until_decided(*sides(run), Terms(), at_most=FIRST, watcher=Silent())
    before = json.loads((run / "summary.json").read_text())
    run_study(study, run, Silent())
    after = json.loads((run / "summary.json").read_text())
    assert after["winner"] == before["winner"]
    assert after["networks_trained"] == 2 * FIRST


def test_growing_again_trains_nothing_twice(run):
    for finished in (4, 4, 6):
        with growing(RunFolder(run), Silent()) as grown:
            assert len(grown.grow("regnetx", finished)) == finished
    with Store.existing(run / "run.db") as store:
        trials = store.trials(round="population", space="regnetx")
    assert [trial.index for trial in trials] == list(range(6))
    assert {trial.attempts for trial in trials} == {1}
    assert len({trial.seed for trial in trials}) == 6


def test_two_runs_grow_side_by_side(run, study, tmp_path):
    other = run_study(replace(study, seed=1), tmp_path / "other", Silent()).path
    a, b = side(f"{run}:regnetx"), side(f"{other}:regnetx")
    found = compare_until_decided(a, b, Terms(force=True), at_most=FIRST, watcher=Silent())
    assert (found.finished_a, found.finished_b) == (FIRST, FIRST)
    with pytest.raises(RunError, match="different images or splits"):
        compare_until_decided(a, b, Terms(), at_most=FIRST, watcher=Silent())


def test_what_cannot_be_decided_is_refused(run):
    a, b = sides(run)
    with pytest.raises(UserError, match=r"--at-most 19 is fewer than the first look takes; .* 20"):
        compare_until_decided(a, b, Terms(), at_most=19, watcher=Silent())
    with pytest.raises(RunError, match="stands on both sides"):
        compare_until_decided(a, a, Terms(), at_most=40, watcher=Silent())
    with pytest.raises(UserError, match="margin -1 must lie"):
        compare_until_decided(a, b, Terms(margin=-1), at_most=40, watcher=Silent())
    assert sides(run)[0].table.errors.tolist() == a.table.errors.tolist(), "nothing was trained"


def test_the_command_says_a_verdict(run, netspace):
    words = (f"{run}:anynetx_e", f"{run}:regnetx", "--until-decided", "--at-most", 20)
    told = netspace("compare", *words, "--estimand", "mean", "--margin", 20, "--json")
    assert told.code == 0, told.err
    found = json.loads(told.out)
    assert found["looks"] == [20]
    assert found["margin"] == 20
    assert found["verdict"] in ("better", "worse", "equivalent", "undecided")
    told = netspace("compare", *words)
    assert told.out.strip().endswith("in the expected error of the best of 10")
    assert "whenever one stops" in told.err


def test_a_walk_trains_and_writes_a_study(run, netspace):
    words = ("refine", f"{run}:anynetx_e", "--auto", "--at-most", 100, "--margin", 60)
    told = netspace(*words, "--json")
    assert told.code == 0, told.err
    found = json.loads(told.out)
    assert found["start"] == "anynetx_e"
    taken = [step for step in found["steps"] if step["taken"]]
    assert taken, "a margin of 60 points accepts what is tried"
    assert found["networks"] <= 100
    child = load_study(run / f"{found['space']}.yaml")
    assert isinstance(child, Study)
    assert [choice.called for choice in child.spaces] == [found["space"]]
    assert len(child.spaces[0].rules) == len(taken)
    record = read_record(RunFolder(run))
    assert [step.child for step in record.steps] == [step["child"] for step in found["steps"]]
    own = [trial for trial in record.population if trial.space == taken[0]["child"]]
    space = child.spaces[0].space(resolution=16, channels=3, classes=2)
    assert all(rule.parameters for rule in space.rules)
    assert len(own) >= FIRST
    assert np.mean([trial.error for trial in own]) >= 0
    again = netspace(*words, "--json")
    assert json.loads(again.out)["steps"] == found["steps"]
    report = (run / "report.html").read_text()
    assert "netspace-lineage" in report


def test_a_person_is_asked(run, netspace, monkeypatch):
    answers = iter(["x", "99", ""])
    monkeypatch.setattr("netspace.cli.populations.ask", lambda question: next(answers))
    told = netspace("refine", f"{run}:anynetx_e", "--at-most", 100)
    assert told.code == 0, told.err
    assert "nothing was chosen" in told.out
    assert next(answers, None) is None


def test_proposals_alone_train_nothing(run, netspace):
    told = netspace("refine", f"{run}:anynetx_e", "--json")
    found = json.loads(told.out)
    assert found["space"] == "anynetx_e"
    assert {"sentence", "promises", "rule", "evidence"} <= set(found["proposals"][0])
    with Store.existing(run / "run.db") as store:
        assert store.counts()["finished"] == 6


def test_a_walk_keeps_its_terms(run, netspace):
    words = ("refine", f"{run}:anynetx_e", "--auto", "--at-most")
    refused = netspace(*words, 1, "--margin", 1)
    assert refused.code == 2
    assert "--at-most 1 is fewer than the first look takes; give at least" in refused.err
    assert netspace(*words, 80, "--margin", 2).code == 0
    told = netspace(*words, 80, "--margin", 3)
    assert told.code == 2
    assert "began with --margin 2" in told.err


def test_a_walk_may_begin_at_a_child(run, netspace):
    words = ("--auto", "--at-most", 100, "--margin", 60)
    assert netspace("refine", f"{run}:anynetx_e", *words).code == 0
    told = netspace("refine", f"{run}:anynetx_e.1", *words, "--json")
    assert told.code == 0, told.err
    found = json.loads(told.out)
    (choice,) = load_study(run / f"{found['space']}.yaml").spaces
    taken = [step for step in read_record(RunFolder(run)).steps if step.taken]
    assert choice.rules == tuple(step.rule for step in taken)
    assert choice.called == taken[-1].child


def test_an_unfinished_population_is_trained_before_a_walk_begins(run, netspace):
    """Else a network that is finished later takes the place of one that proposed a rule."""
    with growing(RunFolder(run), Silent()) as grown:
        grown.grow("anynetx_e", 41)
    with Store(run / "run.db") as store:
        first = store.trials(round="population", space="anynetx_e")[0]
        store._change(first.id, was="finished", state="planned")
    told = netspace("refine", f"{run}:anynetx_e", "--auto", "--at-most", 40, "--margin", 60)
    assert told.code == 0, told.err
    assert read_record(RunFolder(run)).steps[0].seen == 41


def test_proposals_need_networks(run, netspace):
    with Store(run / "run.db") as store:
        for trial in store.trials(space="regnetx"):
            store._change(trial.id, was="finished", state="failed", error=None)
    told = netspace("refine", f"{run}:regnetx", "--json")
    assert told.code == 2
    assert "a proposal needs 2 finished networks, this has 0 (2 failed)" in told.err
