import re
from collections.abc import Iterator
from itertools import pairwise
from math import log2
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netspace.design import zoo
from netspace.design.blocks import Basic
from netspace.design.fit import fit_regnet
from netspace.design.network import Network, Stage
from netspace.present.width_plot import draw_widths
from tests.strategies import networks

SVG = "{http://www.w3.org/2000/svg}"
SHOWN = ("regnet_x_400mf", "efficientnet_b0", "resnet50")
LETTER = 0.62  # width of a letter over its size, in a wide face


def picture(network: Network) -> ElementTree.Element:
    return ElementTree.fromstring(draw_widths(network))


def body(*stages: tuple[int, int], name: str = "") -> Network:
    blocks = tuple(Stage(block=Basic(), width=w, depth=d) for w, d in stages)
    return Network(stages=blocks, name=name)


def of_class(svg: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [element for element in svg.iter() if name in element.get("class", "").split()]


def words(element: ElementTree.Element) -> str:
    return "".join(element.itertext())


def texts(svg: ElementTree.Element) -> list[str]:
    return [words(element) for element in svg.iter(f"{SVG}text")]


def dots(svg: ElementTree.Element) -> list[tuple[float, float]]:
    found = of_class(svg, "block")
    return [(float(dot.get("cx", 0)), float(dot.get("cy", 0))) for dot in found]


def boxes(svg: ElementTree.Element) -> Iterator[tuple[float, float, float, float, str]]:
    """(left, top, right, bottom, words) of every text, estimated."""
    for text in svg.iter(f"{SVG}text"):
        kinds = text.get("class", "").split()
        size = 13 if "total" in kinds else 12
        x, y, long = float(text.get("x", 0)), float(text.get("y", 0)), LETTER * size
        long *= len(words(text))
        left = x - (long if "y" in kinds else long / 2 if "x" in kinds else 0)
        yield left, y - size, left + long, y + 4, words(text)


@given(networks)
@settings(max_examples=40, deadline=None)
def test_every_network_gives_valid_xml_of_its_own(network):
    svg = picture(network)
    assert svg.tag == f"{SVG}svg"
    assert not [e for e in svg.iter() if e.tag in (f"{SVG}image", f"{SVG}script", f"{SVG}use")]
    assert not [key for e in svg.iter() for key in e.attrib if "href" in key]
    assert "url(" not in draw_widths(network)


any_body = st.lists(
    st.tuples(st.integers(1, 60_000), st.integers(1, 40)), min_size=1, max_size=6
).map(lambda stages: body(*stages, name="n" * 300))


@given(any_body)
@settings(max_examples=40, deadline=None)
def test_everything_lies_inside_and_no_words_on_others(network):
    svg = picture(network)
    _, _, width, height = (float(number) for number in svg.get("viewBox", "").split())
    found = list(boxes(svg))
    assert [box for box in found if box[0] < 0 or box[2] > width] == []
    assert [box for box in found if box[1] < 0 or box[3] > height] == []
    assert all(0 < x < width and 0 < y < height for x, y in dots(svg))
    assert not [(a[4], b[4]) for a in found for b in found if a is not b and overlap(a, b)]


def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    """Whether two boxes share more than a hair; lines of text may touch."""
    return min(a[2], b[2]) - max(a[0], b[0]) > 0 and min(a[3], b[3]) - max(a[1], b[1]) > 2


@pytest.mark.parametrize("name", SHOWN)
def test_the_heading_gives_the_fit(name):
    network = zoo.network(name)
    fit = fit_regnet(network)
    found = texts(picture(network))
    assert found[0] == name
    assert found[1] == (
        f"nearest RegNet: w0 = {fit.initial_width}, wa = {fit.slope:.4g}, "
        f"wm = {fit.multiplier:.4g}, d = {network.depth}; efit = {fit.error:.3f}"
    )


def test_the_numbers_of_vgg_16():
    """Simonyan & Zisserman 2015: widths double from 64 to 512 as on a RegNet line."""
    svg = picture(zoo.network("vgg16"))
    assert "nearest RegNet: w0 = 64, wa = 54, wm = 2, d = 12; efit = 0.000" in texts(svg)
    assert {"64", "128", "256", "512", "block j", "width (channels)"} <= set(texts(svg))
    said = svg.findtext(f"{SVG}desc") or ""
    assert said.startswith("Channels: 1 block of 64, 2 blocks of 128, 3 blocks of 256")


@pytest.mark.parametrize("name", SHOWN)
def test_dots_stand_at_the_networks_widths_on_the_axis(name):
    """The axis is logarithmic: one octave is as long as another."""
    network = zoo.network(name)
    svg = picture(network)
    ticks = {
        log2(float(words(tick).replace(",", ""))): float(tick.get("y", 0)) - 4
        for tick in of_class(svg, "y")
    }
    low, high = min(ticks), max(ticks)
    octave = (ticks[low] - ticks[high]) / (high - low)
    widths = [stage.width for stage in network.stages for _ in range(stage.depth)]
    expected = [ticks[low] - octave * (log2(width) - low) for width in widths]
    assert [y for _, y in dots(svg)] == pytest.approx(expected, abs=0.2)
    assert [x for x, _ in dots(svg)] == sorted({x for x, _ in dots(svg)})


def test_steps_pass_through_dots_where_the_fit_is_exact():
    svg = picture(zoo.network("regnet_x_200mf"))
    (steps,) = of_class(svg, "steps")
    heights = [float(y) for y in re.findall(r"V([\d.]+)H", steps.get("d", ""))]
    assert heights == [y for _, y in dots(svg)]


@pytest.mark.parametrize("name", SHOWN)
def test_each_mark_is_named_at_its_end(name):
    svg = picture(zoo.network(name))
    labels = of_class(svg, "label")
    assert {words(label) for label in labels} == {"network", "quantised wj", "line uj"}
    heights = [float(label.get("y", 0)) for label in labels]
    assert all(below - above >= 17 - 0.11 for above, below in pairwise(heights))
    assert len(of_class(svg, "leader")) == 3


def test_the_line_starts_at_the_initial_width_and_rises():
    network = zoo.network("resnet50")
    (line,) = of_class(picture(network), "line")
    points = [tuple(map(float, pair.split())) for pair in line.get("d", "")[1:].split("L")]
    assert all(a[0] < b[0] and a[1] > b[1] for a, b in pairwise(points))
    (steps,) = of_class(picture(network), "steps")
    assert points[0][1] == float(steps.get("d", "")[1:].split("V")[0].split()[1])


def test_one_width_fits_with_any_multiplier():
    found = texts(picture(body((16, 1))))
    assert "nearest RegNet: w0 = 16, wa = 0, wm = any, d = 1; efit = 0.000" in found
    assert {"8", "16", "32"} <= set(found)


def test_many_blocks_have_no_rims_that_hide_them():
    assert of_class(picture(body((16, 200), (64, 200))), "dense")
    assert not of_class(picture(zoo.network("resnet50")), "dense")


def test_names_are_escaped_shortened_and_printable():
    svg = picture(body((16, 3), name="<script>&\x07"))
    assert texts(svg)[0] == "<script>&"
    assert (svg.findtext(f"{SVG}title") or "").startswith("<script>&: widths of 3 blocks")
    long = texts(picture(body((16, 3), name="x" * 99)))[0]
    assert (len(long), long[-1]) == (54, "…")


def test_a_subscript_is_set_lower_and_the_line_goes_on():
    svg = picture(zoo.network("resnet50"))
    (small,) = of_class(svg, "small")
    shifts = [float(part.get("dy", 0)) for part in small.iter(f"{SVG}tspan")]
    assert shifts == [3, -3] * 4


def test_colours_follow_the_page():
    style = picture(body((16, 3))).findtext(f"{SVG}style") or ""
    assert "fill:currentColor" in style
    assert "prefers-color-scheme:dark" in style
    assert all(".netspace-widths" in rule for rule in re.findall(r"[^{}]+(?=\{[^{}]*\})", style))
