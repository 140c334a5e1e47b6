from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from netspace.design import zoo
from netspace.design.blocks import Basic, Bottleneck, MBConv, Vanilla
from netspace.design.complexity import count
from netspace.design.custom import Custom
from netspace.design.layers import (
    Act,
    Chain,
    Concat,
    Conv,
    Dropout,
    Gate,
    GlobalPool,
    Layer,
    Norm,
    Repeat,
    Residual,
    Shape,
)
from netspace.design.network import Head, Network, Stage, Stem
from netspace.design.pieces import Squeeze
from netspace.errors import SpecError
from netspace.train.build import ResidualModule, _dropped, _module, build
from tests.strategies import any_networks

LARGEST = 1.7e9
COUNTED = (nn.Conv2d, nn.Linear, nn.BatchNorm2d)
MODEST = [
    name
    for name in zoo.names()
    if count(zoo.network(name)).flops < LARGEST and not zoo.network(name).head.hidden
]


def of_stages(*stages: Stage, **fields: object) -> Network:
    """A network on 8-pixel images behind a stem of 8 channels and stride 1."""
    stem = Stem(width=8, stride=1, act="relu")
    return Network(stem=stem, stages=stages, classes=5, resolution=(8, 8), **fields)


def images(network: Network, number: int = 2, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(number, network.channels, *network.resolution, generator=generator)


def test_names_of_the_state():
    state = build(zoo.network("regnet_x_200mf")).state_dict()
    assert "s2.b1.f.a.weight" in state
    assert state["s2.b1.f.a.weight"].shape == (56, 24, 1, 1)
    assert {"stem.conv.weight", "s1.b1.proj.conv.weight", "s4.b7.f.c_norm.bias"} <= set(state)
    assert {"head.fc.weight", "head.fc.bias"} <= set(state)


def test_all_names_of_a_small_network():
    block = Bottleneck(group_width=4, se=Squeeze(ratio=0.25))
    module = build(of_stages(Stage(block=block, width=16, depth=2)))
    body = ("f.a", "f.a_norm", "f.b", "f.b_norm", "f.se.down", "f.se.up", "f.c", "f.c_norm")
    expected = ["stem.conv", "stem.conv_norm"]
    expected += [f"s1.b1.{name}" for name in (*body, "proj.conv", "proj.conv_norm")]
    expected += [f"s1.b2.{name}" for name in body]
    expected += ["head.fc"]
    assert [name for name, part in module.named_modules() if isinstance(part, COUNTED)] == expected


def test_names_of_an_mbconv():
    stages = (
        Stage(block=MBConv(expansion=1), width=8, depth=1, stride=1),
        Stage(block=MBConv(expansion=2), width=8, depth=1),
    )
    names = {name for name, _ in build(of_stages(*stages, head=Head(width=12))).named_parameters()}
    assert not any(name.startswith("s1.b1.f.expand") for name in names)
    assert {"s1.b1.f.depthwise.weight", "s2.b1.f.expand.weight", "s2.b1.f.project.weight"} <= names
    assert "head.conv.weight" in names
    assert not any(".proj." in name for name in names)


@given(any_networks, st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_a_seed_is_a_set_of_weights(network, seed):
    first, second = build(network, seed=seed).state_dict(), build(network, seed=seed).state_dict()
    assert list(first) == list(second)
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_other_seeds_are_other_weights():
    network = zoo.network("regnet_x_200mf")
    first, second = (build(network, seed=seed).state_dict() for seed in (0, 1))
    assert not torch.equal(first["stem.conv.weight"], second["stem.conv.weight"])
    assert torch.equal(build(network).state_dict()["stem.conv.weight"], first["stem.conv.weight"])


@given(any_networks)
@settings(max_examples=25)
def test_the_global_generators_are_left_alone(network):
    before, numpys = torch.random.get_rng_state(), np.random.get_state()[1].copy()
    build(network, seed=7)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert (np.random.get_state()[1] == numpys).all()


def test_the_generator_of_the_caller_decides_nothing():
    network = zoo.network("regnet_x_200mf")
    weights = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        weights.append(build(network).state_dict()["head.fc.weight"])
    assert torch.equal(*weights)


def test_the_generators_of_accelerators_are_left_alone(monkeypatch):
    seeded = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeded.append)
    build(of_stages(Stage(block=Vanilla(), width=8, depth=1)))
    assert seeded == []


@pytest.mark.parametrize("name", MODEST)
def test_outputs_are_finite_and_differ(name):
    """Networks with hidden layers expect larger images."""
    network = zoo.network(name).for_input(resolution=48, classes=10)
    module = build(network).eval()
    with torch.inference_mode():
        out = module(images(network))
    assert out.shape == (2, 10)
    assert torch.isfinite(out).all()
    assert not torch.equal(out[0], out[1])


def test_the_modest_networks_are_many():
    assert {"regnet_x_1_6gf", "regnet_y_1_6gf", "efficientnet_b2"} <= set(MODEST)


@given(any_networks)
@settings(max_examples=60)
def test_every_parameter_learns(network):
    """Gradients of training reach each parameter, and in-place steps disturb none."""
    module = build(network).train()
    out = module(images(network, number=4))
    nn.functional.cross_entropy(out, torch.zeros(4, dtype=torch.long)).backward()
    for name, parameter in module.named_parameters():
        assert parameter.grad is not None, name


@pytest.mark.parametrize("name", ["regnet_x_200mf", "regnet_y_200mf", "efficientnet_b0"])
def test_maps_of_one_pixel_work_when_evaluating(name):
    network = zoo.network(name).for_input(resolution=16)
    with torch.inference_mode():
        assert torch.isfinite(build(network).eval()(images(network, number=1))).all()


@given(any_networks)
@settings(max_examples=40)
def test_images_do_not_see_each_other_when_evaluating(network):
    module = build(network).eval()
    three = images(network, number=3)
    with torch.inference_mode():
        together = module(three)
        alone = torch.cat([module(image[None]) for image in three])
    assert torch.allclose(together, alone, rtol=1e-3, atol=1e-4)


def test_the_input_is_left_as_it_was():
    network = zoo.network("efficientnet_b0").for_input(resolution=32)
    given_images = images(network)
    before = given_images.clone()
    build(network)(given_images)
    assert torch.equal(given_images, before)


def test_classes_and_channels_of_the_call():
    module = build(zoo.network("regnet_x_200mf"), classes=7, channels=1)
    assert module.stem.conv.weight.shape[1] == 1
    assert module.head.fc.weight.shape[0] == 7


def test_weights_have_the_deviation_that_is_said():
    """Normal of variance 2 / fan-out; the classifier's deviation is 0.01."""
    module = build(zoo.network("regnet_x_1_6gf"))
    conv = module.s4.b2.f.b
    fan_out = 9 * conv.out_channels // conv.groups
    assert conv.weight.std().item() == pytest.approx((2 / fan_out) ** 0.5, rel=0.02)
    assert conv.weight.mean().item() == pytest.approx(0, abs=0.01)
    assert module.head.fc.weight.std().item() == pytest.approx(0.01, rel=0.02)
    assert not module.head.fc.bias.any()


def test_biases_begin_at_zero():
    module = build(zoo.network("regnet_y_200mf"))
    biases = [p for m in module.modules() if isinstance(m, COUNTED) and (p := m.bias) is not None]
    assert len(biases) > 40
    assert not any(bias.any() for bias in biases)


def test_norm_eps_reaches_the_module():
    network = of_stages(Stage(block=Vanilla(norm_eps=1e-3), width=8, depth=1))
    module = build(network)
    assert module.s1.b1.a_norm.eps == 1e-3
    assert module.stem.conv_norm.eps == 1e-5


@torch.no_grad()
def silenced(block: nn.Module, last_norm: str) -> nn.Module:
    """The block with a body that puts out zeros."""
    norm = block.f.get_submodule(last_norm)
    norm.weight.zero_()
    norm.bias.zero_()
    return block.eval()


X = torch.linspace(-3, 3, 8 * 16).reshape(1, 8, 4, 4)


@pytest.mark.parametrize(
    ("width", "stride", "joined"), [(8, 1, True), (8, 2, False), (12, 1, False), (12, 2, False)]
)
@pytest.mark.parametrize("expansion", [1, 3])
@torch.no_grad()
def test_the_shortcut_of_an_mbconv_is_there_where_shapes_allow(width, stride, joined, expansion):
    block = MBConv(expansion=expansion)
    module = build(of_stages(Stage(block=block, width=width, depth=2, stride=stride)))
    out = silenced(module.s1.b1, "project_norm")(X)
    size = -(-4 // stride)
    assert out.shape == (1, width, size, size)
    assert torch.equal(out, X) if joined else not out.any()
    wide = torch.randn(1, width, 4, 4)
    assert torch.equal(silenced(module.s1.b2, "project_norm")(wide), wide), "later ones always"


@pytest.mark.parametrize(("block", "last"), [(Basic(), "b_norm"), (Bottleneck(), "c_norm")])
@torch.no_grad()
def test_a_residual_block_adds_and_then_activates(block, last):
    module = build(of_stages(Stage(block=block, width=8, depth=1, stride=1)))
    assert torch.equal(silenced(module.s1.b1, last)(X), X.relu())


@pytest.mark.parametrize(
    ("block", "last"),
    [(Basic(), "b_norm"), (Bottleneck(), "c_norm"), (MBConv(), "project_norm")],
)
def test_the_body_of_a_residual_block_ends_without_activation(block, last):
    module = build(of_stages(Stage(block=block, width=8, depth=1, stride=1)))
    assert [name for name, _ in module.s1.b1.f.named_children()][-1] == last


@pytest.mark.parametrize(("width", "stride"), [(8, 2), (16, 1), (16, 2)])
@pytest.mark.parametrize(("block", "last"), [(Basic(), "b_norm"), (Bottleneck(), "c_norm")])
@torch.no_grad()
def test_a_shortcut_is_projected_where_shapes_change(block, last, width, stride):
    module = build(of_stages(Stage(block=block, width=width, depth=2, stride=stride)))
    first = silenced(module.s1.b1, last)
    assert torch.equal(first(X), first.proj(X).relu())
    assert not hasattr(module.s1.b2, "proj")


@torch.no_grad()
def test_a_vanilla_block_has_no_shortcut():
    module = build(of_stages(Stage(block=Vanilla(), width=8, depth=1, stride=1))).eval()
    block = module.s1.b1
    block.b_norm.weight.zero_()
    assert not block(X).any()


def test_the_stride_sits_where_it_is_said():
    for where, strides in (("3x3", (1, 2)), ("1x1", (2, 1))):
        block = Bottleneck(stride_in=where)
        body = build(of_stages(Stage(block=block, width=8, depth=1))).s1.b1.f
        assert (body.a.stride[0], body.b.stride[0]) == strides


@pytest.mark.parametrize("gate", ["sigmoid", "hardsigmoid"])
@torch.no_grad()
def test_a_gate_scales_each_channel(gate):
    se = Squeeze(ratio=0.5, act="relu", gate=gate)
    block = Bottleneck(se=se)
    module = build(of_stages(Stage(block=block, width=8, depth=1, stride=1)))
    part = module.s1.b1.f.se.eval()
    part.up.bias.copy_(torch.linspace(-2, 2, 8))
    means = X.mean(dim=(2, 3))
    squeezed = torch.relu(means @ part.down.weight[:, :, 0, 0].T + part.down.bias)
    scale = squeezed @ part.up.weight[:, :, 0, 0].T + part.up.bias
    scale = torch.sigmoid(scale) if gate == "sigmoid" else ((scale + 3) / 6).clamp(0, 1)
    assert torch.allclose(part(X), X * scale[:, :, None, None], atol=1e-6)
    part.up.weight.zero_()
    part.up.bias.fill_(-100)
    assert torch.allclose(part(X), torch.zeros_like(X), atol=1e-6)


RELU = ("act", Act(function="relu"))
HARDSWISH = ("act", Act(function="hardswish"))
POINT = ("conv", Conv(width=8, kernel=1))
OFF = ("off", Dropout(rate=0.5))


def hardswish(x: torch.Tensor) -> torch.Tensor:
    return x * (x + 3).clamp(0, 6) / 6


def point(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """What the 1x1 convolution `conv` of a module does, written out."""
    return torch.einsum("oi,nihw->nohw", module.conv.weight[:, :, 0, 0], x)


def custom_module(layer: Layer) -> nn.Module:
    """The module of a layer that stands in a block of its own, on 8 channels."""
    block = Custom(layers=Chain(steps=(("it", layer), POINT)))
    return build(of_stages(Stage(block=block, width=8, depth=1, stride=1))).eval().s1.b1.it


@pytest.mark.parametrize(
    ("first", "function"),
    [((RELU,), torch.relu), ((HARDSWISH,), hardswish), ((OFF, RELU), torch.relu)],
)
@torch.no_grad()
def test_a_residual_body_that_begins_with_an_activation_adds_what_came_in(first, function):
    module = custom_module(Residual(body=Chain(steps=(*first, POINT))))
    x = X.clone()
    assert torch.allclose(module(x), X + point(module.f, function(X)), atol=1e-5)
    assert torch.equal(x, X)


@torch.no_grad()
def test_an_activation_alone_is_a_body_and_what_comes_after():
    module = custom_module(Residual(body=RELU[1], after=Chain(steps=(HARDSWISH,))))
    assert torch.allclose(module(X.clone()), hardswish(X + X.clamp(min=0)), atol=1e-5)


@torch.no_grad()
def test_branches_that_begin_with_an_activation_all_see_what_came_in():
    module = custom_module(
        Concat(
            branches=(
                ("one", Chain(steps=(RELU, POINT))),
                ("two", HARDSWISH[1]),
                ("three", Chain(steps=(POINT,))),
            )
        )
    )
    x = X.clone()
    expected = [point(module.one, X.clamp(min=0)), hardswish(X), point(module.three, X)]
    assert torch.allclose(module(x), torch.cat(expected, dim=1), atol=1e-5)
    assert torch.equal(x, X)


@torch.no_grad()
def test_a_gate_that_begins_with_an_activation_scales_what_came_in():
    module = custom_module(Gate(body=Chain(steps=(RELU, ("pool", GlobalPool()), POINT))))
    means = X.clamp(min=0).mean(dim=(2, 3), keepdim=True)
    assert torch.allclose(module(X.clone()), X * point(module, means), atol=1e-5)


def test_an_activation_overwrites_only_what_was_made_for_it_alone():
    steps = (RELU, POINT, ("a", RELU[1]), ("norm", Norm()), ("b", RELU[1]), ("c", RELU[1]))
    module = custom_module(Chain(steps=steps))
    assert [module.get_submodule(n).inplace for n in ("act", "a", "b", "c")] == [0, 1, 1, 0]
    head = build(of_stages(Stage(block=Vanilla(), width=8, depth=1), head=Head(hidden=(4,)))).head
    assert head.hidden1_act.inplace


@pytest.mark.parametrize("layer", [Conv(width=9, kernel=1, groups=2), Conv(width=9, kernel=1)])
def test_what_does_not_fit_is_said_before_torch_says_it(layer):
    with pytest.raises(SpecError, match="stage 1: "):
        custom_module(Residual(body=layer, after=POINT[1]))


def test_dropout_acts_in_training_only():
    network = of_stages(Stage(block=Vanilla(), width=8, depth=1), head=Head(dropout=0.5))
    module, x = build(network).eval(), images(network)
    with torch.inference_mode():
        assert torch.equal(module(x), module(x))
    assert module.head.dropout.p == 0.5
    assert not hasattr(build(zoo.network("regnet_x_200mf")).head, "dropout")


def test_counting_changes_no_module():
    network = zoo.network("regnet_y_200mf")
    module = build(network)
    before = {key: value.clone() for key, value in module.state_dict().items()}
    first = count(network)
    assert (count(network, resolution=448).params, count(network)) == (first.params, first)
    assert module.training
    assert list(module.state_dict()) == list(before)
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())


def test_a_layer_of_unknown_kind_is_not_built():
    with pytest.raises(AssertionError, match="3"):
        _module(3, Shape(channels=1, height=1, width=1))


def test_a_repeat_stands_only_in_a_chain():
    with pytest.raises(TypeError, match="Repeat stands only as a step of a Chain"):
        _module(Repeat(layer=3, times=1), Shape(channels=1, height=1, width=1))


# C31: linear over the 39 blocks that there are after scaling, not over the base's 16.
@pytest.mark.parametrize(
    ("name", "blocks", "kept"),
    [("efficientnet_b5", 39, 0.994872), ("efficientnet_b3", 26, 0.992308)],
)
def test_c31_stochastic_depth_is_linear_in_the_scaled_depth(name, blocks, kept):
    network = zoo.network(name)
    assert network.stochastic_depth == 0.2
    rates = network.drop_rates
    assert len(rates) == blocks
    assert 1 - rates[1] == pytest.approx(kept, abs=1e-6)
    if blocks == 39:
        assert 1 - rates[38] == pytest.approx(0.805128, abs=1e-6)
    module = build(network.for_input(resolution=32, classes=2))
    built = [part.drop_rate for part in module.modules() if isinstance(part, ResidualModule)]
    assert built == list(rates)


def test_stochastic_depth_leaves_bodies_out_in_training_only():
    network = of_stages(Stage(block=Basic(), width=8, depth=2, stride=1))
    module = build(replace(network, stochastic_depth=0.8))
    plain = build(network)
    many = torch.randn(1, 3, 8, 8).expand(400, 3, 8, 8)
    with torch.inference_mode():
        assert torch.equal(module.eval()(many), plain.eval()(many))
        block = module.s1.b2
        x = torch.rand(4_000, 8, 1, 1) + 1
        dropped = _dropped(x, block.drop_rate)
    share = float((dropped.flatten(1).sum(1) == 0).float().mean())
    assert share == pytest.approx(block.drop_rate, abs=0.03) == pytest.approx(0.4, abs=0.03)
    assert float(dropped.mean()) == pytest.approx(float(x.mean()), rel=0.05)


def test_stochastic_depth_is_a_share():
    with pytest.raises(SpecError, match=r"stochastic_depth 1\.0 must be at least 0 and below 1"):
        replace(zoo.network("resnet18"), stochastic_depth=1.0)
