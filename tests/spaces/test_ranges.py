from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspace.errors import SpecError
from netspace.spaces.ranges import Choice, LogUniform, Narrowed, Powers, Uniform, distribution
from tests.strategies import narrowed_ranges, ranges


def values_of(values) -> list[float]:
    return distribution(values).values.tolist()


def odds_of(values) -> list[float]:
    return distribution(values).odds.tolist()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (Uniform(low=4, high=8), [4, 5, 6, 7, 8]),
        (Uniform(low=0, high=1, step=0.3), [0, 0.3, 0.6, 0.9]),
        (LogUniform(low=8, high=40, step=8), [8, 16, 24, 32, 40]),
        (LogUniform(low=1.5, high=1.502, step=0.001), [1.5, 1.501, 1.502]),
        (Powers(low=1, high=32), [1, 2, 4, 8, 16, 32]),
        (Powers(low=4, high=4), [4]),
        (Choice(values=(1, 2, 4)), [1, 2, 4]),
        (Narrowed(of=Uniform(low=4, high=8), low=5, high=7.5), [5, 6, 7]),
        (Narrowed(of=Powers(low=1, high=32), low=3), [4, 8, 16, 32]),
    ],
)
def test_values(values, expected):
    assert values_of(values) == expected


def test_the_slopes_of_regnets_are_tenths():
    values = values_of(LogUniform(low=8, high=256, step=0.1))
    assert len(values) == 2481
    assert {36.4, 8.0, 256.0, 99.9} <= set(values)


@pytest.mark.parametrize(
    "values", [Uniform(low=1, high=16), Powers(low=1, high=32), Choice(values=(1, 2, 4, 9))]
)
def test_equal_odds(values):
    odds = odds_of(values)
    assert odds == pytest.approx([1 / len(odds)] * len(odds))


def test_log_uniform_odds_are_shares_of_the_log_scale():
    """A log-uniform number from 1 to 16 lies nearest to 3 if it lies from 2.5 to 3.5."""
    odds = odds_of(LogUniform(low=1, high=16))
    assert odds[2] == pytest.approx(log(3.5 / 2.5) / log(16))
    assert odds[0] == pytest.approx(log(1.5) / log(16))
    assert odds[-1] == pytest.approx(log(16 / 15.5) / log(16))


def test_log_uniform_against_drawing_and_rounding():
    values = LogUniform(low=8, high=128, step=8)
    drawn = np.exp(np.random.default_rng(0).uniform(np.log(8), np.log(128), 100_000))
    counts = np.bincount((np.rint(drawn / 8) - 1).astype(int), minlength=16)
    assert counts / 100_000 == pytest.approx(np.array(odds_of(values)), abs=0.005)


@given(ranges)
def test_a_range_is_a_distribution(values):
    found = distribution(values)
    assert found.odds.sum() == pytest.approx(1)
    assert (found.odds > 0).all()
    assert (np.diff(found.values) > 0).all()
    assert found.cumulative[-1] == 1


@given(ranges)
def test_draws_follow_the_odds(values):
    """The midpoints of 4,096 equal steps, mapped one by one."""
    found = distribution(values)
    drawn = found.draw((np.arange(4096) + 0.5) / 4096)
    assert (np.diff(drawn) >= 0).all(), "a larger quantile is no smaller value"
    share = (drawn[:, np.newaxis] == found.values).mean(axis=0)
    assert share == pytest.approx(found.odds, abs=1.001 / 4096)


@given(ranges)
def test_the_ends_of_the_unit_interval_are_drawn_from(values):
    found = distribution(values)
    lowest, highest = found.draw(np.array([0.0, np.nextafter(1, 0)])).tolist()
    assert (lowest, highest) == (found.values[0], found.values[-1])


def test_a_value_owns_the_lower_end_of_its_share():
    quarters = distribution(Powers(low=1, high=8)).draw(np.array([0, 0.25, 0.5, 0.75]))
    assert quarters.tolist() == [1, 2, 4, 8]


@given(ranges, st.floats(0, 1, exclude_max=True))
def test_draws_are_members(values, quantile):
    found = distribution(values)
    assert found.contains(found.draw(np.array([[quantile]]))).all()


@given(ranges)
def test_what_lies_between_is_no_member(values):
    found = distribution(values)
    between = (found.values[:-1] + found.values[1:]) / 2
    assert not found.contains(between).any()
    assert not found.contains(np.array([found.values[0] - 1, found.values[-1] + 1, np.nan])).any()


@given(narrowed_ranges())
def test_narrowing_keeps_the_odds_against_each_other(values):
    whole, part = distribution(values.of), distribution(values)
    kept = np.isin(whole.values, part.values)
    assert (whole.values[kept] == part.values).all()
    assert part.values.min() >= values.low
    assert part.values.max() <= values.high
    assert part.odds * whole.odds[kept].sum() == pytest.approx(whole.odds[kept])


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        (
            Uniform,
            {"low": 5, "high": 4},
            "range 5..4 by 1 is empty; give low <= high, step > 0",
        ),
        (
            LogUniform,
            {"low": 5, "high": 6, "step": 0},
            "range 5..6 by 0 is empty; give low <= high, step > 0",
        ),
        (
            LogUniform,
            {"low": 0, "high": 4},
            "low end 0 of a log-uniform range must be above 0",
        ),
        (Powers, {"low": 1, "high": 6}, "ends 1 and 6 must be powers of two"),
        (Powers, {"low": 0, "high": 4}, "ends 0 and 4 must be powers of two"),
        (Choice, {"values": ()}, "values () must be distinct, rising and at least one"),
        (Choice, {"values": (2, 1)}, "values (2, 1) must be distinct, rising and at least one"),
        (Choice, {"values": (1, 1)}, "values (1, 1) must be distinct, rising and at least one"),
        (
            Narrowed,
            {"of": Uniform(low=1, high=4), "low": 5, "high": 6},
            "no value from 5 to 6 lies in the range 1..4; choose ends inside it",
        ),
    ],
)
def test_no_range(kind, fields, message):
    with pytest.raises(SpecError) as fault:
        kind(**fields)
    assert str(fault.value) == message
