"""examples/predict.py prepares images as training did, and says in one line what it cannot use."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from netspace.design.blocks import Basic
from netspace.design.network import Network, Stage, Stem
from netspace.present.export import yaml_text
from netspace.train.data import Split, load
from netspace.train.onnx_checks import prepared
from netspace.train.reading import images
from netspace.train.resizing import fitted
from netspace.workflow.export import export
from tests.pictures import picture_folder

PREDICT = Path(__file__).resolve().parents[1] / "examples" / "predict.py"
LITTLE = Network(
    stem=Stem(width=8, stride=1),
    stages=(Stage(block=Basic(), width=8, depth=1),),
    classes=3,
    resolution=(12, 12),
)


@pytest.fixture(scope="module")
def predict() -> ModuleType:
    spec = spec_from_file_location("predict", PREDICT)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def photo(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Something with edges and gradients, other in each channel."""
    chance = np.random.default_rng(width * height)
    rows, columns = np.mgrid[:height, :width]
    waves = [127 + 120 * np.sin(rows / (3 + k) + columns / (5 + k)) for k in range(4)]
    noisy = np.stack(waves, axis=-1) + chance.normal(0, 10, (height, width, 4))
    bands = np.clip(noisy, 0, 255).astype(np.uint8)
    if mode == "CMYK":
        return Image.fromarray(bands, mode="CMYK")
    if mode in ("RGB", "RGBA"):
        return Image.fromarray(np.ascontiguousarray(bands[..., : len(mode)]))
    if mode == "L":
        return Image.fromarray(np.ascontiguousarray(bands[..., 0]))
    if mode == "I;16":
        grey = np.minimum(bands[..., 0], 254).astype(np.uint16)
        return Image.fromarray(grey * 257 + 200)  # rounds up to the next of 256 levels
    return photo(width, height, "RGBA" if mode in ("P", "LA") else "RGB").convert(mode)


def turned(orientation: int) -> bytes:
    file = BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo(70, 40).save(file, "JPEG", exif=exif)
    return file.getvalue()


def pictures() -> Iterator[tuple[str, bytes]]:
    """Files of all the kinds that cameras, scanners and editors make."""
    yield from ((f"exif{turn}.jpg", turned(turn)) for turn in range(1, 9))
    kinds = [
        *(("PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
        *(("JPEG", mode) for mode in ("L", "RGB", "CMYK")),
        *(("TIFF", mode) for mode in ("CMYK", "I;16", "RGB")),
        *((kind, "RGB") for kind in ("BMP", "PPM", "GIF", "WEBP")),
    ]
    for size in ((210, 150), (32, 32), (7, 60), (32, 50)):
        for kind, mode in kinds:
            file = BytesIO()
            photo(*size, mode).save(file, kind)
            yield f"{size[0]}x{size[1]} {mode} {kind}", file.getvalue()
    see_through = BytesIO()
    photo(40, 40).convert("P").save(see_through, "PNG", transparency=3)
    yield "palette with a transparent colour", see_through.getvalue()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("resolution", [(32, 32), (24, 40)])
def test_predict_prepares_images_as_training_did(
    channels: int, resolution: tuple[int, int], predict: ModuleType, tmp_path: Path
) -> None:
    facts: dict[str, Any] = {
        "decoded": 32,
        "resolution": list(resolution),
        "channels": channels,
        "mean": [0.4, 0.5, 0.6][:channels],
        "std": [0.2, 0.3, 0.25][:channels],
    }
    for name, content in pictures():
        path = tmp_path / name
        path.write_bytes(content)
        pixels = images.decode(path, name, resolution=32, channels=channels)
        split = Split(images=pixels[None], labels=np.zeros(1, dtype=np.int64))
        (theirs,) = prepared(fitted(split, resolution).images, facts["mean"], facts["std"], 1)
        ours = predict.prepared(path, facts)
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape), name
        if resolution == (32, 32):
            np.testing.assert_array_equal(ours, theirs, name)
        else:  # torch and Pillow round a resized value apart, now and then, by one level of 255
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1.01 / 255 / 0.2, err_msg=name)


def test_predict_prepares_published_images_as_training_did(
    predict: ModuleType, shared: Path, tmp_path: Path
) -> None:
    folder = shared / "data" / "rsscn7-64"
    if not (folder / "test.parquet").is_file():
        pytest.skip(f"no published images at {folder}")
    data = load(folder)
    facts = {
        "decoded": data.resolution,
        "resolution": [data.resolution] * 2,
        "channels": data.channels,
        "mean": data.mean,
        "std": data.std,
    }
    rows = pq.read_table(folder / "test.parquet").slice(0, 50).column("image").to_pylist()
    for number, row in enumerate(rows):
        path = tmp_path / f"{number}"
        path.write_bytes(row["bytes"])
        (theirs,) = prepared(data.test.images[number : number + 1], data.mean, data.std, 1)
        np.testing.assert_array_equal(predict.prepared(path, facts), theirs)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pictures of three colours, and an untrained model that knows their names."""
    folder = tmp_path_factory.mktemp("exported")
    (folder / "net.yaml").write_text(yaml_text(LITTLE))
    data = picture_folder(folder / "colours")
    list(export(str(folder / "net.yaml"), "onnx", folder / "net.onnx", data=str(data)))
    return folder


def run_predict(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", PREDICT, *words]
    return subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False
    )


def test_predict_prints_classes_with_their_probabilities(
    exported: Path, predict: ModuleType
) -> None:
    image = exported / "colours" / "red" / "0.png"
    told = run_predict(exported / "net.onnx", image)
    assert (told.returncode, told.stderr) == (0, "")
    lines = [line.split() for line in told.stdout.splitlines()]
    assert {name for _, name in lines} == {"blue", "green", "red"}
    shares = [float(share.rstrip("%")) for share, _ in lines]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(100, abs=0.02)
    found = predict.predict(str(exported / "net.onnx"), str(image))
    assert [name for name, _ in found] == [name for _, name in lines]


@pytest.fixture(scope="module")
def unusable(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[Path, str]:
    """Files that are no images for the model, and what is to be said of each."""
    folder = tmp_path_factory.mktemp("unusable")
    (folder / "text.png").write_text("no picture")
    whole = (exported / "colours" / "red" / "0.png").read_bytes()
    (folder / "half.png").write_bytes(whole[: len(whole) // 2])
    Image.fromarray(np.zeros((9, 9), dtype=np.float32)).save(folder / "float.tiff")
    return {
        folder / "text.png": "cannot identify image file",
        folder / "half.png": "half.png: cannot be used",
        folder / "none.png": "No such file",
        folder / "float.tiff": "32-bit values (mode F) have no known range",
        folder: "cannot be used",
    }


def test_predict_says_in_one_line_what_it_cannot_use(
    exported: Path,
    unusable: dict[Path, str],
    predict: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for image, message in unusable.items():
        monkeypatch.setattr(sys, "argv", ["predict.py", str(exported / "net.onnx"), str(image)])
        assert predict.main() == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert len(told.err.splitlines()) == 1
        assert message in told.err
    told = run_predict(exported / "net.onnx", next(iter(unusable)))
    assert (told.returncode, told.stdout, len(told.stderr.splitlines())) == (2, "", 1)


def test_predict_refuses_a_model_that_says_nothing_of_its_images(
    exported: Path,
    predict: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    list(export(str(exported / "net.yaml"), "onnx", tmp_path / "bare.onnx"))
    (tmp_path / "no.onnx").write_text("no model")
    image = str(exported / "colours" / "red" / "0.png")
    for name, message in {
        "bare.onnx": "does not say how its images are prepared",
        "none.onnx": "File doesn't exist",
        "no.onnx": "INVALID_PROTOBUF",
    }.items():
        monkeypatch.setattr(sys, "argv", ["predict.py", str(tmp_path / name), image])
        assert predict.main() == 2
        told = capsys.readouterr()
        assert (told.out, len(told.err.splitlines())) == ("", 1)
        assert message in told.err
    monkeypatch.setattr(sys, "argv", ["predict.py"])
    assert predict.main() == 2
    assert capsys.readouterr().err.startswith("usage: ")


def test_predict_needs_onnxruntime_and_pillow_alone() -> None:
    tree = ast.parse(PREDICT.read_text())
    names = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name) or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    foreign = {name.partition(".")[0] for name in names} - sys.stdlib_module_names
    assert foreign == {"numpy", "onnxruntime", "PIL"}
