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


def restore_weights(module: nn.Module, path: Path) -> None:
    """Read a state written for this network into the module.

    Raises DataError where the file holds another network's weights.
    """
    try:
        module.load_state_dict(load_file(path))
    except (RuntimeError, OSError, SafetensorError) as fault:
        first = str(fault).splitlines()[0]
        raise DataError(f"{path}: weights do not fit this network ({first})") from None
