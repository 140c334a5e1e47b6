"""Weights of a module in a safetensors file."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from netspace.errors import DataError, StorageError


def save_weights(module: nn.Module, path: Path) -> None:
    """Write the module's state; the file appears whole or not at all."""
    write_tensors(module.state_dict(), path)


def write_tensors(
    tensors: Mapping[str, Tensor], path: Path, metadata: Mapping[str, str] | None = None
) -> None:
    """Write tensors by name, and what else is to be told; the file appears whole or not at all.

    Raises StorageError where it cannot be written.
    """
    partial = path.with_name(path.name + ".partial")
    dense = {name: value.contiguous() for name, value in tensors.items()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(dense, partial, None if metadata is None else dict(metadata))
        os.replace(partial, path)
    except (OSError, SafetensorError) as fault:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise StorageError(f"{path}: cannot write weights ({fault}); free some space") from None


CLASSIFIER = "head.fc."
STEM = "stem.conv.weight"


def take_over(module: nn.Module, path: Path) -> None:
    """Give a network what it learned on other images; its classifier stays as it is.

    Where the images have another number of channels, the first convolution's weights (O, C, k, k)
    are summed over C and shared out alike, so that a grey image answers as it would in colour.
    Raises DataError where the file holds another network's weights.
    """
    own = module.state_dict()
    learned = {name: part for name, part in _read(path).items() if not name.startswith(CLASSIFIER)}
    if STEM in own and STEM in learned and own[STEM].shape[1] != learned[STEM].shape[1]:
        channels = own[STEM].shape[1]
        summed = learned[STEM].sum(dim=1, keepdim=True)
        learned[STEM] = (summed / channels).expand(-1, channels, -1, -1)
    kept = {name: part for name, part in own.items() if name.startswith(CLASSIFIER)}
    _load(module, kept | learned, path)


def restore_weights(module: nn.Module, path: Path) -> None:
    """Read a state written for this network into the module.

    Raises DataError where the file holds another network's weights.
    """
    _load(module, _read(path), path)


def _read(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (OSError, SafetensorError) as fault:
        first = str(fault).splitlines()[0]
        raise DataError(f"{path}: weights do not fit this network ({first})") from None


def _load(module: nn.Module, state: Mapping[str, Tensor], path: Path) -> None:
    try:
        module.load_state_dict(state)
    except RuntimeError as fault:
        first = str(fault).splitlines()[0]
        raise DataError(f"{path}: weights do not fit this network ({first})") from None
