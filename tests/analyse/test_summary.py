from itertools import combinations
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netspace.analyse.best_of import best_of
from netspace.analyse.summary import (
    BEST_OF,
    QUANTILES,
    Interval,
    best_interval,
    expected_best,
    summarise,
)
from netspace.errors import UserError

NAN = float("nan")
errors_in_percent = st.floats(0, 100)
populations = st.lists(errors_in_percent, min_size=1, max_size=60)


def test_nan_reported_first_is_never_the_best():
    summary = summarise([NAN, 1.0, 0.5])
    assert (summary.best, summary.worst) == (0.5, 1.0)
    assert (summary.finished, summary.failed) == (2, 1)


def test_all_failed_is_said_and_no_crash():
    with pytest.raises(UserError, match="no finished network, 3 failed"):
        summarise([NAN, NAN, NAN])


def test_failed_networks_count_neither_as_0_nor_as_100():
    summary = summarise([31.1, 33.0, 33.0, 40.0, 52.0, 90.0, NAN, NAN])
    assert (summary.best, summary.worst, summary.median) == (31.1, 90.0, 36.5)
    assert summary.mean == pytest.approx(279.1 / 6)
    assert (summary.finished, summary.failed) == (6, 2)
    assert summary.expected_best == {5: pytest.approx((5 * 31.1 + 33.0) / 6)}


def test_expected_bests_are_those_the_population_reaches():
    assert list(summarise([1.0]).expected_best) == []
    assert list(summarise(np.arange(5.0)).expected_best) == [5]
    assert list(summarise(np.arange(10.0), failed=3).expected_best) == [5, 10]


def test_expected_best_of_ranks():
    """The expected minimum of k ranks out of 1 … n is (n + 1) / (k + 1)."""
    assert expected_best(np.arange(1, 501), 10) == pytest.approx(501 / 11, rel=1e-12)
    assert expected_best(np.arange(1, 100_001), 7) == pytest.approx(100_001 / 8, rel=1e-9)
    assert expected_best(np.arange(1, 100_001), 60_000) == pytest.approx(100_001 / 60_001)


@settings(deadline=None)
@given(st.lists(errors_in_percent, min_size=1, max_size=8), st.data())
def test_expected_best_is_the_mean_over_all_subsets(errors, data):
    k = data.draw(st.integers(1, len(errors)))
    by_hand = fmean(min(subset) for subset in combinations(errors, k))
    assert expected_best(errors, k) == pytest.approx(by_hand, rel=1e-12, abs=1e-12)


@settings(deadline=None)
@given(populations)
def test_expected_best_falls_from_the_mean_to_the_minimum(errors):
    n = len(errors)
    bests = [expected_best(errors, k) for k in range(1, n + 1)]
    assert bests[0] == pytest.approx(fmean(errors), abs=1e-9)
    assert bests[-1] == min(errors)
    assert (np.diff(bests) <= 1e-9).all()


@settings(deadline=None)
@given(errors_in_percent, st.integers(1, 60), st.data())
def test_equal_errors_give_exactly_that_error(error, n, data):
    assert expected_best([error] * n, data.draw(st.integers(1, n))) == error


def test_best_of_takes_each_row():
    rows = np.array([[1.0, 2.0, 3.0], [4.0, 4.0, 7.0]])
    assert best_of(rows, 2) == pytest.approx([4 / 3, 4.0])


def test_failed_networks_are_not_drawn():
    assert expected_best([NAN, 3.0, 1.0], 2) == 1.0


@pytest.mark.parametrize("k", [0, -1, 3])
def test_k_beyond_the_finished_networks_is_refused(k):
    with pytest.raises(UserError, match=rf"best of {k} of 2 finished networks: k must be 1 to 2"):
        expected_best([1.0, 2.0, NAN], k)


class TestIntervals:
    """95 % of them hold the value of the whole population that the networks were drawn from."""

    @pytest.mark.parametrize("shape", ["normal", "bounded below", "tied"])
    @pytest.mark.parametrize("n", [30, 100])
    def test_they_cover(self, shape, n):
        rng = np.random.default_rng(0)
        whole = {
            "normal": rng.normal(50.0, 5.0, 200_000),
            "bounded below": 30.0 + rng.gamma(2.0, 3.0, 200_000),
            "tied": np.round(rng.normal(50.0, 5.0, 200_000)),
        }[shape]
        truth, draws, held = summarise(whole), 400, dict.fromkeys((*QUANTILES, "mean", *BEST_OF), 0)
        for _ in range(draws):
            found = summarise(rng.choice(whole, n))
            held["mean"] += inside(truth.mean, found.mean_interval)
            for share in QUANTILES:
                held[share] += inside(truth.quantiles[share], found.quantile_intervals[share])
            for k in BEST_OF:
                held[k] += inside(truth.expected_best[k], found.expected_best_intervals[k])
        assert min(held[share] for share in QUANTILES) / draws >= 0.93  # exact: never below 0.95
        assert min(held[key] for key in ("mean", *BEST_OF)) / draws >= 0.90
        assert held["mean"] / draws <= 0.98

    def test_quantiles_lie_between_two_errors_by_the_binomial(self):
        """Of 20, the 6th and 15th hold the median in 95.9 %; the 7th and 14th would in 88.5 %."""
        found = summarise(np.arange(1.0, 21.0))
        assert found.quantile_intervals[0.5] == Interval(low=6.0, high=15.0)

    def test_too_few_networks_have_none(self):
        assert summarise([30.0]).mean_interval is None
        few = summarise(np.arange(5.0))
        assert few.mean_interval is None
        assert (few.quantile_intervals, few.expected_best_intervals) == ({}, {})
        assert list(few.expected_best) == [5]
        more = summarise(np.arange(12.0))
        assert more.mean_interval is not None
        assert list(more.quantile_intervals) == [0.5]
        assert more.expected_best_intervals == {}
        assert list(summarise(np.arange(15.0)).expected_best_intervals) == [5]
        assert list(summarise(np.arange(30.0)).expected_best_intervals) == [5, 10]

    @pytest.mark.parametrize(("n", "k", "known"), [(9, 1, 0), (10, 3, 1), (10, 4, 0), (12, 4, 1)])
    def test_the_best_of_k_takes_three_networks_for_each_and_ten(self, n, k, known):
        found = best_interval(np.arange(float(n)), k)
        assert (found is not None) == bool(known)
        assert found is None or found.low < expected_best(np.arange(float(n)), k) < found.high

    def test_equal_errors_leave_no_doubt(self):
        found = summarise([40.0] * 50)
        alone = Interval(low=40.0, high=40.0)
        assert found.mean_interval == alone
        assert set(found.quantile_intervals.values()) == {alone}
        assert set(found.expected_best_intervals.values()) == {alone}

    def test_failed_networks_are_not_in_them(self):
        errors = np.random.default_rng(0).normal(50.0, 5.0, 40)
        with_failed = summarise([*errors, NAN, NAN, float("inf")])
        assert with_failed.mean_interval == summarise(errors).mean_interval
        assert with_failed.quantile_intervals == summarise(errors).quantile_intervals

    def test_a_higher_confidence_is_wider(self):
        errors = np.random.default_rng(0).normal(50.0, 5.0, 60)
        usual, sure = summarise(errors), summarise(errors, confidence=0.99)
        for one, other in zip(intervals(usual), intervals(sure), strict=True):
            assert other.low <= one.low <= one.high <= other.high
        with pytest.raises(UserError, match="confidence 95 must lie between 0 and 1"):
            summarise(errors, confidence=95)

    @given(populations)
    def test_they_hold_the_estimate_and_are_never_nan(self, errors):
        found = summarise(errors)
        pairs = [
            *((found.quantiles[q], found.quantile_intervals.get(q)) for q in QUANTILES),
            *((found.expected_best.get(k), found.expected_best_intervals.get(k)) for k in BEST_OF),
            (found.mean, found.mean_interval),
        ]
        for value, interval in pairs:
            if interval is not None:
                assert value is not None
                assert interval.low - 1e-9 <= value <= interval.high + 1e-9


def inside(value, interval):
    return interval.low <= value <= interval.high


def intervals(found):
    return [
        found.mean_interval,
        *found.quantile_intervals.values(),
        *found.expected_best_intervals.values(),
    ]
