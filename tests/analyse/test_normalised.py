import time

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.special import ndtr

from netspace.analyse.edf import edf
from netspace.analyse.normalised import normalised_edfs
from netspace.errors import UserError

NAN = float("nan")
networks = st.lists(
    st.tuples(st.integers(0, 100).map(float), st.integers(1, 40).map(float)),
    min_size=1,
    max_size=60,
)


def costly(n, shift, seed):
    """Errors that fall with complexity and depend on nothing else; greater shift, costlier."""
    rng = np.random.default_rng(seed)
    complexity = np.exp(rng.normal(shift, 1.0, n))
    return 60.0 - 5.0 * np.log(complexity) + rng.normal(0.0, 3.0, n), complexity


def mean(curve):
    return float(np.diff(curve.share, prepend=0.0) @ curve.errors)


def test_what_complexity_alone_explains_is_taken_out():
    """One population is 5 points better, but only by being costlier."""
    (a, cost_a), (b, cost_b) = costly(2000, 0.0, 1), costly(2000, 1.0, 2)
    assert np.mean(a) - np.mean(b) > 4.5
    one, other = normalised_edfs([a, b], [cost_a, cost_b])
    assert abs(mean(one.curve) - mean(other.curve)) < 0.4


def test_by_hand_with_an_empty_bin():
    """Bins {1}, {2}, {3}: A has 2, 0, 1 networks in them, B 1, 1, 1; the second bin drops out."""
    a, b = normalised_edfs([[10.0, 20.0, 30.0], [10.0, 20.0, 40.0]], [[1, 1, 3], [1, 2, 3]], bins=5)
    # The first bin counts 1 / (1/2 + 1/1) = 2/3 and the third 1 / (1/1 + 1/1) = 1/2: 4 to 3.
    assert a.weights == pytest.approx([2 / 7, 2 / 7, 3 / 7])
    assert b.weights == pytest.approx([4 / 7, 0.0, 3 / 7])
    assert (a.left_out, b.left_out) == (0.0, pytest.approx(1 / 3))
    assert a.curve.errors.tolist() == [10.0, 20.0, 30.0]
    assert a.curve.share == pytest.approx([2 / 7, 4 / 7, 1.0])
    assert b.curve.errors.tolist() == [10.0, 40.0]
    assert b.effective == pytest.approx(1 / ((4 / 7) ** 2 + (3 / 7) ** 2))


def test_the_band_is_that_of_the_effective_size():
    sides = [costly(300, 0.0, 1), costly(300, 0.5, 2)]
    for one in normalised_edfs(*zip(*sides, strict=True)):
        middle = np.searchsorted(one.curve.share, 0.5)
        reach = np.sqrt(np.log(2 / 0.05) / (2 * one.effective))
        assert one.curve.high[middle] - one.curve.share[middle] == pytest.approx(reach)
        assert one.effective < one.curve.finished


def test_bands_cover_the_common_distribution():
    """True curve at the complexities that both are weighted to; errors depend on these alone."""
    at, covered = np.linspace(30.0, 90.0, 400), 0
    for seed in range(200):
        sides = [costly(80, 0.0, 2 * seed), costly(80, 0.5, 2 * seed + 1)]
        found = normalised_edfs(*zip(*sides, strict=True))
        truths = [
            one.weights @ ndtr((at - 60.0 + 5.0 * np.log(cost)[:, None]) / 3.0)
            for one, (_, cost) in zip(found, sides, strict=True)
        ]
        truth = np.mean(truths, axis=0)
        bands = [band(one.curve, at) for one in found]
        covered += all(((low <= truth) & (truth <= high)).all() for low, high in bands)
    assert covered / 200 >= 0.95


def band(curve, errors):
    reached = np.searchsorted(curve.errors, errors, side="right")
    epsilon = np.concatenate(([1.0 - curve.low[-1]], curve.high))
    return np.concatenate(([0.0], curve.low))[reached], epsilon[reached]


def test_failed_networks_and_unknown_complexities_are_counted_and_left_out():
    a = normalised_edfs([[NAN, 20.0, 30.0, 40.0], [25.0, 35.0]], [[1, 1, NAN, 2], [1, 2]])[0]
    assert (a.curve.finished, a.curve.failed, a.unknown) == (2, 1, 1)
    assert a.weights.tolist() == [0.0, 0.5, 0.0, 0.5]
    assert a.left_out == 0.0


def test_like_complexities_leave_the_plain_distribution():
    complexity = np.arange(1.0, 101.0)
    errors = np.random.default_rng(0).integers(20, 40, 100).astype(float)
    for one in normalised_edfs([errors, errors[::-1]], [complexity, complexity[::-1]]):
        plain = edf(errors)
        assert one.effective == pytest.approx(100.0)
        assert one.curve.share == pytest.approx(plain.share)
        assert one.curve.low == pytest.approx(plain.low)


@given(networks, networks)
def test_complexities_are_alike_once_weighted(a, b):
    """With bins so narrow that each holds one complexity, both have as much weight on each."""
    (ea, ca), (eb, cb) = (np.array(side).T for side in (a, b))
    try:
        one, other = normalised_edfs([ea, eb], [ca, cb], bins=10_000)
    except UserError:
        assume(False)
    for cost in np.union1d(ca, cb):
        assert one.weights[ca == cost].sum() == pytest.approx(other.weights[cb == cost].sum())
        assert np.unique(one.weights[ca == cost]).size <= 1


@given(networks, networks, st.integers(1, 8))
def test_weights_add_up_and_cost_certainty(a, b, bins):
    try:
        found = normalised_edfs(*split(a, b), bins=bins)
    except UserError:
        assume(False)
    for one in found:
        assert one.weights.sum() == pytest.approx(1.0)
        assert (one.weights >= 0.0).all()
        assert 1.0 - 1e-9 <= one.effective <= one.curve.finished + 1e-9
        assert one.curve.finished == np.count_nonzero(one.weights)
        assert 0.0 <= one.left_out < 1.0
        assert one.curve.share[-1] == 1.0


@given(networks, networks, st.randoms())
def test_order_changes_nothing(a, b, chance):
    try:
        before = normalised_edfs(*split(a, b))
    except UserError:
        assume(False)
    chance.shuffle(a)
    for old, new in zip(before, normalised_edfs(*split(a, b)), strict=True):
        assert old.curve.share == pytest.approx(new.curve.share)
        assert old.effective == pytest.approx(new.effective)


def split(*sides):
    columns = [np.array(side).T for side in sides]
    return [errors for errors, _ in columns], [costs for _, costs in columns]


def test_three_populations_meet_in_common_bins():
    sides = [costly(400, shift, seed) for seed, shift in enumerate((0.0, 0.5, 1.0))]
    found = normalised_edfs(*zip(*sides, strict=True))
    means = [mean(one.curve) for one in found]
    assert max(means) - min(means) < 1.5


def test_a_hundred_thousand_networks_are_fast():
    sides = [costly(50_000, 0.0, 0), costly(50_000, 1.0, 1)]
    started = time.perf_counter()
    normalised_edfs(*zip(*sides, strict=True))
    assert time.perf_counter() - started < 2.0


def test_what_cannot_be_made_alike_is_said():
    told = r"flops of 1M..2M \(x\) and 3M..4M \(y\) have nothing in common"
    with pytest.raises(UserError, match=told):
        normalised_edfs(
            [[1, 2], [3, 4]], [[1e6, 2e6], [3e6, 4e6]], names=["x", "y"], measure="flops"
        )
    with pytest.raises(UserError, match=r"1..10 \(A\) and 3 \(B\) have nothing in common"):
        normalised_edfs([[1, 2], [3]], [[1, 10], [3]])
    with pytest.raises(UserError, match="population B: no finished network, 1 failed"):
        normalised_edfs([[1], [NAN]], [[1], [1]])
    with pytest.raises(UserError, match="population A: no finished network of known flops"):
        normalised_edfs([[1], [1]], [[NAN], [1]], measure="flops")
    with pytest.raises(UserError, match="population A: 2 errors but 1 of complexity"):
        normalised_edfs([[1, 2], [1]], [[1], [1]])
