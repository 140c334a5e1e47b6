"""What figures leave out, and what they must not lose."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netspace.analyse.edf import edf
from netspace.present.thinning import (
    DIGITS,
    FINEST,
    allotted,
    drawn_steps,
    shown_rows,
    spread,
    thinned_words,
)


@given(st.integers(0, 400), st.integers(10, 300))
def test_all_rows_or_so_many_with_the_best_among_them(count, most):
    errors = np.random.default_rng(count).permutation(count).astype(float)
    rows = shown_rows(errors, most)
    assert len(rows) == len(set(rows.tolist())) == min(count, most)
    assert rows.tolist() == sorted(rows.tolist())
    assert rows.tolist() == shown_rows(errors, most).tolist()
    best = np.argsort(errors)[: round(0.1 * most)]
    assert set(best.tolist()) <= set(rows.tolist())


def test_the_others_are_a_fair_sample():
    errors = np.arange(100_000.0)
    others = shown_rows(errors, 5_000)[500:]
    assert abs(others.mean() - 50_250) < 4 * 100_000 / np.sqrt(12 * 4_500)


@given(st.lists(st.integers(0, 500), max_size=8), st.integers(0, 1000))
def test_points_are_allotted_to_all_and_none_is_wasted(sizes, most):
    given_points = allotted(sizes, most)
    assert all(0 <= own <= size for own, size in zip(given_points, sizes, strict=True))
    assert sum(given_points) == min(sum(sizes), most)
    short = [own for own, size in zip(given_points, sizes, strict=True) if own < size]
    assert max(short, default=0) - min(short, default=0) <= 1
    assert all(own <= min(short, default=1000) + 1 for own in given_points)


def test_small_distributions_are_drawn_as_they_are():
    curve = edf(np.random.default_rng(0).normal(40, 3, 2 * FINEST))
    assert drawn_steps(curve) is curve


@given(st.integers(0, 50))
def test_a_thinned_distribution_looks_the_same(seed):
    curve = edf(np.random.default_rng(seed).gamma(2.0, 4.0, 20_000))
    drawn = drawn_steps(curve)
    assert drawn.errors.size <= 2 * FINEST + 3
    assert drawn.errors[[0, -1]].tolist() == curve.errors[[0, -1]].tolist()
    at = np.searchsorted(drawn.errors, curve.errors, side="right") - 1
    assert np.abs(drawn.share[at] - curve.share).max() <= 1 / FINEST + 10.0**-DIGITS
    kept = np.searchsorted(curve.errors, drawn.errors)
    np.testing.assert_allclose(drawn.high, curve.high[kept], atol=10.0**-DIGITS)


def test_points_that_share_few_values_are_spread_within_reach():
    values = np.repeat([1.0, 2.0, 6.0], 200)
    moved = spread(values, logarithmic=False)
    assert len(set(moved.tolist())) == 600
    assert 0.05 < np.abs(moved - values).max() <= 0.2
    np.testing.assert_array_equal(moved, spread(values, logarithmic=False))
    logged = spread(np.repeat([1.0, 8.0, 64.0], 200), logarithmic=True)
    assert np.abs(np.log2(logged) - np.repeat([0.0, 3.0, 6.0], 200)).max() <= 0.36 + 1e-9


def test_few_points_many_values_and_one_value_stay():
    for values in (np.repeat([1.0, 2.0], 10), np.arange(1000.0), np.ones(1000)):
        assert spread(values, logarithmic=False) is values


def test_words_only_where_something_is_left_out():
    assert thinned_words(10, 10) == ""
    assert thinned_words(5_000, 15_625).startswith("Of 15,625 networks 5,000 are drawn as points:")
