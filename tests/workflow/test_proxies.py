"""Zero-cost proxies checked on a run: the figures, what is said of them, and what is refused."""

import json
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import kendalltau

from netspace.config import Budget, FinalRound, SpaceChoice, Study
from netspace.errors import TrainingError
from netspace.present.proxies_text import conclusion, proxies_json, proxies_text, reversed_ranks
from netspace.recipe import Recipe
from netspace.run.folder import RunFolder
from netspace.run.store import Store
from netspace.train import proxies
from netspace.train.data import load
from netspace.train.proxies import PROXIES, batch, score
from netspace.trial import Trial
from netspace.workflow.proxies import Estimated, check_of, check_proxies
from netspace.workflow.study import run_study
from tests.commands import Netspace
from tests.watching import Silent

STUDY = Study(
    data="digits",
    budget=Budget(flops="20K..100K"),
    spaces=(SpaceChoice(name="anynetx_e", networks=11), SpaceChoice(name="regnetx", networks=10)),
    recipe=Recipe(epochs=1, train_images=100, batch_size=16, learning_rate=0.05),
    final=FinalRound(candidates=1, seeds=1, epochs_factor=1),
    seed=3,
    workers=1,
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of 21 networks."""
    return run_study(STUDY, tmp_path_factory.mktemp("run"), Silent()).path


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    """A run of one's own."""
    return Path(shutil.copytree(finished, tmp_path / "run"))


def population(folder: Path) -> list[Trial]:
    with Store.existing(RunFolder(folder).database) as store:
        return store.trials(round="population")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_figures_are_those_of_the_stored_errors(finished: Path, netspace: Netspace) -> None:
    before = contents(finished)
    told = netspace("proxies", finished, "--json")
    assert told.code == 0
    document = json.loads(told.out)
    trials = population(finished)
    every, *_ = (group for group in document["groups"] if group["name"] == "all")
    assert [group["networks"] for group in document["groups"]] == [11, 10, 21]
    assert [group["mixes_spaces"] for group in document["groups"]] == [False, False, True]
    for name in ("naswot", "flops"):
        _check_tau(every["correlations"][name]["tau"], scores(name, trials), trials)
    regnets = [trial for trial in trials if trial.space == "regnetx"]
    (own,) = (group for group in document["groups"] if group["name"] == "regnetx")
    _check_tau(own["correlations"]["params"]["tau"], scores("params", regnets), regnets)
    mean = np.mean([trial.seconds for trial in trials])
    assert document["training_seconds"] == pytest.approx(mean)
    assert [one["failed"] for one in document["proxies"]] == [0] * 5
    assert all(one["seconds"] > 0 for one in document["proxies"])
    assert contents(finished) == before


def scores(name: str, trials: Sequence[Trial]) -> list[float]:
    """The estimates of networks as their own training began with them."""
    cpu, data = torch.device("cpu"), load("digits", seed=STUDY.seed)
    given = batch(data, (8, 8), seed=STUDY.seed, device=cpu)
    return [score(name, trial.network, *given, seed=trial.seed, device=cpu) for trial in trials]


def _check_tau(found: Mapping[str, float], row: Sequence[float], trials: Sequence[Trial]) -> None:
    expected = kendalltau(row, [-(trial.error or 0.0) for trial in trials]).statistic
    assert found["value"] == pytest.approx(expected)
    assert found["low"] < found["value"] < found["high"]


def test_what_is_printed(finished: Path, netspace: Netspace) -> None:
    lines = netspace("proxies", finished).out.splitlines()
    assert lines[0].startswith("Over 21 networks of all spaces ")
    (head,) = (line for line in lines if line.startswith("tau "))
    assert head.endswith("  all, 21")
    assert [name in "\n".join(lines) for name in ("gradient norm", "a training took")] == [True] * 2
    assert "All together mixes spaces" in "\n".join(lines)
    assert lines[-1] == "No estimate failed."


def test_a_failed_estimate_is_counted_and_left_out(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = PROXIES["naswot"], []

    def fails_at_first(case: proxies.Untrained) -> float:
        calls.append(case)
        if len(calls) <= 3:
            raise TrainingError("naswot: no")
        return real(case)

    monkeypatch.setitem(PROXIES, "naswot", fails_at_first)
    check = check_proxies(finished, Silent())
    document = json.loads(proxies_json(check))
    assert document["sentence"] == proxies_text(check).splitlines()[0]
    naswot = document["proxies"][1]
    assert (naswot["name"], naswot["failed"], naswot["reason"]) == ("naswot", 3, "naswot: no")
    first, _, every = (group["correlations"] for group in document["groups"])
    assert (first["naswot"], every["naswot"]["networks"]) == (None, 18)
    assert every["synflow"]["networks"] == 21
    left = "naswot failed for 3 networks, which it leaves out; the first: naswot: no."
    assert left in proxies_text(check)


def test_a_space_with_few_networks_has_no_figure_of_its_own(copy: Path, netspace: Netspace) -> None:
    fail(copy, "space = 'regnetx' AND [index] > 4")
    told = netspace("proxies", copy)
    assert told.code == 0
    assert "regnetx has 5 finished networks; a figure takes 10." in told.out
    assert told.out.splitlines()[0].startswith("Over 16 networks of all spaces ")


def fail(folder: Path, where: str) -> None:
    with closing(sqlite3.connect(RunFolder(folder).database)) as database:
        change = "UPDATE trials SET state = 'failed', error = NULL WHERE round = 'population' AND "
        database.execute(change + where)
        database.commit()


def test_fewer_than_ten_networks_are_refused(copy: Path, netspace: Netspace) -> None:
    fail(copy, "id > 9")
    told = netspace("proxies", copy)
    assert (told.code, told.out) == (2, "")
    assert (
        "9 networks of the population finished, and estimates are checked on at least" in told.err
    )


def test_other_images_are_refused(copy: Path, netspace: Netspace) -> None:
    with Store(RunFolder(copy).database) as store:
        store.record(data=store.fact("data") | {"fingerprint": "0"})
    told = netspace("proxies", copy)
    assert (told.code, told.out) == (2, "")
    assert "the images of 'digits' changed since this run began" in told.err


def test_a_run_of_another_kind_is_refused(copy: Path, netspace: Netspace) -> None:
    with Store(RunFolder(copy).database) as store:
        store.record(kind="scaling")
    told = netspace("proxies", copy)
    assert told.code == 2
    assert "holds a run of another kind (scaling, not design)" in told.err


def test_a_folder_without_a_run_is_left_as_it_was(netspace: Netspace, tmp_path: Path) -> None:
    told = netspace("proxies", tmp_path)
    assert told.code == 2
    assert "no run there" in told.err
    assert list(tmp_path.iterdir()) == []


CHANCE = np.random.default_rng(0)


def networks(
    count: int, space: str = "a", shift: float = 0.0, **noise: float | None
) -> list[Estimated]:
    """Networks whose estimates are minus their error and noise; None is noise alone."""
    found = []
    for error in CHANCE.normal(50.0 + shift, 1.0, size=count):
        of = {name: _value(error, shift, noise.get(name)) for name in PROXIES}
        seconds = dict.fromkeys(PROXIES, 0.5)
        found.append(
            Estimated(space=space, error=error, training_seconds=9.0, found=of, seconds=seconds)
        )
    return found


def _value(error: float, shift: float, noise: float | None) -> float:
    return -shift + CHANCE.normal() if noise is None else -error + noise * CHANCE.normal()


class TestConclusion:
    def test_one_that_does_better(self):
        check = check_of("run", networks(40, synflow=0.1))
        assert conclusion(check) == (
            "Over 40 networks synflow ranks better than flops and params beyond the 95 % intervals."
        )
        assert reversed_ranks(check) == ""

    def test_none_that_does_better_than_good_baselines(self):
        check = check_of("run", networks(40, synflow=0.2, flops=0.2))
        assert conclusion(check) == (
            "Over 40 networks none of synflow, naswot and gradient norm ranks better than flops "
            "and params beyond the 95 % intervals: rely on none of them here."
        )

    def test_what_only_tells_the_spaces_apart_is_said_to(self):
        """Noise that follows the space ranks networks of two spaces, and none within either."""
        both = networks(30, "a", flops=20.0, params=20.0)
        both += networks(30, "b", shift=9.0, flops=20.0, params=20.0)
        told = conclusion(check_of("run", both))
        assert told.startswith("Over 60 networks of all spaces synflow, naswot and gradient norm ")
        assert "synflow does so within no single space;" in told

    def test_what_holds_within_a_space_is_said_to(self):
        both = networks(30, "a", synflow=0.1, naswot=9.0, gradient_norm=9.0)
        both += networks(30, "b", synflow=0.1, naswot=9.0, gradient_norm=9.0)
        told = conclusion(check_of("run", both))
        assert told.endswith("intervals. It does so also within a and b alone.")

    def test_the_wrong_way_round_is_said(self):
        found = [
            Estimated(
                space="a",
                error=one.error,
                training_seconds=9.0,
                found=dict(one.found) | {"naswot": one.error},
                seconds=one.seconds,
            )
            for one in networks(40)
        ]
        assert reversed_ranks(check_of("run", found)) == (
            "The wrong way round, beyond the interval: naswot, higher where errors are."
        )

    def test_where_every_estimate_failed_nothing_is_known(self):
        found = [
            Estimated(
                space="a",
                error=float(error),
                training_seconds=9.0,
                found=dict.fromkeys(PROXIES, "no"),
                seconds=dict.fromkeys(PROXIES, 0.5),
            )
            for error in range(12)
        ]
        check = check_of("run", found)
        assert conclusion(check).endswith("no estimate ranks any, so nothing is known of them.")
        assert "flops failed for 12 networks" in proxies_text(check)
