"""Receptive fields against the gradient's own: the pixels that one output position depends on."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings

from netspace.design import zoo
from netspace.design.complexity import parts
from netspace.design.layers import Chain, Conv, Residual
from netspace.design.network import Network
from netspace.design.receptive import Reach, reach
from netspace.train.build import build
from tests.strategies import networks


def test_three_3x3_convolutions_see_7_pixels():
    steps = tuple((name, Conv(width=4, kernel=3)) for name in "abc")
    assert reach(Chain(steps=steps)) == Reach(size=7, stride=1)


def test_a_stride_spreads_what_comes_after():
    steps = (("a", Conv(width=4, kernel=3, stride=2)), ("b", Conv(width=4, kernel=3)))
    assert reach(Chain(steps=steps)) == Reach(size=7, stride=2)


def test_a_shortcut_sees_no_more_than_it_does():
    narrow = Residual(
        body=Conv(width=4, kernel=1), shortcut=Chain(steps=(("a", Conv(width=4, kernel=5)),))
    )
    assert reach(narrow).size == 5


# Araujo et al. 2019, Computing receptive fields of convolutional neural networks, table 1.
@pytest.mark.parametrize(
    ("name", "size"),
    [("alexnet", 195), ("vgg16", 212), ("mobilenet_v1", 315)],
)
def test_published_receptive_fields(name, size):
    assert parts(zoo.network(name))[-1].reach.size == size


def seen(network: Network, part: str) -> int:
    """Rows of the image that the middle position of a part's map depends on."""
    module = build(network).double().eval()
    for layer in module.modules():  # every window sees each of its pixels, nothing cancels
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.constant_(layer.weight, 0.01)
    image = torch.ones(1, network.channels, *network.resolution, dtype=torch.double)
    image.requires_grad_()
    step = image
    for name, child in module.named_children():
        step = child(step)
        if name == part:
            break
    step[0, :, step.shape[2] // 2, step.shape[3] // 2].sum().backward()
    rows = image.grad.abs().sum(dim=(0, 1, 3)).nonzero().ravel()
    return int(rows.max() - rows.min()) + 1


@pytest.mark.parametrize("name", ["resnet50", "regnet_x_200mf", "mobilenet_v2"])
def test_early_stages_depend_on_just_these_rows(name):
    network = zoo.network(name).for_input(resolution=(257, 33))
    if network.stem.pool is not None:  # a maximum passes its gradient to one pixel only
        mean = replace(network.stem.pool, function="mean")
        network = replace(network, stem=replace(network.stem, pool=mean))
    for part in parts(network)[:3]:
        assert seen(network, part.name) == part.reach.size


@settings(max_examples=50)
@given(networks)
def test_reach_grows_and_strides_multiply(network):
    found = [part.reach for part in parts(network)[:-1]]
    assert [reach.size for reach in found] == sorted(reach.size for reach in found)
    pooled = 1 if network.stem.pool is None else 2
    stride = network.stem.stride * pooled
    for stage, behind in zip(network.stages, found[1:], strict=True):
        stride *= stage.stride
        assert behind.stride == stride
