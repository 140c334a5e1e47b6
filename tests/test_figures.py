"""The figures of the story are what docs/figures.py draws, and show what is so."""

import importlib
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import numpy as np
import pytest

from netspace.design import zoo
from netspace.design.blocks import layers
from netspace.design.layers import Act, Concat, Conv, Gate, Residual
from netspace.train.build import ResidualModule, build

DOCS = Path(__file__).resolve().parents[1] / "docs"
PICTURES = DOCS / "pictures"
MODULES = ("", "_blocks", "_gradients", "_layers", "_receptive", "_scaling", "_spaces")
LARGEST = 200_000


@pytest.fixture(scope="module")
def scripts() -> Iterator[dict[str, ModuleType]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DOCS)
        yield {name: importlib.import_module(f"figures{name}") for name in MODULES}


def test_the_figures_are_those_that_the_script_draws(scripts):
    drawn = scripts[""].drawings()
    assert {path.name for path in PICTURES.glob("*.svg")} == {*drawn}
    stale = [name for name, svg in drawn.items() if (PICTURES / name).read_text("utf-8") != svg]
    assert stale == [], "run `make docs`"


def test_every_picture_of_the_pages_is_small_and_a_picture():
    for path in PICTURES.iterdir():
        assert path.stat().st_size <= LARGEST, path
    for path in PICTURES.glob("*.svg"):
        assert ElementTree.parse(path).getroot().tag.endswith("svg")


# Blocks


def test_a_block_is_drawn_with_all_that_it_is_made_of(scripts):
    for name, cases in scripts["_blocks"].GROUPS.items():
        for case in cases:
            svg = scripts["_blocks"].picture([case])
            tree = list(_layers(layers(case.block, case.width_in, case.width, case.stride)))
            said = " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg))
            for layer in tree:
                if isinstance(layer, Conv):
                    kind = "depthwise" if layer.groups == case.width_in * _growth(case) else "conv"
                    assert f"{layer.kernel}×{layer.kernel} {kind}, {layer.width}" in said, name
            assert said.count(" + ") == sum(isinstance(layer, Residual) for layer in tree)
            assert said.count(" × ") == sum(isinstance(layer, Gate) for layer in tree)
            assert said.count("side by side") == sum(isinstance(layer, Concat) for layer in tree)
            acts = sum(isinstance(layer, Act) for layer in tree)
            assert len(re.findall(r"\b(?:relu6?|silu|sigmoid)\b", said)) == acts


def _growth(case):
    return getattr(case.block, "expansion", 1)


def _layers(layer):
    yield layer
    for name in ("steps", "branches"):
        for _, inner in getattr(layer, name, ()):
            yield from _layers(inner)
    for name in ("body", "after"):
        if hasattr(layer, name):
            yield from _layers(getattr(layer, name))
    shortcut = getattr(layer, "shortcut", None)
    if shortcut is not None and getattr(shortcut, "present", True):
        yield from _layers(getattr(shortcut, "layer", shortcut))


def test_the_table_of_blocks_has_their_counts(scripts):
    page = (DOCS / "story" / "2-blocks.md").read_text("utf-8")
    cases = [case for group in scripts["_blocks"].GROUPS.values() for case in group]
    for case in cases:
        if case.stride == 1:
            cost = case.complexity
            row = f"| {case.title} | {cost.flops:,} | {cost.params:,} | {cost.activations:,} |"
            assert row in page


# Receptive fields


def test_compound_scaling_makes_the_published_networks(scripts):
    found = scripts["_receptive"].compound()
    published = [scripts["_receptive"].seen(zoo.network(f"efficientnet_b{n}")) for n in range(8)]
    assert found == published


def test_resolution_alone_leaves_the_receptive_field(scripts):
    found = scripts["_receptive"].resolution_alone()
    assert {one.size for one in found} == {851}
    assert [round(one.share, 1) for one in (found[0], found[-1])] == [3.8, 1.4]
    assert round(scripts["_receptive"].compound()[-1].share, 1) == 5.1


def test_every_network_of_the_zoo_has_one_mark(scripts):
    kinds = [prefixes for prefixes, _, _ in scripts["_receptive"].KINDS.values()]
    for name in zoo.names():
        marks = sum(name.startswith(prefixes) for prefixes in kinds)
        assert marks == (0 if name.startswith("seresnet") else 1), name


# Scaling, spaces


def test_what_is_said_of_published_networks_is_so(scripts):
    found = scripts["_scaling"].published()
    gains = {name: -np.diff([error for _, error in points]) for name, points in found.items()}
    assert gains["ResNet"] == pytest.approx([1.8, 0.5], abs=0.05)
    assert (gains["EfficientNet"][:-1] > 0).all()
    assert gains["EfficientNet"][-1] < 0
    assert (gains["RegNetX"] > 0).all()


def test_populations_are_those_drawn_side_by_side(scripts):
    found = scripts["_spaces"].populations()
    assert {name: len(errors) for name, errors in found.items()} == dict.fromkeys(found, 40)
    means = {name: round(float(errors.mean()), 1) for name, errors in found.items()}
    assert means == {"anynetx_a": 61.2, "anynetx_e": 63.2, "regnetx": 59.3}


def test_fits_are_of_the_families(scripts):
    found = scripts["_spaces"].fits()
    assert len(found["RegNetX, RegNetY"]) == sum(n.startswith("regnet") for n in zoo.names())
    assert max(found["RegNetX, RegNetY"]) == 0.103
    assert min(found["EfficientNet"]) > max(found["RegNetX, RegNetY"])


# Gradients


def test_both_networks_differ_in_their_shortcuts_alone(scripts):
    plain, residual = scripts["_gradients"].networks().values()
    assert plain.depth == residual.depth == 27
    shapes = [
        [(p.in_channels, p.out_channels, p.kernel_size) for p in _convolutions(network)]
        for network in (plain, residual)
    ]
    projections = [shape for shape in shapes[1] if shape[2] == (1, 1)]
    assert len(projections) == 2
    assert [shape for shape in shapes[1] if shape not in projections] == shapes[0]
    sums = [
        sum(isinstance(part, ResidualModule) for part in build(network).modules())
        for network in (plain, residual)
    ]
    assert sums == [0, 27]


def _convolutions(network):
    return [part for part in build(network).modules() if hasattr(part, "kernel_size")]


def test_the_first_measurement_comes_out_again(scripts):
    module = scripts["_gradients"]
    kept = [one for one in module.kept() if one.steps == 0 and one.seed == 0]
    again = list(module.measured(seeds=1, steps=0))
    assert [(one.network, one.block) for one in again] == [(o.network, o.block) for o in kept]
    norms = np.array([[one.norm for one in found] for found in (kept, again)])
    assert norms[1] == pytest.approx(norms[0], rel=0.05)
    assert [one.loss for one in again] == pytest.approx([one.loss for one in kept], rel=0.01)


def test_training_moves_the_gradients(scripts):
    module = scripts["_gradients"]
    found = [one for one in module.measured(seeds=1, steps=2) if one.network == "residual"]
    before, after = ([o.norm for o in found if o.steps == steps] for steps in (0, 2))
    assert len(before) == len(after) == 27
    assert before != after


def test_what_is_said_of_gradients_is_so(scripts):
    module = scripts["_gradients"]
    page = (DOCS / "story" / "2-blocks.md").read_text("utf-8")
    ratios, losses = {}, {}
    for key, own in groupby(module.kept(), key=lambda one: one.network):
        own = list(own)
        first = module.table([one for one in own if one.steps == 0])
        ratios[key] = float(np.median(first[:, 0] / first[:, -1]))
        losses[key] = sorted({one.loss for one in own if one.steps == module.STEPS})
    assert round(ratios["plain"], -2) == 2300
    assert round(ratios["residual"]) == 29
    assert "about 2,300 times" in page
    assert "about 29 times" in page
    medians = {name: f"{np.median(found):.2f}" for name, found in losses.items()}
    assert medians == {"plain": "1.57", "residual": "0.02"}
    assert losses["residual"][-1] < losses["plain"][0]
