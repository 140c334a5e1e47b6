"""The RegNet article's rules against networks whose answers are known."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from netspace.design import zoo
from netspace.design.blocks import Basic, Bottleneck
from netspace.design.fit import fit_regnet
from netspace.design.network import Network, Stage, Stem
from netspace.design.regnet_rules import RuleCheck, rules
from tests.strategies import networks

NAMES = [
    "bottleneck ratio",
    "depth",
    "multiplier",
    "rising widths",
    "rising from the stem",
    "rising depths",
]
REGNETS = [name for name in zoo.names() if name.startswith("regnet_")]


def checks(network: Network) -> dict[str, RuleCheck]:
    return {check.name: check for check in rules(network)}


def body(*stages: tuple[int, int]) -> Network:
    return Network(stages=tuple(Stage(block=Basic(), width=w, depth=d) for w, d in stages))


@pytest.mark.parametrize("name", REGNETS)
def test_the_articles_own_networks_obey_its_rules(name):
    """Radosavovic et al. 2020, sec. 4-5: chosen under b = 1, 12 <= d <= 28 and w_m >= 2."""
    found = checks(zoo.network(name))
    assert [rule for rule in NAMES if not found[rule].obeyed and rule != NAMES[4]] == []


def test_efficientnet_b0_falls_from_its_stem():
    """Tan & Le 2019, table 1: 32 channels, then 16."""
    found = checks(zoo.network("efficientnet_b0"))
    assert found["rising from the stem"].found == "falls from 32 to 16"
    assert [found[name].obeyed for name in NAMES] == [None, True, False, True, False, True]
    assert found["bottleneck ratio"].found == "no bottleneck blocks"
    assert found["rising depths"].found == "1, 2, 2, 3, 3, 4, 1"


def test_resnet_152_has_a_bottleneck_and_is_deep():
    """He et al. 2016, table 1."""
    found = checks(zoo.network("resnet152"))
    assert (found["bottleneck ratio"].obeyed, found["bottleneck ratio"].found) == (False, "4")
    assert (found["depth"].obeyed, found["depth"].found) == (False, "50")
    assert found["rising widths"].found == "256, 512, 1,024, 2,048"


@pytest.mark.parametrize(("depth", "obeyed"), [(11, False), (12, True), (28, True), (29, False)])
def test_the_bounds_of_depth_belong_to_it(depth, obeyed):
    assert checks(body((8, depth)))["depth"].obeyed is obeyed


@pytest.mark.parametrize(
    ("stages", "wide", "deep"),
    [
        ([(8, 3)], None, None),
        ([(8, 3), (8, 1)], True, None),
        ([(16, 1), (8, 1), (16, 1)], False, True),
        ([(8, 3), (8, 2), (8, 2)], True, False),
        ([(8, 2), (8, 2), (8, 1)], True, True),
    ],
)
def test_equal_neighbours_rise_and_the_last_depth_is_free(stages, wide, deep):
    found = checks(body(*stages))
    assert (found["rising widths"].obeyed, found["rising depths"].obeyed) == (wide, deep)


def test_one_width_has_no_multiplier():
    found = checks(body((8, 3)))["multiplier"]
    assert (found.obeyed, found.found) == (None, "one width fits best")


def test_only_bottleneck_blocks_are_asked_for_their_ratio():
    mixed = (
        Stage(block=Basic(), width=8, depth=1),
        Stage(block=Bottleneck(), width=8, depth=1),
        Stage(block=Bottleneck(bottleneck_ratio=0.5), width=8, depth=1),
    )
    found = checks(Network(stages=mixed))["bottleneck ratio"]
    assert (found.obeyed, found.found) == (False, "0.5, 1")
    assert checks(Network(stages=mixed[:2]))["bottleneck ratio"].obeyed is True


def test_a_stem_as_wide_as_the_first_stage_does_not_fall():
    network = replace(body((32, 1)), stem=Stem(width=32))
    assert checks(network)["rising from the stem"].obeyed is True


@given(networks)
@settings(max_examples=25, deadline=None)
def test_every_network_has_an_answer_to_every_rule(network):
    found = rules(network)
    assert [check.name for check in found] == NAMES
    assert all(check.rule and check.found for check in found)
    assert found == rules(network, fit_regnet(network))
