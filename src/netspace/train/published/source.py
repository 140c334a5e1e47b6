"""Tensors by name, from a file or from memory, freed of what training scripts put around them."""

import pickle
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from netspace.errors import DataError

_WRAPPERS = ("state_dict", "model", "model_state_dict")
_PREFIXES = ("module.", "_orig_mod.", "model.")


def read(source: str | Path | Mapping[str, Any]) -> dict[str, Tensor]:
    """The tensors of a weights file or of a state dict.

    A state under `state_dict`, `model` or `model_state_dict` is taken out. `module.`, `_orig_mod.`
    and `model.` are taken off where all names have it. Raises DataError for anything else.
    """
    if not isinstance(source, str | Path | Mapping):
        raise DataError(
            f"weights must be a path or a state dict, not {type(source).__name__}; "
            "of a module, give its state_dict()"
        )
    content = source if isinstance(source, Mapping) else _file(Path(source))
    return _bare(_tensors(content, place(source)))


def place(source: object) -> str:
    """What messages call the source."""
    return "state dict" if isinstance(source, Mapping) else str(source)


def _file(path: Path) -> object:
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; give a weights file or a state dict") from None
    except OSError as fault:
        raise DataError(f"{path}: cannot be read ({fault.strerror}); give a weights file") from None
    if start[8:] == b"{":  # behind the length of the header
        return _parsed(path, load_file)
    if start.startswith((b"PK", b"\x80")):  # a zip archive, or a pickle as torch wrote until 1.5
        return _parsed(path, _torch_file)
    raise DataError(f"{path}: is no weights file; give one of safetensors or of torch.save")


def _torch_file(path: Path) -> object:
    """Tensors and plain containers in a file of torch.save; other classes are refused unseen."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about unusual pickles: if they cannot be read, we say so
        return torch.load(path, map_location="cpu", weights_only=True)


def _parsed(path: Path, parse: Callable[[Path], object]) -> object:
    try:
        return parse(path)
    except pickle.UnpicklingError:
        raise DataError(
            f"{path}: holds more than tensors, or is damaged; save the state_dict() alone, best as "
            "safetensors"
        ) from None
    except Exception as fault:  # readers of damaged files fail in many ways
        first = (str(fault) or type(fault).__name__).splitlines()[0]
        raise DataError(f"{path}: is damaged, or no weights file ({first})") from None


def _tensors(content: object, where: str) -> dict[str, Tensor]:
    if not isinstance(content, Mapping):
        raise DataError(f"{where}: holds a {type(content).__name__}, not tensors by name")
    for wrapper in _WRAPPERS:
        if isinstance(content.get(wrapper), Mapping):
            return _tensors(content[wrapper], where)
    for name, value in content.items():
        if not (isinstance(name, str) and isinstance(value, Tensor)):
            raise DataError(
                f"{where}: entry {name!r} is a {type(value).__name__}, not a tensor; "
                "give the state dict alone"
            )
        if value.is_meta:
            raise DataError(f"{where}: {name} has a shape but no numbers (device meta)")
    if not content:
        raise DataError(f"{where}: holds no tensors; give the weights of a network")
    return dict(content)


def _bare(state: dict[str, Tensor]) -> dict[str, Tensor]:
    for prefix in _PREFIXES:
        if all(name.startswith(prefix) for name in state):
            return _bare({name.removeprefix(prefix): value for name, value in state.items()})
    return state
