"""AnyNetX_A to E: Radosavovic et al. 2020, sec. 3.2 and 3.3."""

from itertools import pairwise
from math import comb, log10

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netspace.design.blocks import Bottleneck, fit_groups
from netspace.spaces.anynet import STEPS
from netspace.spaces.batch import one
from netspace.spaces.families import space

LETTERS = "abcde"
STEPS_DOWN = list(pairwise(LETTERS))
DEPTHS, WIDTHS, RATIOS, GROUPS = 16, 128, 3, 6


def anynetx(letter: str, **inputs: int):
    return space(f"anynetx_{letter}", **inputs)


def rows(letter: str, number: int = 200, seed: int = 0):
    """Parameters of candidates of a space."""
    family = anynetx(letter)
    columns = family.draw(np.random.default_rng(seed).random((number, family.dimensions)))
    return [{name: values[i] for name, values in columns.items()} for i in range(number)]


@pytest.mark.parametrize(
    ("letter", "degrees"), [("a", 16), ("b", 13), ("c", 10), ("d", 10), ("e", 10)]
)
def test_degrees_of_freedom(letter, degrees):
    assert anynetx(letter).degrees_of_freedom == degrees


@pytest.mark.parametrize(("letter", "size"), [("a", 1.8e18), ("b", 6.8e16), ("c", 3.2e14)])
def test_sizes_of_the_article(letter, size):
    """To the two digits that are printed."""
    assert 10 ** anynetx(letter).log10_size == pytest.approx(size, rel=0.03)


@pytest.mark.parametrize(
    ("letter", "size"),
    [
        ("a", (DEPTHS * WIDTHS * RATIOS * GROUPS) ** 4),
        ("b", (DEPTHS * WIDTHS * GROUPS) ** 4 * RATIOS),
        ("c", (DEPTHS * WIDTHS) ** 4 * RATIOS * GROUPS),
        ("d", DEPTHS**4 * comb(WIDTHS + 3, 4) * RATIOS * GROUPS),
        ("e", comb(DEPTHS + 3, 4) * comb(WIDTHS + 3, 4) * RATIOS * GROUPS),
    ],
)
def test_sizes_by_combinatorics(letter, size):
    assert anynetx(letter).log10_size == pytest.approx(log10(size), abs=1e-12)


def test_narrower_images_have_narrower_networks():
    smaller = anynetx("a", resolution=32)
    assert smaller.log10_size == pytest.approx(4 * log10(DEPTHS * 64 * RATIOS * GROUPS))


@pytest.mark.parametrize(("parent", "child"), STEPS_DOWN)
def test_each_space_is_the_former_plus_one_rule(parent, child):
    narrow, wide = anynetx(child), anynetx(parent)
    assert narrow.parent == wide.name
    assert narrow.parameters == wide.parameters
    assert narrow.rules[:-1] == wide.rules
    assert (narrow.name, narrow.rules[-1]) == STEPS[LETTERS.index(child) - 1]
    assert narrow.log10_size < wide.log10_size


@pytest.mark.parametrize("child", LETTERS)
def test_members_belong_to_every_wider_space(child):
    for row in rows(child):
        for letter in LETTERS[: LETTERS.index(child) + 1]:
            assert anynetx(letter).contains(row)


@pytest.mark.parametrize(("parent", "child"), STEPS_DOWN)
def test_not_every_member_belongs_to_the_narrower_space(parent, child):
    family = anynetx(child)
    assert any(not family.contains(row) for row in rows(parent))


@pytest.mark.parametrize("child", LETTERS)
def test_found_networks_belong_to_every_wider_space(child):
    for member in anynetx(child).sample(50, flops=(360e6, 400e6)).members:
        for letter in LETTERS[: LETTERS.index(child) + 1]:
            assert anynetx(letter).contains(member.parameters)


@settings(max_examples=30)
@given(st.sampled_from(LETTERS), st.integers(0, 2**32 - 1))
def test_networks_are_what_the_parameters_say(letter, seed):
    """The array path, network by network, against the rule for one stage."""
    family = anynetx(letter)
    columns = family.draw(np.random.default_rng(seed).random((8, family.dimensions)))
    (batch,) = family.template.decode(columns)
    for i in range(8):
        network = one(batch.network, i)
        for j, stage in enumerate(network.stages):
            width, depth, ratio, group_width = (
                int(columns[name][i, j])
                for name in ("width", "depth", "bottleneck_ratio", "group_width")
            )
            fitted, group = fit_groups(width, ratio, group_width)
            assert stage.block == Bottleneck(bottleneck_ratio=ratio, group_width=group)
            assert (stage.width, stage.depth, stage.stride) == (fitted, depth, 2)
            inner = stage.width // ratio
            assert inner % group == 0


def test_fitting_keeps_widths_near_what_was_drawn():
    for row in rows("a", number=500):
        for width, ratio, group_width in zip(
            row["width"], row["bottleneck_ratio"], row["group_width"], strict=True
        ):
            fitted, _ = fit_groups(int(width), int(ratio), int(group_width))
            assert 2 / 3 <= fitted / width <= 4 / 3


@pytest.mark.parametrize("letter", "de")
def test_widths_do_not_fall(letter):
    assert all((np.diff(row["width"]) >= 0).all() for row in rows(letter))


def test_depths_do_not_fall_in_e():
    assert all((np.diff(row["depth"]) >= 0).all() for row in rows("e"))


def test_narrower_widths_on_small_images_are_said():
    assert space("anynetx_a", resolution=32).adapted[-1] == (
        "widths up to 512 (at 64 pixels and above: 1024)"
    )
    assert space("anynetx_a", resolution=64).adapted == space("regnetx", resolution=64).adapted
