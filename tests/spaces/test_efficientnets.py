"""The EfficientNet space: EfficientNet-B0 and the rows of Accel-NASBench are its members."""

import csv
from dataclasses import replace
from math import log10

import numpy as np
import pytest

from netspace.design import zoo
from netspace.design.complexity import count
from netspace.spaces.batch import one
from netspace.spaces.families import space
from netspace.spaces.judging import measured

B0 = {
    "expansion": (1, 6, 6, 6, 6, 6, 6),
    "kernel": (3, 3, 5, 3, 5, 5, 3),
    "depth": (1, 2, 2, 3, 3, 4, 1),
    "se_ratio": (0.25,) * 7,
}
COLUMNS = {"e": "expansion", "k": "kernel", "l": "depth", "se": "se_ratio"}


def rows_of(parameters):
    return {name: np.atleast_2d(np.array(values, float)) for name, values in parameters.items()}


def decoded(parameters, **images):
    (batch,) = space("efficientnet", **images).template.decode(rows_of(parameters))
    return one(batch.network, 0)


def test_efficientnet_b0_is_a_member():
    """Network for network, but for what is left out of images in training."""
    assert space("efficientnet").contains(B0)
    b0 = zoo.network("efficientnet_b0")
    plain = replace(b0, stochastic_depth=0, head=replace(b0.head, dropout=0))
    assert decoded(B0) == plain


def test_every_row_of_accel_nasbench_is_a_member(shared):
    with (shared / "facts" / "accel_nasbench.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    columns = {
        name: np.array([[float(row[f"block{i}_{letter}"]) for i in range(7)] for row in rows])
        for letter, name in COLUMNS.items()
    }
    columns["se_ratio"] /= 4  # the table says 1 for a squeeze of a quarter
    family = space("efficientnet")
    (batch,) = family.template.decode(columns)
    assert batch.rows.tolist() == list(range(5138)), "one batch"
    params = np.array([round(float(row["params_m"]) * 1e6) for row in rows])
    np.testing.assert_array_equal(measured(batch).params, params)
    for i in range(len(rows)):
        assert family.contains({name: values[i] for name, values in columns.items()})


def test_other_depths_and_squeezes_are_no_members():
    family = space("efficientnet")
    assert not family.contains({**B0, "depth": (1, 2, 2, 3, 3, 5, 1)})
    assert not family.contains({**B0, "se_ratio": (0.5,) * 7})
    assert not family.contains({**B0, "expansion": (2, 6, 6, 6, 6, 6, 6)})


def test_size():
    assert space("efficientnet").log10_size == pytest.approx(7 * log10(3 * 2 * 4 * 2))
    assert space("efficientnet", resolution=32).log10_size == space("efficientnet").log10_size


def test_small_images():
    """Half of the widths, as the stem is half as wide; the first strides as the map allows."""
    network = decoded(B0, resolution=32, classes=10)
    assert [stage.width for stage in network.stages] == [8, 16, 24, 40, 56, 96, 160]
    assert (network.stem.width, network.stem.stride, network.head.width) == (16, 1, 640)
    assert [stage.stride for stage in network.stages] == [1, 2, 2, 2, 1, 2, 1]
    assert (network.stem.act, network.head.act) == ("silu", "silu")
    tiny = decoded(B0, resolution=8, classes=10)
    assert [stage.stride for stage in tiny.stages] == [1, 1, 1, 2, 1, 2, 1]


def test_what_is_said_of_small_images():
    assert space("efficientnet", resolution=8).adapted == (
        "stem 3x3 of stride 1 and width 16 (above 64 pixels: stride 2, width 32)",
        "widths half of those above 64 pixels, as the stem's is, in multiples of 8: "
        "stages 8, 16, 24, 40, 56, 96, 160, head 640",
        "stages 2 to 3 keep the resolution (stride 1), so that the last map has 2 pixels",
    )


def test_many_small_networks_of_five_to_six_megaflops():
    sample = space("efficientnet", resolution=32, classes=10).sample(500, flops=(5e6, 6e6))
    assert len(sample) == 500
    assert sample.acceptance_rate > 0.01
    assert all(5e6 <= count(network).flops <= 6e6 for network in sample[:20])
