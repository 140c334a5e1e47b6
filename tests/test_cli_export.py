"""The export command from end to end."""

import json
import sys
from pathlib import Path

import onnxruntime
import pytest
import yaml

from netspace import cli
from tests.commands import Netspace
from tests.pictures import picture_folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of two networks and one epoch."""
    folder = tmp_path_factory.mktemp("runs")
    study = {
        "data": str(picture_folder(folder / "colours")),
        "budget": {"flops": "600K"},
        "spaces": [{"name": "regnetx", "networks": 2}],
        "recipe": {"epochs": 1, "warmup_epochs": 0},
        "final": {"candidates": 1, "seeds": 1, "epochs_factor": 1},
        "workers": 1,
    }
    (folder / "study.yaml").write_text(yaml.safe_dump(study))
    words = ["run", str(folder / "study.yaml"), "--out", str(folder / "run")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["netspace", *words])
        with pytest.raises(SystemExit) as left:
            cli.main()
    assert left.value.code == 0
    return folder / "run"


def test_a_run_is_exported_checked_and_quantised(
    trained: Path, netspace: Netspace, tmp_path: Path
) -> None:
    told = netspace(
        "export", trained, "--to", "onnx", "--int8", "static", "-o", tmp_path / "n.onnx"
    )
    assert told.code == 0
    names = ["n.onnx", "n.json", "n.int8.onnx", "n.int8.json"]
    assert told.out.split() == [str(tmp_path / name) for name in names]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    _, parity, price = told.err.splitlines()
    assert "logits differ by at most" in parity
    facts = json.loads((tmp_path / "n.int8.json").read_text())
    assert f"int8 static: error {facts['int8_error_percent']:.2f} % against" in price
    runs = onnxruntime.InferenceSession(tmp_path / "n.onnx", providers=["CPUExecutionProvider"])
    assert runs.get_inputs()[0].shape == ["batch", 3, 12, 12]


def test_the_error_of_the_model_is_the_winners(
    trained: Path, netspace: Netspace, tmp_path: Path
) -> None:
    assert netspace("export", trained, "--to", "onnx", "-o", tmp_path / "n.onnx").code == 0
    facts = json.loads((tmp_path / "n.json").read_text())
    summary = json.loads((trained / "summary.json").read_text())
    # Trained in bfloat16 where the processor has it, an image or two may fall to the other side.
    images = facts["validation_images"]
    assert facts["validation_error_percent"] == pytest.approx(
        summary["validation_error_percent"], abs=2.01 * 100 / images
    )


def test_a_named_network_is_said_to_be_untrained(netspace: Netspace, tmp_path: Path) -> None:
    told = netspace("export", "resnet20_cifar", "--to", "onnx", "-o", tmp_path / "n.onnx")
    assert told.code == 0
    assert told.err.splitlines()[0].startswith("The weights are random (untrained)")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--int8", "static"], "--int8 static needs images to calibrate on; neither a run nor"),
        (["--int8", "half"], "unknown int8 'half'"),
        (["--data", "digits"], "digits has 1 channels, but the network takes 3"),
        (["--weights", "none.safetensors"], "none.safetensors: cannot be read as weights"),
    ],
)
def test_refusals_are_one_line_and_leave_nothing(
    words: list[str],
    message: str,
    netspace: Netspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    told = netspace("export", "resnet20_cifar", "--to", "onnx", *words)
    assert (told.code, told.out) == (2, "")
    assert told.err.splitlines()[-1].startswith("netspace: ")
    assert message in told.err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_a_missing_package_is_named_with_its_extra(
    package: str, netspace: Netspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    told = netspace("export", "resnet20_cifar", "--to", "onnx", "-o", tmp_path / "n.onnx")
    assert (told.code, told.out) == (2, "")
    wanted = f"netspace: {package} is not installed; pip install 'netspace[onnx]'"
    assert told.err.splitlines()[-1] == wanted
