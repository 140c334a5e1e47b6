"""C22, C79: cases of the shared list of things that went wrong with tools of this kind."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspace.errors import SpecError
from netspace.search.objective import Accuracy, Pareto, Reward

CHANCE = np.random.default_rng(0)
percents = st.floats(0, 99)
flops = st.floats(1e5, 1e10)
targets = st.floats(1e5, 1e10)
weights = st.floats(-3, -0.001)


def rewards(objective: Reward, errors, costs) -> np.ndarray:
    return objective.fitness(np.asarray(errors, float), {"flops": np.asarray(costs, float)}, CHANCE)


@pytest.mark.parametrize(
    ("target", "a", "b"), [(400e6, 0.775460, 0.758173), (800e6, 0.814013, 0.795867)]
)
def test_c22_a_target_of_the_soft_form_scales_all_rewards_alike(target, a, b):
    found = rewards(Reward(target=target), [24, 22], [300e6, 600e6])
    np.testing.assert_allclose(found, [a, b], atol=5e-7)
    assert found[0] / found[1] == pytest.approx(1.022801, abs=5e-7)


def test_c22_the_soft_form_says_that_its_target_changes_no_order():
    said = Reward(target=4e8).remark
    assert "changes no order" in said
    assert "a budget" in said
    assert not Reward(target=4e8, form="hard").remark


def test_targets_are_written_as_sizes_and_milliseconds():
    assert Reward(target="400M").amount == 4e8
    assert Reward(target="5ms", cost="latency_ms").amount == 5
    assert Reward(target=4e8).sentence == Reward(target="400M").sentence
    assert "5ms" in Reward(target=5, cost="latency_ms").sentence


def test_c79_the_usual_weight_lets_a_doubled_cost_pay_from_5_percent_on():
    assert -math.log2(1.05) == pytest.approx(-0.0704, abs=5e-5)
    found = rewards(Reward(target=1e8), [25, 21.25, 25], [1e8, 2e8, 0.5e8])
    assert found[0] == 0.75
    assert found[1] == pytest.approx(0.750202, abs=5e-7)
    assert found[2] / found[0] == pytest.approx(1.049717, abs=5e-7)


@pytest.mark.parametrize("target", [0, -5e6, math.inf, math.nan])
def test_c79_a_target_that_is_none_is_refused(target):
    with pytest.raises(SpecError, match=r"target .* must be above 0; give it as 5M"):
        Reward(target=target)


@pytest.mark.parametrize("w", [0, 0.07, -math.inf, math.nan])
@pytest.mark.parametrize("form", ["soft", "hard"])
def test_weights_that_reward_cost_are_refused(w, form):
    with pytest.raises(SpecError, match=r"w .* must be below 0"):
        Reward(target=1e8, w=w, form=form)


@given(st.lists(st.tuples(percents, flops), min_size=2, max_size=8), targets, targets)
def test_the_soft_form_ranks_alike_under_every_target(rows, one, other):
    errors, costs = zip(*rows, strict=True)
    some, others = (rewards(Reward(target=target), errors, costs) for target in (one, other))
    np.testing.assert_allclose(some / others, (one / other) ** 0.07, rtol=1e-9)


@given(percents, flops, targets, weights | st.none())
def test_the_hard_form_leaves_costs_up_to_the_target_aside(error, cost, target, w):
    objective = Reward(target=target, form="hard", w=w)
    (found,) = rewards(objective, [error], [cost])
    accuracy = 1 - error / 100
    beta = -1 if w is None else w
    expected = accuracy if cost <= target else accuracy * (cost / target) ** beta
    assert found == pytest.approx(expected, rel=1e-12)


@given(percents, percents, flops, flops, targets, weights, st.sampled_from(["soft", "hard"]))
def test_rewards_rise_with_accuracy_and_fall_with_cost(e1, e2, c1, c2, target, w, form):
    objective = Reward(target=target, w=w, form=form)
    low, high = sorted((e1, e2))
    better, worse = rewards(objective, [low, high], [c1, c1])
    assert better >= worse
    cheap, dear = rewards(objective, [e1, e1], sorted((c1, c2)))
    assert cheap >= dear


def test_other_costs_are_weighed_by_name():
    objective = Reward(target=5, cost="latency_ms", w=-1)
    costs = {"flops": np.array([1e9]), "latency_ms": np.array([10.0])}
    assert objective.costs == ("latency_ms",)
    assert objective.fitness(np.array([20.0]), costs, CHANCE) == pytest.approx(0.4)


def test_accuracy_is_a_share():
    found = Accuracy().fitness(np.array([30.0, np.nan, 0.0]), {}, CHANCE)
    np.testing.assert_array_equal(found, [0.7, np.nan, 1.0])


@pytest.mark.parametrize("objective", [Reward(target=1e8), Reward(target=1e8, form="hard")])
def test_a_failed_training_has_no_reward(objective):
    assert np.isnan(rewards(objective, [np.nan], [2e8])).all()


@pytest.mark.parametrize("costs", [(), ("flops", "flops"), ("flops", "params", "activations")])
def test_a_front_has_two_or_three_sides(costs):
    with pytest.raises(SpecError, match="one or two different costs"):
        Pareto(costs=costs)


@given(
    st.lists(st.tuples(percents, flops), min_size=2, max_size=10, unique=True),
    st.integers(0, 2**32 - 1),
)
def test_no_network_is_fitter_than_one_that_beats_it(rows, seed):
    errors, costs = (np.array(column) for column in zip(*rows, strict=True))
    fitness = Pareto().fitness(errors, {"flops": costs}, np.random.default_rng(seed))
    for i in range(len(rows)):
        beaten = (errors >= errors[i]) & (costs >= costs[i])
        assert (fitness[beaten] <= fitness[i] + 1e-12).all()


def test_a_front_draws_its_weights_anew_and_knows_failures():
    errors, costs = np.array([10, 20, np.nan, 30.0]), np.array([9e6, 4e6, 1e6, 1e6])
    chance = np.random.default_rng(0)
    drawn = [Pareto().fitness(errors, {"flops": costs}, chance) for _ in range(50)]
    assert all(np.isnan(one[2]) and np.isfinite(one[[0, 1, 3]]).all() for one in drawn)
    assert {int(np.nanargmax(one)) for one in drawn} == {0, 1, 3}


def test_a_front_of_failures_only():
    errors, costs = np.full(3, np.nan), np.array([9e6, 4e6, 1e6])
    assert np.isnan(Pareto().fitness(errors, {"flops": costs}, CHANCE)).all()


def test_a_final_choice_takes_the_front_first_and_then_the_lowest_error():
    errors, costs = np.array([10, 20, np.nan, 30, 25.0]), np.array([9e6, 4e6, 1e6, 1e6, 8e6])
    found = Pareto().preference(errors, {"flops": costs})
    assert np.isnan(found[2])
    assert np.argsort(-found[[0, 1, 3, 4]]).tolist() == [0, 1, 2, 3]
    assert Accuracy().preference(errors, {})[0] == 0.9
