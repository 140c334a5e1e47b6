"""Explore in a browser: what the controls do, by the values that are plotted and shown."""

from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
import yaml

pytest.importorskip("dash", reason="dash is not installed")

from netspace.design.complexity import count, parts
from netspace.design.factors import factors
from netspace.design.fit import fit_regnet
from netspace.design.regnet import RegNet, widths
from netspace.design.regnet_rules import rules
from netspace.design.scaling import apply
from netspace.design.units import format_size
from netspace.design.zoo import network
from tests.present.web.conftest import LAPTOP, PHONE, serving

LINE, STEPS, BLOCKS = 0, 1, 2
FOCUSED = "document.activeElement.id || document.activeElement.name"
RING = """[1, 2, 3].reduce(
    ([seen, one]) => [[...seen, getComputedStyle(one).outlineStyle], one.parentElement ?? one],
    [[], document.activeElement])[0]"""
COUNTS = ("flops", "params", "activations")
M200 = "/explore?mode=regnet&d=13&w0=24&wa=36.44&wm=2.49&g=8"


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("runs")) as address:
        yield address


def regnet(**changes):
    values = {"depth": 22, "initial_width": 24, "slope": 24.48, "multiplier": 2.54}
    return RegNet(**{**values, "group_width": 16, **changes})


def plotted(view, trace):
    return [view.data("explore-widths")[trace][axis] for axis in ("x", "y")]


def blocks(shown):
    return np.repeat(
        [stage.width for stage in shown.stages], [stage.depth for stage in shown.stages]
    ).tolist()


def tiles(view):
    names = view.page.locator(".tiles dt").all_inner_texts()
    return dict(zip(names, view.page.locator(".tiles dd").all_inner_texts(), strict=True))


def rows(view, name):
    found = view.page.locator(f"#explore-{name} tbody tr").all()
    return [row.locator("td").all_inner_texts() for row in found]


def query(view):
    return dict(parse_qsl(urlsplit(view.page.url).query, keep_blank_values=True))


def box(view, name):
    return view.page.input_value(f"#explore-{name}")


def fill(view, name, text):
    view.page.fill(f"#explore-{name}", text)


def choose(view, name, option):
    view.page.locator(f"#explore-{name} label", has_text=option).first.click()


def pick(view, name, option):
    view.page.click(f"#explore-{name}")
    view.page.fill(".dash-dropdown-search", option)
    view.page.get_by_role("option", name=option, exact=True).click()


def shows(view, shown):
    """Wait until the counts are those of this network, then compare all that is shown of it."""
    cost = count(shown)
    view.until(lambda: [row[1] for row in rows(view, "scaled")[:3]], exact(cost))
    assert tiles(view) == {
        **{name: format_size(getattr(cost, name)) for name in COUNTS},
        "receptive field": f"{parts(shown)[-2].reach.size:,} px",
    }
    view.until(lambda: plotted(view, BLOCKS), [list(range(shown.depth)), blocks(shown)])


def exact(cost):
    return [f"{getattr(cost, name):,}" for name in COUNTS]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("size", [LAPTOP, PHONE])
@pytest.mark.parametrize("mode", ["regnet", "anynet", "zoo"])
def test_the_page_is_readable(visit, origin, size, dark, mode):
    view = visit(origin, f"/explore?mode={mode}", size=size, dark=dark)
    assert not view.overflows()
    ground = view.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(20, 23, 27)" if dark else "rgb(255, 255, 255)")
    ink = view.page.evaluate(
        "getComputedStyle(document.querySelector('#explore-widths .xtick text')).fill"
    )
    assert ink == ("rgb(228, 231, 235)" if dark else "rgb(29, 33, 38)")
    # The drawing is there, as an image that the browser could read.
    wide = "document.getElementById('explore-picture').naturalWidth"
    view.until(lambda: view.page.evaluate(wide) >= 700)


def test_a_deep_link_opens_its_network(visit, origin):
    view = visit(origin, M200)
    shown = network("regnet_x_200mf")
    assert view.text("#explore-title") == "regnet_x_200mf"
    assert view.page.url == origin + M200
    assert [box(view, name) for name in ("d", "w0", "wa", "wm", "g", "b")] == [
        "13", "24", "36.44", "2.49", "8", "1",
    ]  # fmt: skip
    shows(view, shown)
    assert plotted(view, STEPS) == [list(range(13)), list(widths(36.44, 24, 2.49, 13))]
    assert plotted(view, LINE)[1] == pytest.approx([24 + 36.44 * j for j in range(13)])


def test_the_rules_are_those_of_the_network(visit, origin):
    view = visit(origin, "/explore?d=40&b=2")
    words = {True: "obeys", False: "breaks", None: "nothing to ask"}
    shown = regnet(depth=40, bottleneck_ratio=2).network()
    own = [check for check in rules(shown) if check.name != "multiplier"]
    seen = [row for row in rows(view, "rules") if "multiplier" not in row[0]]
    assert seen == [[check.rule, check.found, words[check.obeyed]] for check in own]
    (multiplier,) = (row for row in rows(view, "rules") if "multiplier" in row[0])
    assert multiplier[1:] == ["2.54", "obeys"]
    assert [row[2] for row in seen[:2]] == ["breaks", "breaks"]


def test_arrow_keys_move_a_slide(visit, origin):
    view = visit(origin, "/explore")
    view.page.focus("#explore-d-slide")
    view.page.keyboard.press("ArrowRight")
    view.page.keyboard.press("ArrowRight")
    view.page.keyboard.press("ArrowRight")
    shows(view, regnet(depth=25).network())
    assert plotted(view, STEPS)[1] == list(widths(24.48, 24, 2.54, 25))
    assert box(view, "d") == "25"
    assert query(view) == {"d": "25"}


def test_arrow_keys_in_a_box_move_its_slide(visit, origin):
    view = visit(origin, "/explore")
    view.page.focus("#explore-w0")
    view.page.keyboard.press("ArrowUp")
    shows(view, regnet(initial_width=32).network())
    view.page.keyboard.press("ArrowDown")
    view.page.keyboard.press("ArrowDown")
    shows(view, regnet(initial_width=16).network())
    assert (box(view, "w0"), box(view, "w0-slide")) == ("16", "16")


def test_the_keyboard_alone_reaches_every_control(visit, origin):
    view = visit(origin, "/explore")
    reached, rings = [], []
    for _ in range(40):
        view.page.keyboard.press("Tab")
        reached.append(view.page.evaluate(FOCUSED))
        rings.append(view.page.evaluate(RING))
    for name in ("d", "w0", "wa", "wm", "g", "b"):
        assert reached.index(f"explore-{name}-slide") + 1 == reached.index(f"explore-{name}")
    assert {f"explore-{name}" for name in ("mode", "r", "classes", "s", "by")} <= set(reached)
    # Around the element, or the piece that it is the inner part of.
    controls = reached[: reached.index("explore-by") + 1]
    unseen = [name for name, ring in zip(controls, rings, strict=False) if "solid" not in ring]
    assert unseen == []
    view.page.focus("#explore-wm-slide")
    view.page.keyboard.press("Tab")
    view.page.keyboard.type("3")
    view.until(lambda: query(view), {"wm": "3"})
    shows(view, regnet(multiplier=3).network())


def test_a_typed_value_moves_the_slide_and_stays_exact(visit, origin):
    view = visit(origin, "/explore")
    fill(view, "wa", "36.44")
    shows(view, regnet(slope=36.44).network())
    view.until(lambda: box(view, "wa-slide"), "36.5")  # its nearest step
    assert box(view, "wa") == "36.44"
    assert plotted(view, LINE)[1] == pytest.approx([24 + 36.44 * j for j in range(22)])


def test_what_is_not_a_regnet_is_said_in_place(visit, origin):
    view = visit(origin, M200)
    fill(view, "w0", "25")
    view.until(
        lambda: view.text("#explore-fault"), "initial width 25 must be a multiple of 8 above 0"
    )
    assert query(view)["w0"] == "25"
    assert view.page.get_attribute("#explore-shown", "class") == "stale"
    # The last network stays to be seen.
    assert plotted(view, STEPS)[1] == list(widths(36.44, 24, 2.49, 13))
    fill(view, "w0", "32")
    view.until(lambda: view.text("#explore-fault"), "")
    shows(
        view,
        regnet(depth=13, initial_width=32, slope=36.44, multiplier=2.49, group_width=8).network(),
    )
    assert view.page.get_attribute("#explore-shown", "class") == ""


def test_a_deep_link_to_no_network_can_be_put_right(visit, origin):
    view = visit(origin, "/explore?wm=1")
    assert view.text("#explore-fault") == "width multiplier 1.0 must be above 1; 2 to 3 is usual"
    assert view.page.is_hidden("#explore-shown")
    fill(view, "wm", "2.54")
    shows(view, network("regnet_x_400mf"))


def test_a_published_regnet_sets_all_parameters(visit, origin):
    view = visit(origin, "/explore")
    pick(view, "preset", "regnet_y_1_6gf")
    shows(view, network("regnet_y_1_6gf"))
    assert view.text("#explore-title") == "regnet_y_1_6gf"
    assert [box(view, name) for name in ("d", "w0", "wa", "wm", "g")] == [
        "27", "48", "20.71", "2.65", "24",
    ]  # fmt: skip
    assert view.page.is_checked("#explore-se input")
    view.page.uncheck("#explore-se input")
    shows(
        view,
        regnet(depth=27, initial_width=48, slope=20.71, multiplier=2.65, group_width=24).network(),
    )
    assert "se" not in query(view)


def test_an_anynet_is_made_of_its_stages(visit, origin):
    view = visit(origin, "/explore")
    choose(view, "mode", "AnyNet")
    view.until(lambda: view.page.is_visible("#explore-w3"))
    assert view.page.is_hidden("#explore-wm")
    fill(view, "d3", "9")
    fill(view, "w3", "200")
    fill(view, "b2", "2")
    view.page.focus("#explore-g4-slide")
    view.page.keyboard.press("ArrowRight")
    view.until(lambda: box(view, "g4"), "32")  # it doubles
    given = {"mode": "anynet", "b2": "2", "d3": "9", "w3": "200", "g4": "32"}
    view.until(lambda: query(view), given)
    shown = from_link(view)
    shows(view, shown)
    assert [stage.depth for stage in shown.stages] == [1, 2, 9, 12]
    assert shown.stages[2].width == 192
    assert [stage.block.group_width for stage in shown.stages] == [16, 16, 16, 32]
    assert shown.stages[1].block.bottleneck_ratio == 2
    line = fit_regnet(shown)
    assert plotted(view, STEPS)[1] == list(line.predicted)
    assert plotted(view, LINE)[1] == pytest.approx(line.line)
    assert "fitted to the groups: 32, 64, 192, 384" in view.text("#explore-notes")


def test_blocks_without_groups_hide_what_they_have_not(visit, origin):
    view = visit(origin, "/explore?mode=anynet")
    choose(view, "block", "basic")
    view.until(lambda: query(view), {"mode": "anynet", "block": "basic"})
    view.until(lambda: view.page.is_hidden("#explore-g1") and view.page.is_hidden("#explore-b4"))
    assert view.page.is_visible("#explore-w4")
    shown = from_link(view)
    shows(view, shown)
    assert {stage.block.kind for stage in shown.stages} == {"basic"}


def test_a_named_network_at_another_size(visit, origin):
    view = visit(origin, "/explore?mode=zoo&name=efficientnet_b0")
    shows(view, network("efficientnet_b0"))
    pick(view, "name", "resnet50")
    shows(view, network("resnet50"))
    fill(view, "r", "64x96")
    fill(view, "classes", "10")
    shows(view, network("resnet50").for_input(resolution=(64, 96), classes=10))
    words = "netspace count resnet50 --resolution 64x96 --classes 10"
    assert view.text("#explore-count") == words


def test_the_network_scaled_beside_it(visit, origin):
    view = visit(origin, "/explore?mode=zoo&name=resnet50")
    choose(view, "by", "width")
    view.page.focus("#explore-s-slide")
    view.page.keyboard.press("End")
    view.until(lambda: query(view).get("s"), "8")
    own = network("resnet50")
    after = apply(own, factors("width", 8))
    view.until(lambda: [row[2] for row in rows(view, "scaled")[:3]], exact(count(after)))
    shown = {row[0]: row[1:] for row in rows(view, "scaled")}
    assert shown["depth"] == ["16", "16", "×1.00"]
    assert shown["width"][1] == ", ".join(f"{stage.width:,}" for stage in after.stages)
    assert shown["flops"][2] == f"×{count(after).flops / count(own).flops:.2f}"
    choose(view, "by", "resolution")
    after = apply(own, factors("resolution", 8))
    view.until(lambda: [row[2] for row in rows(view, "scaled")[:3]], exact(count(after)))
    assert {row[0]: row[1:] for row in rows(view, "scaled")}["resolution"] == [
        "224×224", "634×634", "×2.83",
    ]  # fmt: skip
    words = "netspace scale resnet50 --factor 8 --by resolution"
    assert view.text("#explore-scale") == words


def test_the_file_holds_the_network_that_is_shown(visit, origin, tmp_path):
    view = visit(origin, f"{M200}&r=128&classes=10")
    with view.page.expect_download() as begun:
        view.page.click("#explore-take a")
    file = tmp_path / begun.value.suggested_filename
    begun.value.save_as(file)
    assert file.name == "regnet_x_200mf.yaml"
    wanted = network("regnet_x_200mf").for_input(resolution=128, classes=10)
    assert network(file) == wanted
    # A network without a name of the zoo is counted from its file.
    fill(view, "d", "15")
    view.until(lambda: view.text("#explore-count"), "netspace count regnetx_d15_w24.yaml")


def test_the_command_is_copied(visit, origin):
    view = visit(origin, "/explore")
    view.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    view.page.click("#explore-take [data-copy]")
    view.until(lambda: view.text("#explore-take [data-copy]"), "Copied")
    assert view.page.evaluate("navigator.clipboard.readText()") == "netspace count regnet_x_400mf"


def test_a_change_to_dark_keeps_the_network(visit, origin):
    view = visit(origin, "/explore")
    fill(view, "d", "30")
    view.until(lambda: query(view), {"d": "30"})
    colour = view.data("explore-widths")[STEPS]["line"]["color"]
    view.page.emulate_media(color_scheme="dark")
    view.until(lambda: view.data("explore-widths")[STEPS]["line"]["color"] != colour)
    assert colour == "#0072B2"
    assert view.data("explore-widths")[STEPS]["line"]["color"] == "#56B4E9"
    assert box(view, "d") == "30"
    shows(view, regnet(depth=30).network())


def test_going_back_leads_to_the_page_before(visit, origin):
    view = visit(origin, "/explore?mode=zoo&name=resnet50")
    view.page.click(".brand")
    view.until(lambda: view.page.url, f"{origin}/explore")
    shows(view, network("regnet_x_400mf"))
    fill(view, "d", "20")
    view.until(lambda: query(view), {"d": "20"})
    view.page.go_back()
    shows(view, network("resnet50"))


def from_link(view):
    """The network of the file that the page offers."""
    wanted = query(view)
    view.until(
        lambda: dict(parse_qsl(urlsplit(view.page.get_attribute("#explore-take a", "href")).query)),
        wanted,
    )
    text = view.page.evaluate(
        "fetch(document.querySelector('#explore-take a').href).then(answer => answer.text())"
    )
    return network(yaml.safe_load(text))
