"""A search by scores of untrained networks: what it is told, says, writes and refuses."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from math import isnan, nan
from pathlib import Path

import numpy as np
import pytest
import torch

import netspace as ns
from netspace.config import Budget, SearchTerms, SpaceChoice, Study
from netspace.design.complexity import count
from netspace.errors import StorageError, TrainingError, UserError
from netspace.present.proxy_search_text import known_of, proxy_search_json, proxy_search_text
from netspace.search.evolution import Evolution, Random
from netspace.search.strategy import Search
from netspace.train.data import load
from netspace.train.proxies import PROXIES, Untrained, batch, score
from netspace.train.proxies_recorded import NETWORKS, RECORDED
from netspace.workflow.population import trial_seed
from netspace.workflow.proxy_search import search_by_proxy
from tests.commands import Netspace
from tests.watching import Silent

PAGE = Path(__file__).resolve().parents[2] / "docs" / "proxies.md"
STUDY = Study(
    data="digits",
    budget=Budget(flops="20K..100K"),
    spaces=(SpaceChoice(name="anynetx_e", networks=12),),
    search=SearchTerms(strategy=Random()),
    seed=3,
)
WORDS = ("search", "--space", "anynetx_e", "--data", "digits", "--flops", "20K..100K")
BY_NASWOT = (*WORDS, "--estimate", "naswot", "--networks", 12, "--seed", 3)

Proxy = Callable[[Untrained], float]


def activations(case: Untrained) -> float:
    """A score that costs nothing."""
    return float(count(case.network).activations)


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch) -> Callable[[Proxy], None]:
    """Put another function in the place of naswot."""
    return lambda proxy: monkeypatch.setitem(PROXIES, "naswot", proxy)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, float]]:
    """What strategies were told: number and error."""
    heard: list[tuple[int, float]] = []
    tell = Search.tell

    def hear(search: Search, number: int, error: float, *, epochs: int = 1) -> None:
        heard.append((number, error))
        tell(search, number, error, epochs=epochs)

    monkeypatch.setattr(Search, "tell", hear)
    return heard


class Listening(Silent):
    """A watcher that keeps what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, sentence: str) -> None:
        """Keep it."""
        self.said.append(sentence)


def untimed(document: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in document.items() if not name.startswith("seconds")}


# What it does


def test_the_strategy_is_told_scores_and_the_highest_is_the_best(
    faked: Callable[[Proxy], None], told: list[tuple[int, float]]
) -> None:
    faked(activations)
    found = search_by_proxy("naswot", STUDY, Silent())
    scores = [float(one.member.complexity.activations) for one in found.networks]
    assert [one.score for one in found.networks] == scores
    assert told == [(number, -value) for number, value in enumerate(scores)]
    assert [one.score for one in found.best] == sorted(scores, reverse=True)
    assert found.so_far.tolist() == np.maximum.accumulate(scores).tolist()
    assert all(20_000 <= one.member.complexity.flops <= 100_000 for one in found.networks)


def test_a_strategy_looks_for_high_scores(faked: Callable[[Proxy], None]) -> None:
    faked(activations)
    terms = SearchTerms(strategy=Evolution(population=5, sample=5))
    study = replace(STUDY, search=terms, spaces=(SpaceChoice(name="anynetx_e", networks=60),))
    scores = [one.score for one in search_by_proxy("naswot", study, Silent()).networks]
    assert np.mean(scores[-10:]) > max(scores[:5])


def test_networks_begin_as_in_training_and_see_one_batch_of_the_train_split(
    faked: Callable[[Proxy], None],
) -> None:
    cases: list[Untrained] = []

    def keep(case: Untrained) -> float:
        cases.append(case)
        return float(len(cases))

    faked(keep)
    search_by_proxy("naswot", STUDY, Silent())
    assert [case.seed for case in cases] == [trial_seed(3, 0, number) for number in range(12)]
    images, labels = batch(load("digits", seed=3), (8, 8), seed=3, device=torch.device("cpu"))
    assert all(torch.equal(case.images, images) for case in cases)
    assert all(torch.equal(case.labels, labels) for case in cases)


def test_scores_run_on_one_thread_as_trainings_do(faked: Callable[[Proxy], None]) -> None:
    faked(lambda case: float(torch.get_num_threads()))
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        found = search_by_proxy("naswot", STUDY, Silent())
        assert {one.score for one in found.networks} == {float(found.threads)} == {1.0}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_nothing_of_validation_and_test_is_needed(
    faked: Callable[[Proxy], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    faked(lambda case: float(case.images.double().sum()) + activations(case))
    known = search_by_proxy("naswot", STUDY, Silent())
    data = load("digits", seed=3)
    others = {
        name: replace(data.splits[name], images=data.splits[name].images * 0)
        for name in ("validation", "test")
    }
    blank = replace(data, **others)
    monkeypatch.setattr("netspace.workflow.proxy_search.images_of", lambda *_: blank)
    again = search_by_proxy("naswot", STUDY, Silent())
    assert [one.score for one in again.networks] == [one.score for one in known.networks]


def test_the_same_seed_gives_the_same_search(netspace: Netspace) -> None:
    words = (*WORDS, "--estimate", "params", "--networks", 25, "--strategy", "evolution", "--json")
    first, again, other = (netspace(*words, "--seed", seed) for seed in (1, 1, 2))
    assert untimed(json.loads(first.out)) == untimed(json.loads(again.out))
    assert json.loads(other.out)["best"] != json.loads(first.out)["best"]


def test_a_real_search(netspace: Netspace, tmp_path: Path) -> None:
    file = tmp_path / "best.yaml"
    words = (*WORDS, "--estimate", "synflow", "--networks", 6, "--seed", 3, "-o", file, "--json")
    shown = netspace(*words)
    assert shown.code == 0
    document = json.loads(shown.out)
    assert (document["networks"], document["networks_trained"]) == (6, 0)
    assert document["scores_failed"] == 0
    assert len(document["best"]) == 5
    best, cpu = document["best"][0], torch.device("cpu")
    assert document["best_so_far"] == [{"networks": 6, "score": best["score"]}]
    network = ns.network(str(file))
    given = batch(load("digits", seed=3), (8, 8), seed=3, device=cpu)
    expected = score("synflow", network, *given, seed=trial_seed(3, 0, best["number"]), device=cpu)
    assert best["score"] == pytest.approx(expected)
    assert network.name == best["name"] == f"anynetx_e-{best['number']}"
    assert (count(network).flops, network.depth) == (best["flops"], best["blocks"])
    assert network.note == "the highest synflow of 6 networks; not trained"
    assert [path.name for path in tmp_path.iterdir()] == ["best.yaml"]


# Failed scores


def test_failed_scores_are_counted_and_never_chosen(
    faked: Callable[[Proxy], None], told: list[tuple[int, float]]
) -> None:
    calls: list[Untrained] = []

    def often_fails(case: Untrained) -> float:
        calls.append(case)
        if len(calls) == 1:
            raise TrainingError("naswot: no")
        return nan if len(calls) % 3 == 0 else -1000.0 - len(calls)

    faked(often_fails)
    found = search_by_proxy("naswot", STUDY, Silent())
    assert [one.number for one in found.failed] == [0, 2, 5, 8, 11]
    assert [number for number, error in told if isnan(error)] == [0, 2, 5, 8, 11]
    assert found.best[0].number == 1  # though all scores are below 0
    text = proxy_search_text(found)
    assert "The score failed for 5 of 12 networks" in text
    assert "the first: naswot: no." in text
    document = json.loads(proxy_search_json(found))
    assert (document["scores_failed"], document["reason"]) == (5, "naswot: no")


def test_as_long_as_all_failed_there_is_no_best(faked: Callable[[Proxy], None]) -> None:
    calls: list[Untrained] = []

    def fails_at_first(case: Untrained) -> float:
        calls.append(case)
        return nan if len(calls) <= 10 else 7.5

    faked(fails_at_first)
    found = search_by_proxy("naswot", STUDY, Silent())
    assert json.loads(proxy_search_json(found))["best_so_far"] == [
        {"networks": 10, "score": None},
        {"networks": 12, "score": 7.5},
    ]
    assert re.search(r"^10 +-$", proxy_search_text(found), flags=re.MULTILINE)


def test_where_every_score_fails_there_is_no_result(
    faked: Callable[[Proxy], None], tmp_path: Path
) -> None:
    faked(lambda case: nan)
    with pytest.raises(UserError, match="naswot failed for all 12 networks; the first: naswot is"):
        search_by_proxy("naswot", STUDY, Silent(), tmp_path / "best.yaml")
    assert [*tmp_path.iterdir()] == []


# What is said


def test_what_is_known_of_the_estimate_comes_first(faked: Callable[[Proxy], None]) -> None:
    watcher = Listening()
    with pytest.raises(UserError, match="nowhere"):
        search_by_proxy("naswot", replace(STUDY, data="nowhere"), watcher)
    assert watcher.said == [*known_of("naswot", "anynetx_e")]
    first, own, check = watcher.said
    assert "-0.09 (-0.18 to 0.00) over 220 networks" in first
    assert first.endswith("not told from chance.")
    assert own.startswith("In anynetx_e alone, 40 networks: -0.10 (-0.32 to 0.13)")
    assert "'netspace proxies DIR'" in check


def test_a_wrong_way_round_is_called_so() -> None:
    wrong = "the wrong way round, higher where errors are."
    first, own, _ = known_of("synflow", "regnetx")
    assert first.endswith(wrong)
    assert own.endswith(wrong)
    assert len([*known_of("synflow", "mnasnet")]) == 2


def test_the_record_is_the_table_of_the_page() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.read_text("utf-8").splitlines()
        if line.startswith("|")
    ]
    place = next(i for i, row in enumerate(rows) if row[0].startswith("Kendall's tau"))
    spaces = [re.fullmatch(r"`?([\w.]+)`?, (\d+)", cell) for cell in rows[place][1:]]
    assert {found[1]: int(found[2]) for found in spaces if found} == NETWORKS
    written = {}
    for name, *cells in rows[place + 2 : place + 2 + len(PROXIES)]:
        taus = [tuple(float(n) for n in re.findall(r"-?\d\.\d\d", cell)) for cell in cells]
        written[name.strip("`")] = dict(zip(NETWORKS, taus, strict=True))
    assert written == RECORDED
    assert {*RECORDED} == {*PROXIES}


def test_what_a_user_sees(faked: Callable[[Proxy], None], netspace: Netspace) -> None:
    faked(activations)
    shown = netspace(*BY_NASWOT, "--strategy", "random")
    lines = shown.out.splitlines()
    assert lines[0] == (
        "random on anynetx_e: highest naswot within the budget; nothing was trained"
    )
    assert [line.split()[0] for line in lines[1:4]] == ["networks", "10", "12"]
    assert lines[4].split() == ["network", "score", "flops", "params", "activations", "blocks"]
    cells = [line.split() for line in lines[5:10]]
    assert [row[1] for row in cells] == [row[4] for row in cells]  # the score is that cost
    assert lines[10] == "No score failed."
    assert re.match(r"\S+ s a network for the score, on 1 thread; ", lines[11])
    assert shown.err.splitlines()[:3] == [*known_of("naswot", "anynetx_e")]


def test_too_few_networks_are_said(faked: Callable[[Proxy], None]) -> None:
    faked(activations)
    found = replace(search_by_proxy("naswot", STUDY, Silent()), asked=50)
    assert "12 networks instead of 50: no more new ones" in proxy_search_text(found)


def test_a_search_ends_where_no_network_is_left(
    faked: Callable[[Proxy], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    faked(activations)
    ask = Search.ask
    monkeypatch.setattr(
        Search, "ask", lambda search: ask(search) if len(search.history) < 4 else ()
    )
    found = search_by_proxy("naswot", STUDY, Silent())
    assert (len(found.networks), found.asked) == (4, 12)


# What is refused


@pytest.mark.parametrize(
    "words",
    [
        ("--time", "20m"),
        ("--epochs", 3),
        ("--halving",),
        ("--table", "runs/table"),
        ("--fitted",),
        ("--seeds", 3),
        ("--categories", "op"),
        ("--out", "run"),
        ("--objective", "soft"),
        ("--objective", "pareto"),
        ("--cost", "params"),
        ("--w", "-0.1"),
        ("--latency", "5ms"),
    ],
)
def test_options_of_other_searches_are_refused(
    words: tuple[object, ...],
    netspace: Netspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = netspace(*BY_NASWOT, *words)
    assert (shown.code, shown.out) == (2, "")
    assert shown.err == (
        "netspace: --estimate naswot only scores untrained networks within a budget and makes no "
        f"run: leave out {words[0]}\n"
    )
    assert [*tmp_path.iterdir()] == []


def test_a_study_file_is_refused(netspace: Netspace) -> None:
    shown = netspace("search", "study.yaml", "--estimate", "naswot")
    assert shown.code == 2
    assert shown.err.endswith("leave out the study file\n")


def test_accuracy_may_be_named(faked: Callable[[Proxy], None], netspace: Netspace) -> None:
    faked(activations)
    assert netspace(*BY_NASWOT, "--objective", "accuracy").code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--estimate", "naswat"), "unknown estimate 'naswat'; did you mean 'naswot'?"),
        (("--estimate", "trianing"), "unknown estimate 'trianing'; did you mean 'training'?"),
        (("-o", "best.yaml"), "-o belongs to a search by --estimate: add that, or leave -o out"),
    ],
)
def test_names_and_files_that_do_not_fit(
    words: tuple[str, ...], message: str, netspace: Netspace
) -> None:
    shown = netspace(*WORDS, *words)
    assert (shown.code, shown.err) == (2, f"netspace: {message}\n")


def test_a_limit_is_needed(netspace: Netspace) -> None:
    shown = netspace("search", "--space", "regnetx", "--data", "digits", "--estimate", "synflow")
    assert shown.err == "netspace: --estimate synflow needs a limit: give --flops, such as 5M\n"


def test_a_file_that_cannot_be_written_is_refused_before_the_search(
    faked: Callable[[Proxy], None], tmp_path: Path
) -> None:
    def unwanted(_: Untrained) -> float:
        raise AssertionError("nothing may be scored before that")

    faked(unwanted)
    for output in (tmp_path, tmp_path / "absent" / "best.yaml"):
        with pytest.raises(StorageError, match="names a file in a folder that exists"):
            search_by_proxy("naswot", STUDY, Silent(), output)


def test_training_is_the_usual_estimate(
    netspace: Netspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests: list[object] = []

    def design(request: object, *_: object, **__: object) -> None:
        requests.append(request)
        raise UserError("enough")

    monkeypatch.setattr("netspace.workflow.design.design", design)
    netspace(*WORDS, "--time", "5m", "--estimate", "training")
    netspace(*WORDS, "--time", "5m")
    assert len(requests) == 2
    assert requests[0] == requests[1]
