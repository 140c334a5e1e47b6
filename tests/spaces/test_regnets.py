"""RegNetX and RegNetY: Radosavovic et al. 2020, sec. 3.3 and 4."""

from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from netspace.design import zoo
from netspace.design.pieces import Squeeze
from netspace.design.regnet import RegNet, widths
from netspace.spaces.batch import one
from netspace.spaces.families import article, space
from netspace.spaces.frame import Frame
from netspace.spaces.ranges import distribution
from netspace.spaces.regnets import RegNetTemplate

NAMES = ("depth", "initial_width", "slope", "multiplier", "bottleneck_ratio", "group_width")
DEFAULTS = {"bottleneck_ratio": 1}
MEMBER = {
    "depth": 13,
    "initial_width": 24,
    "slope": 36.4,
    "multiplier": 2.49,
    "bottleneck_ratio": 1,
    "group_width": 8,
}


def published(letter: str) -> dict[str, dict[str, float]]:
    """Parameters of the packaged networks of a family, by name."""
    folder = files("netspace.design") / "zoo"
    found = [name for name in zoo.names() if name.startswith(f"regnet_{letter}_")]
    plain = {name: yaml.safe_load((folder / f"{name}.yaml").read_text("utf-8")) for name in found}
    return {name: DEFAULTS | file["regnet"] for name, file in plain.items() if "regnet" in file}


def columns_of(rows: list[dict[str, float]]) -> dict[str, np.ndarray]:
    return {name: np.array([[float(row[name])] for row in rows]) for name in NAMES}


@pytest.mark.parametrize(("letter", "se"), [("x", None), ("y", Squeeze(ratio=0.25))])
def test_published_parameters_decode_to_the_published_networks(letter, se):
    parameters = published(letter)
    assert len(parameters) >= 12
    names, template = list(parameters), RegNetTemplate(frame=Frame(), se=se)
    (batch,) = template.decode(columns_of(list(parameters.values())))
    assert batch.rows.tolist() == list(range(len(names))), "all have four stages"
    for i, name in enumerate(names):
        assert one(batch.network, i) == zoo.network(name)


@settings(max_examples=60)
@given(st.sampled_from(("regnetx", "regnety")), st.integers(0, 2**32 - 1))
def test_arrays_decode_as_single_parameters_do(name, seed):
    family = space(name)
    columns = family.draw(np.random.default_rng(seed).random((40, family.dimensions)))
    for batch in family.template.decode(columns):
        for place, row in enumerate(batch.rows.tolist()):
            values = {key: columns[key][row, 0].item() for key in NAMES}
            whole = ("depth", "initial_width", "bottleneck_ratio", "group_width")
            values |= {key: int(values[key]) for key in whole}
            regnet = RegNet(**values, se_ratio=0.25 if name == "regnety" else None)
            single = regnet.network()
            network = one(batch.network, place)
            strides = Frame().strides(len(single.stages))
            framed = zip(single.stages, strides, strict=True)
            stages = tuple(replace(stage, stride=stride) for stage, stride in framed)
            assert network == replace(single, stages=stages)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_only_lines_that_skip_a_level_are_left_out(seed):
    family = space("regnetx")
    columns = family.draw(np.random.default_rng(seed).random((60, family.dimensions)))
    decoded = {row for batch in family.template.decode(columns) for row in batch.rows.tolist()}
    for row in range(60):
        slope, initial, multiplier, depth = (
            columns[name][row, 0] for name in ("slope", "initial_width", "multiplier", "depth")
        )
        line = widths(slope, int(initial), multiplier, int(depth))
        last_level = round(np.log(1 + slope * (depth - 1) / initial) / np.log(multiplier))
        assert (row in decoded) == (len(set(line)) == last_level + 1)


@pytest.mark.parametrize("name", ["regnetx", "regnety"])
def test_four_stages_unless_another_number_is_asked_for(name):
    family = space(name, resolution=32)
    assert {len(network.stages) for network in family.sample(30)} == {4}
    assert {len(network.stages) for network in family.sample(60, stages=(2, 3))} == {2, 3}


@pytest.mark.parametrize("name", ["regnetx", "regnety"])
def test_squeeze_in_y_only(name):
    squeezes = {s.block.se for network in space(name).sample(10) for s in network.stages}
    assert squeezes == {Squeeze(ratio=0.25) if name == "regnety" else None}


def test_ranges_of_the_space():
    family = space("regnetx")
    assert family.contains(MEMBER)
    ends = {
        "depth": (4, 64, 3, 65),
        "initial_width": (8, 256, 0, 264),
        "slope": (8, 256, 7.9, 256.1),
        "multiplier": (1.5, 3, 1.499, 3.001),
        "bottleneck_ratio": (1, 4, 0.5, 8),
        "group_width": (1, 32, 0, 64),
    }
    ranges = {parameter.name: distribution(parameter.values) for parameter in family.parameters}
    for name, (low, high, below, above) in ends.items():
        assert (ranges[name].values[0], ranges[name].values[-1]) == (low, high)
        assert not family.contains({**MEMBER, name: below})
        assert not family.contains({**MEMBER, name: above})


@pytest.mark.parametrize("name", ["regnetx", "regnety"])
def test_the_articles_rules_and_limits_hold(name):
    sample = article(space(name)).sample(20, flops=(360e6, 400e6))
    assert len(sample) == 20
    for member in sample.members:
        assert member.parameters["bottleneck_ratio"] == 1
        assert 12 <= member.parameters["depth"] <= 28
        assert 2 <= member.parameters["multiplier"] <= 3
        cost = member.complexity
        assert 360e6 <= cost.flops <= 400e6
        assert cost.activations <= 6.5e6 * (cost.flops / 1e9) ** 0.5
        assert cost.params <= 3.0e6 + 5.5e6 * cost.flops / 1e9
        assert len(member.network.stages) == 4
        assert space(name).contains(member.parameters)


SKIPPING = MEMBER | {"depth": 6, "initial_width": 8, "slope": 200, "multiplier": 1.5}


def test_a_line_that_skips_a_level_is_no_network():
    assert list(RegNetTemplate(frame=Frame()).decode(columns_of([SKIPPING]))) == []


def test_a_line_that_skips_a_level_is_no_member():
    assert not space("regnetx").contains(SKIPPING)


def test_the_line_is_lower_on_tiny_images():
    ranges = {p.name: distribution(p.values) for p in space("regnetx", resolution=8).parameters}
    assert ranges["initial_width"].values[-1] == ranges["slope"].values[-1] == 128
    assert "initial width and slope up to 128" in space("regnetx", resolution=8).adapted[-1]
    assert space("regnetx", resolution=16).adapted == space("anynetx_a", resolution=16).adapted[:-1]
