from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspace.analyse.influence import best_of_influences, effect
from netspace.analyse.summary import expected_best

errors = st.lists(st.floats(0, 100), min_size=3, max_size=12)


@given(errors, st.data())
def test_an_influence_is_what_leaving_the_network_out_changes(errors, data):
    k = data.draw(st.integers(1, len(errors) - 1))
    x = np.sort(errors)
    n = len(x)
    without = np.array([expected_best(np.delete(x, i), k) for i in range(n)])
    found = best_of_influences(x, k)
    assert found.estimate == pytest.approx(expected_best(x, k))
    assert found.influences == pytest.approx((n - 1) * (without.mean() - without), abs=1e-6)


@given(errors)
def test_the_mean_has_the_textbook_variance(errors):
    x = np.sort(errors)
    assert best_of_influences(x, 1).variance == pytest.approx(np.var(x, ddof=1) / len(x), abs=1e-9)


def test_rows_are_independent():
    rows = np.sort(np.random.default_rng(0).random((5, 30)), axis=1)
    together = best_of_influences(rows, 10)
    for row, estimate, variance in zip(rows, together.estimate, together.variance, strict=True):
        alone = best_of_influences(row, 10)
        assert (alone.estimate, alone.variance) == (
            pytest.approx(estimate),
            pytest.approx(variance),
        )


def test_normal_errors_leave_about_n_degrees():
    """Their kurtosis is 3, so 2 n / (3 - 1) = n."""
    x = np.sort(np.random.default_rng(0).normal(size=50_000))
    assert best_of_influences(x, 1).degrees == pytest.approx(50_000, rel=0.05)


def test_one_network_that_carries_everything_leaves_few_degrees():
    x = np.array([0.0, *np.full(39, 50.0)])
    assert best_of_influences(x, 1).degrees == pytest.approx(2.0, abs=0.2)
    other = best_of_influences(np.full(40, 60.0), 1)
    assert effect(other, best_of_influences(x, 1)).degrees == pytest.approx(2.0, abs=0.2)


def test_the_expected_best_over_all_pairs_by_hand():
    x = np.array([1.0, 2.0, 4.0])
    assert best_of_influences(x, 2).estimate == np.mean([min(pair) for pair in combinations(x, 2)])
