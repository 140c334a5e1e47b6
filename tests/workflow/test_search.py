"""What the options of a search mean together: its objective, budget, size and folder."""

from dataclasses import replace

import pytest

from netspace.config import Budget, SearchTerms
from netspace.errors import UnknownNameError, UserError
from netspace.search.halving import Halving
from netspace.search.objective import Accuracy, Pareto, Reward
from netspace.search.strategies import STRATEGIES
from netspace.workflow.search import OnTable, Size, Weighing, Wish

WISH = Wish(
    data="folder/pictures/",
    space="regnetx",
    strategy=None,
    weighing=Weighing(limits={"flops": "5M", "latency": None}),
    size=Size(),
)


@pytest.mark.parametrize(
    ("weighing", "objective", "budget"),
    [
        (Weighing(limits={"flops": "5M"}), Accuracy(), Budget(flops="5M")),
        (
            Weighing(objective="soft", limits={"flops": "5M", "params": "..1M"}),
            Reward(target="5M"),
            Budget(params="..1M"),
        ),
        (
            Weighing(objective="hard", cost="params", limits={"flops": "5M", "params": "1M"}),
            Reward(target="1M", cost="params", form="hard"),
            Budget(flops="5M"),
        ),
        (
            Weighing(objective="soft", cost="latency", w=-0.2, limits={"latency": "5ms"}),
            Reward(target="5ms", cost="latency_ms", w=-0.2),
            Budget(),
        ),
        (
            Weighing(objective="pareto", cost="flops, latency", limits={"flops": "1M..5M"}),
            Pareto(costs=("flops", "latency_ms")),
            Budget(flops="1M..5M"),
        ),
    ],
)
def test_what_is_a_target_is_no_limit(weighing, objective, budget):
    assert weighing.chosen == objective
    assert weighing.budget == budget


def test_a_wish_is_a_request():
    weighing = Weighing(objective="soft", limits={"flops": "5M"})
    size = Size(networks=9, epochs=4, halving=True)
    request = replace(WISH, strategy="evolution", weighing=weighing, size=size, seed=3).request
    study = request.study()
    assert study.data == "folder/pictures"
    assert (study.seed, study.kind, study.budget) == (3, "search", Budget())
    (choice,) = study.spaces
    assert (choice.name, choice.networks) == ("regnetx", 9)
    assert study.search == SearchTerms(
        strategy=STRATEGIES["evolution"], objective=Reward(target="5M"), halving=Halving()
    )
    sized = request.sized(study)
    assert sized is not None
    assert sized.recipe.epochs == 4
    assert sized.recipe.warmup_epochs <= 4


def test_without_a_size_time_fits_it():
    assert WISH.request.time == 1200
    request = replace(WISH, size=Size(time="90s")).request
    assert request.time == 90
    assert request.sized(request.study()) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": None}, "--data is missing"),
        ({"space": ""}, "--space is missing"),
        ({"size": Size(time="1m", networks=3)}, "leave out --networks and --epochs"),
        ({"size": Size(networks=3)}, "give --networks and --epochs together"),
        ({"strategy": "evolve"}, "unknown strategy 'evolve'"),
        ({"weighing": Weighing(limits={"latency": "5 s"})}, "latency '5 s' must be milliseconds"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes, message):
    with pytest.raises(UserError, match=message):
        _ = replace(WISH, **changes).request


@pytest.mark.parametrize("name", ["cost", "w"])
def test_what_does_nothing_is_refused(name):
    value = {"cost": "flops", "w": -1.0}[name]
    for objective in (None, "accuracy"):
        with pytest.raises(UserError, match=f"--{name} does nothing without --objective soft"):
            _ = Weighing(objective=objective, limits={"flops": "5M"}, **{name: value}).chosen


def test_unknown_names_are_corrected():
    with pytest.raises(UnknownNameError, match="did you mean 'latency'"):
        _ = Weighing(objective="pareto", cost="flops,latencyy").chosen
    with pytest.raises(UnknownNameError, match="did you mean 'hard'"):
        _ = Weighing(objective="hart").chosen


def test_the_folder_is_called_after_what_is_searched():
    assert WISH.name == "pictures-regnetx-surrogate-5M"
    assert replace(WISH, strategy="tpe", weighing=Weighing()).name == "pictures-regnetx-tpe"


def test_a_table_takes_some_of_the_options():
    wish = replace(WISH, data=None, space=None, strategy="random", seed=4, size=Size(networks=7))
    found = OnTable(table="DIR:SPACE", seeds=3, categories="a, b,").wish(wish)
    assert (found.table, found.networks, found.seeds, found.seed) == ("DIR:SPACE", 7, 3, 4)
    assert found.unordered == ("a", "b")
    assert found.budget == Budget(flops="5M")
    assert found.strategy == STRATEGIES["random"]
    usual = OnTable(table="DIR").wish(replace(wish, size=Size()))
    assert (usual.networks, usual.seeds, usual.unordered) == (200, 20, ())
