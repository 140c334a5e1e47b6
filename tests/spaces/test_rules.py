from collections import Counter
from itertools import product
from math import prod

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.stats import chi2_contingency, chisquare

from netspace.config import Budget, SpaceChoice, Study, study_from_plain, study_text
from netspace.design.serial import to_plain
from netspace.errors import SpecError
from netspace.spaces.ranges import Choice, LogUniform, Uniform, distribution
from netspace.spaces.rules import (
    Fixed,
    NonDecreasing,
    QuantisedLinear,
    Shared,
    Within,
    draw,
    narrowed,
)
from tests.strategies import parameter_columns, ranges, rules_for, rules_on

uniforms = arrays.arrays(
    np.float64,
    st.tuples(st.integers(1, 20), st.integers(1, 5)),
    elements=st.floats(0, 1, exclude_max=True),
)
FOUR = LogUniform(low=1, high=4)


def frequencies(rows: np.ndarray) -> Counter:
    return Counter(map(tuple, rows.tolist()))


@given(ranges, uniforms, st.data())
def test_draws_obey_their_rules(values, quantiles, data):
    rules = data.draw(rules_on(values))
    drawn = draw(values, rules, quantiles)
    assert drawn.shape == quantiles.shape
    assert distribution(values).contains(drawn).all()
    assert distribution(narrowed(values, rules)).contains(drawn).all()
    for rule in rules:
        assert rule.holds(drawn).all()


@given(ranges, st.sampled_from((0.0, np.nextafter(1, 0))), st.integers(1, 6))
def test_rising_draws_reach_both_ends(values, quantile, stages):
    drawn = draw(values, (NonDecreasing(parameter="p"),), np.full((1, stages), quantile))
    end = 0 if quantile == 0 else -1
    assert (drawn == distribution(values).values[end]).all()


def test_rising_draws_are_the_free_draws_that_rise():
    """Against exact enumeration: odds of a free draw, shared out among the rising ones."""
    found = distribution(FOUR)
    odds = dict(zip(found.values.tolist(), found.odds.tolist(), strict=True))
    rising = [row for row in product(odds, repeat=3) if list(row) == sorted(row)]
    exact = np.array([prod(odds[value] for value in row) for row in rising])
    drawn = draw(
        FOUR, (NonDecreasing(parameter="p"),), np.random.default_rng(1).random((100_000, 3))
    )
    seen = frequencies(drawn)
    assert set(seen) == set(rising)
    expected = exact / exact.sum() * 100_000
    assert chisquare([seen[row] for row in rising], expected).pvalue > 0.001


def test_rising_draws_against_rejection():
    values, rng = Uniform(low=1, high=6), np.random.default_rng(2)
    rule = NonDecreasing(parameter="p")
    free = draw(values, (), rng.random((400_000, 4)))
    kept = frequencies(free[rule.holds(free)])
    total = sum(kept.values())
    drawn = frequencies(draw(values, (rule,), rng.random((total, 4))))
    rows = sorted(set(kept) | set(drawn))
    assert len(rows) == 126  # 6 values with repetition, 4 places
    a, b = ([counts[row] for row in rows] for counts in (kept, drawn))
    assert chi2_contingency([a, b]).pvalue > 0.001


def test_rising_draws_under_a_narrowed_range():
    rules = (NonDecreasing(parameter="p"), Within(parameter="p", low=2, high=3))
    drawn = frequencies(draw(FOUR, rules, np.random.default_rng(3).random((50_000, 2))))
    two, three = distribution(narrowed(FOUR, rules)).odds.tolist()
    exact = np.array([two * two, two * three, three * three])
    expected = exact / exact.sum() * 50_000
    seen = [drawn[row] for row in ((2, 2), (2, 3), (3, 3))]
    assert sum(seen) == 50_000
    assert chisquare(seen, expected).pvalue > 0.001


def test_free_draws_of_stages_are_independent():
    drawn = frequencies(draw(FOUR, (), np.random.default_rng(4).random((50_000, 2))))
    odds = distribution(FOUR).odds
    expected = np.outer(odds, odds).ravel() * 50_000
    seen = [drawn[row] for row in product((1, 2, 3, 4), repeat=2)]
    assert chisquare(seen, expected).pvalue > 0.001


def test_a_shared_value_follows_the_odds_of_one():
    rows = draw(FOUR, (Shared(parameter="p"),), np.random.default_rng(5).random((50_000, 4)))
    seen = [int((rows[:, 0] == value).sum()) for value in (1, 2, 3, 4)]
    assert chisquare(seen, distribution(FOUR).odds * 50_000).pvalue > 0.001


@pytest.mark.parametrize(
    ("rule", "row", "holds"),
    [
        (Shared(parameter="p"), (2, 2, 2), True),
        (Shared(parameter="p"), (2, 2, 3), False),
        (NonDecreasing(parameter="p"), (1, 1, 2), True),
        (NonDecreasing(parameter="p"), (1, 2, 1), False),
        (Within(parameter="p", low=1, high=2), (1, 2, 2), True),
        (Within(parameter="p", low=1, high=2), (1, 2, 3), False),
        (Fixed(parameter="p", value=2), (2, 2, 2), True),
        (Fixed(parameter="p", value=2), (2, 2, 1), False),
    ],
)
def test_holds(rule, row, holds):
    assert rule.holds(np.array([row, row], dtype=float)).tolist() == [holds, holds]


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (Shared(parameter="bottleneck_ratio"), "bottleneck ratio is the same in all stages"),
        (NonDecreasing(parameter="width"), "width does not fall from stage to stage"),
        (Within(parameter="multiplier", low=2, high=3), "multiplier lies from 2 to 3"),
        (Within(parameter="slope", low=8.5, high=100), "slope lies from 8.5 to 100"),
        (Fixed(parameter="group_width", value=16), "group width is 16"),
        (
            QuantisedLinear(width="out_width"),
            "out width and depth of all stages follow one quantised line (d, w_0, w_a, w_m)",
        ),
    ],
)
def test_sentence(rule, sentence):
    assert rule.sentence == sentence


@given(parameter_columns, st.data())
def test_a_violation_is_0_exactly_where_the_rule_holds(values, data):
    rule = data.draw(rules_for(values))
    violation = rule.violation(values)
    assert violation.shape == (len(values),)
    assert (violation >= 0).all()
    assert ((violation == 0) == rule.holds(values)).all()


@given(arrays.arrays(np.int64, (6, 2, 3), elements=st.integers(1, 6)))
def test_a_violation_is_0_exactly_where_a_line_is(values):
    width, depth = values[:, 0] * 8.0, values[:, 1].astype(float)
    rule = QuantisedLinear()
    violation = rule.violation(width, depth)
    assert ((violation == 0) == rule.holds(width, depth)).all()
    assert (violation >= 0).all()


@pytest.mark.parametrize(
    ("rule", "nearer", "farther", "distance"),
    [
        (Shared(parameter="p"), (8, 8, 16), (8, 16, 32), 2),
        (Shared(parameter="p"), (512, 512, 520), (8, 16, 8), 1),
        (NonDecreasing(parameter="p"), (8, 4, 16), (8, 4, 2), 2),
        (NonDecreasing(parameter="p"), (1, 512, 256), (512, 256, 128), 2),
        (NonDecreasing(parameter="p"), (8, 4, 8), (8, 4, 8), 1),
        (Within(parameter="p", low=8, high=16), (8, 16, 17), (8, 16, 64), 2),
        (Within(parameter="p", low=8, high=16), (4, 8, 8), (4, 8, 64), 3),
        (Within(parameter="p", low=0, high=16), (1, 2, 18), (1, 2, 32), 1),
        (Fixed(parameter="p", value=16), (16, 16, 8), (16, 64, 8), 3),
    ],
)
def test_violations_are_in_octaves(rule, nearer, farther, distance):
    found = rule.violation(np.array([nearer, farther], float))
    assert found[1] == pytest.approx(distance)
    assert 0 < found[0] <= found[1]


@pytest.mark.parametrize(
    ("rule", "row", "distance"),
    [
        (Shared(parameter="p"), (-3, 0, 8), 11),
        (NonDecreasing(parameter="p"), (5, 0, -2), 7),
        (Within(parameter="p", low=0, high=4), (-2, 0, 7), 5),
        (Fixed(parameter="p", value=0), (1, 2, 0), 3),
    ],
)
def test_violations_are_differences_where_there_are_no_octaves(rule, row, distance):
    assert rule.violation(np.array([row], float)) == distance


@pytest.mark.parametrize(
    "rule", [Shared, NonDecreasing, lambda parameter: Fixed(parameter=parameter, value=1e10)]
)
def test_values_that_rounding_would_make_equal(rule):
    """Their logarithms are the same number."""
    next_to = np.array([[1e10, np.nextafter(1e10, 0)]])
    assert np.ptp(np.log2(next_to)) == 0
    assert 0 < rule(parameter="p").violation(next_to) < 1e-6


def test_lines_hold_whole_rows():
    good, bad = ((8, 24, 64, 168), (1, 2, 4, 9)), ((8, 24, 64, 168), (9, 1, 1, 1))
    width, depth = (np.array(side, float) for side in zip(good, bad, strict=True))
    rule = QuantisedLinear()
    assert rule.holds(width, depth).tolist() == [True, False]
    assert (rule.violation(width, depth) > 0).tolist() == [False, True]


@pytest.mark.parametrize(
    "rule",
    [
        Shared(parameter="p"),
        NonDecreasing(parameter="p"),
        Within(parameter="p", low=1.5, high=8),
        Fixed(parameter="p", value=4),
        QuantisedLinear(),
        QuantisedLinear(width="out_width", depth="blocks"),
    ],
)
def test_rules_can_be_written_and_read(rule):
    choice = SpaceChoice(name="anynetx_a", rules=(rule, Shared(parameter="depth")))
    study = Study(data="pictures", budget=Budget(flops="5M..6M"), spaces=(choice,))
    for text in (study_text(study), yaml.safe_dump(to_plain(study, complete=True))):
        assert study_from_plain(yaml.safe_load(text)) == study


def test_a_line_is_written_by_its_kind_alone():
    text = "{kind: quantised_linear}"
    assert to_plain(QuantisedLinear()) == yaml.safe_load(text)


def test_a_rule_names_its_parameters_in_order():
    assert Shared(parameter="p").parameters == ("p",)
    assert QuantisedLinear(width="w", depth="d").parameters == ("w", "d")


def test_narrowing():
    values = Uniform(low=1, high=16)
    rules = (
        Shared(parameter="p"),
        Within(parameter="p", low=4, high=20),
        NonDecreasing(parameter="p"),
        Within(parameter="p", low=1, high=6),
    )
    assert distribution(narrowed(values, rules)).values.tolist() == [4, 5, 6]
    assert narrowed(values, ()) is values
    fixed = narrowed(values, (Fixed(parameter="p", value=7),))
    assert distribution(fixed).values.tolist() == [7]


def test_rules_that_leave_nothing():
    rules = (Within(parameter="p", low=1, high=2), Within(parameter="p", low=3, high=4))
    with pytest.raises(SpecError, match=r"^no value from 3 to 4 lies in the range 1\.\.2"):
        narrowed(Uniform(low=1, high=16), rules)


def test_a_value_between_the_listed_ones_cannot_be_fixed():
    with pytest.raises(SpecError, match="3"):
        narrowed(Choice(values=(1, 2, 4)), (Fixed(parameter="p", value=3),))
