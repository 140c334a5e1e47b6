"""Verdicts replayed on published tables of trained networks, where the truth is known."""

import importlib
from pathlib import Path
from statistics import median
from types import ModuleType

import numpy as np
import pytest

from netspace.analyse.estimands import BestOf, Chance, Mean, estimand_of
from netspace.analyse.verdict import compare, decide

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def calibration():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        module: ModuleType = importlib.import_module("_calibration")
        if absent := module.missing():
            pytest.skip(f"published tables are absent: {', '.join(map(str, absent))}")
        yield module


@pytest.fixture(scope="module")
def pairs(calibration):
    return tuple(calibration.pairs())


@pytest.fixture(scope="module", params=["best_of_10", "mean", "chance"])
def replayed(request, calibration, pairs):
    return request.param, [calibration.replay(pair, request.param) for pair in pairs]


def test_the_pairs_are_those_stated(pairs):
    assert len(pairs) == 17
    assert {len(pair.a) for pair in pairs} == {15_625, 6_561, 5_138}
    sizes = [len(pair.b) for pair in pairs]
    assert sizes[:3] == [5_385, 4_096, 3_125]
    assert [pair.name for pair in pairs if len(pair.a) == len(pair.b)] == [
        "nas_bench_201 cifar10_valid: null",
        "nas_bench_macro: null",
        "accel_nasbench: null",
    ]


@pytest.mark.slow
def test_wrong_verdicts_and_missed_truths_are_rare(replayed):
    _, found = replayed
    assert {one.pair: one.wrong for one in found if one.wrong > 0.05} == {}
    assert {one.pair: one.coverage for one in found if one.coverage < 0.93} == {}


@pytest.mark.slow
def test_verdicts_are_cheap(replayed):
    _, found = replayed
    decidable = [one for one in found if one.decidable]
    assert len(decidable) >= 9
    assert median(one.median_networks for one in decidable) <= 125


@pytest.mark.slow
def test_what_can_be_decided_is_decided_rightly(replayed):
    _, found = replayed
    assert min(one.right for one in found if one.decidable) >= 0.6
    assert any(one.right > 0.99 and one.truth < 0 for one in found)


def test_replays_are_what_decide_says(calibration, pairs):
    """The arrays of the replays and the public function agree, draw by draw."""
    pair = pairs[0]
    rng = np.random.default_rng(np.random.SeedSequence(0))
    a, b = (rng.choice(errors, (60, 500)) for errors in (pair.a, pair.b))
    alone = [decide(one, other, estimand="mean") for one, other in zip(a, b, strict=True)]
    together = calibration.replay(pair, "mean", replays=60)
    assert together.median_networks == np.median([one.finished_a for one in alone])
    assert together.right == np.mean([one.verdict == "better" for one in alone])
    covered = [one.low <= together.truth <= one.high for one in alone]
    assert together.coverage == np.mean(covered)


@pytest.mark.parametrize(
    ("estimand", "truth"), [(BestOf(k=1), -0.5), (Mean(), -0.5), (Chance(), -12.5)]
)
def test_the_truth_of_a_small_pair_by_hand(calibration, estimand, truth):
    """B = {0, 1} against A = {0, 2}: of four draws B is lower once and ties once."""
    pair = calibration.Pair(name="", a=np.array([0.0, 2.0]), b=np.array([0.0, 1.0]))
    assert pair.truth(estimand) == pytest.approx(truth)


def test_the_truth_of_the_best_of_two_by_hand(calibration):
    """With replacement the lower of two draws is 0 in three of four."""
    pair = calibration.Pair(name="", a=np.array([0.0, 2.0]), b=np.array([0.0, 1.0]))
    assert pair.truth(BestOf(k=2)) == pytest.approx(0.25 - 0.5)


def test_a_single_look_covers_too(calibration, pairs):
    """At 100 networks a side; the percentile bootstrap that it replaced covered 93 %."""
    rng = np.random.default_rng(1)
    for pair in (pairs[0], pairs[3], pairs[-1]):
        truth = pair.truth(estimand_of("best_of_10", 100))
        found = [compare(rng.choice(pair.a, 100), rng.choice(pair.b, 100)) for _ in range(400)]
        assert np.mean([one.low <= truth <= one.high for one in found]) >= 0.92
