"""What every named space owes."""

from collections.abc import Iterator
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings

from netspace.design import zoo
from netspace.design.complexity import count
from netspace.design.serial import network_from_plain, to_plain
from netspace.errors import SpecError, UnknownNameError
from netspace.spaces.batch import one
from netspace.spaces.families import NAMES, article, space
from netspace.spaces.frame import Frame
from netspace.spaces.rules import Fixed, NonDecreasing, Shared, Within
from tests.strategies import parameter_rows

named = pytest.mark.parametrize("name", NAMES)

RESNETS = ("resnet", "resnext")
INVERTED = ("efficientnet", "mnasnet")

# Of each space a parameter that can be fixed, a value that it has and one that it has not.
FIXED = dict.fromkeys(NAMES, ("bottleneck_ratio", 2, 3)) | dict.fromkeys(INVERTED, ("kernel", 3, 4))

# A parameter, and a part of its range.
PART = dict.fromkeys(NAMES, ("depth", 4, 8)) | {
    "efficientnet": ("depth", 2, 3),
    "mnasnet": ("width_factor", 0.9, 1.1),
}


def strides_of(name: str, frame: Frame, stages: int) -> tuple[int, ...]:
    if name in INVERTED:
        return frame.fitted((1, 2, 2, 2, 1, 2, 1))
    return frame.fitted((1, 2, 2, 2)) if name in RESNETS else frame.strides(stages)


def leaves(value: object) -> Iterator[object]:
    """The numbers and words of a spec."""
    if is_dataclass(value):
        for field in fields(value):
            yield from leaves(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from leaves(item)
    else:
        yield value


@named
def test_name(name):
    assert space(name).name == name


@named
def test_equal_values(name):
    assert space(name, resolution=32) == space(name, resolution=32)
    assert space(name, resolution=32) != space(name, resolution=224)
    with pytest.raises(FrozenInstanceError):
        space(name).name = "other"


@named
def test_what_was_adapted_is_said(name):
    assert space(name).adapted == ()
    assert any("stem" in sentence for sentence in space(name, resolution=32).adapted)


@named
@pytest.mark.parametrize(("resolution", "channels", "classes"), [(28, 1, 10), (224, 3, 1000)])
def test_networks_fit_the_images(name, resolution, channels, classes):
    drawn = space(name, resolution=resolution, channels=channels, classes=classes).sample(5)
    for network in drawn:
        assert network.resolution == (resolution, resolution)
        assert (network.channels, network.classes) == (channels, classes)
        frame = Frame(resolution=resolution)
        stem = frame.stem if frame.small or name not in RESNETS else zoo.network("resnet50").stem
        assert replace(network.stem, act="relu") == stem
        strides = tuple(stage.stride for stage in network.stages)
        assert strides == strides_of(name, frame, len(strides))


@named
def test_networks_can_be_written_and_read(name):
    for network in space(name, resolution=32).sample(20):
        assert network_from_plain(to_plain(network)) == network


@named
def test_numbers_of_a_network_are_plain(name):
    """What leaves a batch is Python's own ints, never NumPy's numbers."""
    (network,) = space(name, resolution=32).sample(1)
    found = list(leaves(network.stages))
    assert {type(leaf) for leaf in found} <= {int, float, bool, str, type(None)}
    assert not any(type(leaf) is float and leaf.is_integer() for leaf in found)


@settings(max_examples=50)
@given(parameter_rows())
def test_draws_belong_to_their_space(rows):
    family, columns = rows
    assert set(columns) == {parameter.name for parameter in family.parameters}
    for parameter in family.parameters:
        assert columns[parameter.name].shape == (64, parameter.size)
    decoded = {row for batch in family.template.decode(columns) for row in batch.rows.tolist()}
    for i in range(64):
        row = {name: values[i] for name, values in columns.items()}
        assert family.contains(row) == (i in decoded)


@settings(max_examples=50)
@given(parameter_rows())
def test_batches_hold_each_row_once(rows):
    family, columns = rows
    batches = list(family.template.decode(columns))
    decoded = np.concatenate([batch.rows for batch in batches]).tolist() if batches else []
    assert len(decoded) == len(set(decoded))
    assert set(decoded) <= set(range(64))
    if not family.name.startswith("regnet"):
        assert sorted(decoded) == list(range(64))


@settings(max_examples=30)
@given(parameter_rows(rows=16))
def test_a_row_decodes_alike_alone_and_in_company(rows):
    family, columns = rows
    for batch in family.template.decode(columns):
        for place, row in enumerate(batch.rows.tolist()):
            single = {name: values[row : row + 1] for name, values in columns.items()}
            (alone,) = family.template.decode(single)
            assert one(alone.network, 0) == one(batch.network, place)


@named
def test_other_parameters_are_no_members(name):
    family = space(name, resolution=32)
    columns = family.draw(np.random.default_rng(0).random((1, family.dimensions)))
    member = {key: values[0] for key, values in columns.items()}
    assert family.contains(member)
    for key, values in member.items():
        assert not family.contains({k: v for k, v in member.items() if k != key})
        assert not family.contains({**member, key: values + 0.0123})
        assert not family.contains({**member, key: np.append(values, values[-1])})
        assert not family.contains({**member, key: values * 1e6})
    assert not family.contains({**member, "more": 1})


@named
def test_a_rule_makes_a_child(name):
    parent = space(name, resolution=32)
    parameter, low, high = PART[name]
    child = parent.with_rule(Within(parameter=parameter, low=low, high=high))
    assert (child.parent, child.name) == (name, f"{name}+{len(parent.rules) + 1}")
    assert child.log10_size < parent.log10_size
    columns = child.draw(np.random.default_rng(0).random((200, child.dimensions)))
    assert columns[parameter].min() >= low
    assert columns[parameter].max() <= high
    decoded = {row for batch in child.template.decode(columns) for row in batch.rows.tolist()}
    assert decoded
    for i in decoded:
        row = {key: values[i] for key, values in columns.items()}
        assert child.contains(row)
        assert parent.contains(row)
    assert parent == space(name, resolution=32), "the parent is as it was"


@named
def test_a_fixed_parameter_is_no_freedom(name):
    parent = space(name)
    parameter, value, _ = FIXED[name]
    size = next(p.size for p in parent.parameters if p.name == parameter)
    shared = any(isinstance(rule, Shared) for rule in parent.rules)
    child = parent.with_rule(Fixed(parameter=parameter, value=value))
    assert parent.degrees_of_freedom - child.degrees_of_freedom == (1 if shared else size)


@named
@pytest.mark.parametrize(
    "rule", [Shared, NonDecreasing, lambda parameter: Fixed(parameter=parameter, value=1)]
)
def test_a_rule_on_no_parameter(name, rule):
    known = space(name).parameters[-1].name
    misspelt = f"{known[:-2]}{known[-1]}{known[-2]}"
    with pytest.raises(UnknownNameError) as fault:
        space(name).with_rule(rule(parameter=misspelt))
    assert str(fault.value) == f"unknown parameter '{misspelt}'; did you mean '{known}'?"


@named
def test_a_rule_that_leaves_nothing(name):
    parameter, _, other = FIXED[name]
    with pytest.raises(SpecError, match=f"no value from {other} to {other}"):
        space(name).with_rule(Fixed(parameter=parameter, value=other))


def test_a_rule_that_leaves_nothing_says_on_which_parameter():
    with pytest.raises(SpecError, match=r"bottleneck.ratio"):
        space("anynetx_a").with_rule(Fixed(parameter="bottleneck_ratio", value=3))


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("regnetz", "did you mean 'regnety'?"),
        ("anynetx", "did you mean 'anynetx_e'?"),
        ("", f"known are {', '.join(sorted(NAMES))}"),
    ],
)
def test_unknown_name(name, remedy):
    with pytest.raises(UnknownNameError) as fault:
        space(name)
    assert str(fault.value) == f"unknown space '{name}'; {remedy}"


@named
@pytest.mark.parametrize("number", ["resolution", "channels", "classes"])
def test_inputs_that_are_none(name, number):
    with pytest.raises(SpecError, match=f"{number} 0 must be at least"):
        space(name, **{number: 0}).sample(1)


@pytest.mark.parametrize("number", ["channels", "classes"])
def test_inputs_are_checked_before_anything_is_drawn(number):
    with pytest.raises(SpecError):
        space("anynetx_a", **{number: 0})


def test_the_article_narrows_a_space():
    narrow = article(space("regnetx"))
    assert (narrow.name, narrow.parent) == ("regnetx_article", "regnetx")
    assert narrow.degrees_of_freedom == space("regnetx").degrees_of_freedom - 1
    said = {rule.sentence for rule in narrow.rules} | {limit.sentence for limit in narrow.limits}
    assert said == {
        "bottleneck ratio is 1",
        "depth lies from 12 to 28",
        "multiplier lies from 2 to 3",
        "exactly 4 stages",
        "activations <= 6.5M x sqrt(flops in G)",
        "params <= 3M + 5.5M x flops in G",
    }


def test_other_images_cost_what_they_cost():
    (network,) = space("anynetx_c", resolution=32, classes=10).sample(1)
    other = network.for_input(resolution=64, classes=5)
    assert count(network, resolution=64, classes=5) == count(replace(other))
