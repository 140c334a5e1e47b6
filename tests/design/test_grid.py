"""The grid over depth, width and resolution."""

import math
from dataclasses import replace
from functools import cache
from itertools import combinations

import pytest

from netspace.design import zoo
from netspace.design.blocks import Basic, Bottleneck
from netspace.design.complexity import count
from netspace.design.grid import GridPoint, grid
from netspace.design.network import Network, Stage, Stem
from netspace.design.reaching import scaling
from netspace.design.scaling import apply, between
from netspace.errors import InfeasibleError, UserError


def base() -> Network:
    """About 2 MFLOP at 16x16, so that twice the resolution is that of CIFAR."""
    stages = tuple(
        Stage(block=Bottleneck(group_width=8), width=width, depth=depth, stride=stride)
        for width, depth, stride in ((16, 2, 1), (24, 3, 2), (48, 3, 2))
    )
    return Network(stem=Stem(width=16, stride=1), stages=stages, classes=10, resolution=(16, 16))


@cache
def twelve() -> tuple[GridPoint, ...]:
    return grid(base(), 2)


def test_a_small_base_has_enough_points_within_2_percent():
    network = base()
    flops = count(network).flops
    assert 1.8e6 < flops < 2.2e6
    points = twelve()
    assert len(points) == 12
    assert len({point.network for point in points}) == 12
    for point in points:
        assert count(point.network) == point.complexity
        assert point.complexity.flops == pytest.approx(2 * flops, rel=0.02)
        assert 16 <= point.network.resolution[0] <= 23


def test_points_are_really_different():
    points = twelve()
    places = [(p.reached.depth, p.reached.width**2, p.reached.resolution**2) for p in points]
    nearest = min(math.dist(one, other) for one, other in combinations(places, 2))
    assert nearest > 0.1
    assert len({place[0] for place in places}) >= 6
    assert len({point.network.resolution for point in points}) >= 5
    assert max(p.reached.depth for p in points) > 1.7
    assert max(p.reached.width for p in points) > 1.3
    assert max(p.reached.resolution for p in points) > 1.3


def test_no_point_shrinks_a_dimension_and_every_base_is_its_own():
    network = base()
    for point in twelve():
        assert between(network, point.network) == point.reached
        assert min(point.reached.depth, point.reached.width, point.reached.resolution) >= 1
        assert min(point.alpha, point.beta, point.gamma) >= 1
        rounded = apply(network, point.base.power(1))
        for stage, other in zip(rounded.stages, point.network.stages, strict=True):
            assert abs(stage.depth - other.depth) <= 1, "at most nudged"
            assert abs(stage.width - other.width) <= 8


def test_a_point_scales_on_to_other_factors():
    network = base()
    point = twelve()[0]
    further = scaling(network, factor=4, base=point.base)
    assert further.hit
    again = scaling(network, factor=2, base=point.base)
    assert again.hit


@pytest.mark.parametrize(
    ("name", "resolution", "factor"),
    [("resnet20_cifar", 32, 1.2), ("mobilenet_v2", 32, 1.1)],
)
def test_every_point_asks_for_something_to_scale_on_by(name, resolution, factor):
    network = replace(zoo.network(name), resolution=(resolution, resolution))
    for point in grid(network, factor, points=50):
        assert point.base.product > 1
        assert point.complexity.flops == pytest.approx(factor * count(network).flops, rel=0.02)


def test_points_come_in_the_order_of_alpha():
    points = twelve()
    assert [p.alpha for p in points] == sorted(p.alpha for p in points)


def test_the_first_point_is_balanced():
    (point,) = grid(base(), 2, points=1)
    assert min(point.reached.depth, point.reached.width, point.reached.resolution) > 1.05


def test_more_points_can_be_asked_for():
    assert len(grid(base(), 2, points=20)) == 20


@pytest.mark.parametrize("factor", [1, 0.5, math.nan, math.inf])
def test_a_grid_grows(factor):
    with pytest.raises(UserError, match=r"factor .* of a grid must be above 1"):
        grid(base(), factor)


def test_a_network_of_coarse_steps_says_so():
    network = Network(
        stem=Stem(width=1, kernel=1, stride=1),
        stages=(Stage(block=Basic(), width=1, depth=1, stride=1),),
        classes=1,
        resolution=(1, 1),
    )
    with pytest.raises(InfeasibleError, match="steps are too coarse"):
        grid(network, 1.05)
