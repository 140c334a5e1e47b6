"""One network out of a batch: arrays of numbers back to single numbers."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from netspace.design.network import Network
from netspace.design.pieces import Squeeze

Value = TypeVar("Value")


def one(network: Network, row: int) -> Network:
    """Network number `row` of a Network whose numbers are arrays."""
    return _pick(network, row)


def keys(network: Network, rows: NDArray[np.int64]) -> list[bytes]:
    """For each of these rows a key that is equal where the networks are equal."""
    leaves = list(_leaves(network))
    fixed = repr([leaf for leaf in leaves if not isinstance(leaf, np.ndarray)]).encode()
    varying = [leaf[rows] for leaf in leaves if isinstance(leaf, np.ndarray)]
    table = np.stack(varying, axis=1) if varying else np.zeros((len(rows), 0))
    return [fixed + row.tobytes() for row in table.astype(np.float64)]


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, tuple):
        for item in value:
            yield from _leaves(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _leaves(getattr(value, field.name))
    else:
        yield value


def number(values: NDArray[Any]) -> Any:
    """An array with one entry per network, where a spec takes one number."""
    return values


def _pick(value: Value, row: int) -> Value:
    plain: Any = value
    if isinstance(value, np.ndarray):
        plain = value[row].item()
        if isinstance(plain, float) and plain.is_integer():
            plain = int(plain)
    elif isinstance(value, tuple):
        plain = tuple(_pick(item, row) for item in value)
    elif isinstance(value, Squeeze) and _pick(value.ratio, row) == 0:
        plain = None
    elif is_dataclass(value) and not isinstance(value, type):
        named = {field.name: _pick(getattr(value, field.name), row) for field in fields(value)}
        plain = type(value)(**named)
    return cast("Value", plain)
