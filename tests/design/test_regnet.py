from fractions import Fraction
from itertools import pairwise
from math import lcm, log

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from netspace.design.blocks import Bottleneck, check_width, fit_groups
from netspace.design.network import Stem
from netspace.design.regnet import RegNet, quantised, widths
from netspace.errors import SpecError
from tests.strategies import regnets

lines = st.tuples(
    st.floats(0, 300),
    st.integers(1, 40).map(lambda n: 8 * n),
    st.floats(1.05, 4),
    st.integers(1, 64),
)
dividing = st.sampled_from((0.25, 0.5, 1, 2, 4))


def test_widths_of_the_200mf_network():
    """Radosavovic et al. 2020, table of RegNetX: d = 1, 1, 4, 7."""
    line = widths(36.44, 24, 2.49, 13)
    assert line == (24, 56, *[152] * 4, *[368] * 7)


def nearest(value: float) -> int:
    return round(value)  # ties to even, as numpy


@given(lines)
def test_widths_against_the_equations(line):
    """Equations 2 to 4, block by block in plain Python."""
    slope, initial, multiplier, depth = line
    expected = []
    for j in range(depth):
        exact = log((initial + slope * j) / initial) / log(multiplier)
        assume(abs(exact % 1 - 0.5) > 1e-9)  # a tie may fall either way
        raw = initial * multiplier ** nearest(exact) / 8
        assume(abs(raw % 1 - 0.5) > 1e-9)
        expected.append(nearest(raw) * 8)
    assert list(widths(*line)) == expected


@given(lines)
def test_widths_rise_in_multiples_of_eight(line):
    found = widths(*line)
    assert len(found) == line[3]
    assert found[0] == line[1]
    assert all(a <= b for a, b in pairwise(found))
    assert all(width % 8 == 0 for width in found)


@given(st.lists(lines, min_size=1, max_size=5))
def test_many_lines_at_once(several):
    depth = max(line[3] for line in several)
    slope, initial, multiplier, _ = (
        np.array(v, dtype=np.float64) for v in zip(*several, strict=True)
    )
    together, _ = quantised(slope, initial, multiplier, depth)
    for row, line in zip(together.tolist(), several, strict=True):
        assert tuple(row[: line[3]]) == widths(*line)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ((36.44, 24, 1, 13), "width multiplier 1 must be above 1; 2 to 3 is usual"),
        ((36.44, 24, 0.5, 13), "width multiplier 0.5 must be above 1; 2 to 3 is usual"),
        ((36.44, 24, 2, 0), "depth 0 must be at least 1"),
        (
            (36.44, 20, 2, 13),
            "initial width 20 must be a multiple of 8 above 0",
        ),
        (
            (-1, 24, 2, 13),
            "slope -1 must be at least 0 and finite",
        ),
        ((1, 0, 2, 13), "initial width 0 must be a multiple of 8 above 0"),
    ],
)
def test_lines_that_are_none(line, message):
    with pytest.raises(SpecError) as fault:
        widths(*line)
    assert str(fault.value) == message


@given(st.integers(1, 2000), dividing, st.integers(1, 300))
def test_fitted_groups_can_be_built(width, ratio, group_width):
    fitted, group = fit_groups(width, ratio, group_width)
    assert 1 <= group <= group_width
    check_width(Bottleneck(bottleneck_ratio=ratio, group_width=group), fitted)
    inner = Fraction(fitted) / Fraction(ratio)
    assert inner.denominator == 1
    assert inner % group == 0


@given(st.integers(1, 2000), dividing, st.integers(1, 300))
def test_fitted_width_is_the_nearest(width, ratio, group_width):
    """The nearest multiple of the unit to the whole part of the inner width."""
    fitted, group = fit_groups(width, ratio, group_width)
    unit = lcm(group, int(1 / ratio) or 1)
    inner = max(1, int(width / ratio))
    distance = abs(Fraction(fitted) / Fraction(ratio) - inner)
    assert distance <= Fraction(unit, 2) or inner < unit == Fraction(fitted) / Fraction(ratio)


@given(st.integers(1, 100), st.integers(1, 100))
def test_what_fits_stays(groups, group_width):
    assert fit_groups(groups * group_width, 1, group_width) == (groups * group_width, group_width)


@given(st.lists(st.tuples(st.integers(1, 2000), dividing, st.integers(1, 300)), min_size=1))
def test_fitting_works_on_arrays(rows):
    width, ratio, group_width = (np.array(column) for column in zip(*rows, strict=True))
    fitted, group = fit_groups(width, ratio, group_width)
    assert list(zip(fitted.tolist(), group.tolist(), strict=True)) == [
        fit_groups(*row) for row in rows
    ]


@pytest.mark.parametrize(
    ("block", "width", "nearest"),
    [
        (Bottleneck(group_width=24), 100, (96, 120)),
        (Bottleneck(group_width=24, bottleneck_ratio=2), 100, (96, 144)),
        (Bottleneck(group_width=24, bottleneck_ratio=0.25), 100, (96, 102)),
        (Bottleneck(group_width=3, bottleneck_ratio=1.5), 12, (9, 18)),
    ],
    ids=["1", "2", "1/4", "3/2"],
)
def test_the_widths_that_a_message_proposes_are_the_nearest_valid(block, width, nearest):
    below, above = nearest
    check_width(block, below)
    check_width(block, above)
    with pytest.raises(SpecError, match=f"nearest valid are {below} and {above}$"):
        check_width(block, width)


@given(regnets())
def test_stages_of_a_regnet(regnet):
    network = regnet.network()
    raw = regnet.raw_stages()
    assert network.depth == regnet.depth
    assert [stage.depth for stage in network.stages] == [depth for _, depth in raw]
    assert all(a < b for (a, _), (b, _) in pairwise(raw))
    for stage, (width, _) in zip(network.stages, raw, strict=True):
        group_width = stage.block.group_width
        assert (stage.width, group_width) == fit_groups(
            width, regnet.bottleneck_ratio, regnet.group_width
        )
        assert stage.block.bottleneck_ratio == regnet.bottleneck_ratio
        assert stage.stride == 2
    assert network.stem == regnet.stem


def test_se_ratio_makes_a_y_network():
    regnet = RegNet(depth=13, initial_width=24, slope=36.44, multiplier=2.49, group_width=8)
    assert all(stage.block.se is None for stage in regnet.network().stages)
    assert regnet.stem == Stem()
