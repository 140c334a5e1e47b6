"""Spaces whose widths and depths follow a quantised line, and how rules add up."""

from math import log10

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netspace.design.complexity import count
from netspace.design.regnet import widths
from netspace.errors import SpecError, UnknownNameError
from netspace.spaces.anynet import AnyNetTemplate
from netspace.spaces.families import space
from netspace.spaces.frame import Frame
from netspace.spaces.lines import lines
from netspace.spaces.multipliers import are_lines
from netspace.spaces.ranges import Choice, LogUniform, Uniform
from netspace.spaces.rules import Fixed, NonDecreasing, QuantisedLinear, Rule, Shared, Within
from netspace.spaces.space import Parameter, Space
from tests.spaces.line_oracle import line_of

LINE = QuantisedLinear()
BAND = (5e6, 6e6)


def anynetx(letter: str, *rules: Rule) -> Space:
    return space(f"anynetx_{letter}", resolution=32, classes=10).with_rule(*rules)


def drawn(family: Space, number: int = 2000, seed: int = 0):
    return family.draw(np.random.default_rng(seed).random((number, family.dimensions)))


@pytest.mark.parametrize("letter", "abcde")
def test_every_network_of_a_line_is_a_regnets(letter):
    """Block for block, with the d, w_0, w_a and w_m that its stages allow."""
    family = anynetx(letter, LINE)
    sample = family.sample(60, flops=BAND)
    assert len(sample) == 60
    for member in sample.members:
        width, depth = member.parameters["width"], member.parameters["depth"]
        blocks = np.repeat(width, np.array(depth, int))
        assert widths(*line_of(width, depth)) == tuple(blocks.astype(int).tolist())
        assert BAND[0] <= count(member.network).flops <= BAND[1]
        assert family.contains(member.parameters)
        assert space(f"anynetx_{letter}", resolution=32).contains(member.parameters)


def test_nothing_is_drawn_in_vain():
    """A draw under the rule is always a member: none is thrown away for it."""
    for rules in (
        (LINE,),
        (LINE, Shared(parameter="depth")),
        (NonDecreasing(parameter="depth"), LINE),
    ):
        columns = drawn(anynetx("a", *rules))
        for rule in rules:
            assert rule.holds(*(columns[name] for name in rule.parameters)).all()


def test_other_parameters_are_drawn_as_before():
    free, ruled = drawn(anynetx("a")), drawn(anynetx("a", LINE))
    assert list(ruled) == list(free)
    for name in ("bottleneck_ratio", "group_width"):
        assert (free[name] == ruled[name]).all()
    assert not (free["width"] == ruled["width"]).all()


def test_a_member_off_the_line_is_none():
    family = anynetx("a", LINE)
    row = {name: values[0] for name, values in drawn(family, 1).items()}
    assert family.contains(row)
    assert not family.contains(row | {"width": row["width"][::-1]})
    assert not family.contains(row | {"depth": [16, 1, 1, 1]})
    assert not family.contains(row | {"depth": row["depth"][:3]})


@pytest.mark.parametrize(
    ("rules", "degrees"),
    [
        ((LINE,), 4 + 8),
        ((LINE, LINE), 4 + 8),
        ((NonDecreasing(parameter="width"), NonDecreasing(parameter="depth"), LINE), 4 + 8),
        ((LINE, Within(parameter="width", low=16, high=256)), 4 + 8),
        ((LINE, Shared(parameter="depth")), 4 + 8),
        ((LINE, Fixed(parameter="depth", value=2)), 3 + 8),
        ((LINE, Shared(parameter="group_width")), 4 + 5),
    ],
)
def test_degrees_of_freedom(rules, degrees):
    assert anynetx("a", *rules).degrees_of_freedom == degrees


def test_two_stages_have_no_more_freedom_than_numbers():
    def two(*rules):
        return tiny(Uniform(low=8, high=64, step=8), Uniform(low=1, high=4), *rules)

    assert two().degrees_of_freedom == two(LINE).degrees_of_freedom == 4
    assert two(LINE, Fixed(parameter="depth", value=2)).degrees_of_freedom == 2


def tiny(width, depth, *rules, sizes=(2, 2)) -> Space:
    return Space(
        name="tiny",
        parameters=(
            Parameter(name="width", values=width, size=sizes[0]),
            Parameter(name="depth", values=depth, size=sizes[1]),
        ),
        template=AnyNetTemplate(frame=Frame()),
        rules=rules,
    )


def test_the_size_is_the_number_of_lists():
    """That many of 3 ^ 4 x 6 ^ 4 combinations of other parameters for every line."""
    family = anynetx("a", LINE)
    found = lines(LogUniform(low=8, high=512, step=8), LogUniform(low=1, high=16), stages=4)
    assert family.log10_size == pytest.approx(log10(found.count * 3**4 * 6**4))


@pytest.mark.parametrize("letter", "ade")
@pytest.mark.parametrize(
    "rule",
    [
        NonDecreasing(parameter="depth"),
        Shared(parameter="depth"),
        Within(parameter="width", low=16, high=256),
        Within(parameter="depth", low=1, high=8),
        Fixed(parameter="depth", value=2),
    ],
)
def test_a_line_narrows_and_is_narrowed_in_either_order(letter, rule):
    first, then = anynetx(letter, rule, LINE), anynetx(letter, LINE, rule)
    assert first.log10_size == then.log10_size
    assert first.degrees_of_freedom == then.degrees_of_freedom
    assert then.log10_size < anynetx(letter, rule).log10_size
    assert then.log10_size <= anynetx(letter, LINE).log10_size
    for name, values in drawn(first, 50).items():
        assert (values == drawn(then, 50)[name]).all()


@pytest.mark.parametrize("parameter", ["depth", "width", "group_width"])
def test_one_value_implies_that_values_do_not_fall(parameter):
    shared = anynetx("a", Shared(parameter=parameter))
    for both in (
        anynetx("a", NonDecreasing(parameter=parameter), Shared(parameter=parameter)),
        anynetx("a", Shared(parameter=parameter), NonDecreasing(parameter=parameter)),
    ):
        assert both.log10_size == shared.log10_size
        assert both.degrees_of_freedom == shared.degrees_of_freedom
        columns = drawn(both, 50)
        assert all((values == drawn(shared, 50)[name]).all() for name, values in columns.items())


def test_ranges_narrow_further_inside_narrowed_ones():
    outer = anynetx("a", Within(parameter="width", low=16, high=256))
    inner = outer.with_rule(Within(parameter="width", low=64, high=512))
    assert inner.log10_size < outer.log10_size
    columns = drawn(inner)
    assert (columns["width"].min(), columns["width"].max()) == (64, 256)


def test_widths_of_a_line_do_not_fall_anyway():
    assert anynetx("a", LINE).log10_size == anynetx("d", LINE).log10_size + 3 * log10(18)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_draws_of_a_line_are_the_free_draws_that_are_lines(seed):
    """Means of what free draws of a space with many lines keep, against draws by the rule."""
    family = tiny(LogUniform(low=8, high=64, step=8), LogUniform(low=1, high=4))
    free = drawn(family, 20_000, seed)
    kept = are_lines(free["width"], free["depth"])
    ruled = drawn(family.with_rule(LINE), 20_000, seed)
    for name in ("width", "depth"):
        means = (np.log2(side).mean(axis=0) for side in (free[name][kept], ruled[name]))
        assert np.subtract(*means) == pytest.approx(np.zeros(2), abs=0.1)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (
            (LINE, Shared(parameter="width")),
            "width and depth: no quantised line has 2 stages with the values that are left; "
            "widen their ranges or leave another rule on them out",
        ),
        (
            (LINE, QuantisedLinear(depth="width", width="depth")),
            "width: a parameter follows one quantised line; leave one rule out",
        ),
        (
            (QuantisedLinear(depth="width"),),
            "width: a parameter follows one quantised line; leave one rule out",
        ),
    ],
)
def test_lines_that_cannot_be(rules, message):
    with pytest.raises(SpecError) as fault:
        tiny(Choice(values=(8, 16)), Choice(values=(1, 2)), *rules)
    assert str(fault.value) == message


def test_a_line_needs_as_many_widths_as_depths():
    with pytest.raises(SpecError) as fault:
        tiny(Choice(values=(8, 16)), Choice(values=(1, 2)), LINE, sizes=(2, 1))
    assert str(fault.value) == (
        "width and depth: 2 and 1 values; a quantised line needs one of each in every stage"
    )


def test_a_line_of_no_parameter():
    with pytest.raises(UnknownNameError) as fault:
        anynetx("a", QuantisedLinear(width="widht"))
    assert str(fault.value) == "unknown parameter 'widht'; did you mean 'width'?"
