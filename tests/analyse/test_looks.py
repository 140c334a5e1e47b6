import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from netspace.analyse.looks import BY_HORIZON, FIRST, looks, quantiles


def test_looks_are_renards_numbers():
    assert looks(500) == (20, 25, 32, 40, 50, 63, 80, 100, 125, 160, 200, 250, 315, 400, 500)
    assert looks(2_000)[15:] == (630, 800, 1000, 1250, 1600, 2000)
    assert looks(FIRST - 1) == ()


@given(st.integers(0, 3_000), st.integers(0, 3_000))
def test_a_later_end_only_adds_looks(one, other):
    shorter, longer = sorted((one, other))
    assert looks(longer)[: len(looks(shorter))] == looks(shorter)


def test_a_single_look_is_the_plain_quantile():
    """One look up to the horizon spends all that there is to spend by then."""
    (quantile,) = quantiles(20, 0.05, 20)
    assert quantile == pytest.approx(norm.isf(0.05 * BY_HORIZON / 2), abs=1e-4)


def test_what_was_spent_stays_spent():
    """Going on after the horizon does not change the looks before it."""
    assert quantiles(2_000, 0.05)[:15] == quantiles(500, 0.05)


def crossed(last: int, error: float, horizon: int) -> float:
    """How often a sum of normal steps leaves the bounds, by simulation."""
    stated = np.array(looks(last))
    steps = np.sqrt(np.diff(stated, prepend=0))
    rng = np.random.default_rng(0)
    sums = np.cumsum(rng.standard_normal((100_000, len(stated))) * steps, axis=1)
    return float((np.abs(sums) / np.sqrt(stated) > quantiles(last, error, horizon)).any(1).mean())


def test_all_looks_together_err_as_stated():
    assert crossed(500, 0.05, 500) == pytest.approx(0.05 * BY_HORIZON, abs=0.002)
    assert crossed(80, 0.025, 80) == pytest.approx(0.025 * BY_HORIZON, abs=0.0015)
    assert 0.05 * BY_HORIZON < crossed(20_000, 0.05, 500) < 0.05


@settings(deadline=None, max_examples=20)
@given(st.floats(1e-4, 0.2), st.sampled_from([20, 80, 500]))
def test_less_error_takes_wider_bounds(error, horizon):
    narrow, wide = quantiles(100, error, horizon), quantiles(100, error / 2, horizon)
    assert all(low < high for low, high in zip(narrow, wide, strict=True))
