import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netspace.analyse.bins import quantile_bins

values = st.lists(st.integers(-50, 50).map(float), min_size=1, max_size=80).map(np.array)


def test_bins_hold_equally_many():
    place, count = quantile_bins(np.random.default_rng(0).random(1000), 10)
    assert count == 10
    assert np.bincount(place).tolist() == [100] * 10


def test_few_values_are_bins_of_their_own_and_rare_ones_join_their_neighbours():
    place, _ = quantile_bins(np.array([4.0, 1.0, 2.0, 1.0, 4.0, 2.0]), 10)
    assert place.tolist() == [2, 0, 1, 0, 2, 1]
    place, count = quantile_bins(np.array([1.0] * 50 + [2.0] + [3.0] * 60), 4)
    assert count == 2
    assert place[50] == place[51]


def test_weights_move_the_edges():
    place, _ = quantile_bins(np.arange(4.0), 2, np.array([3.0, 1.0, 1.0, 1.0]))
    assert place.tolist() == [0, 1, 1, 1]


@given(values, st.integers(1, 12))
def test_bins_are_ordered_full_and_keep_equal_values_together(values, most):
    place, count = quantile_bins(values, most)
    assert 1 <= count <= most
    assert set(place.tolist()) == set(range(count))
    order = np.argsort(values, kind="stable")
    assert (np.diff(place[order]) >= 0).all()
    assert all(np.unique(place[values == value]).size == 1 for value in values)


@given(values, st.integers(1, 12))
def test_a_rising_function_changes_no_bin(values, most):
    assert (quantile_bins(values, most)[0] == quantile_bins(np.exp(values), most)[0]).all()
