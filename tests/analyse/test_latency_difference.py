"""Differences of latency: numbers by hand, cases, and how often noise passes for a difference."""

from collections.abc import Sequence
from itertools import combinations
from math import exp, expm1, log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from netspace.analyse.latency_difference import (
    ENOUGH,
    FEW,
    Difference,
    Noise,
    builds,
    difference,
    noise,
)
from netspace.errors import UserError

QUIET = Noise(deviation=0.0, degrees=4)
ROUNDS = 9


def steady(milliseconds, number=2, rounds=ROUNDS):
    """As many builds and rounds that all take the same."""
    return np.full((number, rounds), milliseconds / 1e3)


def measured(chance, networks, *, build=0.01, run=0.02, shape="normal", speeds=1.0):
    """Seconds of networks `(builds, rounds)` on a machine that drifts and has bad rounds."""
    drift = np.cumsum(chance.normal(0, 0.05, ROUNDS)) + np.linspace(0, 0.3, ROUNDS)
    own = np.log(np.broadcast_to(speeds, networks))
    found = []
    for number, middle in zip(builds(networks), own, strict=True):
        size = (number, ROUNDS)
        noisy = {
            "normal": lambda size=size: chance.normal(size=size),
            "heavy": lambda size=size: chance.standard_t(3, size=size),
            "skewed": lambda size=size: chance.exponential(size=size),
        }[shape]()
        lasting = build * chance.normal(size=(number, 1))
        found.append(np.exp(middle + drift + lasting + run * noisy))
    return found


def pairs(networks):
    own = noise(networks)
    return [
        difference(one, other, (own, own), among=len(networks))
        for one, other in combinations(networks, 2)
    ]


class TestCases:
    def test_c28_a_slower_backend_is_never_called_a_speed_up(self):
        """1,000 runs: fp32 10.28 s, int8 15.52 s."""
        found = difference(steady(15.52), steady(10.28), (QUIET, QUIET))
        assert found.speed == pytest.approx(0.662, abs=5e-4)
        assert found.verdict == "slower"

    def test_c28_on_one_thread_it_is_the_other_way_round(self):
        assert difference(steady(3.03), steady(6.59), (QUIET, QUIET)).verdict == "faster"

    def test_c87_fewer_flops_take_longer(self):
        """EfficientNet-B0 19.6 ms, ResNet-50 11.5 ms."""
        found = difference(steady(19.6), steady(11.5), (QUIET, QUIET))
        assert 1 / found.speed == pytest.approx(1.7, abs=0.01)


class TestNoise:
    def test_by_hand(self):
        """Two builds that differ by 2 % and by 4 %: squares halved, and their mean."""
        found = noise([[[1.0] * 6, [1.02] * 6], [[2.08] * 6, [2.0] * 6]])
        assert found.deviation == pytest.approx(sqrt((log(1.02) ** 2 + log(1.04) ** 2) / 4))
        assert found.degrees == 2

    def test_more_builds_give_the_standard_deviation(self):
        logs = np.array([0.0, 0.01, 0.03, -0.02, 0.005])
        found = noise([np.exp(logs)[:, np.newaxis].repeat(7, axis=1)])
        assert found.deviation == pytest.approx(logs.std(ddof=1))
        assert found.degrees == 4

    def test_a_bad_round_is_no_noise_of_builds(self):
        one = steady(5.0)
        one[0, 3] *= 40
        assert noise([one]).deviation == 0.0

    def test_one_build_each_tells_nothing(self):
        with pytest.raises(UserError, match="make two of some"):
            noise([steady(1.0, 1), steady(2.0, 1)])

    def test_one_build_adds_nothing(self):
        twice = [[1.0] * 6, [1.1] * 6]
        assert noise([twice, steady(2.0, 1, 6)]) == noise([twice])

    def test_floor_of_two_networks_is_students(self):
        found = Noise(deviation=0.01, degrees=4)
        half = 0.01 * student.ppf(0.975, 4)
        assert found.floor_percent(2) == pytest.approx(100 * expm1(half), rel=1e-3)
        assert found.floor_percent(4) == pytest.approx(100 * expm1(half / sqrt(2)), rel=1e-3)
        assert found.floor_percent(2, among=6) > 1.3 * found.floor_percent(2)


class TestDifference:
    def test_by_hand(self):
        """Nine rounds: the interval is from the second lowest to the second highest ratio."""
        ratios = np.array([1.5, 1.1, 1.2, 1.3, 1.25, 1.15, 1.4, 1.35, 1.45])
        found = difference(1 / ratios[np.newaxis], np.ones((1, 9)), (QUIET, QUIET))
        assert (found.speed, found.low, found.high) == pytest.approx((1.3, 1.15, 1.45))

    def test_the_floor_widens_a_narrow_interval(self):
        loud = Noise(deviation=0.05, degrees=4)
        found = difference(steady(1.0), steady(1.05), (loud, loud))
        floor = 0.05 * student.ppf(0.975, 4)
        assert found.low == pytest.approx(1.05 * exp(-floor), rel=1e-4)
        assert found.high == pytest.approx(1.05 * exp(floor), rel=1e-4)
        assert found.verdict == "noise"
        assert not found.real

    def test_the_noise_of_two_backends_adds_up(self):
        loud = Noise(deviation=0.05, degrees=9)
        found = difference(steady(1.0), steady(1.0, 8), (loud, QUIET))
        assert log(found.high) == pytest.approx(0.05 / sqrt(2) * student.ppf(0.975, 4), rel=1e-3)

    def test_a_drift_that_hits_both_is_no_difference(self):
        drift = np.geomspace(1, 8, ROUNDS)
        found = difference(steady(2.0) * drift, steady(1.0) * drift, (QUIET, QUIET))
        assert (found.speed, found.low, found.high) == pytest.approx((0.5, 0.5, 0.5))

    def test_one_bad_round_changes_no_verdict(self):
        one = steady(1.0)
        one[:, 4] *= 100
        assert difference(one, steady(1.1), (QUIET, QUIET)).verdict == "faster"

    @settings(max_examples=30)
    @given(st.integers(0, 10**6), st.integers(6, 20), st.floats(0.001, 1000))
    def test_swapped_and_in_other_units_it_says_the_same(self, seed, rounds, unit):
        chance = np.random.default_rng(seed)
        one, other = np.exp(chance.normal(0, 0.1, (2, 2, rounds)))
        own = noise([one, other])
        found = difference(one, other, (own, own))
        assert found.low <= found.speed <= found.high
        back = difference(unit * other, unit * one, (own, own))
        turned = (1 / back.speed, 1 / back.high, 1 / back.low)
        assert turned == pytest.approx((found.speed, found.low, found.high), rel=1e-9)
        swapped = {"faster": "slower", "slower": "faster", "noise": "noise"}
        assert back.verdict == swapped[found.verdict]

    @pytest.mark.parametrize(
        ("one", "other", "message"),
        [
            (steady(1, 2, 5), steady(1, 2, 5), "5 rounds are too few .* at least 6"),
            (steady(1, 2, 6), steady(1, 2, 7), "6 and 7 rounds cannot be paired"),
            (steady(0.0), steady(1.0), "all above 0"),
            (np.ones(6), np.ones(6), r"must be \(builds, rounds\)"),
        ],
    )
    def test_what_cannot_be_compared(self, one, other, message):
        with pytest.raises(UserError, match=message):
            difference(one, other, (QUIET, QUIET))

    def test_verdict_is_the_intervals(self):
        ends = [(1.001, 1.2, "faster"), (0.8, 0.999, "slower"), (1.0, 1.2, "noise")]
        for low, high, verdict in ends:
            assert Difference(speed=1.1, low=low, high=high).verdict == verdict


class TestBuilds:
    @pytest.mark.parametrize(
        ("networks", "often"), [(1, (5,)), (2, (3, 3)), (3, (3, 3, 3)), (4, (2,) * 4)]
    )
    def test_few_are_built_more_often(self, networks, often):
        assert builds(networks) == often

    @given(st.integers(1, 300))
    def test_there_are_enough_and_no_more(self, networks):
        found = builds(networks)
        assert len(found) == networks
        degrees = sum(number - 1 for number in found)
        assert min(networks, ENOUGH) <= degrees <= max(ENOUGH, 2 * FEW)
        assert degrees >= FEW


def found_apart(seeds: Sequence[int], networks: int, **machine: object) -> float:
    """Share of measurements of equal networks in which any two were called different."""
    said = [
        any(pair.real for pair in pairs(measured(np.random.default_rng(seed), networks, **machine)))
        for seed in seeds
    ]
    return float(np.mean(said))


@pytest.mark.parametrize("networks", [2, 5])
@pytest.mark.parametrize(
    "machine",
    [
        {},
        {"shape": "heavy"},
        {"shape": "skewed"},
        {"build": 0.0},
        {"build": 0.02, "run": 0.002},
    ],
)
def test_equal_networks_are_seldom_called_different(networks, machine):
    """5 % is meant: 10 of 200, and above 19 by chance in 0.3 % of such tests."""
    assert found_apart(range(200), networks, **machine) <= 0.095


def test_rounds_alone_would_call_builds_different():
    """Why the floor is there: lasting differences of builds, which no number of rounds removes."""
    wrong = 0
    for seed in range(50):
        one, other = measured(np.random.default_rng(seed), 2, build=0.02, run=0.002)
        wrong += difference(one, other, (QUIET, QUIET)).real
    assert wrong > 35


def test_what_is_there_is_found():
    """10 % apart where builds differ by 1 %."""
    found = [
        pairs(measured(np.random.default_rng(seed), 2, speeds=(1.0, 1.1)))[0] for seed in range(50)
    ]
    assert sum(one.verdict == "faster" for one in found) >= 45
    assert not any(one.verdict == "slower" for one in found)
    assert np.mean([one.low <= 1.1 <= one.high for one in found]) >= 0.9
