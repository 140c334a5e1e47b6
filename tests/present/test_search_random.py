from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from netspace.analyse.summary import summarise
from netspace.present.search_random import Baseline, expected
from netspace.present.search_trace import Trace, followed
from netspace.search.objective import Accuracy, Reward

ERRORS = np.random.default_rng(0).gamma(2.0, 4.0, 60) + 30.0
ACCURACY = Accuracy()


def of(errors, drawn, **costs) -> Trace:
    errors = np.array(errors, dtype=np.float64)
    own = np.arange(len(errors)) < drawn
    return Trace.of(errors, costs={n: np.array(v) for n, v in costs.items()}, drawn=own)


def found(trace: Trace, objective=ACCURACY, baseline=None):
    return expected(trace, followed(trace, objective), objective, baseline)


def test_the_mean_over_all_choices_of_k_of_the_drawn_ones():
    errors = [50.0, 41.0, np.nan, 44.0, 43.0, 10.0, 11.0, 12.0]
    random = found(of(errors, 5))
    assert random.draws == len(random) == 4
    known = [50.0, 41.0, 44.0, 43.0]
    for k in range(1, 5):
        assert random.values[k - 1] == pytest.approx(
            np.mean([min(c) for c in combinations(known, k)])
        )


def test_intervals_are_those_of_a_summary():
    random = found(of([*ERRORS, 20.0], 60))
    own = summarise(ERRORS).expected_best_intervals
    for k in (5, 10):
        assert random.interval(k) == pytest.approx((own[k].low, own[k].high))
    assert random.interval(20) is not None
    assert random.interval(21) is None


def test_few_draws_give_no_interval_and_one_gives_nothing():
    assert np.isnan(found(of(ERRORS, 9)).low).all()
    assert found(of(ERRORS, 1)) is None
    assert found(of([np.nan, 40.0, 41.0], 2)) is None


def test_a_reward_is_the_highest_of_k():
    objective = Reward(target=1e6, w=-0.5)
    trace = of(ERRORS, 40, flops=np.linspace(1e6, 2e6, 60))
    random = found(trace, objective)
    rewards = objective.preference(ERRORS, trace.costs)[:40]
    assert random.values[0] == pytest.approx(rewards.mean())
    assert random.values[-1] == pytest.approx(rewards.max())
    low, high = random.interval(3)
    assert low < random.values[2] < high


def test_a_baseline_takes_the_place_of_the_own_draws():
    other = Baseline(name="regnetx of runs/a", errors=np.array([*ERRORS, np.nan]))
    random = found(of(ERRORS[:8], 8), baseline=other)
    assert random.source == "regnetx of runs/a"
    assert random.draws == 60
    assert len(random) == 8
    assert random.values[0] == pytest.approx(ERRORS.mean())


def test_a_baseline_of_a_reward_has_costs():
    objective = Reward(target=1e6)
    costs = {"flops": np.full(60, 2e6)}
    trace = of(ERRORS[:5], 0, flops=np.full(5, 1e6))
    random = found(trace, objective, Baseline(name="b", errors=ERRORS, costs=costs))
    assert random.values[0] == pytest.approx(np.mean(1 - ERRORS / 100) * 2**-0.07)


def test_rungs_leave_no_random_sample():
    halved = replace(of(ERRORS, 60), rungs=(1, 3), epochs=np.full(60, 3))
    assert found(halved) is None
    assert found(halved, baseline=Baseline(name="b", errors=ERRORS)) is not None
