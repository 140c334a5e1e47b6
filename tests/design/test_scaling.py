"""Any network, deeper, wider, on larger images."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from netspace.design import zoo
from netspace.design.blocks import Basic, Bottleneck, Inception, MBConv
from netspace.design.complexity import count
from netspace.design.custom import Custom
from netspace.design.factors import METHODS, PRESETS, Factors, factors
from netspace.design.layers import Chain, Conv
from netspace.design.network import Network, Stage, Stem
from netspace.design.scaling import apply, between, exponents
from netspace.design.widths import units
from netspace.errors import SpecError
from tests.strategies import networks

strengths = st.floats(0.1, 16)


def widths(network: Network) -> list[int]:
    return [stage.width for stage in network.stages]


def depths(network: Network) -> list[int]:
    return [stage.depth for stage in network.stages]


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_the_published_networks(name):
    b0 = zoo.network("efficientnet_b0")
    assert apply(b0, PRESETS[name]) == zoo.network(f"efficientnet_{name}")


# Parameters published with torchvision's and timm's weights of EfficientNet.
@pytest.mark.parametrize(("name", "params"), [("b6", 43_040_704), ("b7", 66_347_960)])
def test_parameters_of_the_largest_presets(name, params):
    assert count(apply(zoo.network("efficientnet_b0"), PRESETS[name])).params == params


def test_c6_rounding_as_published():
    b0 = zoo.network("efficientnet_b0")
    b2, b4 = apply(b0, PRESETS["b2"]), apply(b0, PRESETS["b4"])
    assert (b2.stem.width, b2.head.width, b4.stem.width, b4.head.width) == (32, 1408, 48, 1792)
    assert widths(b2) == [16, 24, 48, 88, 120, 208, 352]
    assert depths(b2) == [2, 3, 3, 4, 4, 5, 2]
    assert (count(b2).params, count(b2).flops) == (9_109_994, 993_578_282)
    assert widths(b4) == [24, 32, 56, 112, 160, 272, 448]
    assert depths(b4) == [2, 4, 4, 6, 6, 8, 2]
    assert (count(b4).params, count(b4).flops) == (19_341_616, 4_393_801_064)


def test_c29_the_count_after_rounding_is_not_the_formula():
    b0 = zoo.network("efficientnet_b0")
    rounded = apply(b0, Factors(width=1.1, depth=1.2, resolution=256 / 224))
    assert rounded.resolution == (256, 256)
    assert count(rounded).flops == 859_870_170
    assert count(rounded).flops / count(b0).flops == pytest.approx(2.229, abs=1e-3)


def test_factor_1_of_a_dimension_leaves_it_alone():
    odd = Network(
        stem=Stem(width=13), stages=(Stage(block=Basic(), width=17, depth=3),), resolution=(33, 20)
    )
    assert widths(apply(odd, Factors(depth=2))) == [17]
    assert apply(odd, Factors(depth=2)).resolution == (33, 20)
    wider = apply(odd, Factors(width=2, group_width=2))
    assert (wider.stem.width, widths(wider), depths(wider)) == (26, [34], [3])


def test_depths_round_up_or_to_the_nearest():
    net = zoo.network("resnet50")
    assert depths(apply(net, Factors(depth=1.1))) == [4, 5, 7, 4]
    assert depths(apply(net, Factors(depth=1.1, depths="nearest"))) == [3, 4, 7, 3]
    assert depths(apply(net, Factors(depth=0.1, depths="nearest"))) == [1, 1, 1, 1]
    deep = replace(net, stages=(replace(net.stages[0], depth=25),))
    assert 25 * 2.2 > 55
    assert depths(apply(deep, Factors(depth=2.2))) == [55], "a hair above 55 is 55"


def test_small_networks_move_in_small_steps():
    net = Network(
        stem=Stem(width=12),
        stages=(
            Stage(block=Basic(), width=12, depth=1),
            Stage(block=Bottleneck(bottleneck_ratio=2), width=24, depth=1),
        ),
    )
    assert units(net).width == 4
    assert widths(apply(net, Factors(width=1.2))) == [16, 32], "inner widths on multiples of 4 too"
    assert units(zoo.network("lenet5")).width == 2
    assert units(zoo.network("googlenet")).width == 8


def test_resolution_goes_to_the_nearest_pixel_in_both_directions():
    net = replace(zoo.network("resnet18"), resolution=(224, 320))
    assert apply(net, Factors(resolution=1.15)).resolution == (258, 368)
    assert apply(net, Factors(resolution=0.001)).resolution == (1, 1)


def test_hidden_layers_and_branches_scale_too():
    vgg = apply(zoo.network("vgg16"), Factors(width=1.5))
    assert vgg.head.hidden == (6144, 6144)
    google = apply(zoo.network("googlenet"), Factors(width=2))
    inception = next(s.block for s in google.stages if isinstance(s.block, Inception))
    first = next(s.block for s in zoo.network("googlenet").stages if isinstance(s.block, Inception))
    assert (inception.width1, inception.reduce5) == (2 * first.width1, 2 * first.reduce5)


def test_squeezes_and_depthwise_convolutions_follow():
    net = apply(zoo.network("efficientnet_b0"), Factors(width=2, group_width=2))
    assert all(isinstance(s.block, MBConv) for s in net.stages)
    assert [s.block for s in net.stages] == [s.block for s in zoo.network("efficientnet_b0").stages]


def test_a_block_that_cannot_repeat_keeps_its_depth():
    deeper = apply(zoo.network("lenet5"), Factors(depth=3))
    assert depths(deeper) == depths(zoo.network("lenet5"))
    count(deeper)


def test_custom_layers_keep_their_width():
    layers = Chain(steps=(("a", Conv(width=8, kernel=3)),))
    net = Network(
        stem=Stem(width=8), stages=(Stage(block=Custom(layers=layers), width=8, depth=1, stride=1),)
    )
    assert depths(apply(net, Factors(depth=3))) == [3]
    with pytest.raises(SpecError, match=r"stage 1: .* keep width 8; scale depth or resolution"):
        apply(net, Factors(width=2))
    strided = Chain(steps=(("a", Conv(width=8, kernel=3, stride=2)),))
    once = replace(net, stages=(Stage(block=Custom(layers=strided), width=8, depth=1, stride=2),))
    with pytest.raises(SpecError, match=r"stage 1: custom layers stride by 2"):
        apply(once, Factors(depth=2))


@given(networks, st.sampled_from(METHODS), strengths)
def test_any_network_scales_into_a_valid_one(network, method, strength):
    scaled = apply(network, factors(method, strength))
    assert count(scaled).flops > 0
    assert len(scaled.stages) == len(network.stages)


@given(networks, st.sampled_from(METHODS))
def test_factor_1_is_the_network_itself(network, method):
    assert apply(network, factors(method, 1.0)) is network


def projections(network: Network) -> list[bool]:
    ins = [network.stem.width, *widths(network)]
    return [before != after for before, after in zip(ins, widths(network), strict=False)]


@settings(max_examples=300)
@given(networks, st.sampled_from(METHODS), strengths, strengths)
def test_a_larger_factor_never_gives_a_smaller_network(network, method, one, other):
    small, large = (apply(network, factors(method, s)) for s in sorted((one, other)))
    assert all(a <= b for a, b in zip(widths(small), widths(large), strict=True))
    assert all(a <= b for a, b in zip(depths(small), depths(large), strict=True))
    assert small.resolution <= large.resolution
    # Where two widths become equal, the convolution between them in the shortcut goes away.
    assume(projections(small) == projections(large))
    assert count(small).flops <= count(large).flops


@pytest.mark.parametrize("name", ["regnet_x_400mf", "regnet_y_1_6gf", "resnext50_32x4d"])
@pytest.mark.parametrize("method", METHODS)
def test_flops_of_grouped_networks_never_fall(name, method):
    network = zoo.network(name)
    flops = [count(apply(network, factors(method, 2 ** (n / 20)))).flops for n in range(-20, 60)]
    assert flops == sorted(flops)


def test_exponents_are_those_of_the_cost_argument():
    # Without stem and head depth is 1; in 3x3 convolutions width and resolution are 2.
    found = exponents(zoo.network("resnet110_cifar"))
    assert found["depth"].flops == pytest.approx(1, abs=0.02)
    assert found["width"].flops == pytest.approx(2, abs=0.02)
    assert found["resolution"].flops == pytest.approx(2, abs=0.001)
    assert found["width"].params == pytest.approx(2, abs=0.02)
    assert found["resolution"].params == 0
    assert found["width"].activations == pytest.approx(1, abs=0.001)
    assert found["resolution"].activations == pytest.approx(2, abs=0.001)


def test_exponents_leave_out_what_cannot_be_doubled():
    conv = Chain(steps=(("conv", Conv(width=24, kernel=3, stride=2)),))
    custom = Stage(block=Custom(layers=conv), width=24, depth=1, stride=2)
    network = Network(stem=Stem(width=16, stride=1), stages=(custom,), resolution=(16, 16))
    assert set(exponents(network)) == {"resolution"}, "a stride of its own cannot be repeated"
    padded = Chain(steps=(("conv", Conv(width=24, kernel=3)),))
    custom = Stage(block=Custom(layers=padded), width=24, depth=1, stride=1)
    found = exponents(replace(network, stages=(custom,)))
    assert set(found) == {"depth", "resolution"}


def test_group_widths_grow_with_widths_so_that_flops_grow_fourfold():
    network = zoo.network("regnet_x_800mf")
    assert exponents(network)["width"].flops == pytest.approx(2, abs=0.02)
    alone = count(apply(network, Factors(width=2))).flops / count(network).flops
    assert alone < 3.6


def test_factors_between_networks():
    net = zoo.network("regnet_x_400mf")
    asked = Factors(depth=2, width=2, group_width=2, resolution=1.5)
    found = between(net, apply(net, asked))
    assert (found.depth, found.width, found.group_width, found.resolution) == pytest.approx(
        (2, 2, 2, 1.5)
    )
    assert between(net, net).nothing


def test_bottlenecks_keep_inner_widths_on_multiples():
    net = apply(zoo.network("resnet50"), Factors(width=1.1))
    for stage in net.stages:
        assert isinstance(stage.block, Bottleneck)
        assert stage.width / stage.block.bottleneck_ratio % 8 == 0
