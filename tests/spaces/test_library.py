import numpy as np
import pytest

from netspace.spaces.families import NAMES, space
from netspace.spaces.library import library, narrows
from netspace.spaces.listed import listed_space
from netspace.spaces.rules import Fixed, NonDecreasing, QuantisedLinear, Shared, Within

STAGED = ("depth", "width", "bottleneck_ratio", "group_width")
LINE = QuantisedLinear()


def all_of(kind, *names):
    return {kind(parameter=name) for name in names}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("anynetx_a", all_of(Shared, *STAGED) | all_of(NonDecreasing, *STAGED)),
        (
            "anynetx_b",
            all_of(Shared, "depth", "width", "group_width")
            | all_of(NonDecreasing, "depth", "width", "group_width"),
        ),
        ("anynetx_c", all_of(Shared, "depth", "width") | all_of(NonDecreasing, "depth", "width")),
        ("anynetx_d", all_of(Shared, "depth", "width") | all_of(NonDecreasing, "depth")),
        ("anynetx_e", all_of(Shared, "depth", "width")),
    ],
)
def test_rules_for_anynets(name, expected):
    found = library(space(name, resolution=32))
    assert set(found) == expected | {LINE}
    assert len(found) == len(set(found))


@pytest.mark.parametrize("name", ["regnetx", "regnety"])
def test_none_for_spaces_without_stages_of_their_own(name):
    assert library(space(name)) == ()


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_makes_the_space_smaller(name):
    family = space(name, resolution=32)
    for rule in library(family):
        child = family.with_rule(rule)
        assert child.log10_size < family.log10_size
        assert child.degrees_of_freedom <= family.degrees_of_freedom
        assert rule not in library(child)


@pytest.mark.parametrize("name", ["anynetx_a", "anynetx_d"])
def test_rules_come_to_an_end(name):
    family = space(name, resolution=32)
    while rules := library(family):
        assert not set(rules) & set(family.rules)
        family = family.with_rule(rules[-1])
    assert len(family.rules) > 5


def test_after_a_line():
    """Widths rise and differ anyway; depths may still be told to."""
    found = library(space("anynetx_c", resolution=32).with_rule(LINE))
    assert set(found) == {Shared(parameter="depth"), NonDecreasing(parameter="depth")}


def test_fixed_parameters_are_left_alone():
    rules = [Fixed(parameter=name, value=2) for name in ("depth", "bottleneck_ratio")]
    family = space("anynetx_a", resolution=32).with_rule(*rules)
    left = {name for rule in library(family) for name in rule.parameters if rule != LINE}
    assert left == {"width", "group_width"}
    assert LINE in library(family), "depths of 2 leave d fixed, widths free"


def test_no_line_where_there_can_be_none():
    family = space("anynetx_a", resolution=32).with_rule(Fixed(parameter="width", value=64))
    assert LINE not in library(family)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Within(parameter="depth", low=2, high=4), True),
        (Within(parameter="depth", low=1, high=16), False),
        (Within(parameter="depth", low=17, high=99), False),
        (Shared(parameter="depth"), True),
        (NonDecreasing(parameter="depth"), True),
    ],
)
def test_what_narrows(rule, expected):
    assert narrows(rule, space("anynetx_a", resolution=32)) == expected


def test_the_space_of_a_table():
    """Three stages; the depths of stages are one value in all rows but one."""
    columns = {
        "width": np.array([[8.0, 16, 24], [16, 24, 40], [8, 8, 8], [24, 16, 8]]),
        "depth": np.array([[1.0, 2, 2], [1, 2, 3], [2, 2, 2], [1, 1, 1]]),
        "kernel": np.array([[3.0], [5], [3], [5]]),
        "stride": np.array([[2.0, 2, 2]] * 4),
    }
    found = library(listed_space("table", columns))
    names = ("width", "depth")
    assert set(found) == all_of(Shared, *names) | all_of(NonDecreasing, *names) | {LINE}
    assert LINE.holds(columns["width"], columns["depth"]).tolist() == [True, True, False, False]


def test_one_width_for_all_stages_is_no_line():
    """Though of these widths only multiples of 8 could be a line's."""
    columns = {"width": np.array([[8.0], [12], [16]]), "depth": np.array([[1.0], [2], [3]])}
    family = listed_space("table", columns)
    assert narrows(LINE, family)
    assert library(family) == ()
