"""Quantised lines told from their stages. Oracle: `design.regnet`, eq. 2-4 taken forwards."""

from collections import defaultdict
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netspace.design.regnet import RegNet, quantised, widths
from netspace.errors import SpecError
from netspace.spaces import multipliers
from netspace.spaces.families import space
from netspace.spaces.multipliers import (
    are_lines,
    depth_lists,
    depth_multipliers,
    width_lists,
    width_multipliers,
)
from tests.spaces.line_oracle import line_of
from tests.strategies import regnets


def assert_line(width: list[float], depth: list[float]) -> None:
    """That a RegNet has these stages."""
    drawn = widths(*line_of(width, depth))
    assert drawn == tuple(np.repeat(width, np.array(depth, int)).astype(int).tolist())


def stages_of(net: RegNet) -> tuple[np.ndarray, np.ndarray, bool]:
    """Widths and depths of a RegNet's stages; whether its line leaves no level out."""
    stages = np.array(net.raw_stages(), float)
    parameters = (np.array([v], float) for v in (net.slope, net.initial_width, net.multiplier))
    _, levels = quantised(*parameters, net.depth)
    return stages[np.newaxis, :, 0], stages[np.newaxis, :, 1], levels[0, -1] + 1 == len(stages)


@given(regnets())
def test_every_line_that_skips_no_level_is_one(net):
    width, depth, regular = stages_of(net)
    if regular:
        assert are_lines(width, depth).all()


@given(regnets())
def test_whatever_counts_as_a_line_is_one(net):
    """A line that skips levels may have the stages of another that skips none."""
    width, depth, _ = stages_of(net)
    if are_lines(width, depth).all():
        assert_line(width[0].tolist(), depth[0].tolist())


@pytest.mark.parametrize("stages", [1, 2, 3])
def test_all_lines_of_a_small_space(stages):
    """Every list of widths and depths, against all lines of a fine grid and line by line."""
    values, depths = np.arange(8.0, 49.0, 8.0), np.arange(1.0, 5.0)
    sides = (product(side.tolist(), repeat=stages) for side in (values, depths))
    lists = list(product(*sides))
    width, depth = (np.array(side) for side in zip(*lists, strict=True))
    lines = are_lines(width, depth)
    found = {lists[i] for i in np.flatnonzero(lines)}
    for one in found:
        assert_line(*(list(side) for side in one))
    seen = _seen(values, depths, stages)
    assert seen <= found
    assert len(seen) > 0.9 * len(found)


def _seen(values, depths, stages):
    """Stages of all lines of a grid over w_0, w_a, w_m and d that fit."""
    slopes, steps = np.geomspace(0.5, 200, 150), np.geomspace(1.02, 6, 150)
    w_a, w_0, w_m = (a.ravel() for a in np.meshgrid(slopes, values, steps))
    seen = set()
    for blocks in range(stages, int(stages * depths.max()) + 1):
        line, levels = quantised(w_a, w_0, w_m, blocks)
        for row in np.unique(line[levels[:, -1] == stages - 1], axis=0):
            width, depth = np.unique(row, return_counts=True)
            if len(width) == stages and width[-1] <= values[-1] and depth.max() <= depths[-1]:
                seen.add((tuple(width.tolist()), tuple(depth.tolist())))
    return seen


def test_regnets_of_the_space_are_lines():
    family = space("regnetx")
    columns = family.draw(np.random.default_rng(0).random((1000, family.dimensions)))
    slope, initial, multiplier, depth = (
        columns[name][:, 0] for name in ("slope", "initial_width", "multiplier", "depth")
    )
    line, levels = quantised(slope, initial, multiplier, int(depth.max()))
    found = defaultdict(list)
    for row, blocks in enumerate(depth.astype(int).tolist()):
        stages = np.unique(line[row, :blocks], return_counts=True)
        if levels[row, blocks - 1] + 1 == len(stages[0]):
            found[len(stages[0])].append(stages)
    assert sum(len(lines) for lines in found.values()) > 500
    assert len(found[4]) > 100
    for lines in found.values():
        width, depth = np.array(lines, float).transpose(1, 0, 2)
        assert are_lines(width, depth).all()


@pytest.mark.parametrize(
    ("width", "depth"),
    [
        ((8, 16, 16, 32), (1, 2, 3, 4)),  # a level twice
        ((32, 16, 8, 8), (1, 2, 3, 4)),  # falling
        ((8, 16, 24, 512), (1, 2, 3, 4)),  # no series
        ((8, 16, 32, 64), (9, 1, 1, 1)),  # no line
        ((8, 12, 18, 24), (1, 1, 1, 1)),  # no multiples of 8
        ((0, 8, 16, 24), (1, 1, 1, 1)),
        ((-8, 8, 16, 24), (1, 1, 1, 1)),
        ((8, 16, 24, 32), (1, 1, 0, 1)),
        ((8, 24, 64, 168), (1, 2, 4.5, 9)),
    ],
)
def test_stages_of_no_line(width, depth):
    good = ((8, 24, 64, 168), (1, 2, 4, 9))
    rows = (np.array(side, float) for side in zip((width, depth), good, strict=True))
    assert are_lines(*rows).tolist() == [False, True]


def test_almost_no_free_network_is_a_line():
    family = space("anynetx_a", resolution=32)
    columns = family.draw(np.random.default_rng(0).random((20_000, family.dimensions)))
    assert are_lines(columns["width"], columns["depth"]).mean() < 1e-3


width_values = st.sets(st.integers(1, 30), min_size=1).map(lambda v: np.array(sorted(v), float) * 4)
depth_values = st.sets(st.integers(0, 8), min_size=1).map(lambda v: np.array(sorted(v), float))


@given(width_values, depth_values, st.integers(1, 3))
def test_lists_are_all_that_have_a_range(values, depths, stages):
    for listed, ranges, allowed in (
        (width_lists(values, stages), width_multipliers, values),
        (depth_lists(depths, stages), depth_multipliers, depths),
    ):
        every = np.array(list(product(allowed.tolist(), repeat=stages)))
        expected = every[ranges(every).exist]
        assert sorted(map(tuple, listed.tolist())) == sorted(map(tuple, expected.tolist()))


@settings(max_examples=30)
@given(regnets(), st.randoms())
def test_ranges_do_not_depend_on_company(net, rng):
    _, depth, _ = stages_of(net)
    more = [depth[0], rng.sample(depth[0].tolist(), depth.shape[1]), depth[0] + 1]
    alone, among = depth_multipliers(depth), depth_multipliers(np.array(more))
    assert (alone.low[0], alone.high[0]) == (among.low[0], among.high[0])


def test_too_many_depths(monkeypatch):
    monkeypatch.setattr(multipliers, "MOST_LISTS", 100)
    with pytest.raises(SpecError) as fault:
        depth_lists(np.arange(1.0, 17.0), 4)
    assert str(fault.value) == (
        "16 depths in each of 4 stages are too many for a quantised line; narrow the depth first"
    )
