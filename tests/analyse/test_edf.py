from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netspace.analyse.edf import edf
from netspace.errors import UserError

NAN = float("nan")
populations = st.lists(st.integers(0, 1000).map(lambda tenths: tenths / 10), min_size=1)


def test_failed_networks_stay_outside_the_distribution():
    """Eight networks of which two failed: F(33) = 3/6, not 3/8."""
    curve = edf([31.1, 33.0, NAN, 33.0, 40.0, NAN, 52.0, 90.0])
    assert (curve.at(33.0), curve.at(52.0), curve.at(90.0)) == (0.5, 5 / 6, 1.0)
    assert (curve.finished, curve.failed) == (6, 2)
    assert curve.errors.tolist() == [31.1, 33.0, 40.0, 52.0, 90.0]


def test_ties_make_one_step():
    curve = edf([1.0, 2.0, 2.0, 2.0, 3.0])
    assert curve.errors.tolist() == [1.0, 2.0, 3.0]
    assert curve.share.tolist() == [0.2, 0.8, 1.0]
    assert (curve.at(2.0), curve.at(1.999), curve.at(0.5), curve.at(7.0)) == (0.8, 0.2, 0.0, 1.0)
    assert curve.at(NAN) == 0.0


def test_band_is_massarts():
    curve = edf(np.arange(200.0), confidence=0.95)
    epsilon = sqrt(log(2 / 0.05) / 400)
    assert curve.low[99] == pytest.approx(0.5 - epsilon)
    assert curve.high[99] == pytest.approx(0.5 + epsilon)
    assert (curve.low[0], curve.high[-1]) == (0.0, 1.0)


def test_band_covers_the_true_distribution_everywhere_at_once():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        curve = edf(100 * rng.random(50))
        truth, before = curve.errors / 100, np.concatenate(([0.0], curve.share[:-1]))
        epsilon = curve.high[20] - curve.share[20]
        held = (curve.low <= truth) & (truth <= curve.high) & (truth <= before + epsilon)
        covered += held.all()
    assert covered / 400 >= 0.93


@settings(deadline=None)
@given(populations, st.integers(0, 5))
def test_shares_rise_to_one(errors, failed):
    curve = edf(errors, failed=failed)
    assert (np.diff(curve.errors) > 0).all()
    assert (np.diff(curve.share) > 0).all()
    assert curve.share[-1] == 1.0
    assert ((curve.low <= curve.share) & (curve.share <= curve.high)).all()
    assert curve.failed == failed


@settings(deadline=None)
@given(populations, st.floats(-1, 101))
def test_share_is_the_count_up_to_an_error(errors, error):
    assert edf(errors).at(error) == sum(e <= error for e in errors) / len(errors)


@settings(deadline=None)
@given(st.data(), populations)
def test_order_does_not_matter(data, errors):
    one, other = edf(errors), edf(data.draw(st.permutations(errors)))
    assert one.errors.tolist() == other.errors.tolist()
    assert one.share.tolist() == other.share.tolist()


def test_arrays_are_closed_to_writing():
    curve = edf([1.0, 2.0])
    for array in (curve.errors, curve.share, curve.low, curve.high):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0.0


def test_errors_say_what_is_wrong():
    with pytest.raises(UserError, match="no finished network, 2 failed"):
        edf([NAN], failed=1)
    with pytest.raises(UserError, match="confidence 95 must lie between 0 and 1"):
        edf([1.0], confidence=95)
