"""What is handed over: the right files, checked, described, and nothing where a check fails."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from netspace.config import Budget, Study
from netspace.contest_study import Contestant, ContestStudy, EqualFlops
from netspace.design.blocks import Basic
from netspace.design.network import Network, Stage, Stem
from netspace.design.serial import to_plain
from netspace.errors import DataError, NetspaceError, RunError, SpecError, UserError
from netspace.present.export import yaml_text
from netspace.run.folder import RunFolder
from netspace.run.store import Store
from netspace.train import onnx_checks
from netspace.train.build import build
from netspace.train.data import DataSet, load
from netspace.train.onnx_checks import error_percent
from netspace.train.onnx_export import session
from netspace.train.resizing import fitted
from netspace.train.trainer import evaluate
from netspace.train.weights import restore_weights, save_weights
from netspace.workflow import export_onnx
from netspace.workflow.export import export
from netspace.workflow.session import data_record
from tests.pictures import picture_folder

NETWORK = Network(
    stem=Stem(width=8, stride=1),
    stages=(Stage(block=Basic(), width=8, depth=1),),
    classes=3,
    resolution=(12, 12),
    name="little",
)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return picture_folder(tmp_path_factory.mktemp("data") / "colours")


@pytest.fixture(scope="module")
def data(pictures: Path) -> DataSet:
    return load(pictures)


def finished_run(
    path: Path,
    pictures: Path,
    data: DataSet,
    *,
    network: Network = NETWORK,
    kind: str = "design",
    classes: tuple[str, ...] = ("blue", "green", "red"),
) -> Path:
    """A run's folder as it is left: what it knew of its images, and the winner with weights."""
    folder = RunFolder(path)
    path.mkdir()
    known = data_record(data)
    known["data"] |= {"classes": classes}  # type: ignore[operator]
    study: dict[str, Any] = to_plain(
        Study(data=str(pictures), budget=Budget(flops="1M")), complete=True
    )
    with Store(folder.database) as store:
        store.record(kind=kind, study=study, **known)
    folder.winner.write_text(yaml_text(network))
    module = build(network, seed=1)
    chance = torch.Generator().manual_seed(2)
    for name, value in module.state_dict().items():
        if value.dtype == torch.float32 and ("norm" in name or "fc" in name):
            value.copy_(torch.rand(value.shape, generator=chance) + 0.5)
    save_weights(module, folder.winner_weights)
    return path


@pytest.fixture
def run(tmp_path: Path, pictures: Path, data: DataSet) -> Path:
    return finished_run(tmp_path / "run", pictures, data)


def told(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_a_run_becomes_a_model_that_says_all_of_itself(run: Path, data: DataSet) -> None:
    said: list[str] = []
    files = list(export(str(run), "onnx", say=said.append))
    assert files == [run / "network.onnx", run / "network.json"]
    facts = told(run / "network.json")
    metadata = session((run / "network.onnx").read_bytes()).get_modelmeta().custom_metadata_map
    for name, text in metadata.items():
        assert facts[name] == (text if isinstance(facts[name], str) else json.loads(text))
    assert facts["class_names"] == ["blue", "green", "red"]
    assert (facts["resolution"], facts["decoded"], facts["channels"]) == ([12, 12], 12, 3)
    assert (tuple(facts["mean"]), tuple(facts["std"])) == (data.mean, data.std)
    assert facts["weights"] == "winner of the run 'run'"
    assert facts["parity"]["real_images"] == len(data.validation.labels)
    assert facts["parity"]["largest_difference"] < 1e-4
    assert facts["shapes"]["images"] == ["batch", 3, 12, 12]
    assert facts["shapes"]["logits"] == ["batch", 3]
    assert (facts["opset"], facts["classes"], facts["numbers"]) == (18, 3, "float32")
    assert "top-1 the same on all" in said[-1]


def test_its_error_is_that_of_torch(run: Path, data: DataSet) -> None:
    list(export(str(run), "onnx"))
    module = build(NETWORK)
    restore_weights(module, run / "winner.safetensors")
    error = evaluate(module, data.validation, data, device=torch.device("cpu"), precision="fp32")
    assert told(run / "network.json")["validation_error_percent"] == pytest.approx(error)


@pytest.mark.parametrize("how", ["static", "dynamic"])
def test_the_price_of_eight_bits_is_measured(how: str, run: Path, data: DataSet) -> None:
    said: list[str] = []
    files = list(export(str(run), "onnx", int8=how, say=said.append))
    assert [path.name for path in files] == [
        "network.onnx",
        "network.json",
        "network.int8.onnx",
        "network.int8.json",
    ]
    facts = told(files[3])
    integers = files[2].read_bytes()
    batch_size = 1 if how == "dynamic" else 32
    found = error_percent(integers, data.validation, data.mean, data.std, batch_size=batch_size)
    assert facts["int8_error_percent"] == found
    floats = told(files[1])["validation_error_percent"]
    assert facts["float32_error_percent"] == floats
    assert facts["drop_points"] == found - floats
    assert facts["validation_images"] == len(data.validation.labels)
    assert facts["numbers"] == f"int8 {how}"
    assert ("calibration_images" in facts) == (how == "static")
    metadata = session(integers).get_modelmeta().custom_metadata_map
    assert json.loads(metadata["class_names"]) == facts["class_names"]
    assert metadata["numbers"] == f"int8 {how}"
    assert f"{found:.2f} % against {floats:.2f} % in float32" in said[-1]


@pytest.mark.parametrize(("how", "batch_size"), [("static", 32), ("dynamic", 1)])
def test_the_price_is_what_the_second_model_does_worse(
    how: str, batch_size: int, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dynamic ranges are those of a batch: an image is judged as it would be alone."""
    sizes: list[int] = []

    def judged(model: bytes, *_: object, batch_size: int) -> float:
        if b"QuantizeLinear" not in model:
            return 10.0
        sizes.append(batch_size)
        return 12.5

    monkeypatch.setattr(export_onnx, "error_percent", judged)
    said: list[str] = []
    files = list(export(str(run), "onnx", int8=how, say=said.append))
    assert told(files[3])["drop_points"] == 2.5
    assert "error 12.50 % against 10.00 % in float32 (+2.50 points)" in said[-1]
    assert sizes == [batch_size]


def test_calibration_sees_the_train_split_alone(
    run: Path, data: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    whole = export_onnx.quantised

    def watched(model: bytes, *, how: Any, calibration: Any) -> bytes:
        batches = list(calibration)
        seen.extend(image for batch in batches for image in batch)
        return whole(model, how=how, calibration=batches)

    monkeypatch.setattr(export_onnx, "quantised", watched)
    monkeypatch.setattr(export_onnx, "CALIBRATION_IMAGES", 9)
    list(export(str(run), "onnx", int8="static"))
    mean, std = (np.array(values) * 255 for values in (data.mean, data.std))
    shown = [np.rint(image.transpose(1, 2, 0) * std + mean).astype(np.uint8) for image in seen]
    train = {image.tobytes() for image in data.train.images}
    assert len(shown) == 9
    assert {image.tobytes() for image in shown} <= train


def test_images_are_fitted_to_a_network_of_another_resolution(
    tmp_path: Path, pictures: Path, data: DataSet
) -> None:
    network = replace(NETWORK, resolution=(10, 14))
    run = finished_run(tmp_path / "run", pictures, data, network=network)
    list(export(str(run), "onnx"))
    facts = told(run / "network.json")
    assert (facts["resolution"], facts["decoded"]) == ([10, 14], 12)
    model = (run / "network.onnx").read_bytes()
    split = fitted(data.validation, (10, 14))
    assert facts["validation_error_percent"] == error_percent(model, split, data.mean, data.std)


def test_a_failed_check_leaves_nothing(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_checks, "TOLERANCE", 0.0)
    monkeypatch.setattr(onnx_checks, "RELATIVE", 0.0)
    before = sorted(path.name for path in run.iterdir())
    with pytest.raises(NetspaceError, match="differs from torch by") as refused:
        list(export(str(run), "onnx", int8="dynamic"))
    assert not isinstance(refused.value, UserError)
    assert sorted(path.name for path in run.iterdir()) == before


def gone(run: Path) -> None:
    with Store(RunFolder(run).database) as store:
        store.record(study=store.fact("study") | {"data": str(run / "moved")})


def test_images_that_are_gone_are_said_to_be(run: Path) -> None:
    gone(run)
    said: list[str] = []
    list(export(str(run), "onnx", say=said.append))
    facts = told(run / "network.json")
    assert facts["parity"]["real_images"] == 0
    assert "validation_error_percent" not in facts
    assert facts["class_names"] == ["blue", "green", "red"]
    assert "No real images were used: those of the run cannot be read" in said[-1]
    with pytest.raises(UserError, match=r"static needs images .*moved.*give --data"):
        list(export(str(run), "onnx", int8="static"))
    list(export(str(run), "onnx", int8="dynamic", say=said.append))
    assert told(run / "network.int8.json")["drop_points"] is None
    assert "was not measured" in said[-1]


def test_changed_images_are_none_of_the_run(run: Path) -> None:
    with Store(RunFolder(run).database) as store:
        store.record(data=store.fact("data") | {"fingerprint": "0" * 16})
    said: list[str] = []
    list(export(str(run), "onnx", say=said.append))
    assert told(run / "network.json")["parity"]["real_images"] == 0
    assert "changed since this run began" in said[-1]


def test_other_images_can_stand_in(run: Path, tmp_path: Path) -> None:
    gone(run)
    other = picture_folder(tmp_path / "other", seed=5)
    list(export(str(run), "onnx", int8="static", data=str(other)))
    facts = told(run / "network.int8.json")
    assert facts["drop_points"] is not None
    assert facts["calibration_images"] > 0


def test_images_of_other_classes_cannot(run: Path, tmp_path: Path) -> None:
    other = picture_folder(tmp_path / "other")
    (other / "red").rename(other / "crimson")
    with pytest.raises(DataError, match=r"has the classes blue, crimson, green \(3\), but the run"):
        list(export(str(run), "onnx", data=str(other)))


@pytest.mark.parametrize("to", ["onnx", "torch"])
def test_class_names_have_to_fit_the_network(
    to: str, tmp_path: Path, pictures: Path, data: DataSet
) -> None:
    run = finished_run(tmp_path / "run", pictures, data, classes=("blue", "red"))
    with pytest.raises(SpecError, match="names 2 classes, but the network tells 3 apart"):
        list(export(str(run), to))


def test_a_network_without_weights_is_said_to_be_untrained(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(yaml_text(NETWORK))
    said: list[str] = []
    files = list(export(str(file), "onnx", tmp_path / "net.onnx", say=said.append))
    facts = told(files[1])
    assert facts["weights"] == "random (untrained)"
    assert "mean" not in facts
    assert said[0].startswith("The weights are random (untrained)")


def test_a_network_with_weights_and_images(tmp_path: Path, pictures: Path, data: DataSet) -> None:
    file, weights = tmp_path / "net.yaml", tmp_path / "w.safetensors"
    file.write_text(yaml_text(NETWORK))
    module = build(NETWORK, seed=3)
    save_weights(module, weights)
    files = list(
        export(str(file), "onnx", tmp_path / "n.onnx", weights=weights, data=str(pictures))
    )
    facts = told(files[1])
    assert facts["weights"] == "w.safetensors"
    assert facts["class_names"] == list(data.classes)
    images = torch.zeros(1, 3, 12, 12)
    (ours,) = session(files[0].read_bytes()).run(None, {"images": images.numpy()})
    np.testing.assert_allclose(ours, module.eval()(images).detach().numpy(), atol=1e-5)
    files = list(export(str(file), "torch", tmp_path / "n.py", weights=weights))
    assert [path.name for path in files] == ["n.py", "n.safetensors"]
    assert files[1].read_bytes() == weights.read_bytes()


def test_weights_beside_the_source_may_be_the_ones_given(tmp_path: Path) -> None:
    file, weights = tmp_path / "net.yaml", tmp_path / "n.safetensors"
    file.write_text(yaml_text(NETWORK))
    save_weights(build(NETWORK), weights)
    before = weights.read_bytes()
    assert len(list(export(str(file), "torch", tmp_path / "n.py", weights=weights))) == 2
    assert weights.read_bytes() == before


def test_weights_of_another_number_of_classes(tmp_path: Path) -> None:
    file, weights = tmp_path / "net.yaml", tmp_path / "w.safetensors"
    file.write_text(yaml_text(NETWORK))
    save_weights(build(replace(NETWORK, classes=7)), weights)
    for to in ("onnx", "torch"):
        with pytest.raises(DataError, match="weights for 7 classes, but the network tells 3 apart"):
            list(export(str(file), to, tmp_path / "x", weights=weights))
    assert not (tmp_path / "x").exists()


def test_images_have_to_fit_the_network(tmp_path: Path, pictures: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(yaml_text(replace(NETWORK, classes=10)))
    with pytest.raises(SpecError, match="names 3 classes, but the network tells 10 apart"):
        list(export(str(file), "onnx", data=str(pictures)))


def test_a_contest_is_exported_as_any_run(tmp_path: Path, pictures: Path, data: DataSet) -> None:
    run = finished_run(tmp_path / "run", pictures, data)
    study = ContestStudy(
        data=str(pictures),
        candidates=tuple(Contestant(name=name, network=NETWORK) for name in ("a", "b")),
        equal=EqualFlops(size="1M"),
    )
    with Store(RunFolder(run).database) as store:
        store.record(kind="contest", study=to_plain(study, complete=True))
    list(export(str(run), "onnx"))
    assert told(run / "network.json")["parity"]["real_images"] == len(data.validation.labels)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"to": "torch", "int8": "static"}, "--data and --int8 belong to --to onnx"),
        ({"to": "yaml", "data": "x"}, "--data and --int8 belong to --to onnx"),
        ({"to": "yaml", "weights": Path("w")}, "--weights do not go into YAML"),
        ({"to": "onnx", "int8": "sttic"}, "unknown int8 'sttic'; did you mean 'static'?"),
        ({"to": "onnx", "output": Path("net.json")}, "cannot have its JSON beside it"),
        ({"to": "onnx", "weights": Path("w")}, "w: cannot be read as weights"),
    ],
)
def test_what_does_not_go_together(
    words: dict[str, Any], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as refused:
        list(export("resnet20_cifar", **words))
    assert message in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_a_run_takes_no_other_weights(run: Path) -> None:
    with pytest.raises(UserError, match="has its own weights; leave out --weights"):
        list(export(str(run), "onnx", weights=run / "winner.safetensors"))
    (run / "winner.safetensors").unlink()
    with pytest.raises(RunError, match="cannot be exported to onnx without its weights"):
        list(export(str(run), "onnx"))


def test_a_target_that_cannot_be_written_is_one_line(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        list(export(str(run), "onnx", tmp_path / "nowhere" / "net.onnx"))
