"""Which networks of a run are the best, by error, reward or front."""

from dataclasses import replace

import numpy as np
import pytest

from netspace.config import Budget, SearchTerms, SpaceChoice, Study
from netspace.design.complexity import Complexity
from netspace.design.zoo import network
from netspace.present.populations import candidates, costs_of
from netspace.recipe import Recipe
from netspace.search.halving import Halving
from netspace.search.objective import Accuracy, Pareto, Reward
from netspace.trial import Epoch, Trial
from netspace.workflow.choosing import best_candidates, objective_of, ranked

RECIPE = Recipe(epochs=3, warmup_epochs=0.5)
NETWORK = network("resnet18")


def study(objective: object = None, **terms: object) -> Study:
    search = None if objective is None else SearchTerms(objective=objective, **terms)
    return Study(
        data="digits",
        budget=Budget(flops="5M"),
        spaces=(SpaceChoice(name="regnetx"),),
        recipe=RECIPE,
        search=search,
    )


def trial(index: int, error: float | None, *, flops: int = 1, params: int = 1, epochs: int = 3):
    curve = tuple(
        Epoch(
            number=number,
            learning_rate=0.1,
            train_loss=1.0,
            validation_error_percent=error or 0.0,
            seconds=1.0,
        )
        for number in range(1, epochs + 1)
    )
    return Trial(
        id=index + 1,
        space="regnetx",
        index=index,
        network=NETWORK,
        complexity=Complexity(flops=flops, params=params, activations=1),
        recipe=RECIPE,
        seed=0,
        state="failed" if error is None else "finished",
        error=error,
        curve=curve,
    )


def order(found: object) -> list[int]:
    return [one.index for one in found]


HARD = Reward(target=100, form="hard")
FAST = Reward(target=2, cost="latency_ms", form="hard")
SOME = [
    trial(0, 30.0, flops=400, params=4),
    trial(1, 50.0, flops=100, params=5),
    trial(2, None),
    trial(3, 40.0, flops=130, params=1),
    trial(4, 30.0, flops=400, params=4),
    trial(5, 55.0, flops=90, params=9),
    trial(6, 56.0, flops=95, params=9),
]


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        (None, [0, 4, 3, 1, 5, 6]),
        (Accuracy(), [0, 4, 3, 1, 5, 6]),
        (HARD, [1, 3, 5, 6, 0, 4]),  # .5, .6 / 1.3 = .46, .45, .44, .7 / 4
        (Pareto(), [0, 4, 3, 1, 5, 6]),  # all of the front but the last
        (Pareto(costs=("params",)), [0, 4, 3, 1, 5, 6]),
    ],
)
def test_the_best_come_first_and_failures_nowhere(objective, expected):
    assert order(ranked(study(objective), SOME, ())) == expected


def test_who_is_beaten_comes_after_the_front():
    beaten = trial(7, 42.0, flops=140)  # by number 3, though its error is lower than others'
    assert order(ranked(study(Pareto()), [*SOME, beaten], ())) == [0, 4, 3, 1, 5, 7, 6]
    assert order(ranked(study(Accuracy()), [*SOME, beaten], ())) == [0, 4, 3, 7, 1, 5, 6]


def test_latencies_are_those_of_the_index():
    latencies = [9.0, 2.0, 1.0, 1.0, 9.0, 9.0, 9.0]
    shuffled = [SOME[place] for place in (5, 3, 0, 1)]
    assert order(ranked(study(FAST), shuffled, latencies)) == [3, 1, 0, 5]
    costs = costs_of(shuffled, latencies)
    assert costs["latency_ms"].tolist() == [9, 1, 9, 2]
    assert costs["flops"].tolist() == [90, 130, 400, 100]
    assert "latency_ms" not in costs_of(shuffled, ())


def test_of_halved_networks_only_those_trained_to_the_end_are_ranked():
    some = [trial(0, 10.0, epochs=1), trial(1, 30.0), trial(2, 20.0), trial(3, None, epochs=3)]
    halved = study(Accuracy(), halving=Halving())
    assert order(ranked(halved, some, ())) == [2, 1]
    assert order(ranked(study(Accuracy()), some, ())) == [0, 2, 1]
    assert ranked(halved, some[:1], ()) == []


def final(index: int, *errors: float | None, flops: int) -> list[Trial]:
    return [
        replace(trial(index, error, flops=flops), id=10 * index + seed, round="final", seed=seed)
        for seed, error in enumerate(errors)
    ]


FINAL = candidates(
    [
        *final(0, 20.0, 24.0, flops=200),
        *final(1, 40.0, 20.0, flops=90),
        *final(2, None, None, flops=50),
        *final(3, 25.0, None, flops=100),
    ]
)


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        (None, [0, 3, 1]),  # means 22, 30, 25
        (HARD, [3, 1, 0]),  # .75, .7, .39
        (Pareto(), [0, 3, 1]),
    ],
)
def test_candidates_are_ranked_by_their_mean_errors(objective, expected):
    found = best_candidates(study(objective), FINAL, ())
    assert [one.first.index for one in found] == expected


def test_a_candidate_without_an_error_is_none():
    assert best_candidates(study(HARD), candidates(final(2, None, flops=50)), ()) == []
    assert best_candidates(study(), (), ()) == []


def test_a_design_takes_the_lowest_error():
    assert objective_of(study()) == Accuracy()
    assert objective_of(study(HARD)) == HARD


def test_costs_are_columns_of_numbers():
    costs = costs_of(SOME, ())
    assert all(column.dtype == np.float64 for column in costs.values())
    assert costs["params"].tolist() == [4, 5, 1, 1, 4, 9, 9]
