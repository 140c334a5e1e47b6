"""Estimates against errors: signs, baselines, what is left out, and what has no figure."""

import numpy as np
import pytest
from scipy.stats import kendalltau

from netspace.analyse.agreement import kendall_tau
from netspace.analyse.correlation import correlation
from netspace.errors import UserError

NAN = float("nan")
ERRORS = np.random.default_rng(0).normal(60, 5, size=30)
NOISE = np.random.default_rng(1).normal(0, 5, size=30)
LOOSE = np.random.default_rng(2).normal(0, 5, size=30)


def test_plus_is_good_and_the_tau_is_scipys():
    found = correlation(ERRORS, NOISE - ERRORS, {"b": LOOSE - ERRORS, "c": LOOSE})
    assert found.tau.value == pytest.approx(-kendalltau(ERRORS, NOISE - ERRORS).statistic)
    assert found.tau.value > 0.3
    expected = found.tau.value - kendall_tau(-ERRORS, LOOSE - ERRORS)
    assert found.gains["b"].value == pytest.approx(expected)
    assert found.networks == 30


def test_a_perfect_estimate_beats_a_loose_one_and_not_itself():
    found = correlation(ERRORS, -ERRORS, {"loose": LOOSE})
    assert found.tau.value == 1.0
    assert found.tau.low < 0.99
    assert found.better
    same = correlation(ERRORS, -ERRORS, {"loose": LOOSE, "itself": -ERRORS})
    assert not same.better
    assert (same.gains["itself"].low, same.gains["itself"].high) == (0.0, 0.0)


def test_the_wrong_way_round_is_not_better():
    found = correlation(ERRORS, ERRORS, {"loose": LOOSE})
    assert found.tau.value == -1.0
    assert not found.better


def test_without_baselines_nothing_is_better():
    assert not correlation(ERRORS, -ERRORS, {}).better


def test_a_baseline_that_ranks_none_has_a_tau_of_zero():
    found = correlation(ERRORS, NOISE - ERRORS, {"flat": np.full(30, 5.0)})
    assert found.gains["flat"].value == found.tau.value


def test_pairs_are_drawn_together():
    """An estimate that only shifts its baseline gains nothing, whatever is drawn."""
    found = correlation(ERRORS, NOISE - ERRORS, {"shifted": NOISE - ERRORS + 9})
    assert (found.gains["shifted"].low, found.gains["shifted"].high) == (0.0, 0.0)


def test_networks_without_an_estimate_are_left_out():
    scores = NOISE - ERRORS
    holes = np.where(np.arange(30) < 20, scores, NAN)
    found = correlation(ERRORS, holes, {"b": LOOSE})
    assert found == correlation(ERRORS[:20], scores[:20], {"b": LOOSE[:20]})
    assert found.networks == 20


@pytest.mark.parametrize(
    ("errors", "scores"),
    [
        (ERRORS[:9], NOISE[:9]),
        (ERRORS, np.where(np.arange(30) < 9, NOISE, NAN)),
        (ERRORS, np.ones(30)),
        (np.ones(30), NOISE),
        ([], []),
    ],
)
def test_too_few_or_equal_ones_have_no_figure(errors, scores):
    assert correlation(errors, scores, {}) is None


def test_the_interval_is_repeatable_and_narrows():
    few, again, many = (
        correlation(
            np.tile(ERRORS, times), np.tile(NOISE - ERRORS, times), {"b": LOOSE.repeat(times)}
        )
        for times in (1, 1, 4)
    )
    assert few == again
    assert many.tau.high - many.tau.low < few.tau.high - few.tau.low


@pytest.mark.parametrize("options", [{"confidence": 1.0}, {"resamples": 0}])
def test_options_are_checked(options):
    with pytest.raises(UserError):
        correlation(ERRORS, NOISE, {}, **options)
