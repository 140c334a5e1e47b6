"""One network out of a batch: arrays of numbers back to single numbers."""

from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from netspace.design.network import Network

Value = TypeVar("Value")


def one(network: Network, row: int) -> Network:
    """Network number `row` of a Network whose numbers are arrays."""
    return _pick(network, row)


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
    elif is_dataclass(value) and not isinstance(value, type):
        named = {field.name: _pick(getattr(value, field.name), row) for field in fields(value)}
        plain = type(value)(**named)
    return cast("Value", plain)
