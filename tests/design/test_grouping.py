"""Widths on multiples, with groups that stay valid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspace.design.blocks import Bottleneck, check_width, fit_groups
from netspace.design.factors import Factors
from netspace.design.grouping import Units, grouped, inner_width, multiplied


def test_c34_widths_go_to_the_nearest_multiple_of_8():
    assert [multiplied(width, 1.4, 8) for width in (32, 16, 24)] == [48, 24, 32]


def test_one_step_up_below_90_percent():
    # 10 x 1.1 = 11: the nearest multiple, 8, is only 73 %.
    assert multiplied(10, 1.1, 8) == 16
    assert multiplied(10, 1.0, 8) == 10, "factor 1 leaves a width as it is"


EVEN = Bottleneck(bottleneck_ratio=1, group_width=16)


@pytest.mark.parametrize("factor", [0.5, 2, 3, 4])
@pytest.mark.parametrize("groups", [1, 2, 3, 5, 10, 24])
def test_whole_factors_are_exact(factor, groups):
    found = grouped(groups * 16, EVEN, Factors(width=factor, group_width=factor), Units())
    assert found == (groups * 16 * factor, 16 * factor)


def test_c14_a_width_goes_to_the_nearest_that_its_groups_divide():
    # 72 with groups of 64: 64, which a rule of 90 % would make 128.
    block = Bottleneck(group_width=64)
    assert grouped(64, block, Factors(width=72 / 64), Units()) == (64, 64)
    # 120 with groups of 48 is a tie, and goes to the even 96.
    assert grouped(96, Bottleneck(group_width=48), Factors(width=1.25), Units()) == (96, 48)


@given(st.integers(1, 40), st.integers(1, 6), st.sampled_from((1, 2, 4)), st.floats(0.3, 4))
def test_with_groups_left_alone_widths_are_those_of_the_regnet_code(groups, unit, ratio, factor):
    group_width = 8 * unit
    inner = max(round(groups * group_width * factor), group_width)
    width, wish = groups * group_width * ratio, inner * ratio
    block = Bottleneck(bottleneck_ratio=ratio, group_width=group_width)
    found = grouped(width, block, Factors(width=wish / width), Units())
    assert found == fit_groups(wish, ratio, group_width)


@pytest.mark.parametrize("ratio", [0.5, 1, 2, 4])
@pytest.mark.parametrize("growth", [1, 1.5])
def test_a_width_never_falls_as_factors_grow_together(ratio, growth):
    # Where 5 groups of 16 would become 4 of 24, 4 of 16 come before.
    for groups in (1, 2, 3, 4, 5, 7, 10, 16, 25):
        for group_width in (8, 16, 24, 56):
            block = Bottleneck(bottleneck_ratio=ratio, group_width=group_width)
            width = int(groups * group_width * ratio)
            found = [
                grouped(width, block, Factors(width=f**growth, group_width=f), Units())
                for f in (1.02**n for n in range(-30, 60))
            ]
            assert [width for width, _ in found] == sorted(width for width, _ in found)
            assert [group for _, group in found] == sorted(group for _, group in found)


@given(
    st.integers(1, 12),
    st.integers(1, 12),
    st.sampled_from((0.25, 0.5, 1, 1.5, 2, 3, 4)),
    st.floats(0.1, 6),
    st.floats(0.1, 6),
)
def test_any_factors_give_valid_groups(groups, group_width, ratio, width_factor, group_factor):
    block = Bottleneck(bottleneck_ratio=ratio, group_width=group_width)
    width = int(4 * groups * group_width * ratio)
    factors = Factors(width=width_factor, group_width=group_factor)
    units = Units(width=1, group_width=1)
    found, group = grouped(width, block, factors, units)
    check_width(Bottleneck(bottleneck_ratio=ratio, group_width=group), found)
    assert 1 <= group <= inner_width(found, block)


def test_an_unscaled_width_keeps_its_groups_whole():
    # 96 channels allow groups of 8, 16, 24, 32, 48 and 96; 40 is asked for.
    assert grouped(96, EVEN, Factors(group_width=2.5), Units()) == (96, 32)


def test_equal_numbers_of_groups_are_kept():
    # ResNeXt-50 32x4d is 32 groups in every stage; 1.5 times as wide it is 32x6d.
    block = Bottleneck(bottleneck_ratio=2, group_width=4)
    units = Units(width=8, group_width=4, same_groups=True)
    assert grouped(256, block, Factors(width=1.5, group_width=1.5), units) == (384, 6)
