"""Counts against modules built in torch, and counts of arrays against counts of single networks."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from netspace.design import zoo
from netspace.design.blocks import Plain
from netspace.design.complexity import Complexity, count, measure, parts
from netspace.design.layers import Chain, Concat, Conv, Pool, Repeat, Residual, Shape, When
from netspace.design.network import Network, Stage, Stem, layers
from netspace.errors import SpecError
from netspace.spaces.batch import one
from tests.oracle import check
from tests.strategies import alike, any_networks, parameter_rows, regnets, stacked


@settings(max_examples=150)
@given(any_networks)
def test_count_is_what_the_module_does(network):
    check(network)


@pytest.mark.parametrize(
    "name", ["regnet_x_200mf", "regnet_y_400mf", "efficientnet_b0", "resnet50", "resnext50_32x4d"]
)
@pytest.mark.parametrize(("resolution", "channels"), [((32, 32), 3), ((45, 33), 1)])
def test_named_networks(name, resolution, channels):
    check(zoo.network(name).for_input(resolution=resolution, channels=channels, classes=7))


@given(any_networks)
def test_the_parts_make_the_whole(network):
    total = sum((part.complexity for part in parts(network)), start=Complexity())
    assert total == count(network)
    assert [part.name for part in parts(network)] == [name for name, _ in layers(network).steps]


@given(any_networks, st.tuples(st.integers(1, 40), st.integers(1, 40)), st.integers(1, 4))
def test_other_inputs_change_no_network(network, resolution, channels):
    before, first = repr(network), count(network)
    other = count(network, resolution=resolution, channels=channels, classes=3)
    assert other == count(network.for_input(resolution=resolution, channels=channels, classes=3))
    assert count(network) == first
    assert repr(network) == before
    assert all(type(n) is int for n in (first.flops, first.params, first.activations))


@given(any_networks, st.integers(1, 40))
def test_a_single_number_is_a_square(network, side):
    assert count(network, resolution=side) == count(network, resolution=(side, side))


@given(regnets())
def test_params_do_not_depend_on_the_resolution(regnet):
    network = regnet.network()
    assert count(network, resolution=32).params == count(network, resolution=(50, 7)).params


def row(values, index: int, rows: int) -> int:
    return int(np.broadcast_to(values, rows)[index])


def check_rows(batch: Network, singles: list[Network]) -> None:
    """The count of the arrays, network for network."""
    cost, _ = measure(layers(batch), batch.input)
    rows = len(singles)
    for i, network in enumerate(singles):
        expected = Complexity(
            flops=row(cost.flops, i, rows),
            params=row(cost.params, i, rows),
            activations=row(cost.activations, i, rows),
        )
        assert count(network) == expected


@settings(max_examples=200)
@given(alike())
def test_networks_of_one_structure_count_together(singles):
    batch = stacked(singles)
    assert [one(batch, i) for i in range(len(singles))] == singles
    check_rows(batch, singles)


@settings(max_examples=40)
@given(parameter_rows(rows=24))
def test_batches_of_a_space_count_as_their_networks_do(rows):
    space, columns = rows
    for batch in space.template.decode(columns):
        check_rows(batch.network, [one(batch.network, i) for i in range(len(batch.rows))])


@pytest.mark.parametrize("size", [(2, 9), (9, 2)])
def test_too_small_for_an_unpadded_window(size):
    height, width = size
    image = Shape(channels=3, height=height, width=width)
    with pytest.raises(SpecError) as fault:
        measure(Conv(width=4, kernel=3, padding=0), image)
    assert str(fault.value) == (
        f"a {height}x{width} map is too small for a 3x3 window; use larger images"
    )


@pytest.mark.parametrize("resolution", [0, -1, (0, 8), (8, 0)])
def test_a_resolution_below_one_pixel(resolution):
    with pytest.raises(SpecError, match=r"(height|width) (0|-1) must be at least 1"):
        count(zoo.network("regnet_x_200mf"), resolution=resolution)


def test_only_a_layer_that_keeps_its_shape_can_repeat():
    growing = Repeat(layer=Conv(width=8, kernel=3), times=2)
    with pytest.raises(AssertionError, match="repeat"):
        measure(growing, Shape(channels=4, height=8, width=8))


@pytest.mark.parametrize(
    ("pool", "side"),
    [
        (Pool(kernel=3, stride=2, padding=1), 5),
        (Pool(kernel=3, stride=2), 4),
        (Pool(kernel=2, stride=2, round_up=True), 5),
        (Pool(kernel=2, stride=4, padding=1, round_up=True), 3),
        (Pool(kernel=1, stride=7, round_up=True), 2),
        (Pool(kernel=1, stride=16, round_up=True), 1),
    ],
)
def test_pools_put_out_what_torch_does(pool, side):
    cost, after = measure(pool, Shape(channels=4, height=9, width=9))
    image = torch.zeros(1, 4, 9, 9)
    out = nn.MaxPool2d(pool.kernel, pool.stride, pool.padding, ceil_mode=pool.round_up)(image)
    assert after == Shape(channels=4, height=side, width=side)
    assert out.shape[1:] == (4, side, side)
    assert cost == Complexity(activations=4 * side**2)
    assert measure(replace(pool, function="mean"), after)[0] == Complexity()


def test_sums_of_a_batch_are_of_equal_maps_where_they_are_joined():
    """Only the second of two networks widens."""
    widths = np.array([4, 6])
    body, image = Conv(width=widths, kernel=1), Shape(channels=4, height=8, width=8)
    assert measure(Residual(body=body, joined=widths == 4), image)[1].channels is widths
    projection = When(present=widths != 4, layer=Chain(steps=(("conv", body),)))
    cost, _ = measure(Residual(body=body, shortcut=projection), image)
    assert cost.params.tolist() == [16, 24 + 24]
    with pytest.raises(SpecError, match="only maps of one shape can be added"):
        measure(Residual(body=body), image)


def test_a_fault_names_its_part():
    stages = tuple(Stage(block=Plain(padding=0), width=4, depth=1, stride=2) for _ in range(3))
    with pytest.raises(SpecError) as fault:
        count(Network(stages=stages), resolution=8)
    assert str(fault.value) == (
        "stage 2: a 1x1 map is too small for a 3x3 window; use larger images"
    )
    unpadded = Stem(padding=0, kernel=7)
    with pytest.raises(SpecError, match=r"^stem: a 5x5 map is too small"):
        parts(Network(stem=unpadded, stages=stages, resolution=(5, 5)))


def test_branches_of_unequal_maps_cannot_be_joined():
    branches = (("a", Conv(width=2, kernel=1)), ("b", Conv(width=2, kernel=1, stride=2)))
    with pytest.raises(SpecError, match="maps of 8x8 and 4x4; only maps of one size"):
        measure(Concat(branches=branches), Shape(channels=1, height=8, width=8))
