"""The ResNet and ResNeXt spaces hold the published networks at 224 pixels."""

from math import log10

import numpy as np
import pytest

from netspace.design import zoo
from netspace.spaces.batch import one
from netspace.spaces.families import space

DEPTHS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}
DEPTHS[152] = (3, 8, 36, 3)


def resnet(layers, *, width, ratio=4):
    return {
        "block": float(layers >= 50),
        "depth": DEPTHS[layers],
        "width": width,
        "bottleneck_ratio": ratio,
    }


def resnext(layers, *, ratio, group_width):
    return {
        "depth": DEPTHS[layers],
        "width": 256,
        "bottleneck_ratio": ratio,
        "group_width": group_width,
    }


PUBLISHED = {
    "resnet18": resnet(18, width=64),
    "resnet34": resnet(34, width=64),
    "resnet50": resnet(50, width=256),
    "resnet101": resnet(101, width=256),
    "resnet152": resnet(152, width=256),
    "wide_resnet50_2": resnet(50, width=256, ratio=2),
    "wide_resnet101_2": resnet(101, width=256, ratio=2),
    "resnext50_32x4d": resnext(50, ratio=2, group_width=4),
    "resnext101_32x4d": resnext(101, ratio=2, group_width=4),
    "resnext101_32x8d": resnext(101, ratio=1, group_width=8),
    "resnext101_64x4d": resnext(101, ratio=1, group_width=4),
    "resnext152_32x4d": resnext(152, ratio=2, group_width=4),
}


def decoded(family, parameters):
    columns = {name: np.atleast_2d(np.array(row, float)) for name, row in parameters.items()}
    (batch,) = family.template.decode(columns)
    return one(batch.network, 0)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_networks_are_members(name):
    family = space("resnext" if "resnext" in name else "resnet")
    assert family.contains(PUBLISHED[name])
    assert decoded(family, PUBLISHED[name]) == zoo.network(name)


def test_a_basic_block_has_no_ratio():
    family = space("resnet")
    found = {decoded(family, resnet(18, width=64, ratio=ratio)) for ratio in (1, 2, 4)}
    assert len(found) == 1


def test_the_groups_are_as_many_in_every_stage():
    for member in space("resnext", resolution=32, classes=10).sample(50).members:
        stages = member.network.stages
        groups = [s.width // s.block.bottleneck_ratio // s.block.group_width for s in stages]
        assert len(set(groups)) == 1
        assert [stage.width for stage in stages] == [stages[0].width * 2**i for i in range(4)]


@pytest.mark.parametrize(("name", "last"), [("resnet", 3), ("resnext", 3 * 6)])
@pytest.mark.parametrize(("resolution", "widths"), [(224, 32), (64, 32), (32, 16), (8, 4)])
def test_size(name, last, resolution, widths):
    blocks = 2 if name == "resnet" else 1
    family = space(name, resolution=resolution)
    assert family.log10_size == pytest.approx(log10(36**4 * widths * blocks * last))


@pytest.mark.parametrize(
    ("resolution", "strides"), [(224, (1, 2, 2, 2)), (32, (1, 2, 2, 2)), (8, (1, 1, 2, 2))]
)
@pytest.mark.parametrize("name", ["resnet", "resnext"])
def test_strides(name, resolution, strides):
    (network,) = space(name, resolution=resolution).sample(1)
    assert tuple(stage.stride for stage in network.stages) == strides


def test_what_is_said_of_small_images():
    said = (
        "stem 3x3 of stride 1 and width 16 (above 64 pixels: 7x7 of stride 2 and width 64, "
        "max-pool)",
        "first stage at most 32 wide (at 64 pixels and above: 256)",
        "stage 2 keeps the resolution (stride 1), so that the last map has 2 pixels",
    )
    assert space("resnet", resolution=8).adapted == said
    assert space("resnext", resolution=64).adapted == said[:1]
