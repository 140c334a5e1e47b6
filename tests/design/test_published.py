"""Published networks, to the last integer."""

import csv
import json
from functools import cache
from pathlib import Path

import pytest

from netspace.design import zoo
from netspace.design.complexity import Complexity, count

SIZES = ("200MF", "400MF", "600MF", "800MF", "1.6GF", "3.2GF", "4.0GF", "6.4GF")
LARGE_SIZES = ("8.0GF", "12GF", "16GF", "32GF")
PUBLISHED = (
    *(f"RegNet{letter}-{size}" for letter in "XY" for size in SIZES + LARGE_SIZES),
    *(f"EfficientNet-B{number}" for number in range(6)),
    *(f"ResNet-{depth}" for depth in (50, 101, 152)),
    *(f"ResNeXt-{depth}" for depth in (50, 101, 152)),
)


def zoo_name(published: str) -> str:
    """'RegNetX-3.2GF' to 'regnet_x_3_2gf', 'ResNeXt-50' to 'resnext50_32x4d'."""
    family, size = published.lower().split("-")
    match family:
        case "regnetx" | "regnety":
            return f"regnet_{family[-1]}_{size.replace('.0', '').replace('.', '_')}"
        case "efficientnet":
            return f"efficientnet_{size}"
        case "resnext":
            return f"resnext{size}_32x4d"
        case _:
            return f"{family}{size}"


@cache
def table(path: Path) -> dict[str, dict[str, str]]:
    with path.open(newline="") as file:
        return {row["network"]: row for row in csv.DictReader(file)}


# The model zoo of github.com/facebookresearch/pycls (MIT), dev/model_complexity.json.
TABLE = Path(__file__).parents[1] / "golden" / "published_networks.csv"


def test_the_table_holds_these_networks():
    assert set(table(TABLE)) == set(PUBLISHED)


@pytest.mark.parametrize("published", PUBLISHED)
def test_published_network(published):
    row = table(TABLE)[published]
    network = zoo.network(zoo_name(published))
    expected = Complexity(
        flops=int(row["flops"]), params=int(row["params"]), activations=int(row["activations"])
    )
    resolution = int(row["resolution"])
    assert network.resolution == (resolution, resolution)
    assert count(network) == expected
    assert count(network, resolution=resolution) == expected
    if row["depth"]:
        assert network.depth == int(row["depth"])
    if row["stage_widths"] and row["family"] == "EfficientNet":
        assert [stage.width for stage in network.stages] == json.loads(row["stage_widths"])
        assert [stage.depth for stage in network.stages] == json.loads(row["stage_depths"])


# Radosavovic et al. 2020, tables of RegNetX and RegNetY, and Tan & Le 2019, to the integer as in
# the model zoo of github.com/facebookresearch/pycls (dev/model_complexity.json).
KNOWN = {
    "regnet_x_200mf": (199_040_872, 2_684_792, 2_164_056),
    "regnet_x_400mf": (397_678_568, 5_157_512, 3_143_272),
    "regnet_x_3_2gf": (3_176_622_952, 15_296_552, 11_367_432),
    "regnet_x_32gf": (31_735_930_792, 107_811_560, 36_302_160),
    "regnet_y_400mf": (401_849_056, 4_344_144, 3_892_496),
    "regnet_y_16gf": (15_911_534_044, 83_590_140, 23_041_228),
    "efficientnet_b0": (385_825_092, 5_288_548, 6_748_036),
    "efficientnet_b4": (4_393_801_064, 19_341_616, 49_489_032),
    "resnet50": (4_089_185_256, 25_557_032, 11_315_688),
    "resnext101_32x4d": (7_969_997_800, 44_177_704, 21_426_152),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_numbers(name):
    flops, params, activations = KNOWN[name]
    expected = Complexity(flops=flops, params=params, activations=activations)
    assert count(zoo.network(name)) == expected
