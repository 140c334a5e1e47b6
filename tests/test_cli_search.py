"""netspace search from end to end: what it writes, resumes and refuses; trainings are made up."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from netspace.design.complexity import count
from netspace.design.zoo import network
from netspace.run.store import Store
from netspace.search.strategies import STRATEGIES
from tests.commands import Netspace, Told
from tests.pictures import picture_folder
from tests.watching import wait_for_finished
from tests.workflow.test_searching import Pool, use

SIZE = ("--networks", 4, "--epochs", 1)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return picture_folder(tmp_path_factory.mktemp("data") / "colours", images=16)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Pool:
    return use(Pool(), monkeypatch)


class Asking:
    """netspace search on the pictures, into a folder of its own."""

    def __init__(self, netspace: Netspace, pictures: Path, folder: Path):
        self.folder = folder / "run"
        self._netspace, self._pictures = netspace, pictures

    def __call__(self, *words: object, space: str = "anynetx_e") -> Told:
        given = ("--data", self._pictures, "--space", space, "--out", self.folder)
        return self._netspace("search", *given, *words)

    @property
    def summary(self) -> dict:
        return json.loads((self.folder / "summary.json").read_text())


@pytest.fixture
def ask(netspace: Netspace, pictures: Path, tmp_path: Path, pool: Pool) -> Asking:
    return Asking(netspace, pictures, tmp_path)


def one_line(told: Told) -> str:
    """The message of a mistake: one line, exit code 2, nothing on stdout, no traceback."""
    assert (told.code, told.out) == (2, ""), told
    last = told.err.splitlines()[-1]
    assert last.startswith("netspace: ")
    assert "Traceback" not in told.err
    return last


def test_a_search_ends_like_a_design(ask: Asking) -> None:
    told = ask("--flops", "600K", "--strategy", "random", *SIZE)
    assert told.code == 0
    assert told.out.startswith("random: highest accuracy within the budget; 4 networks asked for")
    names = {"run.db", "report.html", "winner.yaml", "winner.safetensors", "summary.json"}
    assert names <= {path.name for path in ask.folder.iterdir()}
    chosen = network(str(ask.folder / "winner.yaml"))
    assert 0.85 * 600_000 <= count(chosen).flops == ask.summary["flops"] <= 600_000
    assert ask.summary["networks_trained"] == ask.summary["search"]["evaluations"] == 4
    again = ask("--flops", "600K", "--strategy", "random", *SIZE, "--json")
    assert (again.code, json.loads(again.out)) == (0, ask.summary)


def test_the_usual_strategy_is_the_surrogate(ask: Asking) -> None:
    assert ask("--flops", "600K", *SIZE).code == 0
    assert ask.summary["search"]["strategy"] == "surrogate"


@pytest.mark.parametrize("name", [name for name in STRATEGIES if name not in ("random", "gp")])
def test_every_strategy_can_be_named(name: str, ask: Asking) -> None:
    told = ask("--flops", "600K", "--strategy", name, "--networks", 3, "--epochs", 1)
    assert told.code == 0, told.err
    assert ask.summary["search"]["strategy"] == name


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--objective", "soft", "--flops", "300K"), "accuracy x (flops / 300K)^-0.07"),
        (
            ("--objective", "soft", "--flops", "300K", "--w", "-0.2"),
            "accuracy x (flops / 300K)^-0.2",
        ),
        (
            ("--objective", "hard", "--cost", "params", "--params", "9K", "--flops", "..1M"),
            "accuracy, above 9K params x (params / 9K)^-1",
        ),
        (
            ("--objective", "pareto", "--cost", "flops,params"),
            "the front of accuracy and flops and params",
        ),
        (("--params", "..9K"), "highest accuracy within the budget"),
        (("--activations", "..20K"), "highest accuracy within the budget"),
    ],
)
def test_objectives_and_limits(words: tuple[str, ...], sentence: str, ask: Asking) -> None:
    """A target is no limit; no limit on flops is needed where another is given."""
    told = ask(*words, "--strategy", "random", *SIZE)
    assert told.code == 0, told.err
    assert ask.summary["search"]["objective"] == sentence


def test_halving_says_its_rungs_and_how_many_it_compares(ask: Asking) -> None:
    words = ("--flops", "600K", "--strategy", "random", "--halving")
    told = ask(*words, "--networks", 6, "--epochs", 4)
    assert told.code == 0, told.err
    found = ask.summary["search"]
    assert (found["rungs"], found["evaluations"]) == ([1, 3, 4], 6)
    assert 1 <= found["compared"] < 6
    assert "trained to the end only if they did well early" in told.out
    assert not (ask.folder / "weights").exists()


F = ("--flops", "600K")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((*F, *SIZE, "--strategy", "evolutoin"), "unknown strategy .* did you mean 'evolution'?"),
        ((*F, *SIZE, "--objective", "sof"), "unknown objective 'sof'; did you mean 'soft'?"),
        (
            (*F, *SIZE, "--objective", "soft", "--cost", "flop"),
            "unknown cost 'flop'; did you mean 'flops'?",
        ),
        (("--flops", "0", *SIZE, "--objective", "soft"), "target 0 must be above 0"),
        (
            (*SIZE, "--objective", "hard", "--cost", "latency", "--latency", "0ms"),
            "latency '0ms' must be milliseconds above 0",
        ),
        ((*F, *SIZE, "--objective", "soft", "--w", "0.07"), "w 0.07 must be below 0"),
        ((*F, *SIZE, "--w", "-0.07"), "--w does nothing without --objective soft or hard"),
        (
            (*F, *SIZE, "--objective", "pareto", "--w", "-1"),
            "--w does nothing without --objective soft or hard$",
        ),
        ((*F, *SIZE, "--cost", "params"), "--cost does nothing without --objective soft, hard"),
        ((*F, "--time", "1m", "--networks", 3), "leave out --networks and --epochs"),
        ((*F, "--networks", 3), "give --networks and --epochs together"),
        ((*F, "--epochs", 3), "give --networks and --epochs together"),
        ((*F, "--time", "1x"), "time '1x' must be like 20m"),
        ((*F, "--networks", 0, "--epochs", 1), "Invalid value for '--networks'"),
        ((*SIZE, "--objective", "soft"), "--objective soft needs a target: give --flops"),
        (
            (*F, *SIZE, "--objective", "hard", "--cost", "params"),
            "--objective hard needs a target: give --params",
        ),
        (
            ("--flops", "1M..2M", *SIZE, "--objective", "soft"),
            "--flops 1M..2M: a target is a single size",
        ),
        (
            (*F, *SIZE, "--objective", "soft", "--cost", "flops,params"),
            "weighs one cost, not flops,params; pareto takes two",
        ),
        ((*F, *SIZE, "--latency", "5s"), "latency '5s' must be milliseconds above 0, like 5ms"),
        (SIZE, "a search for accuracy alone needs a limit; give flops"),
        (("--flops", "1..2", *SIZE), "none of .* has flops in 1..2; the nearest has 98K flops"),
        ((*F, *SIZE, "--halving"), "halving: first 1 must be below the recipe's epochs 1"),
        ((*F, *SIZE, "--seeds", 3), "--seeds belongs to a search on a table: add --table"),
        ((*F, *SIZE, "--fitted"), "--fitted belongs to a search on a table: add --table"),
        ((*F, *SIZE, "--categories", "a"), "--categories belongs to a search on a table"),
        (
            (*F, *SIZE, "--strategy", "cmaes", "--objective", "pareto"),
            "cmaes takes one objective, not pareto",
        ),
        ((*F, *SIZE, "--strateg", "random"), "No such option: --strateg"),
    ],
)
def test_a_mistake_gets_one_line_and_leaves_no_folder(
    words: tuple[object, ...], message: str, ask: Asking, pool: Pool
) -> None:
    told = ask(*words)
    assert re.search(message, one_line(told)), told.err
    assert not ask.folder.exists()
    assert not pool.begun


@pytest.mark.parametrize("size", [SIZE, ()])
def test_a_strategy_that_does_not_fit_the_space_is_refused_before_all_work(
    size: tuple[object, ...], ask: Asking, pool: Pool
) -> None:
    told = ask("--flops", "3M", "--strategy", "cmaes", *size, space="mnasnet")
    assert "cmaes needs ordered parameters, and operation[0] has no order" in one_line(told)
    assert not ask.folder.exists()
    assert not pool.begun


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "give a study file, or --data and --space: --data is missing"),
        (("--data", "digits"), "--space is missing"),
        (("--space", "regnetx"), "--data is missing"),
        (("--data", "digits", "--space", "regnet"), "unknown space 'regnet'; did you mean"),
        (("--data", "digit", "--space", "regnetx"), "did you mean 'digits'?"),
        (("none.yaml",), "none.yaml: cannot be read (No such file or directory)"),
    ],
)
def test_what_is_missing_is_named(
    words: tuple[str, ...],
    message: str,
    netspace: Netspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    flops = () if words == ("none.yaml",) else ("--flops", "1M")
    assert message in one_line(netspace("search", *words, *flops))
    assert not list(tmp_path.iterdir())


STUDY = {
    "budget": {"flops": "600K"},
    "spaces": [{"name": "anynetx_e", "networks": 4}],
    "recipe": {"epochs": 1, "batch_size": 16, "warmup_epochs": 0.5},
    "search": {"strategy": {"kind": "random"}},
    "final": {"candidates": 1, "seeds": 1, "epochs_factor": 1},
    "workers": 1,
}


@pytest.fixture
def file(pictures: Path, tmp_path: Path) -> Path:
    return written(tmp_path, {"data": str(pictures), **STUDY})


def written(folder: Path, study: dict) -> Path:
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(study))
    return path


def test_a_study_file_may_say_it_all(
    file: Path, netspace: Netspace, tmp_path: Path, pool: Pool
) -> None:
    told = netspace("search", file, "--out", tmp_path / "run", "--json")
    assert told.code == 0, told.err
    assert json.loads(told.out)["search"]["evaluations"] == 4
    begun = len(pool.begun)
    assert netspace("run", file, "--out", tmp_path / "run").code == 0
    assert len(pool.begun) == begun


@pytest.mark.parametrize(
    "words",
    [F, ("--w", "-0.07"), ("--strategy", "random"), ("--halving",), ("--time", "1m"), SIZE[:2]],
)
def test_beside_a_study_file_no_option_is_taken(
    words: tuple[str, ...], file: Path, netspace: Netspace, tmp_path: Path
) -> None:
    told = netspace("search", file, *words, "--out", tmp_path / "run")
    assert f"the study file says it all: leave out {words[0]}" in one_line(told)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"search": None}, "describes no search: add one, as 'search: {}', or use run"),
        ({"spaces": [{"name": "anynetx_e"}, {"name": "regnetx"}]}, "takes one space, not 2"),
        ({"search": {"strateg": {}}}, "search: strateg: unknown field; did you mean 'strategy'?"),
        ({"search": {"strategy": {"kind": "evo"}}}, "search: strategy: unknown kind 'evo'"),
        ({"search": {"halving": {"factor": 1}}}, "factor 1 must be at least 2"),
        ({"search": {"halving": {}}}, "first 1 must be below the recipe's epochs 1"),
        (
            {"search": {"objective": {"kind": "reward", "target": "5M", "w": 1}}},
            "w 1 must be below 0",
        ),
        ({"budget": {}}, "a search for accuracy alone needs a limit"),
        (
            {
                "spaces": [{"name": "mnasnet"}],
                "budget": {"flops": "3M"},
                "search": {"strategy": {"kind": "cmaes"}},
            },
            "cmaes needs ordered parameters, and operation[0] has no order",
        ),
    ],
)
def test_a_study_file_that_says_no_search_is_refused(
    changes: dict, message: str, pictures: Path, netspace: Netspace, tmp_path: Path, pool: Pool
) -> None:
    file = written(tmp_path, {"data": str(pictures), **STUDY, **changes})
    told = netspace("search", file, "--out", tmp_path / "run")
    assert message in one_line(told)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*F, "--strategy", "evolution", *SIZE), "--strategy differs: random there, evolution"),
        ((*F, "--strategy", "random", "--networks", 5, "--epochs", 1), "--networks differs: 4 the"),
        (("--flops", "500K", "--strategy", "random", *SIZE), "--flops differs: 600K there, 500K"),
        (
            (*F, "--strategy", "random", *SIZE, "--objective", "hard"),
            "holds another search (--flops differs",
        ),
        (
            (*F, "--strategy", "random", *SIZE, "--objective", "pareto"),
            "--objective differs: highest accuracy within the budget there, the front of",
        ),
    ],
)
def test_another_search_in_the_same_folder_says_what_differs(
    words: tuple[object, ...], said: str, ask: Asking
) -> None:
    assert ask(*F, "--strategy", "random", *SIZE).code == 0
    before = (ask.folder / "summary.json").read_text()
    assert said in one_line(ask(*words))
    assert (ask.folder / "summary.json").read_text() == before


def test_a_search_is_no_sample_of_its_space(ask: Asking, netspace: Netspace) -> None:
    assert ask(*F, "--strategy", "random", *SIZE).code == 0
    for words in (
        ("compare", ask.folder, ask.folder),
        ("refine", ask.folder),
        ("fidelity", ask.folder),
        ("proxies", ask.folder),
    ):
        message = one_line(netspace(*words))
        assert "networks that were searched for are no sample of their space" in message
    assert netspace("status", ask.folder).code == 0
    assert netspace("export", ask.folder, "--to", "yaml", "-o", ask.folder / "n.yaml").code == 0


TABLE = "depth,kernel,top1\n" + "\n".join(f"{d},{k},{50 + d + k}" for d in range(9) for k in (3, 5))


@pytest.fixture
def table(netspace: Netspace, tmp_path: Path) -> Path:
    (tmp_path / "made.csv").write_text(TABLE)
    assert netspace("import", tmp_path / "made.csv", "--accuracy", "top1", "--out", tmp_path / "t")
    return tmp_path / "t"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--data", "digits"), "a table takes the place of training: leave out --data"),
        (("--time", "1m"), "leave out --time"),
        (("--epochs", 1), "leave out --epochs"),
        (("--halving",), "leave out --halving"),
        (("--skip-broken",), "leave out --skip-broken"),
        (("--out", "run"), "a search on a table makes no run: leave out --out"),
        (("study.yaml",), "makes no run: leave out --out and the study file"),
        (("--fitted",), "--fitted estimates networks of a space: give both, or neither"),
        (("--space", "regnetx"), "--fitted estimates networks of a space: give both, or neither"),
        (("--resolution", 32), "--resolution is that of a space: add --fitted"),
        (("--fitted", "--space", "regnetx", "--categories", "a"), "leave out --categories"),
        (("--categories", "depht"), "unknown parameter of the table: 'depht'; did you mean"),
        (("--objective", "soft", "--flops", "5M"), "the table tells no flops of 18 rows"),
        (("--flops", "5M"), "the table tells no flops of 18 rows; import it with --flops COLUMN"),
        (("--strategy", "evo"), "unknown strategy 'evo'"),
    ],
)
def test_what_says_nothing_of_a_table_is_refused(
    words: tuple[object, ...],
    message: str,
    table: Path,
    netspace: Netspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    assert message in one_line(netspace("search", "--table", table, *words))
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,top1\na,50\nb,60\n", "the table has no parameter that every row tells"),
        ("depth,top1\n1,50\n1,60\n2,70\n", "two rows of the table have the same parameters"),
    ],
)
def test_tables_that_cannot_be_searched(
    text: str, message: str, netspace: Netspace, tmp_path: Path
) -> None:
    (tmp_path / "made.csv").write_text(text)
    netspace("import", tmp_path / "made.csv", "--accuracy", "top1", "--out", tmp_path / "t")
    assert message in one_line(netspace("search", "--table", tmp_path / "t"))


def test_a_run_that_trained_is_no_table(ask: Asking, netspace: Netspace, tmp_path: Path) -> None:
    assert ask(*F, "--strategy", "random", *SIZE).code == 0
    assert "search, not design" in one_line(netspace("search", "--table", ask.folder))
    assert "no run there" in one_line(netspace("search", "--table", tmp_path / "nowhere"))


@pytest.mark.slow
def test_a_real_search_goes_on_after_a_kill(netspace: Netspace, tmp_path: Path) -> None:
    study = {
        **STUDY,
        "data": "digits",
        "budget": {"flops": "100K"},
        "spaces": [{"name": "regnetx", "networks": 5}],
        "recipe": {"epochs": 1, "batch_size": 16, "train_images": 200, "learning_rate": 0.05},
        "search": {"strategy": {"kind": "evolution", "population": 2, "sample": 2}},
    }
    file, out = written(tmp_path, study), tmp_path / "run"
    command = [sys.executable, "-m", "netspace.cli", "search", str(file), "--out", str(out)]
    first = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    kept = wait_for_finished(out / "run.db", 2)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    told = netspace("search", file, "--out", out, "--json")
    assert told.code == 0, told.err
    with Store.existing(out / "run.db") as store:
        population = store.trials(round="population")
        assert len(population) == len({one.network for one in population}) == 5
        assert len(store.fact("origins")) == 5
        assert all(store.trials(id=one.id) == [one] for one in kept)
    summary = json.loads(told.out)
    assert summary["networks_trained"] == 5
    assert 0 <= summary["test_error_percent"] <= 100
