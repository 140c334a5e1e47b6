"""Scaling to a factor, a count or a measured quantity."""

import math
import warnings
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from netspace.design import zoo
from netspace.design.blocks import Basic, Block, Plain
from netspace.design.complexity import count
from netspace.design.factors import METHODS, Base, Factors, Weights, factors
from netspace.design.network import Network, Stage, Stem
from netspace.design.nudging import Nudge, moved
from netspace.design.reaching import TOLERANCE, scale, scaling
from netspace.design.scaling import apply
from netspace.design.units import format_size
from netspace.design.widths import units
from netspace.errors import InfeasibleError, SpecError, UnknownNameError, UserError
from tests.strategies import networks

ZOO = (
    "efficientnet_b0",
    "googlenet",
    "mobilenet_v3_small",
    "regnet_x_400mf",
    "resnet18",
    "resnet50",
    "resnext50_32x4d",
    "seresnet50",
    "vgg11_bn",
)


@pytest.mark.parametrize("name", ZOO)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("factor", [1.3, 2, 4])
def test_zoo_networks_reach_factors_within_2_percent(name, method, factor):
    network = zoo.network(name)
    found = scaling(network, factor=factor, by=method)
    assert found.hit
    assert count(found.after).flops == pytest.approx(factor * count(network).flops, rel=0.02)
    assert found.reached == count(found.after).flops


@pytest.mark.parametrize("quantity", ["flops", "params", "activations"])
@pytest.mark.parametrize("share", [0.5, 3])
def test_any_count_can_be_the_goal(quantity, share):
    network = zoo.network("regnet_y_800mf")
    wanted = share * getattr(count(network), quantity)
    found = scaling(network, **{quantity: wanted})
    assert getattr(count(found.after), quantity) == pytest.approx(wanted, rel=0.02)
    assert (found.quantity, found.wanted) == (quantity, wanted)


@settings(max_examples=60, deadline=None)
@given(networks, st.sampled_from(METHODS), st.floats(0.3, 5))
def test_random_networks_are_hit_or_the_nearest_is_said(network, method, factor):
    try:
        found = scaling(network, factor=factor, by=method)
    except InfeasibleError:
        assume(False)
    assert found.reached == count(found.after).flops
    assert found.hit == (abs(found.reached / found.wanted - 1) <= TOLERANCE)
    assert ("within 2 %" in found.sentence) == found.hit
    assert ("is the nearest found" in found.sentence) != found.hit


@given(networks, st.sampled_from(METHODS))
def test_factor_1_is_the_network_itself(network, method):
    found = scaling(network, factor=1, by=method)
    assert found.after is network
    assert found.factors.nothing
    assert found.nudges == ()


@pytest.mark.parametrize("method", ["depth", "width", "resolution"])
def test_one_dimension_is_scaled_and_nudges_are_told(method):
    network = zoo.network("efficientnet_b0")
    found = scaling(network, factor=2, by=method)
    others = {"depth", "width", "resolution"} - {method}
    if not found.nudges:
        assert all(getattr(found.factors, other) == 1 for other in others)
    assert getattr(found.factors, method) > 1.3
    assert apply(network, found.asked) == found.after or found.nudges


def small(resolution: int = 16) -> Network:
    stages = tuple(
        Stage(block=Basic(), width=width, depth=2, stride=stride)
        for width, stride in ((12, 1), (20, 2), (36, 2))
    )
    return Network(
        stem=Stem(width=12, stride=1),
        stages=stages,
        classes=10,
        resolution=(resolution, resolution),
    )


def test_resolution_of_a_small_image_steps_coarsely_so_single_stages_are_nudged():
    network = small()
    plain = [
        count(replace(network, resolution=(r, r))).flops / count(network).flops for r in (21, 22)
    ]
    found = scaling(network, factor=1.85, by="resolution")
    assert all(abs(ratio / 1.85 - 1) > TOLERANCE for ratio in plain)
    assert found.hit
    assert found.after.resolution in ((21, 21), (22, 22))
    assert 1 <= len(found.nudges) <= 2
    assert all(" -> " in nudge for nudge in found.nudges)


def test_nudges_are_single_steps_of_what_the_factors_gave():
    network = zoo.network("regnet_x_400mf")
    found = scaling(network, factor=2)
    rounded = apply(network, found.asked)
    assert found.nudges, "this scaling needs one"
    for before, after in zip(rounded.stages, found.after.stages, strict=True):
        assert abs(before.depth - after.depth) <= 1
        assert abs(before.width - after.width) <= after.block.group_width
        assert (before.depth == after.depth) or (before.width == after.width)


def test_depth_alone_never_goes_the_other_way():
    network = zoo.network("resnet20_cifar")
    for factor in (1.05, 1.1, 1.2, 1.3, 1.5):
        assert scaling(network, factor=factor, by="depth").factors.depth >= 1


def test_a_goal_between_coarse_steps_is_said_with_the_nearest():
    # One stage of one block, of which the second comes as a whole.
    network = Network(
        stem=Stem(width=8, stride=1),
        stages=(Stage(block=Plain(), width=64, depth=1, stride=1),),
        classes=2,
        resolution=(8, 8),
    )
    with pytest.warns(UserWarning, match="is the nearest found by depth scaling and single steps"):
        scaled = scale(network, factor=4, by="depth")
    found = scaling(network, factor=4, by="depth")
    assert scaled == found.after
    assert not found.hit
    near = [
        count(replace(network, stages=(replace(network.stages[0], depth=depth),))).flops
        for depth in (1, 2)
    ]
    assert min(abs(flops / found.wanted - 1) for flops in near) >= abs(
        found.reached / found.wanted - 1
    )


def hits_by_one_step(network: Network, wanted: float, method: str, growing: bool) -> bool:
    """Whether any strength with at most one nudge reaches so many flops; by brute force."""
    strengths = (1.01 ** (place if growing else -place) for place in range(1, 280))
    starts = {apply(network, factors(method, strength)) for strength in strengths}
    for start in starts - {network}:
        nudged = [start, *(moved(start, (one,), units(network)) for one in single(start))]
        if any(abs(count(other).flops / wanted - 1) <= TOLERANCE for other in nudged):
            return True
    return False


def single(network: Network) -> list[Nudge]:
    """The steps that each stage of these networks can take."""
    return [
        Nudge(stage=place, dimension=dimension, step=step)
        for place, stage in enumerate(network.stages)
        for dimension, size in (("depth", stage.depth), ("width", stage.width // 4))
        for step in (-1, 1)
        if size + step > 0
    ]


def two_stages(
    block: Block, widths: tuple[int, int, int], depths: tuple[int, int], resolution: int
) -> Network:
    stages = tuple(
        Stage(block=block, width=width, depth=depth, stride=stride)
        for width, depth, stride in zip(widths[1:], depths, (1, 2), strict=True)
    )
    return Network(
        stem=Stem(width=widths[0], stride=1),
        stages=stages,
        classes=10,
        resolution=(resolution, resolution),
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("factor", [0.5, 1.5, 2.5])
def test_a_goal_that_one_step_reaches_is_reached(method, factor):
    shapes = product(
        (Basic(), Plain()), ((4, 4, 12), (12, 24, 4)), ((1, 1), (1, 2), (3, 1)), (8, 12)
    )
    for block, widths, depths, resolution in shapes:
        network = two_stages(block, widths, depths, resolution)
        wanted = factor * count(network).flops
        try:
            hit = scaling(network, factor=factor, by=method).hit
        except InfeasibleError:
            hit = False
        assert hit or not hits_by_one_step(network, wanted, method, factor > 1), network


def test_strengths_that_halving_jumps_over_are_found():
    # 40 x 40 pixels and one step of the first stage; halving goes to 43 and 44 pixels.
    found = scaling(zoo.network("lenet5"), factor=2, by="resolution")
    assert found.hit
    assert len(found.nudges) == 1


def test_resolution_alone_in_coarse_steps_is_nudged_from_the_network_itself():
    # From 32 pixels to 33, maps of stride 32 grow from 1x1 to 2x2.
    network = replace(zoo.network("regnet_x_200mf"), resolution=(32, 32))
    found = scaling(network, factor=1.5, by="resolution")
    assert found.after.resolution == (32, 32)
    assert found.nudges
    assert found.reached / found.wanted == pytest.approx(0.799, abs=0.001)
    assert "is the nearest found by resolution scaling and single steps" in found.sentence


def test_scale_gives_the_network_silently_where_it_hits():
    network = zoo.network("resnet50")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scaled = scale(network, factor=2.0, by="compound")
    assert scaled == scaling(network, factor=2.0).after
    assert scaled.name == "resnet50 by compound"
    assert "flops 8.1" in scaled.note


def test_bases_and_weights_are_free():
    network = zoo.network("resnet50")
    deep = scaling(network, factor=2, base=Base(alpha=2, beta=1, gamma=1))
    assert deep.factors.depth > 1.8
    assert deep.factors.resolution == 1
    assert scale(network, factor=2, alpha=2, beta=1, gamma=1) == deep.after
    high = scaling(
        network, factor=2, by="fast", weights=Weights(depth=0, width=0, group_width=0, resolution=1)
    )
    assert high.after.resolution[0] > 300


def test_a_noisy_measure_is_asked_at_most_40_times():
    network = zoo.network("efficientnet_b0")
    noise = np.random.default_rng(0)
    calls = []

    def latency(asked: Network) -> float:
        calls.append(asked)
        time = count(asked).flops * 1e-9 + 3e-4 * asked.depth
        return time * (1 + 0.03 * noise.standard_normal())

    for method in METHODS:
        for share in (0.4, 1.5, 5):
            calls.clear()
            target = share * (0.386 + 3e-4 * 16)
            found = scaling(network, measure=latency, target=target, by=method, quantity="latency")
            assert len(calls) <= 40
            assert len(set(calls)) == len(calls), "no network is measured twice"
            exact = count(found.after).flops * 1e-9 + 3e-4 * found.after.depth
            assert exact == pytest.approx(target, rel=0.15)
            assert found.sentence.startswith("latency ")


def test_a_measure_that_is_no_flops_is_reached_too():
    network = zoo.network("mobilenet_v2")
    found = scaling(network, measure=lambda n: n.depth + n.stages[0].width / 100, target=40)
    assert found.reached == pytest.approx(40, rel=0.02)
    assert found.hit


@pytest.mark.parametrize(
    ("goal", "message"),
    [
        ({"factor": 0}, "factor 0 must be a finite number above 0"),
        ({"factor": -2}, "factor -2 must be"),
        ({"flops": math.nan}, "flops nan must be"),
        ({"params": math.inf}, "params inf must be"),
        ({}, "exactly one of factor, flops, .*; given: none"),
        ({"factor": 2, "flops": 1e9}, "given: factor and flops"),
        ({"target": 5}, "measure and target go together"),
        ({"measure": lambda network: 1.0}, "measure and target go together"),
        ({"measure": lambda network: math.nan, "target": 1}, "came out as nan"),
    ],
)
def test_bad_goals_are_one_clear_line(goal, message):
    with pytest.raises(UserError, match=message) as caught:
        scaling(zoo.network("resnet18"), **goal)
    assert "\n" not in str(caught.value)


def test_an_unknown_method_names_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'resolution'"):
        scale(zoo.network("resnet18"), factor=2, by="resolutoin")


@pytest.mark.parametrize("goal", [{"flops": 1e3}, {"factor": 0.01}])
def test_below_the_smallest_is_out_of_reach(goal):
    network = zoo.network("resnet18")
    smallest = count(apply(network, Factors(depth=0.01, depths="nearest"))).flops
    message = f"out of reach by depth; the nearest is flops {format_size(smallest)};"
    with pytest.raises(InfeasibleError, match=message):
        scaling(network, by="depth", **goal)


def test_what_a_dimension_does_not_change_is_out_of_reach():
    with pytest.raises(InfeasibleError, match="params 50M is out of reach by resolution"):
        scaling(zoo.network("resnet18"), params=50e6, by="resolution")


def test_images_too_small_for_the_layers_are_no_way_to_a_goal():
    with pytest.raises(InfeasibleError, match="out of reach by resolution"):
        scaling(zoo.network("lenet5"), factor=0.01, by="resolution")


def test_a_network_that_cannot_be_counted_says_why():
    network = replace(zoo.network("lenet5"), resolution=(2, 2))
    with pytest.raises(SpecError, match="too small"):
        scaling(network, flops=1e6)
