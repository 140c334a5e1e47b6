"""Networks off the template: blocks written out layer by layer."""

from dataclasses import replace

import pytest
import torch
import yaml

from netspace.design.blocks import Plain
from netspace.design.complexity import Complexity, count, parts
from netspace.design.custom import RESERVED
from netspace.design.network import Network, Stage
from netspace.design.serial import network_from_plain, to_plain
from netspace.errors import SpecError
from netspace.train.build import build
from tests.oracle import check


def network(*stages: str, resolution: int = 224):
    text = f"""
stem: {{width: 24, stride: 1, padding: 0, norm: false, act: relu}}
resolution: [{resolution}, {resolution}]
classes: 2
stages:
{"".join(stages)}
"""
    return network_from_plain(yaml.safe_load(text))


DEPTHWISE = """
- width: 24
  depth: 1
  stride: 1
  block:
    kind: custom
    layers: {steps: [[a, {kind: conv, width: 24, kernel: 3, padding: 0, groups: 24}]]}
"""
HALVES = """
- width: 24
  depth: 1
  stride: 1
  block:
    kind: custom
    layers:
      steps:
      - - halves
        - kind: concat
          branches:
          - [one, {kind: conv, width: 12, kernel: 3, padding: 0, groups: 12}]
          - [two, {kind: conv, width: 12, kernel: 3, padding: 0, groups: 12}]
"""


def body(found):
    """The cost without the head's."""
    whole, head = count(found), Complexity(flops=2 * 24 + 2, params=2 * 24 + 2)
    return whole.flops - head.flops, whole.params - head.params


def test_c37_depthwise_and_two_concatenated_halves_cost_what_they_cost():
    """Each filter of (b) sees two channels."""
    assert body(network(DEPTHWISE)) == (42_390_432, 864)
    assert body(network(HALVES)) == (52_844_832, 1_080)


@pytest.mark.parametrize("stage", [DEPTHWISE, HALVES])
def test_custom_blocks_are_built_and_written(stage):
    found = network(stage, resolution=9)
    assert network_from_plain(to_plain(found)) == found
    assert build(found)(torch.zeros(2, 3, 9, 9)).shape == (2, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("width: 24\n", "width: 32\n"), "put out 24 channels, but the stage's width is 32"),
        (("stride: 1\n", "stride: 2\n"), "stride by 1, but the stage says stride 2"),
        (("kernel: 3", "kernel: 0"), "stage 1: block: kernel 0 must be at least 1"),
        (("kind: conv, width: 24, kernel: 3, padding: 0, groups: 24", "kind: flatten"), "the head"),
        (("[a,", "[forward,"), "name 'forward' has another meaning in torch; rename it"),
        (("[a,", "[a.b,"), "name 'a.b' must be a word of letters and digits"),
        (("[[a,", "[[a, {kind: norm}], [a,"), "name 'a' stands there twice; names must differ"),
        (("kind: conv", "kind: convv"), "unknown kind 'convv'; did you mean 'conv'?"),
        (("groups", "gruops"), "layers: step 1: gruops: unknown field; did you mean 'groups'?"),
    ],
)
def test_what_is_wrong_is_said(change, message):
    with pytest.raises(SpecError) as fault:
        count(network(DEPTHWISE.replace(*change)))
    assert str(fault.value).startswith("stage 1: ")
    assert message in str(fault.value)


def of_layers(*layers: str, width: int = 24):
    """A network with one block of these layers."""
    steps = ", ".join(f"[step{i}, {{{layer}}}]" for i, layer in enumerate(layers))
    block = f"{{kind: custom, layers: {{steps: [{steps}]}}}}"
    return network(f"- {{width: {width}, depth: 1, stride: 1, block: {block}}}\n", resolution=9)


POINT = "kind: conv, width: 24, kernel: 1"
STRIDED = "kind: conv, width: 24, kernel: 3, stride: 2"
MEAN = "[p, {kind: global_pool}]"


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("kind: concat, branches: []", "custom layers: concat has no branches; give at least one"),
        (f"{POINT}, padding: -1", "padding -1 must be at least 0"),
        (
            "kind: pool, kernel: 2, stride: 1, padding: 2",
            "pooling padding 2 must be at least 0 and at most half of kernel 2",
        ),
        (
            "kind: pool, kernel: 3, stride: 1, padding: -1",
            "pooling padding -1 must be at least 0 and at most half of kernel 3",
        ),
        ("kind: dropout, rate: 1", "dropout rate 1.0 must be at least 0 and below 1"),
        ("kind: dropout, rate: -0.1", "dropout rate -0.1 must be at least 0 and below 1"),
        ("kind: dropout, rate: .nan", "dropout rate nan must be at least 0 and below 1"),
        ("kind: norm, eps: 0", "norm eps 0.0 must be above 0 and finite"),
        ("kind: norm, eps: .inf", "norm eps inf must be above 0 and finite"),
        ("kind: norm, momentum: 7", "norm momentum 7.0 must be at least 0 and at most 1"),
        ("kind: global_pool, size: 0", "global_pool size 0 must be at least 1"),
    ],
)
def test_numbers_that_no_layer_can_have(layer, message):
    with pytest.raises(SpecError) as fault:
        of_layers(layer, POINT)
    assert str(fault.value) == f"stage 1: block: {message}"


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (
            "kind: residual, body: {kind: conv, width: 12, kernel: 1}",
            "stage 1: the body of a residual puts out 12 channels of 7x7, but its shortcut "
            "24 channels of 7x7; only maps of one shape can be added",
        ),
        (
            f"kind: residual, body: {{{STRIDED}}}, "
            "shortcut: {steps: [[p, {kind: pool, kernel: 3, stride: 2}]]}",
            "stage 1: the body of a residual puts out 24 channels of 4x4, but its shortcut "
            "24 channels of 3x3; only maps of one shape can be added",
        ),
        (
            f"kind: gate, body: {{steps: [{MEAN}, [c, {{kind: conv, width: 12, kernel: 1}}]]}}",
            "stage 1: the body of a gate puts out 12 channels of 1x1 for a map of 24 channels of "
            "7x7; it must put out as many channels, at one position or at all",
        ),
        (
            f"kind: gate, body: {{steps: [[c, {{{STRIDED}}}]]}}",
            "stage 1: the body of a gate puts out 24 channels of 4x4 for a map of 24 channels of "
            "7x7; it must put out as many channels, at one position or at all",
        ),
    ],
)
def test_maps_that_cannot_be_joined(layer, message):
    stride = 2 if "residual" in layer and "stride" in layer else 1
    found = of_layers(layer, POINT)
    found = replace(found, stages=(replace(found.stages[0], stride=stride),))
    for use in (count, parts, build):
        with pytest.raises(SpecError) as fault:
            use(found)
        assert str(fault.value) == message


@pytest.mark.parametrize(
    "layer",
    [
        f"kind: residual, body: {{{STRIDED}}}, joined: false",
        f"kind: residual, body: {{{POINT}}}, shortcut: {{steps: [[c, {{{POINT}}}]]}}",
        f"kind: gate, body: {{steps: [{MEAN}]}}",
        f"kind: gate, body: {{steps: [[c, {{{POINT}}}]]}}",
        "kind: pool, kernel: 3, stride: 1, padding: 1",
        "kind: dropout, rate: 0",
    ],
)
def test_what_can_be_joined_is_counted_as_it_is_built(layer):
    found = of_layers(layer, POINT)
    if "stride: 2" in layer:
        found = replace(found, stages=(replace(found.stages[0], stride=2),))
    check(found)


def test_what_comes_after_a_sum_counts_and_sets_the_width():
    layer = f"kind: residual, body: {{{POINT}}}, after: {{kind: conv, width: 8, kernel: 3}}"
    found = of_layers(layer, width=8)
    check(found)
    assert count(found).params == 3 * 9 * 24 + 24 * 24 + 9 * 24 * 8 + 2 * 8 + 2


def test_no_name_of_torch_is_forgotten():
    assert {name for name in dir(torch.nn.Sequential()) if name[0].islower()} == RESERVED


def test_an_unpadded_convolution_does_not_repeat():
    stage = Stage(block=Plain(padding=0), width=8, depth=2)
    with pytest.raises(SpecError, match="cannot repeat; give each its own stage"):
        count(Network(stages=(stage,)))
    alone = Network(stages=(Stage(block=Plain(padding=0), width=8, depth=1),), classes=2)
    assert build(alone)(torch.zeros(2, 3, 9, 9)).shape == (2, 2)
    assert count(alone, resolution=9).flops > 0
