"""Files and states: what can be read, and one clear line for what cannot."""

import pickle
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from netspace.errors import DataError
from netspace.train.published.source import read

STATE = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2)}


def same(found: dict[str, Tensor]) -> bool:
    return list(found) == list(STATE) and all(torch.equal(found[key], STATE[key]) for key in STATE)


def refused(source: object) -> str:
    with pytest.raises(DataError) as caught:
        read(source)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["w.pth", "w.pt", "w.bin", "w.pth.tar", "w"])
@pytest.mark.parametrize("zipped", [True, False])
def test_files_of_torch(tmp_path: Path, name: str, zipped: bool) -> None:
    path = tmp_path / name
    torch.save(OrderedDict(STATE), path, _use_new_zipfile_serialization=zipped)
    assert same(read(path))
    assert same(read(str(path)))


@pytest.mark.parametrize("name", ["w.safetensors", "w.bin"])
@pytest.mark.parametrize("padding", range(0, 300, 30))
def test_safetensors_whatever_the_name_and_the_length_of_the_header(
    tmp_path: Path, name: str, padding: int
) -> None:
    save_file(STATE, tmp_path / name, metadata={"x": "y" * padding})
    found = read(tmp_path / name)
    assert same({key: found[key] for key in STATE})


@pytest.mark.parametrize("wrapper", ["state_dict", "model", "model_state_dict"])
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "model.", "module._orig_mod."])
def test_what_training_puts_around_a_state(tmp_path: Path, wrapper: str, prefix: str) -> None:
    state = {f"{prefix}{key}": value for key, value in STATE.items()}
    checkpoint = {"epoch": 3, wrapper: state, "optimizer": {"lr": 0.1}}
    torch.save(checkpoint, tmp_path / "c.pth")
    assert same(read(tmp_path / "c.pth"))
    assert same(read(checkpoint))


def test_a_prefix_of_some_names_only_stays() -> None:
    assert list(read({"module.a": torch.ones(1), "b": torch.ones(1)})) == ["module.a", "b"]


class Malicious:
    """Unpickling it would make a folder."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.mkdir, (self.path,)


@pytest.mark.parametrize("zipped", [True, False, None])
def test_code_in_a_file_does_not_run(tmp_path: Path, zipped: bool | None) -> None:
    """None: a plain pickle."""
    content = {**STATE, "bad": Malicious(tmp_path / "ran")}
    path = tmp_path / "w.pth"
    if zipped is None:
        path.write_bytes(pickle.dumps(content))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=zipped)
    assert "more than tensors" in refused(path)
    assert not (tmp_path / "ran").exists()


def test_files_that_are_not_there(tmp_path: Path) -> None:
    assert "does not exist" in refused(tmp_path / "w.pth")
    assert refused("resnet50").startswith("resnet50 does not exist")
    assert "cannot be read" in refused(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"a picture of nothing, but longer", bytes(99), b"%PDF-1.7 {"]
)
def test_files_that_are_no_weights(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "w.bin"
    path.write_bytes(content)
    assert refused(path).startswith(f"{path}: is no weights file")


@pytest.mark.parametrize("content", [b"PK\x03\x04 no zip", b"\x80 no pickle", b"\x07" * 8 + b"{}"])
def test_files_that_begin_like_weights(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "w.bin"
    path.write_bytes(content)
    assert "damaged" in refused(path)


@pytest.mark.parametrize("name", ["w.safetensors", "w.pth"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_files_cut_short(tmp_path: Path, name: str, share: float) -> None:
    path = tmp_path / name
    save_file(STATE, path) if name.endswith("safetensors") else torch.save(STATE, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    assert "damaged" in refused(path)


def test_contents_that_are_no_state(tmp_path: Path) -> None:
    torch.save(torch.ones(3), tmp_path / "tensor.pt")
    assert "holds a Tensor, not tensors by name" in refused(tmp_path / "tensor.pt")
    assert "holds no tensors" in refused({})
    assert "entry 'epoch' is a int, not a tensor" in refused({**STATE, "epoch": 3})
    assert "entry 3 is a Tensor" in refused({3: torch.ones(1)})
    assert "no numbers (device meta)" in refused({"a": torch.ones(1, device="meta")})


def test_a_module_is_no_state() -> None:
    assert refused(torch.nn.Linear(2, 2)).endswith("not Linear; of a module, give its state_dict()")
