import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netspace.analyse.insight import good_range
from netspace.errors import UserError

NAN, INF = float("nan"), float("inf")


def planted(count, optimum=20.0, noise=0.5, seed=0):
    """Depths 1 … 60 whose error grows with the distance from the optimum."""
    rng = np.random.default_rng(seed)
    depth = rng.integers(1, 61, count).astype(float)
    return depth, 30.0 + np.abs(depth - optimum) + rng.normal(0.0, noise, count)


def test_range_holds_the_planted_optimum():
    found = good_range(*planted(500))
    assert 18.0 <= found.low <= 20.0 <= found.high <= 22.0
    assert found.low <= found.median <= found.high


def test_a_parameter_without_effect_keeps_a_wide_range():
    rng = np.random.default_rng(0)
    found = good_range(rng.uniform(0, 100, 500), rng.normal(50, 5, 500), share=0.02)
    assert found.high - found.low > 50


def test_ranks_follow_subsamples_drawn_one_by_one():
    """The plain bootstrap, drawn and sorted out by hand, gives the same shares of values."""
    values, errors = np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.array([9.0, 8.0, 8.0, 7.0, 9.5])
    rng = np.random.default_rng(0)
    drawn = rng.integers(5, size=(40_000, 2))
    best = drawn[np.arange(40_000), np.argmin(errors[drawn], axis=1)]
    for level in (0.2, 0.5, 0.8, 0.9):
        low, high = np.quantile(values[best], [(1 - level) / 2, (1 + level) / 2])
        found = good_range(values, errors, share=0.4, confidence=level, resamples=40_000)
        assert (found.low, found.high) == (low, high)


def test_networks_of_equal_error_share_the_best():
    found = good_range([1.0, 2.0, 3.0], [5.0, 5.0, 5.0], confidence=0.9)
    assert (found.low, found.median, found.high) == (1.0, 2.0, 3.0)


def test_what_is_not_finite_is_left_out():
    depth, error = planted(200)
    spoiled = good_range([*depth, NAN, INF, 7.0, 7.0], [*error, 0.0, 0.0, NAN, -INF])
    assert spoiled == good_range(depth, error)


def test_the_seed_decides():
    depth, error = planted(60, noise=20.0)
    assert good_range(depth, error, seed=3) == good_range(depth, error, seed=3)
    ranges = {good_range(depth, error, seed=seed, resamples=5) for seed in range(20)}
    assert len(ranges) > 1


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(0, 20)), min_size=1, max_size=30),
    st.floats(0.01, 1.0),
)
def test_range_ends_at_values_that_exist(networks, share):
    values, errors = zip(*networks, strict=True)
    found = good_range(values, errors, share=share, resamples=50)
    assert {found.low, found.median, found.high} <= set(values)
    assert found.low <= found.median <= found.high


def test_the_whole_population_as_share_leans_to_its_best():
    values = np.arange(100.0)
    found = good_range(values, values, share=1.0)
    assert (found.low, found.median) == (0.0, 0.0)
    assert found.high == 3.0  # (1 - 3/100)^100 = 4.8 %, (1 - 4/100)^100 = 1.7 % stay above


def test_a_hundred_thousand_trials_are_fast():
    depth, error = planted(100_000)
    started = time.perf_counter()
    found = good_range(depth, error)
    assert time.perf_counter() - started < 1.0
    assert found.low == found.high == 20.0


def test_errors_say_what_is_wrong():
    with pytest.raises(UserError, match="no finished network with a value among 2"):
        good_range([1.0, NAN], [NAN, 1.0])
    with pytest.raises(UserError, match=r"rows of one length, not \(2,\), \(1,\)"):
        good_range([1.0, 2.0], [1.0])
    with pytest.raises(UserError, match="share 25 must lie above 0 and at most 1"):
        good_range([1.0], [1.0], share=25)
