"""Successive halving: rungs, who goes on, and what it costs."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspace.errors import SpecError
from netspace.search.halving import Halving

halvings = st.builds(Halving, first=st.integers(1, 5), factor=st.integers(2, 5))


@pytest.mark.parametrize(
    ("halving", "epochs", "expected"),
    [
        (Halving(), 9, (1, 3, 9)),
        (Halving(), 10, (1, 3, 9, 10)),
        (Halving(), 2, (1, 2)),
        (Halving(first=2, factor=2), 16, (2, 4, 8, 16)),
        (Halving(first=3, factor=4), 13, (3, 12, 13)),
    ],
)
def test_rungs(halving, epochs, expected):
    assert halving.rungs(epochs) == expected


@given(halvings, st.integers(1, 200))
def test_rungs_rise_to_the_whole_training(halving, epochs):
    if epochs <= halving.first:
        with pytest.raises(SpecError, match=f"first {halving.first} must be below .* {epochs}$"):
            halving.rungs(epochs)
        return
    rungs = halving.rungs(epochs)
    assert rungs[0] == halving.first
    assert rungs[-1] == epochs
    assert list(rungs) == sorted(set(rungs))
    assert all(b == a * halving.factor for a, b in pairwise(rungs[:-1]))
    assert epochs <= rungs[-2] * halving.factor


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"first": 0}, "first 0 must be at least 1 epoch"),
        ({"factor": 1}, "factor 1 must be at least 2: one in so many goes on"),
    ],
)
def test_what_halves_nothing_is_refused(fields, message):
    with pytest.raises(SpecError, match=message):
        Halving(**fields)


def test_the_best_third_goes_on_best_first():
    fitness = {1: {7: 0.4, 3: 0.9, 5: 0.1, 9: 0.8, 4: 0.2, 8: 0.3}}
    waiting = dict.fromkeys(fitness[1], 1)
    assert Halving().promoted(fitness, waiting) == 3
    assert Halving().promoted(fitness, {**waiting, 3: 3}) == 9
    assert Halving().promoted(fitness, {**waiting, 3: 3, 9: 3}) is None


def test_the_longest_trained_go_on_first():
    fitness = {1: dict.fromkeys(range(9), 0.5) | {8: 0.6}, 3: {0: 0.1, 1: 0.2, 2: 0.3}}
    assert Halving().promoted(fitness, {**dict.fromkeys(range(3, 9), 1), 0: 3, 1: 3, 2: 3}) == 2


def test_of_equals_the_first_goes_on():
    assert Halving().promoted({1: {5: 0.5, 2: 0.5, 4: 0.5}}, {2: 1, 4: 1, 5: 1}) == 2


@pytest.mark.parametrize("number", [0, 1, 2])
def test_of_fewer_than_the_factor_none_goes_on(number):
    here = dict.fromkeys(range(number), 0.5)
    assert Halving().promoted({1: here}, dict.fromkeys(here, 1)) is None


def search(halving: Halving, final: np.ndarray, epochs: int, noise: np.ndarray) -> list[int]:
    """Epochs of every network after an asynchronous search one after the other.

    final: fitness after all epochs, (N,). noise: what earlier rungs add to it, (rungs, N).
    """
    rungs = halving.rungs(epochs)
    fitness: dict[int, dict[int, float]] = {rung: {} for rung in rungs}
    waiting: dict[int, int] = {}
    new = iter(range(len(final)))
    while True:
        number = halving.promoted({rung: fitness[rung] for rung in rungs[:-1]}, waiting)
        if number is None:
            number = next(new, None)
            if number is None:
                return [waiting[one] for one in range(len(final))]
        place = rungs.index(waiting[number]) + 1 if number in waiting else 0
        waiting[number] = rungs[place]
        fitness[rungs[place]][number] = float(final[number] + noise[place, number])


@given(halvings, st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(6, 40))
def test_whoever_is_among_the_best_of_a_rung_went_on(halving, seed, networks, epochs):
    chance = np.random.default_rng(seed)
    rungs = halving.rungs(epochs)
    final = chance.normal(size=networks)
    noise = chance.normal(size=(len(rungs), networks))
    done = search(halving, final, epochs, noise)
    counts = [sum(epochs >= rung for epochs in done) for rung in rungs]
    assert counts[0] == networks
    for place, rung in enumerate(rungs[:-1]):
        assert counts[place + 1] >= counts[place] // halving.factor
        reached = [number for number in range(networks) if done[number] >= rung]
        reached.sort(key=lambda number: -(final[number] + noise[place, number]))
        best = reached[: len(reached) // halving.factor]
        assert all(done[number] > rung for number in best)


def test_where_ranks_do_not_change_the_best_is_trained_to_the_end():
    final = np.random.default_rng(0).permutation(81).astype(float)
    done = search(Halving(), final, 27, np.zeros((4, 81)))
    assert done[int(final.argmax())] == 27
    assert sum(done) < 81 * 27 / 3


def test_mean_epochs_are_those_of_a_halving_without_haste():
    assert Halving().mean_epochs(9) == pytest.approx((9 * 1 + 3 * 2 + 1 * 6) / 9)
    assert Halving(first=2, factor=2).mean_epochs(8) == pytest.approx((4 * 2 + 2 * 2 + 1 * 4) / 4)


@given(halvings, st.integers(6, 100))
def test_halving_costs_less_than_all_epochs(halving, epochs):
    assert halving.first < halving.mean_epochs(epochs) < epochs
