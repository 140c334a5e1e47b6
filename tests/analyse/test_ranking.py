"""Differences among several networks, and whether two data sets rank them alike."""

from math import isinf, isnan

import numpy as np
import pytest
from scipy.stats import tukey_hsd

from netspace.analyse.ranking import order_agreement, pairs, pooled
from netspace.errors import UserError

A, B, C = (31.0, 32.5, 30.1), (32.0, 34.1, 33.4), (40.2, 41.0, 39.0)


def test_intervals_are_those_of_tukeys_test() -> None:
    found = {(pair.first, pair.second): pair.difference for pair in pairs({"a": A, "b": B, "c": C})}
    known = tukey_hsd(A, B, C)
    interval = known.confidence_interval(0.95)
    for first, second in ((0, 1), (0, 2), (1, 2)):
        own = found["abc"[first], "abc"[second]]
        assert own.value == pytest.approx(known.statistic[first, second])
        assert own.low == pytest.approx(interval.low[first, second], abs=1e-4)
        assert own.high == pytest.approx(interval.high[first, second], abs=1e-4)


def test_the_better_one_comes_first_and_far_apart_is_real() -> None:
    found = pairs({"c": C, "a": A, "b": B})
    assert [(pair.first, pair.second) for pair in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert [pair.real for pair in found] == [False, True, True]


def test_unequal_numbers_follow_kramer() -> None:
    """scipy's own handles them in the same way."""
    (found,) = pairs({"a": A, "b": (35.0, 36.0)})
    interval = tukey_hsd(A, (35.0, 36.0)).confidence_interval(0.95)
    assert found.difference.low == pytest.approx(interval.low[0, 1], abs=1e-4)


def test_one_seed_each_has_no_interval_and_no_verdict() -> None:
    (found,) = pairs({"a": (30.0,), "b": (90.0,)})
    assert isinf(found.difference.half_width)
    assert not found.real
    assert pooled({"a": (30.0,), "b": (90.0,)}) is None


def test_networks_without_a_result_take_no_part() -> None:
    assert [pair.second for pair in pairs({"a": A, "b": (), "c": C})] == ["c"]
    assert pairs({"a": A, "b": ()}) == ()


def test_equal_networks_are_seldom_called_different() -> None:
    """Among six equal networks some pair comes out as real in about one of twenty contests."""
    rng = np.random.default_rng(0)
    contests, wrong = 300, 0
    for _ in range(contests):
        groups = {str(n): tuple(rng.normal(50.0, 1.0, 3)) for n in range(6)}
        wrong += any(pair.real for pair in pairs(groups))
    assert 0.02 < wrong / contests < 0.09


def test_the_same_order_is_1_and_the_other_way_round_is_minus_1() -> None:
    groups = {"a": A, "b": B, "c": C}
    turned = {"a": C, "b": B, "c": A}
    same, other = order_agreement(groups, groups), order_agreement(groups, turned)
    assert same is not None
    assert other is not None
    assert (same.value, other.value) == (1.0, -1.0)
    assert same.low <= 1.0 <= same.high


def test_noise_widens_the_interval_of_the_order() -> None:
    calm, noisy = (
        {name: (value, value + noise, value - noise) for value, name in enumerate("abcd")}
        for noise in (0.01, 9.0)
    )
    sure, open_ = order_agreement(calm, calm), order_agreement(calm, noisy)
    assert sure is not None
    assert open_ is not None
    assert sure.low == 1.0
    assert open_.low < 0.0


def test_two_networks_or_none_in_common_have_no_order() -> None:
    assert order_agreement({"a": A, "b": B}, {"a": A, "b": B}) is None
    assert order_agreement({"a": A, "b": B, "c": C}, {"a": A, "b": B, "c": ()}) is None


def test_without_repeats_the_order_has_the_widest_interval() -> None:
    single = {"a": (1.0,), "b": (2.0,), "c": (3.0,)}
    found = order_agreement(single, single)
    assert found is not None
    assert (found.value, found.low, found.high) == (1.0, -1.0, 1.0)


def test_the_interval_of_the_order_covers_the_true_one() -> None:
    """Five networks with true errors of their own on two data sets; tau of the true errors."""
    rng = np.random.default_rng(1)
    covered, contests = 0, 200
    for _ in range(contests):
        truths = rng.normal(50.0, 2.0, (2, 5))
        seen = [
            {str(n): tuple(rng.normal(mean, 1.0, 3)) for n, mean in enumerate(side)}
            for side in truths
        ]
        found = order_agreement(*seen, resamples=400)
        assert found is not None
        ranks = truths.argsort(axis=1).argsort(axis=1)
        signs = [np.sign(np.subtract.outer(one, one)) for one in ranks]
        tau = float((signs[0] * signs[1]).sum() / 20)
        assert not isnan(tau)
        covered += found.low - 1e-9 <= tau <= found.high + 1e-9
    assert covered / contests > 0.92


def test_a_confidence_out_of_range_is_refused() -> None:
    with pytest.raises(UserError):
        pairs({"a": A, "b": B}, confidence=1.0)
