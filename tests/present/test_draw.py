import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from netspace.design import zoo
from netspace.design.blocks import Basic, Bottleneck, MBConv, Vanilla
from netspace.design.complexity import parts
from netspace.design.network import Head, Network, Stage, Stem
from netspace.design.pieces import Pooling, Squeeze
from netspace.present.anatomy import anatomy, describe_block
from netspace.present.draw import draw
from netspace.spaces.families import space
from tests.strategies import networks

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def network() -> Network:
    return space("anynetx_a", resolution=32, classes=10).sample(1, seed=3, flops=(5e6, 6e6))[0]


def picture(network: Network) -> ElementTree.Element:
    return ElementTree.fromstring(draw(network))


def of_class(svg: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [element for element in svg.iter() if element.get("class") == name]


def texts(svg: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in svg.iter(f"{SVG}text")]


@given(networks)
@settings(max_examples=40)
def test_every_network_gives_valid_xml_of_its_own(network):
    svg = picture(network)
    assert svg.tag == f"{SVG}svg"
    assert not [e for e in svg.iter() if e.tag in (f"{SVG}image", f"{SVG}script", f"{SVG}use")]
    assert not [key for e in svg.iter() for key in e.attrib if "href" in key]
    assert "url(" not in draw(network)


def test_a_slab_for_each_block(network):
    slabs = of_class(picture(network), "block")
    assert len(slabs) == network.depth


def test_height_follows_resolution_and_thickness_follows_width(network):
    slabs = of_class(picture(network), "block")
    starts = [sum(stage.depth for stage in network.stages[:i]) for i in range(len(network.stages))]
    firsts = [slabs[start] for start in starts]
    heights = [float(slab.get("height", 0)) for slab in firsts]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] > 1.3 * heights[1]
    by_width = sorted(
        zip((stage.width for stage in network.stages), firsts, strict=True), key=first
    )
    thick = [float(slab.get("width", 0)) for _, slab in by_width]
    assert thick == sorted(thick)


def first(pair):
    return pair[0]


def test_slabs_stay_in_the_picture_and_do_not_overlap(network):
    svg = picture(network)
    places = [
        (float(e.get("x", 0)), float(e.get("width", 0)))
        for e in svg.iter(f"{SVG}rect")
        if e.get("class") in ("image", "stem", "block", "head")
    ]
    ends = [x + width for x, width in places]
    assert all(end < x for end, (x, _) in zip(ends, places[1:], strict=False))
    _, _, width, _ = (float(number) for number in svg.get("viewBox", "").split())
    assert width == pytest.approx(950, abs=40)
    assert ends[-1] < width


def test_bars_are_the_exact_shares_of_the_parts(network):
    svg = picture(network)
    track = float(of_class(svg, "track")[0].get("width", 0))
    found = [float(bar.get("width", 0)) / track for bar in of_class(svg, "part")]
    costs = [part.complexity for part in parts(network)]
    expected = [
        getattr(cost, name) / sum(getattr(one, name) for one in costs)
        for name in ("flops", "params", "activations")
        for cost in costs
    ]
    assert found == pytest.approx(expected, abs=1e-3)


def test_the_numbers_of_every_stage_stand_there(network):
    found = texts(picture(network))
    for stage, part in zip(network.stages, parts(network)[1:-1], strict=True):
        size = f"{part.output.height}×{part.output.width}"
        assert {str(stage.width), str(stage.depth), str(stage.stride), size} <= set(found)
        assert isinstance(stage.block, Bottleneck)
        assert {str(stage.block.group_width), f"{stage.block.bottleneck_ratio:g}"} <= set(found)
    assert {"X block", "3×3 conv", "10 classes", "group width", "bottleneck ratio"} <= set(found)
    assert "expansion" not in found


def test_the_description_reads_out_every_part(network):
    words = picture(network).findtext(f"{SVG}desc") or ""
    stage = network.stages[0]
    assert f"stage 1: {stage.depth} × X block, width {stage.width}, stride 2" in words
    assert [name for name in ("stem:", "stage 4:", "head:") if name not in words] == []


@pytest.mark.parametrize(
    ("block", "kind", "details"),
    [
        (Vanilla(), "vanilla", {}),
        (Basic(), "basic", {}),
        (
            Bottleneck(bottleneck_ratio=2, group_width=8),
            "X block",
            {"group width": "8", "bottleneck ratio": "2"},
        ),
        (
            Bottleneck(group_width=8, se=Squeeze(ratio=0.25)),
            "Y block",
            {"group width": "8", "bottleneck ratio": "1", "squeeze ratio": "0.25"},
        ),
        (Bottleneck(bottleneck_ratio=4), "bottleneck", {"bottleneck ratio": "4"}),
        (
            MBConv(expansion=6, kernel=5, se=Squeeze(ratio=0.25)),
            "MBConv",
            {"expansion": "6", "kernel": "5×5", "squeeze ratio": "0.25"},
        ),
    ],
)
def test_blocks_in_words(block, kind, details):
    assert describe_block(block) == (kind, details)


def test_efficientnet_has_its_own_rows():
    found = texts(picture(zoo.network("efficientnet_b0")))
    assert {"efficientnet_b0", "MBConv", "expansion", "kernel", "1×1 conv", "1,280"} <= set(found)
    assert "group width" not in found


def test_stem_with_pool_downsamples_by_both():
    stem = Stem(kernel=7, stride=2, pool=Pooling(kernel=3, padding=1))
    network = Network(stem=stem, stages=(Stage(block=Basic(), width=8, depth=1, stride=1),))
    view = anatomy(network)[0]
    assert (view.kind, view.stride, view.output.height) == ("7×7 conv, max-pool", 4, 56)


def test_head_with_convolution_and_dropout():
    network = Network(
        stages=(Stage(block=Basic(), width=8, depth=1),), head=Head(width=1280, dropout=0.2)
    )
    view = anatomy(network)[-1]
    assert (view.kind, view.width, view.details) == (
        "1×1 conv, mean, linear",
        1280,
        {"dropout": "0.2"},
    )


def test_names_are_escaped_and_unprintable_letters_left_out(network):
    svg = picture(replace(network, name="<script>&\x07"))
    assert "<script>&" in texts(svg)
    assert (svg.findtext(f"{SVG}title") or "").startswith("<script>&: 4 stages")


def test_a_deep_stage_is_one_body_with_its_depth_written(network):
    deep = replace(network.stages[-1], depth=400)
    svg = picture(replace(network, stages=(*network.stages[:-1], deep)))
    before = sum(stage.depth for stage in network.stages[:-1])
    assert len(of_class(svg, "block")) in (before + 1, len(network.stages))
    assert "400" in texts(svg)


def test_colours_follow_the_page(network):
    style = picture(network).findtext(f"{SVG}style") or ""
    assert "fill:currentColor" in style
    assert "prefers-color-scheme:dark" in style
    assert all(".netspace-network" in rule for rule in re.findall(r"[^{}]+(?=\{[^{}]*\})", style))
