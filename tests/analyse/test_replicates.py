import math

import numpy as np
import pytest
from scipy import stats

from netspace.analyse.replicates import difference, mean, slowing, spread
from netspace.errors import UserError


def test_two_groups_give_students_two_sample_interval():
    a, b = [31.0, 33.5, 32.0], [30.0, 29.0]
    found = spread([a, b])
    expected = stats.ttest_ind(a, b).confidence_interval(0.95)
    middle = np.mean(a) - np.mean(b)
    assert found.degrees == 3
    assert middle - found.half_width(3, 2) == pytest.approx(expected.low)
    assert middle + found.half_width(3, 2) == pytest.approx(expected.high)


def test_a_group_of_one_adds_nothing():
    assert spread([[1.0, 3.0], [7.0]]) == spread([[1.0, 3.0]])
    assert spread([[1.0, 3.0], []]) == spread([[1.0, 3.0]])


def test_the_interval_of_a_mean_covers_as_often_as_it_says():
    chance = np.random.default_rng(0)
    hits = 0
    for _ in range(2_000):
        groups = chance.normal(5.0, 2.0, (8, 2))
        hits += abs(groups[0].mean() - 5.0) <= spread(groups.tolist()).half_width(2)
    assert hits / 2_000 == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize("groups", [[], [[]], [[1.0], [2.0]]])
def test_single_trainings_have_no_spread(groups):
    with pytest.raises(UserError, match="use 2 or more"):
        spread(groups)


GROUPS = ([31.0, 33.5, 32.0], [30.0, 29.0], [27.5, 28.0])


def test_a_difference_is_students_and_its_verdict_follows_the_interval():
    a, b = [31.0, 33.5, 32.0], [30.0, 29.0]
    found = difference(a, b, spread([a, b]))
    expected = stats.ttest_ind(a, b).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found.verdict == "undecided"
    sure = [[10.0, 10.1], [12.0, 12.1]]
    assert difference(*sure, spread(sure)).verdict == "better"
    assert difference(*reversed(sure), spread(sure)).verdict == "worse"


def test_a_mean_uses_the_spread_of_all():
    known = spread(GROUPS)
    found = mean(GROUPS[0], known)
    assert found.value == pytest.approx(np.mean(GROUPS[0]))
    assert found.half_width == known.half_width(3)
    assert found.high - found.value == pytest.approx(found.value - found.low)


def test_slowing_is_the_first_gain_minus_the_second():
    known = spread(GROUPS)
    before, once, twice = GROUPS
    first, second = difference(before, once, known), difference(once, twice, known)
    found = slowing(before, once, twice, known)
    assert found.value == pytest.approx(first.value - second.value)
    # The middle mean counts twice: its variance four times.
    variance = known.deviation**2 * (1 / 3 + 4 / 2 + 1 / 2)
    quantile = stats.t.ppf(0.975, known.degrees)
    assert found.half_width == pytest.approx(quantile * np.sqrt(variance))


def test_the_interval_of_a_slowing_covers_as_often_as_it_says():
    chance = np.random.default_rng(1)
    hits = 0
    for _ in range(2_000):
        groups = chance.normal([[9.0], [5.0], [3.0], [0.0], [0.0], [0.0]], 2.0, (6, 2)).tolist()
        found = slowing(*groups[:3], spread(groups))
        hits += found.low <= 2.0 <= found.high
    assert hits / 2_000 == pytest.approx(0.95, abs=0.015)


def test_without_a_spread_nothing_is_decided():
    found = difference([1.0], [99.0], None)
    assert found.value == -98.0
    assert not found.known
    assert found.verdict == "undecided"
    assert mean([1.0, 2.0], None).high == math.inf
