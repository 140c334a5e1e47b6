"""What Explore makes of a query, without a browser."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

dash = pytest.importorskip("dash", reason="dash is not installed")

from netspace.design.complexity import count  # noqa: E402
from netspace.design.factors import METHODS  # noqa: E402
from netspace.design.fit import fit_regnet  # noqa: E402
from netspace.design.regnet import RegNet, widths  # noqa: E402
from netspace.design.zoo import network  # noqa: E402
from netspace.errors import UserError  # noqa: E402
from netspace.present.web import explore  # noqa: E402
from netspace.present.web.explore_controls import (  # noqa: E402
    DEFAULTS,
    NUMBERS,
    query_of,
    texts_of,
)
from netspace.present.web.explore_form import slide_position  # noqa: E402
from netspace.present.web.explore_network import count_command, explored, scaled  # noqa: E402
from netspace.present.web.explore_presets import presets  # noqa: E402
from netspace.present.web.view import View  # noqa: E402

REGNETS = sorted(presets())


def found(**query: str):
    return explored(texts_of(query))


def shown(**query: str) -> str:
    """The page as JSON."""
    return json.dumps(explore.layout(View(query=query)).to_plotly_json(), default=_plain)


def _plain(component):
    return component.to_plotly_json()


def test_every_published_regnet_of_six_parameters_is_a_preset():
    given_so = [
        path.stem
        for path in Path(explore.__file__).parents[2].glob("design/zoo/regnet_*.yaml")
        if "regnet" in yaml.safe_load(path.read_text("utf-8"))
    ]
    assert sorted(given_so) == REGNETS
    assert len(REGNETS) >= 23
    first, *_, last = presets()
    assert (first, last) == ("regnet_x_200mf", "regnet_y_128gf")  # by size


@pytest.mark.parametrize("name", REGNETS)
def test_a_preset_is_the_network_of_its_name(name):
    here = found(**presets()[name])
    assert here.network == network(name)
    # Two names of the zoo may be one network.
    assert network(here.zoo) == network(name)
    assert here.title == here.zoo


def test_a_regnets_line_is_its_own_and_not_a_fit():
    here = found(d="16", w0="48", wa="27.89", wm="2.09", g="8", se="1")
    assert here.line.predicted == widths(27.89, 48, 2.09, 16)
    assert here.line.line == pytest.approx([48 + 27.89 * j for j in range(16)])
    assert (here.line.slope, here.line.multiplier) == (27.89, 2.09)
    assert here.network == network("regnet_y_400mf")


def test_another_networks_line_is_the_nearest():
    here = found(mode="zoo", name="resnet50")
    assert here.line == fit_regnet(network("resnet50"))
    assert not here.own_line


def test_the_stages_of_an_anynet_are_fitted_to_their_groups():
    here = found(mode="anynet", w2="100", g2="24", b3="2")
    assert [stage.width for stage in here.network.stages] == [32, 96, 160, 384]
    assert here.network.stages[1].block.group_width == 24
    assert here.network.stages[2].block.bottleneck_ratio == 2
    assert here.fitted == "widths 32, 100, 160, 384, fitted to the groups: 32, 96, 160, 384"
    assert found(mode="anynet").network == network("regnet_x_400mf")


def test_resolution_and_classes_are_the_networks_own_unless_given():
    assert found(mode="zoo", name="efficientnet_b7").network.resolution == (600, 600)
    here = found(mode="zoo", name="efficientnet_b7", r="64x96", classes="10").network
    assert (here.resolution, here.classes) == ((64, 96), 10)
    assert count(here) == count(network("efficientnet_b7"), resolution=(64, 96), classes=10)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"w0": "25"}, "initial width 25 must be a multiple of 8 above 0"),
        ({"wm": "1"}, "width multiplier 1.0 must be above 1; 2 to 3 is usual"),
        ({"d": "0"}, "depth 0 must be at least 1"),
        ({"d": "12.5"}, "depth d 12.5 must be a whole number; the nearest is 12"),
        ({"d": ""}, "depth d '' is not a number; write one like 22"),
        ({"wa": "nan"}, "slope w_a 'nan' is not a number; write one like 24.48"),
        ({"d": "1e9"}, "depth d 1e9 is above 200, the most this page builds"),
        ({"mode": "anynet", "w3": "0"}, "stage 3: width 0 must be at least 1"),
        ({"mode": "anynet", "d4": "x"}, "stage 4: depth d 'x' is not a number"),
        ({"mode": "anynet", "block": "basik"}, "unknown block 'basik'; did you mean 'basic'?"),
        ({"mode": "zoo", "name": "resnet51"}, "unknown network 'resnet51'; did you mean"),
        ({"mode": "zo"}, "unknown mode 'zo'; did you mean 'zoo'?"),
        ({"r": "big"}, "resolution 'big' must be like 224, or 224x320 (height x width)"),
        ({"r": "5000"}, "resolution 5000 is above 4,096 pixels; give less"),
        ({"classes": "0"}, "classes '0' must be a whole number from 1 to 1,000,000"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(query, message):
    with pytest.raises(UserError) as fault:
        found(**query)
    assert str(fault.value).startswith(message)
    assert "\n" not in str(fault.value)
    page = shown(**query)
    assert json.dumps(str(fault.value)) in page
    assert '"className": "nothing"' in page


def test_a_network_file_of_this_machine_is_not_read(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("name: mine\nregnet: {depth: 1}\n", "utf-8")
    with pytest.raises(UserError, match="unknown network"):
        found(mode="zoo", name=str(file))


def test_a_scaling_that_fails_leaves_the_rest_as_it_is():
    page = shown(by="sideways")
    assert "unknown scaling method 'sideways'" in page
    assert f"{count(network('regnet_x_400mf')).flops:,}" in page
    assert '"className": "nothing"' not in page


NASTY = ["", "0", "-1", "1e308", "-1e308", "nan", "inf", "1e-300", "0.1", "٣", "1_0", "\x00", "8"]


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from(sorted(DEFAULTS)),
        st.sampled_from([*NASTY, "regnet", "anynet", "zoo", "basic", "lenet5"]) | st.text(),
    )
)
@example({"b": "1e-300"})
@example({"mode": "anynet", "b1": "1e-300"})
@example({"w0": "8", "wa": "8192", "wm": "64", "d": "200"})
@example({"r": "1"})
@example({"mode": "zoo", "name": "lenet5", "r": "4"})
@example({"mode": "zoo", "name": "googlenet", "by": "width"})
@example({"s": "1e-300"})
def test_no_query_breaks_the_page(query):
    assert shown(**query)


@given(st.sampled_from(REGNETS), st.sampled_from(METHODS), st.sampled_from(["0.25", "3", "8"]))
@settings(max_examples=10)
def test_the_query_holds_all_that_counts(name, by, factor):
    texts = texts_of({**presets()[name], "by": by, "s": factor, "r": "128", "d1": "7"})
    back = texts_of(query_of(texts))
    assert explored(back) == explored(texts)
    assert scaled(explored(back).network, back) == scaled(explored(texts).network, texts)
    assert "d1" not in query_of(texts)


def test_the_query_of_the_defaults_is_empty():
    assert query_of(DEFAULTS) == {}


@pytest.mark.parametrize("name", ["resnet50", "lenet5"])
def test_a_named_networks_command_takes_its_name(name):
    texts = texts_of({"mode": "zoo", "name": name, "r": "64x96", "classes": "10"})
    words = count_command(explored(texts), texts)
    assert words == f"netspace count {name} --resolution 64x96 --classes 10"


@pytest.mark.parametrize(
    ("name", "text", "position"),
    [
        ("d", "13", 13),
        ("d", "99", 40),
        ("d", "?", 1),
        ("s", "2", 1),
        ("s", "-2", -2),
        ("s", "0", -2),
    ],
)
def test_the_slide_stands_where_the_box_says(name, text, position):
    assert slide_position(NUMBERS[name], text) == position


@pytest.mark.parametrize("name", ["alexnet", "googlenet", "lenet5", "mobilenet_v3_small"])
def test_networks_of_other_kinds_can_be_looked_at(name):
    assert found(mode="zoo", name=name).network == network(name)
    assert f"{count(network(name)).params:,}" in shown(mode="zoo", name=name)


def test_regnets_of_one_width_have_no_multiplier_to_judge():
    here = found(wa="0", d="14")
    assert set(here.line.predicted) == {24}
    assert here.network.stages[0].depth == 14
    assert (
        here.network
        == RegNet(depth=14, initial_width=24, slope=0, multiplier=2.54, group_width=16).network()
    )
