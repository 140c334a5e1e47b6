"""Networks for large images, made ready for small ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspace.design.complexity import count, measure
from netspace.design.layers import Chain
from netspace.design.network import layers
from netspace.design.zoo import names, network
from netspace.spaces.adapting import adapted


def small(name: str, resolution: int = 32):
    return adapted(network(name), resolution=resolution, channels=3, classes=10)


def test_the_stem_keeps_the_resolution_and_loses_its_pool() -> None:
    found = small("resnet50")
    assert found.network.stem.stride == 1
    assert found.network.stem.kernel == 3
    assert found.network.stem.pool is None
    assert found.changes == ("stem 3x3 of stride 1 (written as 7x7 of stride 2 and a pool)",)


def test_widths_depths_and_blocks_stay() -> None:
    before, after = network("efficientnet_b0"), small("efficientnet_b0").network
    assert [(s.width, s.depth, s.block) for s in after.stages] == [
        (s.width, s.depth, s.block) for s in before.stages
    ]
    assert after.stem.width == before.stem.width


def test_the_first_stages_keep_the_resolution_where_there_would_be_nothing_left() -> None:
    found = small("efficientnet_b0", resolution=16)
    strides = [stage.stride for stage in found.network.stages]
    assert strides == [1, 1, 2, 2, 1, 2, 1]
    assert "stage 2 keeps the resolution" in found.changes[1]


def test_a_network_written_for_small_images_stays_as_it_is() -> None:
    found = small("resnet20_cifar")
    assert found.changes == ()
    assert found.network == network("resnet20_cifar")


def test_above_64_pixels_only_the_images_change() -> None:
    found = adapted(network("resnet18"), resolution=96, channels=1, classes=7)
    assert found.changes == ()
    assert found.network == network("resnet18").for_input(resolution=96, channels=1, classes=7)


UNPADDED = ("alexnet", "lenet5")
"""Networks whose layers without padding need larger images."""


@pytest.mark.parametrize("name", sorted(set(names()) - set(UNPADDED)))
def test_every_network_of_the_zoo_ends_on_a_map(name: str) -> None:
    found = small(name).network
    assert count(found).flops > 0
    last = measure(Chain(steps=layers(found).steps[:-1]), found.input)[1]
    assert min(last.height, last.width) >= 1


@given(st.sampled_from(["mobilenet_v2", "regnet_x_400mf", "vgg16_bn"]), st.integers(8, 64))
def test_the_last_map_has_2_pixels_or_more(name: str, resolution: int) -> None:
    found = small(name, resolution).network
    size = resolution
    for stage in found.stages:
        size = -(-size // stage.stride)
    assert size >= 2
