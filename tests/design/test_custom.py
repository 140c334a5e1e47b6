"""Networks off the template: blocks written out layer by layer."""

import pytest
import torch
import yaml

from netspace.design.blocks import Plain
from netspace.design.complexity import Complexity, count
from netspace.design.custom import RESERVED
from netspace.design.network import Network, Stage
from netspace.design.serial import network_from_plain, to_plain
from netspace.errors import SpecError
from netspace.train.build import build


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
    assert message in str(fault.value)


def test_no_name_of_torch_is_forgotten():
    assert {name for name in dir(torch.nn.Sequential()) if name[0].islower()} == RESERVED


def test_an_unpadded_convolution_does_not_repeat():
    stage = Stage(block=Plain(padding=0), width=8, depth=2)
    with pytest.raises(SpecError, match="cannot repeat; give each its own stage"):
        count(Network(stages=(stage,)))
    alone = Network(stages=(Stage(block=Plain(padding=0), width=8, depth=1),), classes=2)
    assert build(alone)(torch.zeros(2, 3, 9, 9)).shape == (2, 2)
    assert count(alone, resolution=9).flops > 0
