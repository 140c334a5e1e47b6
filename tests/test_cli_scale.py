"""`netspace scale` and `netspace draw`: what they print, write and refuse."""

import json
from pathlib import Path

import pytest
import yaml

from netspace.design.complexity import count
from netspace.design.network import Network
from netspace.design.zoo import network
from netspace.run.store import Store
from netspace.train import latency
from netspace.train.latency import Latency
from netspace.workflow import scaling_plan
from tests.commands import Netspace
from tests.pictures import picture_folder

TINY = {
    "name": "tiny",
    "stem": {"width": 8, "stride": 1},
    "stages": [
        {"block": {"kind": "basic"}, "width": 8, "depth": 2, "stride": 1},
        {"block": {"kind": "basic"}, "width": 16, "depth": 3},
    ],
    "classes": 3,
    "resolution": [12, 12],
}


def test_scale_json_has_the_result_on_top(netspace: Netspace, tmp_path: Path) -> None:
    file = tmp_path / "wider.yaml"
    told = netspace("scale", "resnet18", "--factor", 2, "--by", "width", "--json", "-o", file)
    document = json.loads(told.out)
    cost = count(network(str(file)))
    assert (told.code, document["flops"], document["params"]) == (0, cost.flops, cost.params)
    assert document["activations"] == cost.activations
    assert document["resolution"] == 224
    assert document["before"]["flops"] == count(network("resnet18")).flops
    assert abs(document["flops"] / document["before"]["flops"] / 2 - 1) <= 0.02
    assert document["factors_reached"]["resolution"] == 1


@pytest.mark.parametrize(
    ("goal", "size"),
    [("--flops", "800M"), ("--params", "10M"), ("--activations", "13M")],
)
def test_scale_to_a_cost(netspace: Netspace, goal: str, size: str) -> None:
    document = json.loads(netspace("scale", "efficientnet_b0", goal, size, "--json").out)
    wanted = float(size.removesuffix("M")) * 1e6
    assert document[goal.removeprefix("--")] == pytest.approx(wanted, rel=0.02)
    assert document["hit"] is True


def test_a_preset_gives_the_published_network(netspace: Netspace, tmp_path: Path) -> None:
    """B1 is 1.78 times B0, not the formula's 1.92."""
    file = tmp_path / "b1.yaml"
    told = netspace("scale", "efficientnet_b0", "--preset", "b1", "--json", "-o", file)
    document = json.loads(told.out)
    assert network(str(file)) == network("efficientnet_b1")
    assert document["params"] == 7_794_184
    assert document["flops"] / document["before"]["flops"] == pytest.approx(1.78, abs=0.01)


def test_scale_to_a_latency(netspace: Netspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that takes a millisecond for a million flops."""

    def measured(network: Network) -> Latency:
        seconds = [count(network).flops / 1e9] * 3
        return Latency.of(
            seconds, warmup=1, batch_size=1, threads=1, device="cpu", precision="fp32"
        )

    monkeypatch.setattr(latency, "measure_latency", measured)
    told = netspace("scale", "mobilenet_v2", "--latency", "600ms", "--by", "width", "--json")
    document = json.loads(told.out)
    assert document["goal"]["quantity"] == "latency in ms"
    assert document["goal"]["reached"] == pytest.approx(600, rel=0.02)
    assert document["flops"] == pytest.approx(600e6, rel=0.02)


def test_scale_shows_before_and_after(netspace: Netspace) -> None:
    told = netspace("scale", "resnet50", "--factor", 2, "--by", "resolution")
    assert told.code == 0
    first = told.out.splitlines()[0]
    assert first.startswith("resnet50 scaled by resolution: flops 8.1")
    words = [line.split() for line in told.out.splitlines()]
    assert ["resolution", "224x224", "312x312", "1.393", "1.391"] in words
    assert ["resolution", "x2", "x4.00", "x1.00", "x4.00"] in words
    assert ["sees,", "pixels", "427", "427", "1.000"] in words
    assert ["s4", "2048", "2048", "3", "3"] in words


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            [],
            "--activations, --latency, --preset; given: none",
        ),
        (["--factor", "2", "--flops", "1G"], "given: --factor and --flops"),
        (["--factor", "0"], "factor 0 must be a finite number above 0"),
        (["--factor", "nan"], "factor nan must be a finite number above 0"),
        (["--factor", "2", "--by", "dept"], "did you mean 'depth'?"),
        (["--factor", "2", "--by", "depth", "--alpha", "2"], "--alpha belongs to compound"),
        (["--factor", "2", "--alpha", "0.5"], "alpha 0.5 must be at least 1"),
        (["--flops", "1"], "flops 1 is out of reach by compound; the nearest is"),
        (["--flops", "8x"], "size '8x' must be a number with K, M or G"),
        (["--latency", "5s"], "latency '5s' must be milliseconds above 0, like 5ms"),
        (["--latency", "5ms", "--flops", "1G"], "given: --flops and --latency"),
        (["--factor", "2", "--skip-broken"], "--skip-broken belongs to a search; add --search"),
        (["--preset", "b8"], "unknown preset 'b8'; known are b0, b1, b2, b3, b4, b5, b6, b7"),
        (["--preset", "b1", "--factor", "2"], "given: --factor and --preset"),
        (["--factor", "2", "--data", "digits"], "--data belongs to a search; add --search"),
        (["--factor", "2", "--time", "5m"], "--time belongs to a search; add --search"),
        (["--search"], "--search trains networks and needs images: add --data"),
        (["--search", "--data", "digits", "--flops", "1G"], "leave out --flops, give --factor 2"),
        (["--search", "--data", "digits", "--by", "fast"], "leave out --by"),
        (["--search", "--data", "digts"], "did you mean 'digits'?"),
        (["--search", "--data", "digits", "--factor", "1"], "factor 1 must be above 1"),
        (["--search", "--data", "digits", "--factor", "inf"], "factor inf must be"),
    ],
)
def test_scale_refuses_in_one_line(netspace: Netspace, words: list[str], message: str) -> None:
    told = netspace("scale", "resnet18", *words)
    assert told.code == 2
    assert told.out == ""
    assert message in told.err
    assert told.err.count("\n") == 1


def test_a_search_from_a_study_file(
    netspace: Netspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scaling_plan, "GRID_POINTS", 2)
    pictures = picture_folder(tmp_path / "colours")
    recipe = {"epochs": 1, "batch_size": 16, "learning_rate": 0.05}
    study = {"network": TINY, "data": str(pictures), "recipe": recipe}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
    folder = tmp_path / "run"
    told = netspace("run", tmp_path / "study.yaml", "--out", folder)
    assert told.code == 0
    assert "compound" in told.out
    assert (folder / "report.html").is_file()
    (folder / "report.html").unlink()
    assert netspace("report", folder).code == 0
    assert (folder / "report.html").is_file()
    with Store.existing(folder / "run.db") as store:
        assert store.counts()["planned"] == 0
    assert netspace("export", folder, "--to", "yaml", "-o", tmp_path / "out.yaml").code == 0
    assert network(str(tmp_path / "out.yaml")).stages
    refused = netspace("export", folder, "--to", "torch", "-o", tmp_path / "out.py")
    assert refused.code == 2
    assert "a search of scalings keeps no weights; use --to yaml" in refused.err
    refused = netspace("compare", folder, folder)
    assert refused.code == 2
    assert "another kind (scaling, not design)" in refused.err


def test_a_network_with_custom_layers_scales_in_what_can_be(
    netspace: Netspace, tmp_path: Path
) -> None:
    custom = {
        "block": {
            "kind": "custom",
            "layers": {"steps": [["a", {"kind": "conv", "width": 8, "kernel": 3, "stride": 2}]]},
        },
        "width": 8,
        "depth": 1,
    }
    file = tmp_path / "custom.yaml"
    file.write_text(yaml.safe_dump({**TINY, "stages": [custom, TINY["stages"][1]]}))
    told = netspace("scale", file, "--factor", 2, "--by", "resolution")
    assert told.code == 0
    lines = [line.split() for line in told.out.splitlines()]
    assert any(line[:2] == ["resolution", "x2"] for line in lines)
    assert not any(line[:2] == ["width", "x2"] for line in lines)
    assert netspace("scale", file, "--factor", 2, "--by", "width").code == 2


@pytest.mark.parametrize("widths", [[], ["--widths"]])
def test_draw_writes_a_picture(netspace: Netspace, tmp_path: Path, widths: list[str]) -> None:
    file = tmp_path / "net.svg"
    told = netspace("draw", "resnet18", "-o", file, *widths)
    assert (told.code, told.out) == (0, f"{file}\n")
    assert file.read_text().startswith("<svg")


def test_draw_refuses_what_it_cannot_write(netspace: Netspace, tmp_path: Path) -> None:
    told = netspace("draw", "resnet18", "-o", tmp_path / "nowhere" / "net.svg")
    assert told.code == 2
    assert "check that its folder exists" in told.err


def test_draw_of_an_unknown_network(netspace: Netspace, tmp_path: Path) -> None:
    told = netspace("draw", "resnet81", "-o", tmp_path / "net.svg")
    assert told.code == 2
    assert "did you mean 'resnet18'" in told.err
