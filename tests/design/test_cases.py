"""Inputs on which tools of this kind went wrong, with the right answer; ids as in the case list.

flops include the bias adds of squeeze convolutions and of the classifier.
"""

from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
import pytest

from netspace.design import blocks, zoo
from netspace.design.blocks import Basic, Bottleneck, MBConv, fit_groups
from netspace.design.complexity import Complexity, count, measure, parts
from netspace.design.layers import (
    Act,
    Chain,
    Concat,
    Conv,
    Dropout,
    Flatten,
    Gate,
    GlobalPool,
    Layer,
    Linear,
    Norm,
    Pool,
    Repeat,
    Residual,
    Shape,
    When,
)
from netspace.design.network import Network, Stage, Stem, layers
from netspace.design.pieces import Pooling
from netspace.design.regnet import RegNet, quantised
from netspace.spaces.frame import Frame
from netspace.spaces.regnets import RegNetTemplate


def widths(network: Network) -> list[int]:
    return [stage.width for stage in network.stages]


def depths(network: Network) -> list[int]:
    return [stage.depth for stage in network.stages]


def flops_params(network: Network, **inputs: int) -> tuple[int, int]:
    cost = count(network, **inputs)
    return cost.flops, cost.params


def maps(network: Network, resolution: int) -> list[int]:
    """Heights of the maps behind the stem and each stage."""
    *body, _head = parts(network.for_input(resolution=resolution))
    return [part.output.height for part in body]


def without_head(network: Network) -> Complexity:
    return sum((part.complexity for part in parts(network)[:-1]), start=Complexity())


def with_squeeze_from(network: Network, source: str) -> Network:
    def other(stage: Stage) -> Stage:
        se = replace(stage.block.se, source=source)
        return replace(stage, block=replace(stage.block, se=se))

    return replace(network, stages=tuple(map(other, network.stages)))


def test_c1_a_tie_of_width_over_group_width_goes_to_even():
    regnet = RegNet(depth=22, initial_width=24, slope=24.48, multiplier=2.54, group_width=16)
    assert regnet.raw_stages() == [(24, 1), (64, 2), (152, 7), (392, 12)]
    assert widths(regnet.network()) == [32, 64, 160, 384]
    assert depths(regnet.network()) == [1, 2, 7, 12]
    expected = Complexity(flops=397_678_568, params=5_157_512, activations=3_143_272)
    assert count(regnet.network()) == expected
    assert zoo.network("regnet_x_400mf") == regnet.network()
    assert "400" in zoo.network("regnet_x_400mf").note, "the other reading of the tie is said"


def test_c1_the_other_tie_is_the_other_published_network():
    network = zoo.network("regnet_x_400mf")
    last = replace(network.stages[-1], width=400)
    other = replace(network, stages=(*network.stages[:-1], last))
    assert flops_params(other) == (413_813_608, 5_495_976)


def test_c2_raw_and_fitted_widths_and_no_rounding_of_the_input():
    regnet = RegNet(depth=25, initial_width=88, slope=26.31, multiplier=2.25, group_width=48)
    assert [width for width, _ in regnet.raw_stages()] == [88, 200, 448, 1000]
    assert widths(regnet.network()) == [96, 192, 432, 1008]
    assert depths(regnet.network()) == [2, 6, 15, 2]
    expected = Complexity(flops=3_176_622_952, params=15_296_552, activations=11_367_432)
    assert count(regnet.network()) == expected
    rounded = replace(regnet, slope=26, multiplier=2.2).network()
    assert (widths(rounded), depths(rounded)) == ([96, 192, 432, 960], [2, 6, 13, 4])


def test_c4_the_squeeze_of_an_mbconv_is_taken_from_the_block_input():
    network = zoo.network("efficientnet_b0")
    block = network.stages[1].block
    assert isinstance(block, MBConv)
    residual = blocks.layers(block, 16, 24, 2)
    gate = dict(residual.body.steps)["se"]
    convs = [step for _, step in gate.body.steps if isinstance(step, Conv)]
    assert [conv.width for conv in convs] == [4, 96]
    assert flops_params(network) == (385_825_092, 5_288_548)
    assert count(with_squeeze_from(network, "inner")).params == 8_423_848


def test_c5_the_squeeze_of_a_y_block_is_taken_from_the_block_input():
    regnet = RegNet(
        depth=15, initial_width=48, slope=32.54, multiplier=2.32, group_width=16, se_ratio=0.25
    )
    network = regnet.network()
    assert (widths(network), depths(network)) == ([48, 112, 256, 608], [1, 3, 7, 4])
    assert flops_params(network) == (601_227_608, 6_055_160)
    assert count(with_squeeze_from(network, "output")).params == 6_184_712
    gate = dict(blocks.layers(network.stages[0].block, 32, 48, 2).body.steps)["se"]
    cost, _ = measure(gate, Shape(channels=48, height=56, width=56))
    assert cost.params == 2 * 48 * 8 + 8 + 48 == 824


@pytest.mark.parametrize(
    ("name", "stem", "stage_widths", "head", "repeats", "params", "flops"),
    [
        pytest.param(
            "efficientnet_b2",
            32,
            [16, 24, 48, 88, 120, 208, 352],
            1408,
            [2, 3, 3, 4, 4, 5, 2],
            9_109_994,
            993_578_282,
            id="b2",
        ),
        pytest.param(
            "efficientnet_b4",
            48,
            [24, 32, 56, 112, 160, 272, 448],
            1792,
            [2, 4, 4, 6, 6, 8, 2],
            19_341_616,
            4_393_801_064,
            id="b4",
        ),
    ],
)
def test_c6_scaled_widths(name, stem, stage_widths, head, repeats, params, flops):
    network = zoo.network(name)
    assert (network.stem.width, network.head.width) == (stem, head)
    assert (widths(network), depths(network)) == (stage_widths, repeats)
    assert flops_params(network) == (flops, params)


@pytest.mark.parametrize(("where", "flops"), [("3x3", 4_089_184_256), ("1x1", 3_857_973_248)])
def test_c7_both_strides_of_resnet50(where, flops):
    network = zoo.network("resnet50")
    stages = tuple(replace(s, block=replace(s.block, stride_in=where)) for s in network.stages)
    bias_adds = 1000
    assert flops_params(replace(network, stages=stages)) == (flops + bias_adds, 25_557_032)


def test_c8_resnet18_is_counted_once():
    block, bias_adds = Basic(), 1000
    stages = [
        Stage(block=block, width=width, depth=2, stride=stride)
        for width, stride in ((64, 1), (128, 2), (256, 2), (512, 2))
    ]
    network = Network(
        stem=Stem(width=64, kernel=7, pool=Pooling(kernel=3, padding=1)), stages=tuple(stages)
    )
    assert flops_params(network) == (1_814_073_344 + bias_adds, 11_689_512)


@dataclass(frozen=True)
class Unheard:
    """A layer that no interpreter knows."""

    width: int = 8


@pytest.mark.parametrize(
    "tree",
    [
        Unheard(),
        Chain(steps=(("a", Conv(width=8, kernel=3)), ("b", Unheard()))),
        Residual(body=Chain(steps=(("a", Unheard()),))),
        Repeat(layer=Unheard(), times=0),
        When(present=False, layer=Unheard()),
    ],
    ids=["alone", "in a chain", "in a residual", "repeated", "absent"],
)
def test_c9_a_layer_of_unknown_kind_raises(tree):
    with pytest.raises(AssertionError, match="Unheard"):
        measure(tree, Shape(channels=8, height=8, width=8))


def test_c9_every_kind_of_layer_is_counted():
    known = {
        Conv: Conv(width=8, kernel=3),
        Norm: Norm(),
        Act: Act(function="relu"),
        Pool: Pool(kernel=3, stride=1),
        GlobalPool: GlobalPool(),
        Dropout: Dropout(rate=0.5),
        Linear: Linear(width=8),
        Chain: Chain(),
        Repeat: Repeat(layer=Norm(), times=3),
        When: When(present=True, layer=Norm()),
        Residual: Residual(body=Norm()),
        Concat: Concat(branches=(("one", Norm()), ("two", Norm()))),
        Flatten: Flatten(),
        Gate: Gate(body=Chain(steps=(("pool", GlobalPool()),))),
    }
    assert set(known) == set(get_args(get_args(Layer)[0]))
    costs = {
        kind: measure(it, Shape(channels=8, height=4, width=4))[0] for kind, it in known.items()
    }
    free = {kind for kind, cost in costs.items() if cost == Complexity()}
    assert free == {Act, GlobalPool, Dropout, Chain, Flatten, Gate}


def test_c9_nothing_is_lost_between_the_parts():
    """EfficientNet-B0 spelled out block by block costs what it costs as a whole."""
    network, shape = zoo.network("efficientnet_b0"), Shape(channels=3, height=224, width=224)
    total = Complexity()
    for _, part in layers(network).steps:
        for _, step in part.expanded():
            cost, shape = measure(step, shape)
            total = total + cost
    assert total.flops == 385_825_092


@pytest.mark.parametrize(
    ("resolution", "sizes", "flops"),
    [
        (224, [112, 56, 28, 14, 7], 199_040_872),
        (225, [113, 57, 29, 15, 8], 238_734_856),
        (299, [150, 75, 38, 19, 10], 384_156_328),
    ],
)
def test_c11_odd_sizes_round_up_at_every_stride(resolution, sizes, flops):
    network = zoo.network("regnet_x_200mf")
    assert maps(network, resolution) == sizes
    assert flops_params(network, resolution=resolution) == (flops, 2_684_792)


def test_c11_activations_at_an_odd_size():
    assert count(zoo.network("regnet_x_200mf"), resolution=225).activations == 2_388_848


def test_c13_group_width_is_not_multiplied_by_the_ratio():
    block = Bottleneck(bottleneck_ratio=2, group_width=16)
    assert fit_groups(32, 2, 16) == (32, 16)
    shape = Shape(channels=32, height=14, width=14)
    cost, after = measure(blocks.layers(block, 32, 32, 1), shape)
    assert cost == Complexity(flops=652_288, params=3_456, activations=12_544)
    assert after == shape


@pytest.mark.parametrize(
    ("width", "ratio", "group_width", "fitted"),
    [
        (24, 1, 64, (24, 24)),
        (72, 1, 64, (64, 64)),
        (40, 4, 16, (40, 10)),
        (100, 0.25, 24, (102, 24)),
        (120, 1, 48, (96, 48)),
    ],
)
def test_c14_groups_are_fitted(width, ratio, group_width, fitted):
    assert fit_groups(width, ratio, group_width) == fitted
    width, group_width = fitted
    assert (width / ratio) % group_width == 0
    block = Bottleneck(bottleneck_ratio=ratio, group_width=group_width)
    Stage(block=block, width=width, depth=1)


def test_c36_a_strided_convolution():
    cost, after = measure(
        Conv(width=32, kernel=3, stride=2), Shape(channels=3, height=224, width=224)
    )
    assert cost == Complexity(flops=10_838_016, params=864, activations=401_408)
    assert (after.height, after.width) == (112, 112)


def test_c37_depthwise_is_not_two_halves():
    image = Shape(channels=3, height=224, width=224)
    first = Conv(width=24, kernel=3, padding=0)
    depthwise = Conv(width=24, kernel=3, groups=24, padding=0)
    half = Conv(width=12, kernel=3, groups=12, padding=0)
    before, middle = measure(first, image)
    whole, after = measure(depthwise, middle)
    branch, _ = measure(half, middle)
    assert (after.height, after.width) == (220, 220)
    assert ((before + whole).params, (before + whole).flops) == (864, 42_390_432)
    halves = before + branch + branch
    assert (halves.params, halves.flops) == (1_080, 52_844_832)


def test_c39_a_perceptron_counts_multiply_adds():
    steps = tuple((name, Linear(width=w)) for name, w in (("a", 512), ("b", 512), ("c", 10)))
    cost, _ = measure(Chain(steps=steps), Shape(channels=1, height=28, width=28))
    bias_adds = 512 + 512 + 10
    assert (cost.flops, cost.params) == (668_672 + bias_adds, 669_706)
    assert cost.activations == bias_adds


@pytest.mark.parametrize(("bias", "flops"), [(False, 100), (True, 110)])
def test_c41_a_linear_layer_is_counted_per_image(bias, flops):
    cost, _ = measure(Linear(width=10, bias=bias), Shape(channels=10, height=1, width=1))
    assert cost == Complexity(flops=flops, params=flops, activations=10)


def test_c42_32_pixels_end_in_one_pixel():
    network = zoo.network("regnet_x_200mf")
    expected = Complexity(flops=4_423_528, params=2_684_792, activations=45_144)
    assert count(network, resolution=32) == expected
    assert maps(network, 32) == [16, 8, 4, 2, 1]


@pytest.mark.parametrize("name", ["regnet_x_200mf", "efficientnet_b0", "resnet50"])
def test_c43_a_second_count_is_independent_of_the_first(name):
    network = zoo.network(name)
    before = repr(network)
    first, larger = count(network), count(network, resolution=448)
    assert count(network) == first
    assert repr(network) == before
    head = parts(network)[-1].complexity
    if name != "efficientnet_b0":  # whose squeezes cost the same at every resolution
        assert larger.flops - head.flops == 4 * (first.flops - head.flops)


@pytest.mark.parametrize(
    ("name", "activations"),
    [("regnet_x_400mf", 3_143_272), ("regnet_y_400mf", 3_892_496), ("efficientnet_b0", 6_748_036)],
)
def test_c45_activations_are_outputs_of_convolutions(name, activations):
    assert count(zoo.network(name), resolution=224).activations == activations


def test_c47_with_and_without_head():
    network = zoo.network("regnet_x_400mf")
    body, whole = without_head(network), count(network)
    assert (body.params, body.flops) == (4_772_512, 397_293_568)
    assert whole.params - body.params == whole.flops - body.flops == 385_000


def test_c49_one_input_channel():
    assert flops_params(zoo.network("regnet_x_200mf"), channels=1) == (191_815_528, 2_684_216)


@pytest.mark.parametrize(
    ("resolution", "sizes", "flops"),
    [(28, [14, 7, 4, 2, 1], 4_259_368), (16, [8, 4, 2, 1, 1], 2_884_072)],
)
def test_c50_images_below_32_pixels(resolution, sizes, flops):
    network = zoo.network("regnet_x_200mf")
    assert maps(network, resolution) == sizes
    assert count(network, resolution=resolution).flops == flops


DEGENERATE = {
    "one stage": (RegNet(depth=12, initial_width=64, slope=4, multiplier=3, group_width=8)),
    "levels run together": (
        RegNet(depth=10, initial_width=8, slope=2, multiplier=1.1, group_width=8)
    ),
    "levels skipped": RegNet(depth=6, initial_width=8, slope=200, multiplier=1.5, group_width=8),
}


@pytest.mark.parametrize(
    ("name", "stages", "levels"),
    [
        ("one stage", [(64, 12)], 1),
        ("levels run together", [(8, 3), (16, 3), (24, 4)], 9),
        ("levels skipped", [(8, 1), (208, 1), (464, 1), (688, 2), (1040, 1)], 5),
    ],
)
def test_c73_degenerate_lines(name, stages, levels):
    regnet = DEGENERATE[name]
    assert regnet.raw_stages() == stages
    one = (np.array([float(v)]) for v in (regnet.slope, regnet.initial_width, regnet.multiplier))
    _, found = quantised(*one, regnet.depth)
    assert len(set(found[0].tolist())) == levels


def test_c73_the_map_of_a_single_stage_stays_large():
    assert maps(DEGENERATE["one stage"].network(), 224) == [112, 56]


def test_c73_levels_that_are_skipped():
    _, levels = quantised(np.array([200.0]), np.array([8.0]), np.array([1.5]), 6)
    assert sorted(set(levels[0].tolist())) == [0, 8, 10, 11, 12]


def test_c73_no_degenerate_line_is_a_network_of_four_stages():
    names = ("depth", "initial_width", "slope", "multiplier", "bottleneck_ratio", "group_width")
    columns = {
        name: np.array([[float(getattr(regnet, name))] for regnet in DEGENERATE.values()])
        for name in names
    }
    batches = list(RegNetTemplate(frame=Frame()).decode(columns))
    assert [(len(b.network.stages), b.rows.tolist()) for b in batches] == [(1, [0])]
