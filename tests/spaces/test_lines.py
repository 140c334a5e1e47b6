"""Lines counted and drawn, against writing down every list of widths and depths."""

from collections import Counter
from itertools import product
from math import prod

import numpy as np
import pytest
from scipy.stats import chisquare

from netspace.errors import SpecError
from netspace.spaces.lines import lines
from netspace.spaces.multipliers import are_lines
from netspace.spaces.ranges import LogUniform, Uniform, distribution
from netspace.spaces.rules import Fixed, NonDecreasing, Shared, Within, narrowed

WIDTH = LogUniform(low=8, high=64, step=8)
DEPTH = LogUniform(low=1, high=4)
RULES = {
    "none": ((), ()),
    "depths that do not fall": ((), (NonDecreasing(parameter="d"),)),
    "one depth": ((), (Shared(parameter="d"),)),
    "a given depth": ((), (Fixed(parameter="d", value=2),)),
    "a narrower width": ((Within(parameter="w", low=16, high=48),), ()),
    "a narrower depth": ((), (Within(parameter="d", low=1, high=3),)),
    "widths that do not fall": ((NonDecreasing(parameter="w"),), ()),
}
ruled = pytest.mark.parametrize("rules", RULES.values(), ids=RULES)


def every(stages, rules):
    """All lines of three stages, each with its odds among free draws."""
    sides = []
    for values, own in ((WIDTH, rules[0]), (DEPTH, rules[1])):
        found = distribution(narrowed(values, own))
        odds = dict(zip(found.values.tolist(), found.odds.tolist(), strict=True))
        lists = list(product(odds, repeat=stages))
        obeyed = [True] * len(lists)
        for rule in own:
            obeyed = np.logical_and(obeyed, rule.holds(np.array(lists)))
        shared = any(isinstance(rule, Shared) for rule in own)
        sides.append(
            {
                one: odds[one[0]] if shared else prod(odds[value] for value in one)
                for one, obeys in zip(lists, obeyed, strict=True)
                if obeys
            }
        )
    pairs = list(product(*sides))
    width, depth = (np.array(side) for side in zip(*pairs, strict=True))
    kept = np.flatnonzero(are_lines(width, depth))
    return {pairs[i]: sides[0][pairs[i][0]] * sides[1][pairs[i][1]] for i in kept.tolist()}


def found(stages, rules):
    return lines(WIDTH, DEPTH, stages=stages, width_rules=rules[0], depth_rules=rules[1])


@ruled
@pytest.mark.parametrize("stages", [1, 2, 3])
def test_the_count_is_that_of_all_lists(stages, rules):
    assert found(stages, rules).count == len(every(stages, rules))


@ruled
def test_draws_are_the_free_draws_that_are_lines(rules):
    """Against exact enumeration: odds of a free draw, shared out among the lines."""
    exact = every(3, rules)
    width, depth = found(3, rules).draw(*np.random.default_rng(1).random((2, 60_000)))
    seen = Counter(zip(map(tuple, width.tolist()), map(tuple, depth.tolist()), strict=True))
    assert set(seen) <= set(exact)
    lists = sorted(exact, key=exact.__getitem__)
    parts = np.array_split(np.arange(len(lists)), min(25, len(lists)))  # the rarest together
    drawn, expected = (
        np.array([sum(side[lists[i]] for i in part) for part in parts]) for side in (seen, exact)
    )
    assert chisquare(drawn, expected / expected.sum() * drawn.sum()).pvalue > 0.001


@pytest.mark.parametrize("quantiles", tuple(product((0.0, np.nextafter(1, 0)), repeat=2)))
def test_draws_at_the_ends_are_lines(quantiles):
    width, depth = found(3, RULES["none"]).draw(*np.array(quantiles)[:, np.newaxis])
    assert are_lines(width, depth).all()


def test_lines_of_anynets_are_counted_without_being_written_down():
    """16^4 depths and 64^4 widths: 1.1e12 lists, and in e without those that fall."""
    widths, depths = Uniform(low=8, high=512, step=8), Uniform(low=1, high=16)
    whole = lines(widths, depths, stages=4)
    rising = lines(widths, depths, stages=4, depth_rules=(NonDecreasing(parameter="depth"),))
    assert 1e5 < rising.count < whole.count < 1e7
    drawn = whole.draw(*np.random.default_rng(0).random((2, 20_000)))
    assert are_lines(*drawn).all()
    kept = (np.diff(drawn[1], axis=1) >= 0).all(axis=1).mean()
    assert rising.count / whole.count == pytest.approx(kept, abs=0.01)


@pytest.mark.parametrize(
    ("width", "depth", "width_rules", "stages"),
    [
        (WIDTH, DEPTH, (Shared(parameter="w"),), 2),
        (WIDTH, DEPTH, (Fixed(parameter="w", value=16),), 3),
        (Uniform(low=8, high=16, step=8), DEPTH, (), 3),
        (Uniform(low=1, high=7), DEPTH, (), 1),
        (WIDTH, Uniform(low=0.25, high=0.75, step=0.25), (), 1),
    ],
)
def test_no_line_at_all(width, depth, width_rules, stages):
    with pytest.raises(SpecError) as fault:
        lines(width, depth, stages=stages, width_rules=width_rules)
    assert str(fault.value) == (
        f"no quantised line has {stages} stages with the values that are left; "
        "widen their ranges or leave another rule on them out"
    )
