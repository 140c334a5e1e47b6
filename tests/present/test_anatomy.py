"""How blocks are called in pictures and tables."""

import pytest

from netspace.design.blocks import MBConv
from netspace.present.anatomy import describe_block


@pytest.mark.parametrize(
    ("fields", "kind", "skip"),
    [
        ({}, "MBConv", None),
        ({"expansion": 1}, "MBConv", None),
        ({"expansion": 1, "depthwise": False}, "conv", None),
        ({"expansion": 4, "depthwise": False}, "fused MBConv", None),
        ({"skip": False}, "MBConv", "none"),
        ({"pooled_skip": True}, "MBConv", "pooled"),
    ],
)
def test_an_mbconv_by_what_it_is_made_of(fields, kind, skip):
    said, details = describe_block(MBConv(**fields))
    assert (said, details.get("skip")) == (kind, skip)
