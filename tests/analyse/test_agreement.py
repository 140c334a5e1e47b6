"""Ranks at a short and a long schedule: taus by hand, against scipy, and what intervals cover."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

from netspace.analyse.agreement import Agreement, Estimate, agreement, kendall_tau
from netspace.errors import UserError

NAN = float("nan")
rows = st.integers(2, 12).flatmap(
    lambda n: st.tuples(
        *(st.lists(st.sampled_from(range(6)), min_size=n, max_size=n) for _ in range(2))
    )
)


def trained(seed, n=12, *, short=0.5, long=0.5, order=1.0):
    """Errors (n, 2) and (n,): networks with seed noise, and a long schedule of another order."""
    chance = np.random.default_rng(seed)
    own = chance.normal(size=n)
    other = order * own + np.sqrt(1 - order**2) * chance.normal(size=n)
    shorts = own[:, np.newaxis] + short * chance.normal(size=(n, 2))
    return shorts, other + long * chance.normal(size=n)


def ranks(*columns):
    return np.array(columns, dtype=float).T


class TestTau:
    @pytest.mark.parametrize(
        ("a", "b", "tau"),
        [
            ([1, 2, 3, 4], [1, 2, 3, 4], 1.0),
            ([1, 2, 3, 4], [4, 3, 2, 1], -1.0),
            ([1, 2, 3, 4], [1, 2, 4, 3], 4 / 6),
            ([1, 2, 3, 4], [2, 1, 4, 3], 2 / 6),
            ([1, 1, 2], [1, 2, 3], 2 / np.sqrt(2 * 3)),
        ],
    )
    def test_by_hand(self, a, b, tau):
        assert kendall_tau(a, b) == pytest.approx(tau, abs=1e-12)

    def test_equal_errors_rank_nothing(self):
        assert np.isnan(kendall_tau([5, 5, 5], [1, 2, 3]))

    @given(rows)
    def test_is_scipys(self, pair):
        ours, theirs = kendall_tau(*pair), kendalltau(*pair).statistic
        assert ours == pytest.approx(theirs, abs=1e-12, nan_ok=True)


class TestAgreement:
    def test_by_hand(self):
        """One pair changes places from the first short training to the second, one to the long."""
        found = agreement(ranks([1, 2, 3, 4], [2, 1, 3, 4]), [1, 2, 4, 3])
        assert found.short_long.value == pytest.approx((4 / 6 + 2 / 6) / 2)
        assert found.ceiling.value == pytest.approx(4 / 6)
        assert found.difference.value == pytest.approx(0.5 - 4 / 6)
        assert found.beyond.value == pytest.approx(1.5 - 8 / 6)
        assert found.networks == 4

    def test_a_failed_training_leaves_its_network_out(self):
        short, long = trained(0)
        short, long = np.vstack([short, [NAN, 1.0], [0.0, 1.0]]), [*long, 0.0, np.inf]
        assert agreement(short, long) == agreement(short[:12], long[:12])

    @pytest.mark.parametrize("n", [0, 3])
    def test_fewer_than_four_networks_have_no_tau(self, n):
        with pytest.raises(UserError, match=rf"{n} of {n} networks finished all three trainings"):
            agreement(np.ones((n, 2)), np.ones(n))

    def test_a_training_of_equal_errors_ranks_none(self):
        with pytest.raises(UserError, match="gave all 4 networks the same error"):
            agreement(ranks([1, 2, 3, 4], [7, 7, 7, 7]), [1, 2, 3, 4])

    def test_two_short_trainings_are_needed(self):
        with pytest.raises(UserError, match=r"short errors must be \(n, 2\)"):
            agreement([[1.0], [2.0]], [1.0, 2.0])

    @settings(max_examples=25)
    @given(st.integers(0, 10**6), st.integers(4, 15), st.sampled_from([1, 100]))
    def test_only_ranks_count_and_every_interval_holds_its_value(self, seed, n, resamples):
        short, long = trained(seed, n)
        found = agreement(short, long, resamples=resamples)
        assert agreement(np.exp(short), 5 * long + 40, resamples=resamples) == found
        for tau in (found.short_long, found.ceiling):
            assert -1 <= tau.low <= tau.value <= tau.high <= 1
            assert tau.low < 1
        for other in (found.difference, found.beyond):
            assert other.low <= other.value <= other.high

    def test_swapping_the_short_trainings_changes_nothing(self):
        short, long = trained(3)
        assert agreement(short[:, ::-1], long) == agreement(short, long)

    def test_perfect_agreement_is_not_certain(self):
        line = np.arange(12.0)
        found = agreement(ranks(line, line), line)
        assert found.finding == "same"
        assert found.ceiling.value == 1.0
        assert 0.8 < found.ceiling.low < 0.95

    def test_intervals_cover_and_a_difference_that_is_not_there_is_seldom_found(self):
        """Of 12 networks whose long training is as noisy as the short: tau is 2/pi asin(0.8)."""
        truth = 2 / np.pi * np.arcsin(0.8)
        found = [agreement(*trained(seed), resamples=300) for seed in range(200)]
        assert np.mean([one.ceiling.low <= truth <= one.ceiling.high for one in found]) >= 0.92
        short_long = [one.short_long.low <= truth <= one.short_long.high for one in found]
        assert np.mean(short_long) >= 0.92
        assert np.mean([one.finding in ("lower", "higher") for one in found]) <= 0.08

    def test_what_is_there_is_found(self):
        other = [
            agreement(*trained(s, short=0.2, long=0.2, order=0.1), resamples=400) for s in range(20)
        ]
        assert sum(one.finding == "lower" for one in other) >= 12
        quiet = [agreement(*trained(s, 60, short=1.0, long=0.1), resamples=400) for s in range(20)]
        assert sum(one.finding in ("higher", "noise") for one in quiet) >= 15
        noisy = [agreement(*trained(s, 60, short=1.0, long=1.0), resamples=400) for s in range(20)]
        assert sum(one.finding == "noise" for one in noisy) >= 12


def estimate(value, half=0.1):
    return Estimate(value=value, low=value - half, high=value + half)


@pytest.mark.parametrize(
    ("networks", "short_long", "difference", "beyond", "finding"),
    [
        (12, 1.0, 0.3, 0.3, "same"),
        (4, 1.0, 0.3, 0.3, "same"),
        (7, 0.5, -0.5, 0.5, "few"),
        (8, 0.5, -0.11, 0.5, "lower"),
        (8, 0.5, -0.1, 0.11, "noise"),
        (8, 0.05, -0.1, 0.5, "undecided"),
        (8, 0.5, 0.11, 0.5, "higher"),
        (8, 0.5, 0.1, 0.1, "undecided"),
    ],
)
def test_finding(networks, short_long, difference, beyond, finding):
    found = Agreement(
        networks=networks,
        short_long=estimate(short_long),
        ceiling=estimate(0.5),
        difference=estimate(difference),
        beyond=estimate(beyond),
        confidence=0.95,
    )
    assert found.finding == finding
