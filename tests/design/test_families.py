"""Every network of the zoo: counted as its module runs, and the counts that are published."""

from dataclasses import replace

import pytest

from netspace.design import zoo
from netspace.design.complexity import Complexity, count, parts
from tests.oracle import check

INPUTS = (
    {"resolution": (224, 224), "channels": 3, "classes": 1000},
    {"resolution": (225, 225), "channels": 1, "classes": 10},
    {"resolution": (299, 299), "channels": 3, "classes": 1},
    {"resolution": (224, 320), "channels": 1, "classes": 37},
)


@pytest.mark.parametrize("inputs", INPUTS, ids=lambda inputs: "x".join(map(str, inputs.values())))
@pytest.mark.parametrize("name", zoo.names())
def test_count_is_what_the_module_does(name, inputs):
    check(zoo.network(name).for_input(**inputs), device="meta")


# (flops, params, activations). CIFAR ResNets: github.com/facebookresearch/pycls (MIT), whose
# networks have a projection where the width changes.
KNOWN = {
    "resnet56_cifar": (125_747_850, 855_770, 544_778),
    "resnet110_cifar": (253_149_834, 1_730_714, 1_060_874),
}


@pytest.mark.parametrize("name", KNOWN)
def test_published_counts(name):
    flops, params, activations = KNOWN[name]
    expected = Complexity(flops=flops, params=params, activations=activations)
    assert count(zoo.network(name)) == expected


# Parameters and how precisely they are stated. LeNet-5: LeCun et al. 1998, layer by layer, except
# that C3 sees all maps and the output layer is fully connected. The others, in millions: Howard et
# al. 2017 and 2019, Sandler et al. 2018, Tan et al. 2019, Tan & Le 2019, Simonyan & Zisserman 2015,
# and for ResNet-20 He et al. 2016.
PARAMS = {
    "resnet20_cifar": (0.27e6, 0.005e6),
    "lenet5": (156 + 2_416 + 48_120 + 10_164 + 850, 0),
    "mobilenet_v1": (4.2e6, 0.05e6),
    "mobilenet_v2": (3.4e6, 0.11e6),
    "mobilenet_v3_large": (5.4e6, 0.1e6),
    "mobilenet_v3_small": (2.5e6, 0.05e6),
    "mnasnet_a1": (3.9e6, 0.05e6),
    "mnasnet_b1": (4.4e6, 0.05e6),
    "efficientnet_b6": (43e6, 0.5e6),
    "efficientnet_b7": (66e6, 0.5e6),
    "vgg11": (133e6, 0.5e6),
    "vgg13": (133e6, 0.5e6),
    "vgg16": (138e6, 0.5e6),
    "vgg19": (144e6, 0.5e6),
}


@pytest.mark.parametrize("name", PARAMS)
def test_published_params(name):
    params, precision = PARAMS[name]
    assert count(zoo.network(name)).params == pytest.approx(params, abs=precision)


# Szegedy et al. 2015, table 1: millions of operations of the modules 3a, 3b … 5b and of the
# classifier. The 54 of module 5a are left out: they are not those of the widths in its own row.
INCEPTION = (128, 304, 73, 88, 100, 119, 170, None, 71, 1)


def test_googlenet_module_by_module():
    found = parts(zoo.network("googlenet"))[-len(INCEPTION) :]
    for part, operations in zip(found, INCEPTION, strict=True):
        if operations is not None:
            assert part.complexity.flops / 1e6 == pytest.approx(operations, abs=1.1)


def test_torchvisions_googlenet_has_the_same_widths():
    ours, theirs = (zoo.network(name).stages[2:] for name in ("googlenet", "googlenet_tv"))
    as_theirs = {"kernel5": 3, "bias": False, "norm": True, "norm_eps": 1e-3}
    assert [replace(stage.block, **as_theirs) for stage in ours] == [s.block for s in theirs]
