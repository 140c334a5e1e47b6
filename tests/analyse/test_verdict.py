import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from netspace.analyse.comparison import Comparison
from netspace.analyse.estimands import BestOf, Chance, Mean
from netspace.analyse.summary import expected_best
from netspace.analyse.verdict import compare, decide
from netspace.errors import UnknownNameError, UserError

NAN = float("nan")
populations = st.lists(st.floats(0, 100), min_size=2, max_size=40)
estimands = st.sampled_from(["best_of_10", "mean", "chance"])


def normal(seed, count, mean=50.0, spread=5.0):
    return np.random.default_rng(seed).normal(mean, spread, count)


def comparison(**changed):
    given = {
        "estimand": BestOf(k=10),
        "margin": 0.5,
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
    undecided = comparison(difference=-0.01, low=-1.2, high=0.5, estimand=Mean())
    assert undecided.sentence("a", "b") == (
        "undecided (about 210 more each): b minus a is 0.0 points (95 % interval -1.2 to 0.5) in "
        "the mean error"
    )


def test_sentence_of_equivalence():
    equivalent = comparison(difference=0.1, low=-0.2, high=0.4)
    assert equivalent.sentence("a", "b") == (
        "b and a are equivalent within 0.5 points: b minus a is 0.1 points (95 % interval -0.2 to "
        "0.4) in the expected error of the best of 10"
    )


@pytest.mark.parametrize(
    ("difference", "low", "high", "said"),
    [
        (-13.0, -21.0, -5.0, "b beats a: a network of b has a lower error than one of a with a "
         "chance of 63.0 % (95 % interval 55.0 to 71.0)"),
        (13.0, 5.0, 21.0, "a beats b: a network of a has a lower error than one of b with a "
         "chance of 63.0 % (95 % interval 55.0 to 71.0)"),
        (1.0, -2.0, 4.0, "b and a are equivalent within 5 points: a network of b has a lower error "
         "than one of a with a chance of 49.0 % (95 % interval 46.0 to 52.0)"),
    ],
)  # fmt: skip
def test_sentences_of_the_chance(difference, low, high, said):
    found = comparison(estimand=Chance(), margin=5.0, difference=difference, low=low, high=high)
    assert found.sentence("a", "b") == said


def test_needed_networks_shrink_the_interval_to_a_decision():
    """The half-width must fall from 2 to 1, so four times the 100 networks are needed."""
    assert comparison(difference=1.0, low=-1.0, high=3.0).needed == 300
    # Towards equivalence: from a half-width of 1 to the 0.5 that the margin leaves.
    assert comparison(difference=0.0, low=-1.0, high=1.0).needed == 300
    assert comparison(difference=-2.0, low=-3.0, high=-1.0).needed == 0
    assert comparison(difference=0.0, low=-5e4, high=5e4).needed is None


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-2.0, -1.0, "better"),
        (1.0, 2.0, "worse"),
        (-1.0, 1.0, "undecided"),
        (-0.4, 0.3, "equivalent"),
        (-0.5, 0.3, "undecided"),
        (-0.4, -0.1, "better"),
        (0.0, 1.0, "undecided"),
        (-1.0, 0.0, "undecided"),
    ],
)
def test_verdict_is_the_side_of_zero(low, high, verdict):
    assert comparison(low=low, high=high).verdict == verdict


@pytest.mark.parametrize("estimand", ["best_of_10", "mean", "chance"])
def test_a_clear_gap_is_decided_both_ways(estimand):
    a, b = normal(0, 100), normal(1, 100, mean=40.0)
    assert compare(a, b, estimand=estimand).verdict == "better"
    assert compare(b, a, estimand=estimand).verdict == "worse"


def test_difference_is_that_of_the_estimand():
    a, b = normal(0, 60), normal(1, 40)
    assert compare(a, b).difference == expected_best(b, 10) - expected_best(a, 10)
    mean, chance = (compare(a, b, estimand=name) for name in ("mean", "chance"))
    assert mean.difference == pytest.approx(b.mean() - a.mean())
    below = (b[:, np.newaxis] < a).mean()
    assert chance.difference == pytest.approx(50 - 100 * below)
    assert chance.chance_b_below_a == pytest.approx(below)


@pytest.mark.parametrize(
    ("finished_a", "finished_b", "k"),
    [(20, 500, 10), (30, 9, 4), (2, 3, 1), (3, 2, 1), (19, 19, 9)],
)
def test_best_of_shrinks_with_the_smaller_side(finished_a, finished_b, k):
    said = compare(normal(0, finished_a), normal(1, finished_b))
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
@given(populations, populations, estimands)
def test_swapping_sides_mirrors_the_comparison(a, b, estimand):
    one, other = compare(a, b, estimand=estimand), compare(b, a, estimand=estimand)
    mirrored = (-other.difference, -other.high, -other.low, 1 - other.chance_b_below_a)
    assert (one.difference, one.low, one.high, one.chance_b_below_a) == pytest.approx(
        mirrored, rel=1e-6, abs=1e-6
    )


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 100), st.integers(2, 40), st.integers(2, 40), estimands)
def test_equal_errors_everywhere_are_equivalent(error, finished_a, finished_b, estimand):
    said = compare([error] * finished_a, [error] * finished_b, estimand=estimand)
    assert (said.difference, said.low, said.high) == (0.0, 0.0, 0.0)
    assert said.verdict == "equivalent"


def test_the_order_of_a_single_look_is_free():
    a, b = normal(0, 50), normal(1, 50)
    assert compare(a, b) == compare(a[::-1], b[::-1])


@pytest.mark.parametrize("estimand", ["best_of_10", "mean", "chance"])
@pytest.mark.parametrize("count", [30, 100])
def test_one_population_against_itself_is_seldom_decided(estimand, count):
    said = [
        compare(normal((i, 0), count), normal((i, 1), count), estimand=estimand, margin=1e-6)
        for i in range(400)
    ]
    assert 0.92 <= sum(one.verdict == "undecided" for one in said) / 400 <= 0.98


@pytest.mark.slow
def test_interval_covers_the_true_difference():
    """B has half the spread; the true expected best comes from a large sample of each."""
    truth = expected_best(normal(1, 400_000, spread=2.5), 10)
    truth -= expected_best(normal(0, 400_000), 10)
    covered = 0
    for i in range(300):
        rng = np.random.default_rng(i)
        a, b = rng.normal(50.0, 5.0, 200), rng.normal(50.0, 2.5, 200)
        said = compare(a, b)
        covered += said.low <= truth <= said.high
    assert 0.90 <= covered / 300 <= 0.99


def test_interval_of_the_mean_is_the_one_of_welch():
    """Checked against scipy's t-test; the influences' kurtosis gives nearly n - 1 degrees."""
    for count in (20, 400):
        a, b = normal(0, count), normal(1, 2 * count, spread=2.0)
        said = compare(a, b, estimand="mean")
        welch = stats.ttest_ind(b, a, equal_var=False).confidence_interval(0.95)
        assert (said.low, said.high) == pytest.approx((welch.low, welch.high), rel=0.1, abs=0.05)


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
    with pytest.raises(UnknownNameError, match="unknown estimand 'modus'; known are best_of_10, c"):
        compare([1.0, 2.0], [1.0, 2.0], estimand="modus")
    for margin in (0.0, -1.0, NAN):
        with pytest.raises(UserError, match=r"margin .* must lie between 0 and 100 points"):
            compare([1.0, 2.0], [1.0, 2.0], margin=margin)
    with pytest.raises(UserError, match="confidence 1 must lie between"):
        compare([1.0, 2.0], [1.0, 2.0], confidence=1.0)


def test_looks_stop_where_they_decide():
    a, b = normal(0, 300), normal(1, 300, mean=40.0)
    found = decide(a, b, estimand="mean")
    assert (found.verdict, found.finished_a, found.finished_b) == ("better", 20, 20)
    assert found.looks == (20,)


def test_what_was_trained_after_the_decision_changes_nothing():
    a, b = normal(0, 300), normal(1, 300, mean=47.5)
    found = decide(a, b)
    stop = found.finished_a
    assert found.verdict == "better"
    assert stop in found.looks
    assert decide(a[: stop + 7], b[: stop + 9]) == found


def test_without_a_decision_the_last_look_counts():
    found = decide(normal(0, 47), normal(1, 130), margin=1e-6)
    assert found.verdict == "undecided"
    assert (found.finished_a, found.finished_b, found.looks) == (40, 40, (20, 25, 32, 40))


def test_failed_networks_take_no_place_in_a_look():
    a, b = normal(0, 20), normal(1, 20)
    found = decide([NAN, *a[:5], NAN, *a[5:], NAN], b)
    assert (found.finished_a, found.failed_a, found.failed_b) == (20, 2, 0)
    assert (found.difference, found.low) == (decide(a, b).difference, decide(a, b).low)


def test_a_look_needs_networks():
    with pytest.raises(
        UserError, match="first look takes 20 finished networks a side, there are 2"
    ):
        decide([1.0, 2.0], normal(0, 30))


@pytest.mark.parametrize("estimand", ["best_of_10", "mean", "chance"])
def test_a_look_at_equal_errors_decides_nothing(estimand):
    """3 % of B's networks learn something; among 20 there is often none."""
    found = decide([90.0] * 60, [90.0] * 60, estimand=estimand)
    assert (found.verdict, found.looks[-1]) == ("undecided", 50)
    assert (found.low, found.high) == (-100.0, 100.0)
    rng, wrong = np.random.default_rng(0), 0
    for _ in range(100):
        b = np.where(rng.random(100) < 0.03, rng.normal(50.0, 5.0, 100), 90.0)
        wrong += decide([90.0] * 100, b, estimand=estimand, margin=1.0).verdict == "equivalent"
    assert wrong <= 5
