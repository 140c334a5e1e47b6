"""What an MBConv may be beside the usual: fused, without a skip, with a pooled one; in a batch."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netspace.design import zoo
from netspace.design.blocks import MBConv, layers
from netspace.design.complexity import Complexity, count, measure
from netspace.design.layers import Chain, Conv, Pool, Repeat, Residual, When
from netspace.design.network import Head, Network, Stage, Stem
from netspace.design.network import layers as tree
from netspace.design.pieces import Squeeze
from netspace.errors import SpecError
from netspace.spaces.batch import keys, one
from netspace.train.build import build
from tests.oracle import check
from tests.strategies import skips

SE = Squeeze(ratio=0.25)


def fused(expansion: float = 1, **fields: object) -> MBConv:
    return MBConv(expansion=expansion, kernel=3, depthwise=False, **fields)


def names(block: MBConv, width_in: int = 8, width: int = 8, stride: int = 1) -> list[str]:
    residual = layers(block, width_in, width, stride)
    assert isinstance(residual, Residual)
    return [name for name, _ in residual.body.steps]


def test_a_full_convolution_in_place_of_the_depthwise_one():
    steps = ["conv", "conv_norm", "conv_act", "se", "project", "project_norm"]
    assert names(fused(4, se=SE)) == steps
    assert names(fused(1, se=SE)) == steps[:4], "at expansion 1 it is all there is"
    assert names(MBConv(expansion=1, se=SE)) == [
        *("depthwise", "depthwise_norm", "depthwise_act", "se", "project", "project_norm")
    ]


def test_one_full_convolution_by_hand():
    """5 x 5 x 8 x 12 weights, 2 x 12 for the norm; 4 x 4 positions."""
    block = MBConv(expansion=1, kernel=5, depthwise=False)
    cost, _ = measure(layers(block, 8, 12, 2), replace(of(block).input, channels=8))
    assert cost == Complexity(flops=16 * 2400, params=2400 + 24, activations=16 * 12)


def of(*blocks: MBConv, **fields: int) -> Network:
    """Stages of two blocks each; the last ones are as wide as the one before, and stride."""
    stages = (
        Stage(block=block, width=8 + 4 * min(i, 1), depth=2, stride=1 + (i % 2))
        for i, block in enumerate(blocks)
    )
    return Network(stem=Stem(width=8), stages=tuple(stages), resolution=(8, 8), classes=5)


def test_efficientnet_v2_s():
    """21,458,488 parameters, 8.366 GFLOPs at 384: torchvision.models.efficientnet_v2_s."""
    sizes = ((1, 24, 2, 1), (4, 48, 4, 2), (4, 64, 4, 2), (4, 128, 6, 2), (6, 160, 9, 1))
    sizes += ((6, 256, 15, 2),)
    stages = tuple(
        Stage(
            block=fused(expansion) if i < 3 else MBConv(expansion=expansion, se=SE),
            width=width,
            depth=depth,
            stride=stride,
        )
        for i, (expansion, width, depth, stride) in enumerate(sizes)
    )
    network = Network(
        stem=Stem(width=24, act="silu"), stages=stages, head=Head(width=1280, act="silu")
    )
    cost = count(network, resolution=384)
    assert cost.params == 21_458_488
    assert cost.flops / 1e9 == pytest.approx(8.366, abs=0.001)


def shortcut(block: MBConv, width_in: int, width: int, stride: int) -> Chain | When:
    residual = layers(block, width_in, width, stride)
    assert isinstance(residual, Residual)
    assert residual.joined
    return residual.shortcut


POOLED = MBConv(expansion=1, pooled_skip=True)
POOL = ("pool", Pool(function="mean", kernel=2, stride=2, round_up=True))


def test_a_pooled_skip():
    assert shortcut(POOLED, 8, 8, 2) == When(present=True, layer=Chain(steps=(POOL,)))
    strided, widened = shortcut(POOLED, 8, 12, 2), shortcut(POOLED, 8, 12, 1)
    assert isinstance(strided, When)
    assert isinstance(widened, When)
    assert strided.layer.steps[0] == POOL
    assert strided.layer.steps[1:] == widened.layer.steps
    assert [name for name, _ in widened.layer.steps] == ["conv", "conv_norm"]
    assert dict(widened.layer.steps)["conv"] == Conv(width=12, kernel=1)


@pytest.mark.parametrize("side", [1, 2, 5, 8])
def test_a_pooled_skip_meets_its_body(side):
    check(replace(of(POOLED, POOLED, POOLED), resolution=(side, side + 3)))


def test_a_pooled_skip_of_a_block_that_changes_nothing_is_the_identity():
    assert layers(POOLED, 8, 8, 1) == layers(MBConv(expansion=1), 8, 8, 1)


@pytest.mark.parametrize(("width", "stride"), [(8, 1), (8, 2), (12, 1)])
def test_without_a_skip_nothing_is_added(width, stride):
    residual = layers(MBConv(skip=False), 8, width, stride)
    assert isinstance(residual, Residual)
    assert not residual.joined
    assert residual.shortcut == Chain()


def test_a_pooled_skip_is_a_skip():
    with pytest.raises(SpecError) as fault:
        MBConv(skip=False, pooled_skip=True)
    assert str(fault.value) == "pooled_skip says what the skip is like; it needs skip: true"


def test_names_of_the_weights():
    module = build(of(fused(1, se=SE), fused(2, pooled_skip=True), POOLED))
    found = {name.removesuffix(".weight") for name, _ in module.named_parameters()}
    assert {"s1.b1.f.conv", "s1.b2.f.se.up", "s2.b1.f.project", "s2.b1.proj.conv"} <= found
    assert not any(
        name.startswith(("s2.b2.proj", "s3.b1.f.expand", "s1.b1.proj")) for name in found
    )


numbers = st.fixed_dictionaries(
    {
        "expansion": st.integers(1, 3),
        "kernel": st.sampled_from((1, 3, 5)),
        "depthwise": st.booleans(),
        "ratio": st.sampled_from((0, 0.25, 0.5)),
        "skip": skips,
        "stride": st.integers(1, 2),
        "width": st.sampled_from((8, 12)),
    }
)


def single(row: dict) -> Network:
    se = Squeeze(ratio=row["ratio"]) if row["ratio"] else None
    fields = {name: row[name] for name in ("expansion", "kernel", "depthwise")}
    stage = Stage(
        block=MBConv(se=se, **fields, **row["skip"]),
        width=row["width"],
        depth=2,
        stride=row["stride"],
    )
    return Network(stem=Stem(width=8), stages=(stage,), resolution=(9, 9), classes=3)


def together(rows: list[dict]) -> Network:
    """The same networks as one of arrays; a ratio of 0 is no squeeze."""
    column = {name: np.array([row[name] for row in rows]) for name in rows[0] if name != "skip"}
    switches = {name: np.array([row["skip"][name] for row in rows]) for name in rows[0]["skip"]}
    block = MBConv(
        expansion=column["expansion"],
        kernel=column["kernel"],
        depthwise=column["depthwise"],
        se=Squeeze(ratio=column["ratio"]),
        **switches,
    )
    stage = Stage(block=block, width=column["width"], depth=2, stride=column["stride"])
    return Network(stem=Stem(width=8), stages=(stage,), resolution=(9, 9), classes=3)


@settings(max_examples=60)
@given(st.lists(numbers, min_size=1, max_size=6))
def test_all_that_varies_counts_in_one_batch(rows):
    singles, batch = [single(row) for row in rows], together(rows)
    assert [one(batch, i) for i in range(len(rows))] == singles
    cost, _ = measure(tree(batch), batch.input)
    for i, network in enumerate(singles):
        flops, params, activations = (
            int(np.broadcast_to(total, len(rows))[i])
            for total in (cost.flops, cost.params, cost.activations)
        )
        assert count(network) == Complexity(flops=flops, params=params, activations=activations)
    found = keys(batch, np.arange(len(rows)))
    for i, network in enumerate(singles):
        for j, other in enumerate(singles):
            assert (found[i] == found[j]) == (network == other)


@settings(max_examples=30)
@given(numbers)
def test_the_module_is_what_is_counted(row):
    check(single(row))


def test_no_squeeze_is_written_as_none():
    with pytest.raises(SpecError, match="se ratio 0 must be above 0 and at most 1"):
        Squeeze(ratio=0)
    for ratios in ((0.25, -0.1), (0.25, 1.5), (float("nan"), 0)):
        with pytest.raises(SpecError, match="se ratio"):
            Squeeze(ratio=np.array(ratios))


def test_the_usual_block_is_as_it_was():
    """A chain without switches; repeats as before."""
    network = zoo.network("mobilenet_v2")
    steps = dict(tree(network).steps)["s2"].steps
    assert isinstance(steps[1][1], Repeat)
    assert names(MBConv(expansion=6)) == [
        *("expand", "expand_norm", "expand_act", "depthwise", "depthwise_norm", "depthwise_act"),
        *("project", "project_norm"),
    ]
