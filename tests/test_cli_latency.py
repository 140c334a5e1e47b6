"""`netspace latency` from the command line; no test depends on how fast this machine is."""

import importlib.util
import json
from pathlib import Path

import pytest
import yaml

from netspace.train import backends
from tests.commands import Netspace

QUICK = ["--rounds", "6", "--runs", "1"]


def tiny(folder: Path, name: str, width: int) -> Path:
    file = folder / f"{name}.yaml"
    stage = {"block": {"kind": "basic"}, "width": width, "depth": 1, "stride": 1}
    plain = {
        "stem": {"width": 8, "stride": 1},
        "stages": [stage],
        "classes": 3,
        "resolution": [12, 12],
    }
    file.write_text(yaml.safe_dump(plain))
    return file


def test_latency_json_is_one_document(netspace: Netspace, tmp_path: Path) -> None:
    files = [tiny(tmp_path, "narrow", 8), tiny(tmp_path, "wide", 64)]
    told = netspace("latency", *files, *QUICK, "--batch", 2, "--json")
    assert told.code == 0
    document = json.loads(told.out)
    assert [one["name"] for one in document["networks"]] == ["narrow", "wide"]
    usual = ["eager", "channels_last", "onnx"]
    assert [one["name"] for one in document["backends"]] == usual
    for one in document["networks"]:
        for own in one["latency"].values():
            assert 0 < own["low_ms"] <= own["median_ms"] <= own["p90_ms"] == own["high_ms"]
            assert own["runs"] == 3 * 6
    assert (document["batch_size"], document["threads"], document["rounds"]) == (2, 1, 6)
    assert "builds in 6 rounds of 1 run each" in told.err


def test_latency_in_words(netspace: Netspace, tmp_path: Path) -> None:
    file = tiny(tmp_path, "narrow", 8)
    words = ["--backend", "eager,onnx", "--backend", "onnx-int8-static", "--resolution", "16x20"]
    told = netspace("latency", file, file, *words, *QUICK)
    assert told.code == 0
    assert told.out.startswith("A batch of 1 on cpu")
    for expected in ("16x20", "onnx_int8_static", "narrow (2)", "speed, eager = 1", "threads 1"):
        assert expected in told.out


def test_a_sampled_population(netspace: Netspace, tmp_path: Path) -> None:
    file = tmp_path / "nets.jsonl"
    sampled = ["regnetx", "--count", "10", "--resolution", "16", "--flops", "1M..3M"]
    assert netspace("sample", *sampled, "--classes", 3, "-o", file).code == 0
    told = netspace("latency", file, "--backend", "eager", *QUICK)
    assert told.code == 0
    assert "eager: activations " in told.out
    assert "tau with latency" in told.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["resnet81"], "did you mean 'resnet18'"),
        (["resnet18", "--backend", "egaer"], "unknown backend 'egaer'; did you mean 'eager'"),
        (["resnet18", "--batch", "0"], "'--batch'"),
        (["resnet18", "--rounds", "5"], "'--rounds'"),
        (["resnet18", "--threads", "9999"], "threads 9999 is more than the"),
        (["resnet18", "alexnet", "--resolution", "8"], "alexnet at 8x8: stem: a 1x1 map is too"),
        (["resnet18", "--resolution", "8k"], "resolution '8k' must be like 224"),
        (["resnet18", "--device", "gpu"], "unknown device 'gpu'"),
        ([], "Missing argument"),
    ],
)
def test_latency_refuses_in_one_line(netspace: Netspace, words: list[str], message: str) -> None:
    told = netspace("latency", *words)
    assert told.code == 2
    assert told.out == ""
    assert message in told.err
    last = told.err.strip().splitlines()[-1]
    assert message in last


def test_a_missing_backend_names_the_extra(
    netspace: Netspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        backends, "find_spec", lambda name: None if name == "onnxruntime" else found(name)
    )
    told = netspace("latency", "resnet18", "--backend", "onnx")
    assert told.code == 2
    assert told.err.endswith(
        "backend onnx: onnxruntime is not installed; pip install 'netspace[onnx]'\n"
    )
