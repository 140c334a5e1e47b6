"""The packaged table of published networks: what it holds, and where that comes from."""

import csv
import importlib
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from types import ModuleType

import pytest

import netspace as ns
from netspace.present.published import COSTS, ORIGINS, SOURCES, Published, published

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "src/netspace/present/published_networks.csv"


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "docs")
        yield importlib.import_module("published")


def test_the_table_is_what_the_script_writes_from_the_shared_facts(script, shared):
    assert script.TABLE.resolve() == FILE
    assert script.table(shared / "facts") == FILE.read_text("utf-8"), "run docs/published.py"


def test_the_table_is_compact_and_packaged():
    assert FILE.stat().st_size < 100_000
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    data = settings["tool"]["setuptools"]["package-data"]["netspace"]
    assert any(FILE in (ROOT / "src/netspace").glob(pattern) for pattern in data)


def test_columns_are_the_fields(script):
    assert tuple(field.name for field in fields(Published)) == script.COLUMNS


def test_every_source_and_its_licence_are_named():
    header = "".join(line for line in FILE.read_text("utf-8").splitlines() if line[:1] == "#")
    for said in (header, SOURCES):
        for words in ("facebookresearch/pycls", "MIT", "pytorch-image-models", "Apache-2.0"):
            assert words in said


# github.com/facebookresearch/pycls, MODEL_ZOO.md; timm's results-imagenet.csv.
KNOWN = {
    ("RegNetX-400MF", "pycls", 224): (397_678_568, 5_157_512, 3_143_272, 27.382),
    ("ResNet-50", "pycls", 224): (4_089_185_256, 25_557_032, 11_315_688, 23.19),
    ("resnet50", "tv2_in1k", 224): (4_110_000_000, 25_560_000, 11_110_000, 19.154),
    ("resnet50", "a1_in1k", 288): (6_800_000_000, 25_560_000, 18_370_000, 18.76),
}


@pytest.mark.parametrize("key", KNOWN)
def test_known_rows(key):
    (row,) = [one for one in published() if (one.name, one.recipe, one.resolution) == key]
    assert (row.flops, row.params, row.activations, row.error) == KNOWN[key]


def test_speeds_are_those_of_the_network_at_its_size():
    found = {(one.name, one.resolution): one for one in published()}
    assert found["RegNetX-200MF", 224].cpu_ms == 4.047
    assert found["RegNetX-200MF", 224].gpu_images_per_second == 26_857.85
    assert found["EfficientNet-B1", 240].cpu_ms == 13.625
    assert found["EfficientNet-B4", 380].cpu_ms is None  # timm measured 320 and 384
    assert found["ResNeXt-152", 224].cpu_ms is None


def test_pycls_is_whole_and_of_one_recipe():
    own = [one for one in published() if one.source == "pycls"]
    assert Counter(one.family for one in own) == {
        "RegNetX": 12,
        "RegNetY": 12,
        "EfficientNet": 6,
        "ResNet": 3,
        "ResNeXt": 3,
    }
    assert {one.recipe for one in own} == {"pycls"}


def test_counts_of_the_zoo_are_those_of_pycls():
    (row,) = [one for one in published() if one.name == "EfficientNet-B0"]
    cost = ns.count(ns.network("efficientnet_b0"))
    assert (row.flops, row.params, row.activations) == (cost.flops, cost.params, cost.activations)


def test_every_family_has_an_origin():
    assert {one.family for one in published()} == set(ORIGINS)
    origins = {one.family: one.origin for one in published()}
    assert (origins["ResNet"], origins["EfficientNet"], origins["RegNetY"]) == (
        "handcrafted",
        "searched",
        "design space",
    )


def test_no_row_has_seen_other_images_or_a_teacher():
    recipes = {one.recipe for one in published() if one.source == "timm"}
    words = {word for recipe in recipes for word in recipe.split("_")}
    assert not words & {"ft", "jft", "in21k", "in22k", "in12k", "dist", "ssld", "pycls"}
    assert {"tv2", "a1", "ra3"} <= words
    assert {one.source for one in published()} == {"pycls", "timm"}


def test_a_cost_by_its_name():
    (row,) = [one for one in published() if one.name == "RegNetX-200MF"]
    assert [row.cost(name) for name in COSTS] == [199_040_872, 2_684_792, 2_164_056, 4.047]


@pytest.mark.parametrize(
    ("network", "name"),
    {
        "RegNetX-200MF": "regnetx_002",
        "RegNetY-1.6GF": "regnety_016",
        "RegNetY-32GF": "regnety_320",
        "ResNeXt-101": "resnext101_32x4d",
        "ResNeXt-152": "",
        "ResNet-50": "resnet50",
        "EfficientNet-B3": "efficientnet_b3",
    }.items(),
)
def test_names_of_timm(script, network, name):
    assert script.timm_name(network) == name


def test_networks_whose_speed_was_taken_from_timm_are_as_large_there(script, shared):
    with (shared / "facts" / "timm_infer_cpu_i9.csv").open(newline="") as file:
        there = {row["model"]: float(row["param_count"]) for row in csv.DictReader(file)}
    own = [one for one in published() if one.source == "pycls" and one.cpu_ms is not None]
    assert len(own) == 31
    for one in own:
        assert there[script.timm_name(one.name)] == pytest.approx(one.params / 1e6, abs=0.006)


def test_other_facts_make_another_table(script, tmp_path):
    """Left out are another family, other images, a network without costs, and known weights."""
    (tmp_path / "published_networks.csv").write_text(
        "network,family,resolution,flops,params,activations,imagenet_top1_error\n"
        "ResNet-50,ResNet,224,7,8,9,23.1\n"
    )
    models = (
        "resnet50.x",
        "resnet50.in21k_ft_in1k",
        "vit.x",
        "resnet18.x",
        "regnetx_002.pycls_in1k",
    )
    (tmp_path / "timm_imagenet.csv").write_text(
        "model,img_size,top1_err,param_count\n"
        + "".join(f'{model},224,20.5,"1,025.56"\n' for model in models)
        + "resnet50.y,288,19.5,25.56\n"
    )
    heads = "model,infer_img_size,infer_samples_per_sec,infer_step_time,infer_gmacs,infer_macts\n"
    (tmp_path / "timm_infer_cpu_i9.csv").write_text(heads + "resnet50,288,5,6,7,8\n")
    (tmp_path / "timm_infer_rtx4090.csv").write_text(heads + "resnet50,224,99.5,6,4.11,11.11\n")
    lines = script.table(tmp_path).removeprefix(script.HEADER).splitlines()
    assert lines[1:] == [
        "ResNet-50,ResNet,pycls,pycls,224,7,8,9,23.1,,99.5",
        "resnet50,ResNet,timm,x,224,4110000000,1025560000,11110000,20.5,,99.5",
        "resnet50,ResNet,timm,y,288,7000000000,25560000,8000000,19.5,6,",
    ]
