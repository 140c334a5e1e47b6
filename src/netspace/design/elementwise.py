"""Arithmetic that reads the same on one number and on an array with one entry per network."""

import math
from typing import Literal, cast

import numpy as np

Rounding = Literal["nearest", "floor", "multiple of 8"]


def rounded(value: float, rounding: Rounding = "nearest") -> int:
    """To whole numbers: to the nearest (ties to even), down, or to MobileNet's multiples of 8."""
    if rounding == "multiple of 8":
        return nearest_multiple(value, 8)
    if _single(value):
        return round(value) if rounding == "nearest" else math.floor(value)
    whole = np.rint(value) if rounding == "nearest" else np.floor(value)
    return cast("int", whole.astype(np.int64))


def nearest_multiple(value: float, unit: int) -> int:
    """The nearest multiple of `unit` (ties up), one higher if it is below 90 % of the value.

    Source: the channel rounding of MobileNet and EfficientNet (Tan & Le 2019).
    """
    near = at_least(rounded(value / unit + 0.5, "floor"), 1) * unit
    return near + pick(near < 0.9 * value, unit, 0)


def at_least(value: int, low: int) -> int:
    """The larger of the two."""
    return max(value, low) if _single(value, low) else np.maximum(value, low)


def at_most(value: int, high: int) -> int:
    """The smaller of the two."""
    return min(value, high) if _single(value, high) else np.minimum(value, high)


def least_common_multiple(a: int, b: int) -> int:
    """The smallest multiple of both."""
    return math.lcm(a, b) if _single(a, b) else np.lcm(a, b)


def pick(condition: bool, yes: int, no: int) -> int:
    """`yes` where the condition holds, else `no`."""
    if _single(condition):
        return yes if condition else no
    return cast("int", np.where(condition, yes, no))


def everywhere(condition: bool) -> bool:
    """Whether the condition holds, for every network."""
    return bool(condition) if _single(condition) else bool(np.all(condition))


def _single(*values: object) -> bool:
    return not any(isinstance(value, np.ndarray) for value in values)
