import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netspace.analyse.summary import expected_best
from netspace.analyse.verdict import BestOf, Comparison, Mean, Median, compare
from netspace.errors import UnknownNameError, UserError

NAN = float("nan")
populations = st.lists(st.floats(0, 100), min_size=2, max_size=40)
estimands = st.sampled_from(["best_of_10", "mean", "median"])


def normal(seed, count, mean=50.0, spread=5.0):
    return np.random.default_rng(seed).normal(mean, spread, count)


def comparison(**changed):
    given = {
        "estimand": BestOf(k=10),
        "difference": -1.8,
        "low": -2.7,
        "high": -0.9,
        "confidence": 0.95,
        "chance_b_below_a": 0.7,
        "finished_a": 100,
        "failed_a": 0,
        "finished_b": 100,
        "failed_b": 0,
    }
    return Comparison(**(given | changed))


def test_sentence_of_a_better_b():
    assert comparison().sentence("anynetx_a", "regnetx") == (
        "regnetx beats anynetx_a by 1.8 points (95 % interval 0.9 to 2.7) "
        "in the expected error of the best of 10"
    )


def test_sentence_of_a_worse_b():
    worse = comparison(difference=0.05, low=0.013, high=0.09, confidence=0.9, estimand=Mean())
    assert worse.sentence("anynetx_a", "regnetx") == (
        "anynetx_a beats regnetx by 0.05 points (90 % interval 0.01 to 0.09) in the mean error"
    )


def test_sentence_of_no_decision():
    undecided = comparison(difference=-0.01, low=-1.2, high=0.5, estimand=Median())
    assert undecided.sentence("a", "b") == (
        "undecided: b minus a is 0.0 points (95 % interval -1.2 to 0.5) in the median error"
    )


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-2.0, -1.0, "better"),
        (1.0, 2.0, "worse"),
        (-1.0, 1.0, "undecided"),
        (0.0, 1.0, "undecided"),
        (-1.0, 0.0, "undecided"),
    ],
)
def test_verdict_is_the_side_of_zero(low, high, verdict):
    assert comparison(low=low, high=high).verdict == verdict


@pytest.mark.parametrize("estimand", ["best_of_10", "mean", "median"])
def test_a_clear_gap_is_decided_both_ways(estimand):
    a, b = normal(0, 100), normal(1, 100, mean=40.0)
    assert compare(a, b, estimand=estimand).verdict == "better"
    assert compare(b, a, estimand=estimand).verdict == "worse"


def test_difference_is_that_of_the_estimand():
    a, b = normal(0, 60), normal(1, 40)
    assert compare(a, b).difference == expected_best(b, 10) - expected_best(a, 10)
    mean, median = (compare(a, b, estimand=name) for name in ("mean", "median"))
    assert mean.difference == pytest.approx(b.mean() - a.mean())
    assert median.difference == pytest.approx(np.median(b) - np.median(a))


@pytest.mark.parametrize(
    ("finished_a", "finished_b", "k"),
    [(20, 500, 10), (30, 9, 4), (2, 3, 1), (3, 2, 1), (19, 19, 9)],
)
def test_best_of_shrinks_with_the_smaller_side(finished_a, finished_b, k):
    said = compare(normal(0, finished_a), normal(1, finished_b), resamples=10)
    assert said.estimand == BestOf(k=k)
    assert f"best of {k}" in said.sentence("a", "b")


def test_chance_counts_ties_half():
    assert compare([1.0, 2.0, 3.0], [2.0, 2.0, 0.0]).chance_b_below_a == pytest.approx(6 / 9)
    assert compare([5.0, 5.0], [5.0, 5.0]).chance_b_below_a == 0.5


def test_failed_networks_are_counted_and_left_out():
    a, b = normal(0, 30), normal(1, 30)
    clean = compare(a, b)
    said = compare([*a, NAN, NAN], [NAN, *b], failed_a=1)
    assert (said.finished_a, said.failed_a, said.finished_b, said.failed_b) == (30, 3, 30, 1)
    assert (said.difference, said.low, said.high) == (clean.difference, clean.low, clean.high)


@settings(max_examples=60, deadline=None)
@given(populations, populations, estimands, st.integers(0, 9), st.integers(1, 101))
def test_swapping_sides_mirrors_the_comparison(a, b, estimand, seed, resamples):
    options = {"estimand": estimand, "seed": seed, "resamples": resamples}
    one, other = compare(a, b, **options), compare(b, a, **options)
    mirrored = (-other.difference, -other.high, -other.low, 1 - other.chance_b_below_a)
    assert (one.difference, one.low, one.high, one.chance_b_below_a) == pytest.approx(
        mirrored, abs=1e-9
    )


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 100), st.integers(2, 40), st.integers(2, 40), estimands)
def test_equal_errors_everywhere_are_undecided(error, finished_a, finished_b, estimand):
    said = compare([error] * finished_a, [error] * finished_b, estimand=estimand, resamples=50)
    assert (said.difference, said.low, said.high) == (0.0, 0.0, 0.0)
    assert said.verdict == "undecided"


def test_same_seed_same_interval_in_any_order():
    a, b = normal(0, 50), normal(1, 50)
    one, again, other = compare(a, b), compare(a[::-1], b[::-1]), compare(a, b, seed=1)
    assert one == again
    assert (one.low, one.high) != (other.low, other.high)
    assert one.low == pytest.approx(other.low, abs=0.3)


@pytest.mark.parametrize("estimand", ["best_of_10", "mean", "median"])
def test_one_population_against_itself_is_mostly_undecided(estimand):
    said = [
        compare(normal((i, 0), 100), normal((i, 1), 100), estimand=estimand, resamples=500, seed=i)
        for i in range(300)
    ]
    assert 0.90 <= sum(one.verdict == "undecided" for one in said) / 300 <= 0.99


@pytest.mark.slow
def test_interval_covers_the_true_difference():
    """B has half the spread; the true expected best comes from a large sample of each."""
    truth = expected_best(normal(1, 400_000, spread=2.5), 10)
    truth -= expected_best(normal(0, 400_000), 10)
    covered = 0
    for i in range(300):
        rng = np.random.default_rng(i)
        a, b = rng.normal(50.0, 5.0, 200), rng.normal(50.0, 2.5, 200)
        said = compare(a, b, resamples=400, seed=i)
        covered += said.low <= truth <= said.high
    assert 0.90 <= covered / 300 <= 0.99


def test_interval_of_the_mean_is_as_wide_as_theory_says():
    """Both below and above the size from which fewer networks are drawn than there are."""
    for count in (400, 40_000):
        said = compare(normal(0, count), normal(1, count), estimand="mean", resamples=4_000)
        width = 2 * 1.96 * 5.0 * np.sqrt(2 / count)
        assert said.high - said.low == pytest.approx(width, rel=0.1)
        assert (said.low + said.high) / 2 == pytest.approx(said.difference, abs=0.1 * width)


def test_a_hundred_thousand_trials_are_fast():
    a, b = normal(0, 50_000), normal(1, 50_000)
    started = time.perf_counter()
    compare(a, b)
    assert time.perf_counter() - started < 2.0


def test_errors_name_the_side():
    with pytest.raises(
        UserError, match=r"^side B: a comparison needs 2 .* this has 1 \(2 failed\)"
    ):
        compare([1.0, 2.0], [1.0, NAN], failed_b=1)
    with pytest.raises(UserError, match=r"^side A: no finished network, 1 failed"):
        compare([NAN], [1.0, 2.0])


def test_options_are_checked():
    with pytest.raises(UnknownNameError, match="unknown estimand 'modus'; known are best_of_10, m"):
        compare([1.0, 2.0], [1.0, 2.0], estimand="modus")
    with pytest.raises(UserError, match="resamples 0 must be at least 1"):
        compare([1.0, 2.0], [1.0, 2.0], resamples=0)
    with pytest.raises(UserError, match="confidence 1 must lie between"):
        compare([1.0, 2.0], [1.0, 2.0], confidence=1.0)
