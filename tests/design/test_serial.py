"""Networks through plain dicts, YAML and JSON; and what is said about dicts that are none."""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from math import inf, nan
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from netspace.design import zoo
from netspace.design.blocks import Bottleneck, MBConv
from netspace.design.network import Network, Stage
from netspace.design.regnet import RegNet
from netspace.design.serial import network_from_plain, read, to_plain
from netspace.errors import NetspaceError, SpecError, StudyError, UnknownNameError, UserError
from tests.strategies import any_networks, regnets

STAGE = {"block": {"kind": "bottleneck", "group_width": 24}, "width": 96, "depth": 2}
REGNET = {
    "depth": 13,
    "initial_width": 24,
    "slope": 36.44,
    "multiplier": 2.49,
    "group_width": 8,
}


INCEPTION = ("width1", "reduce3", "width3", "reduce5", "width5", "width_pool")
EVERY_KIND = {
    **{kind: {} for kind in ("plain", "vanilla", "basic", "bottleneck", "mbconv", "separable")},
    "inception": dict.fromkeys(INCEPTION, 1),
}


def with_block(**block: object) -> dict[str, object]:
    return {"stages": [{**STAGE, "block": block}]}


@given(any_networks)
def test_a_network_survives_yaml(network):
    text = yaml.safe_dump(to_plain(network), allow_unicode=True)
    again = network_from_plain(yaml.safe_load(text))
    assert again == network
    assert (again.name, again.note) == (network.name, network.note)
    assert to_plain(again) == to_plain(network)


@given(any_networks)
def test_a_network_survives_json(network):
    assert network_from_plain(json.loads(json.dumps(to_plain(network)))) == network


@given(regnets())
def test_parameters_of_a_regnet_survive_yaml(regnet):
    plain = {"regnet": to_plain(regnet), "name": "mine", "note": "why"}
    network = network_from_plain(yaml.safe_load(yaml.safe_dump(plain)))
    assert network == regnet.network()
    assert network.name == "mine"
    assert network.note.startswith("why")


@given(any_networks)
def test_reading_changes_no_dict(network):
    plain = to_plain(network)
    before = deepcopy(plain)
    network_from_plain(plain)
    assert plain == before


def test_fields_that_hold_their_default_are_left_out():
    network = Network(stages=(Stage(block=MBConv(expansion=3), width=8, depth=1, stride=1),))
    assert to_plain(network) == {
        "stages": [
            {"block": {"kind": "mbconv", "expansion": 3}, "width": 8, "depth": 1, "stride": 1}
        ]
    }


def test_tuples_and_mappings_become_lists_and_dicts():
    assert to_plain({"a": (1, 2), 3: [Bottleneck()]}) == {
        "a": [1, 2],
        "3": [{"kind": "bottleneck"}],
    }


MESSAGES = {
    "empty": (None, "must be a mapping of fields, not None"),
    "a list": ([1, 2], "must be a mapping of fields, not [1, 2]"),
    "a word": ("resnet", "must be a mapping of fields, not 'resnet'"),
    "no stages given": ({}, "stages: is required"),
    "no stage": ({"stages": []}, "a network needs at least one stage"),
    "a stage that is a number": (
        {"stages": [STAGE, 5]},
        "stage 2: must be a mapping of fields, not 5",
    ),
    "a stage without block": (
        {"stages": [{"width": 8, "depth": 1}]},
        "stage 1: block: is required",
    ),
    "group width": (
        {"stages": [{**STAGE, "width": 100}]},
        "stage 1: width 100 must be a multiple of group_width 24; nearest valid are 96 and 120",
    ),
    "group width in the second stage": (
        {"stages": [STAGE, {**STAGE, "width": 100}]},
        "stage 2: width 100 must be a multiple of group_width 24; nearest valid are 96 and 120",
    ),
    "too narrow for one group": (
        {"stages": [{**STAGE, "width": 8}]},
        "stage 1: width 8 must be a multiple of group_width 24; nearest valid is 24",
    ),
    "group width of a bottleneck": (
        with_block(kind="bottleneck", group_width=20, bottleneck_ratio=2),
        "stage 1: width 96 must be a multiple of group_width 20 x bottleneck_ratio 2; "
        "nearest valid are 80 and 120",
    ),
    "bottleneck ratio": (
        with_block(kind="bottleneck", bottleneck_ratio=5),
        "stage 1: width 96 must be a multiple of bottleneck_ratio 5; nearest valid are 95 and 100",
    ),
    "misspelt at the top": (
        {"stages": [STAGE], "stage": 3},
        "stage: unknown field; did you mean 'stages'?",
    ),
    "misspelt in the stem": (
        {"stages": [STAGE], "stem": {"widht": 3}},
        "stem: widht: unknown field; did you mean 'width'?",
    ),
    "misspelt in a stage": (
        {"stages": [STAGE, {**STAGE, "widht": 3}]},
        "stage 2: widht: unknown field; did you mean 'width'?",
    ),
    "misspelt in a block": (
        with_block(kind="bottleneck", grup_width=3),
        "stage 1: block: grup_width: unknown field; did you mean 'group_width'?",
    ),
    "a field of another kind of block": (
        with_block(kind="vanilla", expansion=3),
        "stage 1: block: expansion: unknown field; known are act, kind, norm_eps",
    ),
    "misspelt in a squeeze": (
        with_block(kind="mbconv", se={"ratios": 0.25}),
        "stage 1: block: se: ratios: unknown field; did you mean 'ratio'?",
    ),
    "misspelling said before what follows from it": (
        {"stages": [{"block": STAGE["block"], "widht": 96, "depth": 2}]},
        "stage 1: widht: unknown field; did you mean 'width'?",
    ),
    "no kind": (with_block(group_width=24), "stage 1: block: kind is required"),
    "wrong kind": (
        with_block(kind="bottlneck"),
        "stage 1: block: unknown kind 'bottlneck'; did you mean 'bottleneck'?",
    ),
    "far from any kind": (
        with_block(kind="x"),
        "stage 1: block: unknown kind 'x'; known are basic, bottleneck, "
        "custom, inception, mbconv, plain, separable, vanilla",
    ),
    "word for a number": (
        {"stages": [STAGE], "stem": {"width": "wide"}},
        "stem: width: input should be a valid integer, "
        "unable to parse string as an integer, not 'wide'",
    ),
    "part of a channel": (
        {"stages": [STAGE], "stem": {"width": 64.5}},
        "stem: width: input should be a valid integer, "
        "got a number with a fractional part, not 64.5",
    ),
    "nothing for a number": (
        {"stages": [{**STAGE, "depth": None}]},
        "stage 1: depth: input should be a valid integer, not None",
    ),
    "unknown rounding": (
        with_block(kind="mbconv", se={"ratio": 0.25, "rounding": "up"}),
        "stage 1: block: se: rounding: input should be 'nearest', 'floor' or "
        "'multiple of 8', not 'up'",
    ),
    "number for a name": (
        {"stages": [STAGE], "name": 5},
        "name: input should be a valid string, not 5",
    ),
    "width": ({"stages": [STAGE], "stem": {"width": 0}}, "stem: width 0 must be at least 1"),
    "depth": ({"stages": [{**STAGE, "depth": 0}]}, "stage 1: depth 0 must be at least 1"),
    "stride": ({"stages": [{**STAGE, "stride": 0}]}, "stage 1: stride 0 must be at least 1"),
    "head": ({"stages": [STAGE], "head": {"width": 0}}, "head: width 0 must be at least 1"),
    "classes": ({"stages": [STAGE], "classes": 0}, "classes 0 must be at least 1"),
    "dropout": (
        {"stages": [STAGE], "head": {"dropout": 1}},
        "head: dropout 1.0 must be at least 0 and below 1",
    ),
    "expansion": (
        with_block(kind="mbconv", expansion=0),
        "stage 1: block: expansion 0.0 must be at least 1 and finite; 6 is usual",
    ),
    **{
        f"expansion {word}": (
            with_block(kind="mbconv", expansion=value),
            f"stage 1: block: expansion {word} must be at least 1 and finite; 6 is usual",
        )
        for word, value in (("inf", inf), ("nan", nan))
    },
    "padding": (
        with_block(kind="plain", padding=-1),
        "stage 1: block: padding -1 must be at least 0",
    ),
    "padding of the stem": (
        {"stages": [STAGE], "stem": {"padding": -2}},
        "stem: padding -2 must be at least 0",
    ),
    **{
        f"norm_eps of {kind}": (
            with_block(kind=kind, norm_eps=0, **numbers),
            "stage 1: block: norm_eps 0.0 must be above 0 and finite",
        )
        for kind, numbers in EVERY_KIND.items()
    },
    **{
        f"norm_eps of the {part}": (
            {"stages": [STAGE], part: {"norm_eps": -1}},
            f"{part}: norm_eps -1.0 must be above 0 and finite",
        )
        for part in ("stem", "head")
    },
    "kernel": (
        with_block(kind="mbconv", kernel=4),
        "stage 1: block: kernel 4 must be odd and at least 1; use 3 or 5",
    ),
    "ratio": (
        with_block(kind="bottleneck", bottleneck_ratio=0),
        "stage 1: block: bottleneck_ratio 0.0 must be above 0 and finite",
    ),
    "no group width": (
        with_block(kind="bottleneck", group_width=0),
        "stage 1: block: group_width 0 must be at least 1",
    ),
    "squeeze": (
        with_block(kind="mbconv", se={"ratio": 1.5}),
        "stage 1: block: se: se ratio 1.5 must be above 0 and at most 1; 0.25 is usual",
    ),
    "regnet and stages": (
        {"regnet": REGNET, "stages": [STAGE]},
        "stages: unknown field; known are name, note, regnet",
    ),
    "misspelt parameter": (
        {"regnet": {**REGNET, "slopes": 1}},
        "regnet: slopes: unknown field; did you mean 'slope'?",
    ),
    "no parameters": ({"regnet": None}, "regnet: must be a mapping of fields, not None"),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_message(case):
    plain, message = MESSAGES[case]
    with pytest.raises(SpecError) as fault:
        network_from_plain(plain)
    assert str(fault.value) == message


@pytest.mark.parametrize(
    ("plain", "place"),
    [
        ({"stages": 4}, "stages: "),
        ({"stages": [STAGE], "resolution": 224}, "resolution: "),
        ({"stages": [STAGE], "resolution": [224]}, "resolution"),
        ({"stages": [{**STAGE, "block": 7}]}, "stage 1: block: "),
        (
            {"stages": [{**STAGE, "block": {"kind": "basic", "act": "gelu"}}]},
            "stage 1: block: act: ",
        ),
        ({"regnet": {**REGNET, "stem": {"width": []}}}, "regnet: stem: width: "),
    ],
)
def test_the_place_of_a_fault_is_named(plain, place):
    with pytest.raises(SpecError) as fault:
        network_from_plain(plain)
    assert str(fault.value).startswith(place)


REGNET_MESSAGES = {
    "initial_width": (20, "initial width 20 must be a multiple of 8"),
    "slope": (-1, "slope -1.0 must be at least 0 and finite"),
    "multiplier": (1, "width multiplier 1.0 must be above 1; 2 to 3 is usual"),
    "depth": (0, "depth 0 must be at least 1"),
    "group_width": (-8, "group_width -8 must be at least 1"),
    "bottleneck_ratio": (-1, "bottleneck_ratio -1.0 must be above 0"),
    "se_ratio": (2, "se ratio 2.0 must be above 0 and at most 1"),
}


@pytest.mark.parametrize("field", REGNET_MESSAGES)
def test_parameters_that_break_a_rule(field):
    value, message = REGNET_MESSAGES[field]
    with pytest.raises(SpecError) as fault:
        network_from_plain({"regnet": {**REGNET, field: value}})
    assert message in str(fault.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("group_width", 0),
        ("bottleneck_ratio", 0),
        *((field, nan) for field in ("slope", "multiplier", "bottleneck_ratio")),
        *((field, inf) for field in ("slope", "multiplier", "bottleneck_ratio")),
    ],
)
def test_numbers_that_are_no_parameters(field, value):
    with pytest.raises(SpecError, match=f"^regnet: .*{field.replace('_', '.')}"):
        network_from_plain({"regnet": {**REGNET, field: value}})


def test_a_kind_of_several_lines_is_said_in_one():
    assert len(fault_of(with_block(kind="a\nb")).splitlines()) == 1


letters = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp"))
field_names = st.sampled_from(("stages", "stem", "block", "kind", "width", "depth", "se", "x"))
junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 300)
    | st.floats(-2, 300)
    | st.text(letters, max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(field_names, inner, max_size=3),
    max_leaves=8,
)


def places(plain: object) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) in a plain dict."""
    if isinstance(plain, dict | list):
        for key, value in plain.items() if isinstance(plain, dict) else enumerate(plain):
            yield plain, key
            yield from places(value)


def fault_of(plain: object) -> str:
    """What is said about a dict; empty if it is a network."""
    try:
        assert isinstance(network_from_plain(plain), Network)
    except NetspaceError as fault:
        return str(fault)
    return ""


@given(junk)
def test_whatever_is_read_is_a_network_or_one_line(plain):
    assert len(fault_of(plain).splitlines()) == 1


@given(any_networks, junk, st.data())
def test_wherever_the_fault_is_it_is_one_line(network, value, data):
    plain = to_plain(network)
    container, key = data.draw(st.sampled_from(list(places(plain))))
    container[key] = value
    assert len(fault_of(plain).splitlines()) <= 1


@given(any_networks, st.data())
def test_a_misspelt_field_anywhere_is_an_error(network, data):
    plain = to_plain(network)
    places = [plain, *plain["stages"], *(stage["block"] for stage in plain["stages"])]
    data.draw(st.sampled_from(places))["bogus_field"] = 1
    with pytest.raises(SpecError, match="bogus_field: unknown field"):
        network_from_plain(plain)


def test_the_reader_serves_other_specs_and_errors():
    with pytest.raises(StudyError) as fault:
        read(Stage, {**STAGE, "depth": 0}, where="space: stage", error=StudyError)
    assert str(fault.value) == "space: stage: depth 0 must be at least 1"
    assert read(RegNet, REGNET) == RegNet(**REGNET)


@pytest.mark.parametrize("name", zoo.names())
def test_every_packaged_network(name):
    network = zoo.network(name)
    assert network.name == name
    assert network_from_plain(yaml.safe_load(yaml.safe_dump(to_plain(network)))) == network
    assert zoo.network(to_plain(network)) == network


def test_names_are_sorted_and_hold_no_alias():
    assert list(zoo.names()) == sorted(zoo.names())
    assert "regnet_x_400mf" in zoo.names()
    assert not set(zoo.aliases()) & set(zoo.names())


@pytest.mark.parametrize("alias", zoo.aliases())
def test_every_alias(alias):
    network = zoo.network(alias)
    assert network == zoo.network(zoo.aliases()[alias])
    assert network.name == zoo.aliases()[alias]


def test_timms_names_are_aliases():
    assert zoo.network("regnetx_032").name == "regnet_x_3_2gf"
    assert zoo.network("regnety_160").name == "regnet_y_16gf"


def test_a_near_name_is_suggested():
    with pytest.raises(UnknownNameError) as fault:
        zoo.network("regnet_x_400")
    assert str(fault.value) == "unknown network 'regnet_x_400'; did you mean 'regnet_x_400mf'?"


def test_a_name_near_nothing_lists_the_names():
    with pytest.raises(UnknownNameError, match=r"^unknown network 'banana'; known are .*resnet50"):
        zoo.network("banana")


@pytest.mark.parametrize("name", ["mine.yaml", "nested/mine.yml"])
def test_a_missing_file(tmp_path, name):
    path = tmp_path / name
    with pytest.raises(UserError) as fault:
        zoo.network(path)
    assert str(fault.value) == (
        f"network file '{path}' does not exist; give a YAML file or a zoo name"
    )


def test_a_folder_is_no_network(tmp_path):
    with pytest.raises(UserError, match="give a YAML file or a zoo name"):
        zoo.network(tmp_path)


@pytest.mark.parametrize("content", [b"a: [1, 2", b"a: b: c", b"\xff\xfe\x00bad", b"\ta: 1"])
def test_a_file_that_is_not_yaml(tmp_path, content):
    path = tmp_path / "net.yaml"
    path.write_bytes(content)
    with pytest.raises(SpecError) as fault:
        zoo.network(str(path))
    assert str(fault.value).startswith(f"{path} is not YAML: ")
    assert len(str(fault.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("- 1\n- 2\n", "must be a mapping of fields, not [1, 2]"),
        ("", "must be a mapping of fields, not None"),
        ("stages: []\n", "a network needs at least one stage"),
        ("stags: []\n", "stags: unknown field; did you mean 'stages'?"),
    ],
)
def test_a_yaml_file_that_is_no_network(tmp_path, content, message):
    path = tmp_path / "net.yaml"
    path.write_text(content)
    with pytest.raises(SpecError) as fault:
        zoo.network(path)
    assert str(fault.value) == f"{path}: {message}"


def test_yaml_cannot_run_code(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text("stages: !!python/object/apply:os.getcwd []\n")
    with pytest.raises(SpecError, match="is not YAML"):
        zoo.network(path)


def test_a_file_of_ones_own(tmp_path):
    mine = replace(zoo.network("regnet_x_200mf"), classes=10, name="mine")
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(to_plain(mine)))
    assert zoo.network(path) == zoo.network(str(path)) == mine
    assert zoo.network(path).name == "mine"
