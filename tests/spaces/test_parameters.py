"""Parameters whose values are kinds of something, and have names."""

import pytest

from netspace.errors import SpecError
from netspace.spaces.families import NAMES, space
from netspace.spaces.library import library
from netspace.spaces.ranges import Choice, distribution
from netspace.spaces.rules import NonDecreasing, Shared
from netspace.spaces.space import Parameter

KINDS = Choice(values=(0, 1, 2))


def test_labels_name_the_values():
    parameter = Parameter(name="skip", values=KINDS, labels=("none", "identity", "pooled"))
    assert parameter.labels[distribution(parameter.values).values.tolist().index(2)] == "pooled"
    assert Parameter(name="skip", values=KINDS).labels == ()


@pytest.mark.parametrize(
    "labels", [("a", "b"), ("a", "b", "c", "d"), ("a", "b", "a"), ("a", "", "b")]
)
def test_labels_that_name_no_value(labels):
    with pytest.raises(SpecError) as fault:
        Parameter(name="skip", values=KINDS, labels=labels)
    assert str(fault.value) == (
        f"skip: labels {labels} must name each of its 3 values, all differently"
    )


@pytest.mark.parametrize("name", NAMES)
def test_kinds_have_no_order(name):
    family = space(name)
    rules = library(family)
    for parameter in family.parameters:
        if parameter.labels and parameter.size > 1:
            assert Shared(parameter=parameter.name) in rules
            assert NonDecreasing(parameter=parameter.name) not in rules


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("anynetx_a", {}),
        ("efficientnet", {}),
        ("resnext", {}),
        ("resnet", {"block": ("basic", "bottleneck")}),
        (
            "mnasnet",
            {
                "operation": ("conv", "separable", "mbconv3", "mbconv6"),
                "skip": ("none", "identity", "pooled"),
            },
        ),
    ],
)
def test_which_parameters_are_kinds(name, labels):
    assert {p.name: p.labels for p in space(name).parameters if p.labels} == labels
