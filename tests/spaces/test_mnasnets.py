"""MnasNet's space: its own networks, EfficientNet-B0's shape, widths and skips."""

from dataclasses import replace
from math import log10

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspace.design import zoo
from netspace.design.blocks import MBConv
from netspace.design.complexity import count
from netspace.spaces.batch import keys, one
from netspace.spaces.families import space
from netspace.spaces.mnasnets import DEPTHS, OPERATIONS, SKIPS, WIDTHS, widths
from netspace.spaces.ranges import distribution

# Parameters of the zoo's networks: operation, kernel, squeezed, change of depth, factor of width.
SEP, THREE, SIX = (OPERATIONS.index(name) for name in ("separable", "mbconv3", "mbconv6"))
A1 = (
    (SEP, SIX, THREE, SIX, SIX, SIX, SIX),
    (3, 3, 5, 3, 3, 5, 3),
    (0, 0, 1, 0, 1, 1, 0),
    (0, 0, 0, 0, -1, 0, 0),
    (1, 1, 1.25, 1.25, 1.175, 1, 1),
)
B1 = (
    (SEP, THREE, THREE, SIX, SIX, SIX, SIX),
    (3, 3, 5, 5, 3, 5, 3),
    (0, 0, 0, 0, 0, 0, 0),
    (0, 1, 0, -1, -1, 1, 0),
    (1, 1, 1.25, 1.25, 1, 1.2, 1),
)
B0 = (
    (SEP, SIX, SIX, SIX, SIX, SIX, SIX),
    (3, 3, 5, 3, 5, 5, 3),
    (1, 1, 1, 1, 1, 1, 1),
    (0, 0, -1, -1, 0, 1, 0),
    (1, 1, 1.25, 1.25, 1.175, 1.2, 1),
)
V2 = ((SEP, *(SIX,) * 6), (3,) * 7, (0,) * 7, (0,) * 7, (1,) * 7)


def parameters(rows, skip="identity"):
    operation, kernel, squeezed, change, factor = rows
    return {
        "operation": operation,
        "kernel": kernel,
        "se_ratio": tuple(0.25 * one for one in squeezed),
        "skip": (SKIPS.index(skip),) * 7,
        "depth_change": change,
        "width_factor": factor,
    }


def decoded(values, **images):
    columns = {name: np.atleast_2d(np.array(row, float)) for name, row in values.items()}
    (batch,) = space("mnasnet", **images).template.decode(columns)
    return one(batch.network, 0)


def without_dropout(name):
    network = zoo.network(name)
    return replace(network, stochastic_depth=0, head=replace(network.head, dropout=0))


@pytest.mark.parametrize(("name", "rows"), [("mnasnet_a1", A1), ("mnasnet_b1", B1)])
def test_mnasnets_are_members(name, rows):
    """Network for network, but for dropout."""
    assert space("mnasnet").contains(parameters(rows))
    assert decoded(parameters(rows)) == without_dropout(name)


def reactivated(network, act):
    """The network with this activation everywhere, and squeezes of the usual kind."""
    stages = tuple(
        replace(
            stage,
            block=replace(
                stage.block,
                act=act,
                se=stage.block.se and replace(stage.block.se, rounding="nearest", act="relu"),
            ),
        )
        for stage in network.stages
    )
    head, stem = replace(network.head, act=act), replace(network.stem, act=act)
    return replace(network, stem=stem, stages=stages, head=head)


@pytest.mark.parametrize(("name", "rows"), [("efficientnet_b0", B0), ("mobilenet_v2", V2)])
def test_members_but_for_the_activation(name, rows):
    """EfficientNet-B0 has SiLU and MobileNetV2 ReLU6, where this space has ReLU."""
    assert space("mnasnet").contains(parameters(rows))
    other = without_dropout(name)
    assert decoded(parameters(rows)) != other
    assert decoded(parameters(rows)) == reactivated(other, "relu")
    assert count(decoded(parameters(rows))) == count(other)


@pytest.mark.parametrize("width", [*WIDTHS, 8, 48, 80])
def test_widths_are_all_multiples_of_8_near_the_template(width):
    factors = distribution(
        next(p.values for p in space("mnasnet").parameters if p.name == "width_factor")
    ).values
    expected = [w for w in range(8, 512, 8) if 0.75 * width <= w <= 1.25 * width]
    assert sorted(set(widths(width, factors).tolist())) == expected
    assert widths(width, np.array([1.0])).tolist() == [width]


@pytest.mark.parametrize(
    ("change", "depths"), [(-1, (1, 1, 2, 3, 2, 2, 1)), (1, (2, 3, 4, 5, 4, 4, 2))]
)
def test_depths(change, depths):
    network = decoded(parameters((*V2[:3], (change,) * 7, V2[4])))
    assert tuple(stage.depth for stage in network.stages) == depths
    assert min(DEPTHS) == 1


def blocks(skip, *, change=0, operation=SIX):
    network = decoded(parameters(((operation,) * 7, *V2[1:3], (change,) * 7, V2[4]), skip=skip))
    return [stage.block for stage in network.stages]


def test_skips():
    assert all(block.skip and not block.pooled_skip for block in blocks("identity"))
    assert all(block.skip and block.pooled_skip for block in blocks("pooled"))
    assert [block.skip for block in blocks("none")] == [True, *[False] * 5, True]


def test_a_pooled_skip_of_a_stage_that_changes_nothing_is_the_identity():
    """Stage 5 strides not; both it and stage 4 can be 80 wide."""
    factors = (1, 1, 1, 1.25, 0.825, 1, 1)
    rows = parameters((*V2[:4], factors), skip="pooled")
    network = decoded(rows)
    assert [stage.width for stage in network.stages[3:5]] == [80, 80]
    assert [stage.block.pooled_skip for stage in network.stages] == [True] * 4 + [False, True, True]


def test_a_stage_of_one_block_that_changes_shape_has_no_skip_to_leave_out():
    assert decoded(parameters(V2, "none")) != decoded(parameters(V2, "identity"))
    for none, identity in zip(
        blocks("none", change=-1), blocks("identity", change=-1), strict=True
    ):
        assert (none == identity) == none.skip


def test_operations():
    found = {word: blocks("identity", operation=i)[1] for i, word in enumerate(OPERATIONS)}
    plain = {"kernel": 3, "act": "relu"}
    assert found == {
        "conv": MBConv(expansion=1, depthwise=False, **plain),
        "separable": MBConv(expansion=1, **plain),
        "mbconv3": MBConv(expansion=3, **plain),
        "mbconv6": MBConv(expansion=6, **plain),
    }


@given(st.integers(0, 2**32 - 1), st.sampled_from((8, 32, 224)))
def test_equal_keys_are_equal_networks(seed, resolution):
    """Neighbours of one candidate: half of them are it, clipped or without a difference."""
    family = space("mnasnet", resolution=resolution)
    chance = np.random.default_rng(seed)
    first, others = (family.draw(chance.random((n, family.dimensions))) for n in (1, 12))
    place, name = chance.integers(7), chance.choice(["skip", "width_factor", "depth_change"])
    columns = {key: np.repeat(values, 12, axis=0) for key, values in first.items()}
    columns[name][:, place] = others[name][:, place]
    (batch,) = family.template.decode(columns)
    found, networks = keys(batch.network, np.arange(12)), [one(batch.network, i) for i in range(12)]
    for i in range(12):
        assert (found[0] == found[i]) == (networks[0] == networks[i])


def test_size():
    whole = 7 * log10(4 * 2 * 2 * 3 * 3 * 21)
    assert space("mnasnet").log10_size == pytest.approx(whole)
    assert space("mnasnet", resolution=32).log10_size == pytest.approx(whole)


def test_small_images():
    network = decoded(parameters(A1), resolution=32, classes=10)
    assert [stage.width for stage in network.stages] == [8, 16, 16, 40, 56, 80, 160]
    assert (network.stem.width, network.stem.stride, network.head.width) == (16, 1, 640)
    assert (
        "stages 8, 16, 16, 32, 48, 80, 160, head 640" in space("mnasnet", resolution=32).adapted[1]
    )
