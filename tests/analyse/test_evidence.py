import numpy as np
import pytest

from netspace.analyse.evidence import FEW_MEMBERS, evidence
from netspace.spaces.rules import Fixed, NonDecreasing, Shared
from tests.analyse.tables import table as made_up

RULE = Fixed(parameter="p", value=1.0)


def table(values, errors):
    return made_up(errors, {"p": np.asarray(values, float)})


def test_members_are_those_that_obey():
    found = evidence(RULE, table([1] * 5 + [2] * 7, [40.0] * 5 + [43.0] * 7))
    assert (found.members, found.others) == (5, 7)
    assert found.gain.value == 3.0
    assert found.correlation > 0.9
    assert found.strength > 2.0


def test_failed_networks_are_no_evidence():
    whole = table([1] * 6 + [2] * 6, [40.0, 41, 42, 43, 44, 45, 50, 51, 52, 53, 54, 55])
    broken = table([*[1] * 6, *[2] * 6, 1, 2], [*whole.errors, np.nan, np.nan])
    assert evidence(RULE, broken) == evidence(RULE, whole)


def test_too_few_members_are_not_compared():
    values = [1] * (FEW_MEMBERS - 1) + [2] * 10
    found = evidence(RULE, table(values, np.linspace(40, 50, len(values))))
    assert found.gain is None
    assert found.correlation > 0.0


def test_a_rule_that_all_obey_has_no_strength():
    found = evidence(RULE, table([1] * 10, np.arange(10.0)))
    assert (found.members, found.others, found.correlation, found.strength) == (10, 0, 0.0, 0.0)


def test_the_sign_tells_help_from_harm():
    """A rule obeyed by the worse half harms; its strength is the other's turned."""
    errors = np.random.default_rng(0).normal(50, 3, 40)
    good = table(np.where(np.arange(40) < 20, 1, 2), np.sort(errors))
    bad = table(np.where(np.arange(40) < 20, 1, 2), np.sort(errors)[::-1])
    assert evidence(RULE, good).strength == pytest.approx(-evidence(RULE, bad).strength)
    assert evidence(RULE, good).gain.low > 0.0 > evidence(RULE, bad).gain.high


def test_distance_from_the_rule_counts_where_nobody_obeys():
    """No network shares its value, but the nearer ones err less."""
    values = [[1, 2], [1, 4], [1, 8], [1, 16], [1, 32], [1, 64]]
    errors = [40.0, 41.0, 42.0, 43.0, 44.0, 45.0]
    found = evidence(Shared(parameter="p"), table(values, errors))
    assert (found.members, found.correlation) == (0, pytest.approx(1.0))
    assert found.strength > 2.0
    falling = [row[::-1] for row in values]
    assert evidence(NonDecreasing(parameter="p"), table(falling, errors)).correlation > 0.99


def test_chance_alone_is_seldom_strong():
    rng = np.random.default_rng(1)
    strengths = [
        evidence(RULE, table(rng.choice([1, 2], 40), rng.normal(50, 3, 40))).strength
        for _ in range(300)
    ]
    assert np.mean(np.abs(strengths) > 2.5) < 0.05
