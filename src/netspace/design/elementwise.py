"""Arithmetic that reads the same on one number and on an array with one entry per network."""

import math
from typing import Literal, cast

import numpy as np

Rounding = Literal["nearest", "floor", "multiple of 8"]


def rounded(value: float, rounding: Rounding = "nearest") -> int:
    """To whole numbers: to the nearest (ties to even), down, or to MobileNet's multiples of 8."""
    if rounding == "multiple of 8":
        return nearest_multiple(value, 8)
    if is_single(value):
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
    return max(value, low) if is_single(value, low) else np.maximum(value, low)


def at_most(value: int, high: int) -> int:
    """The smaller of the two."""
    return min(value, high) if is_single(value, high) else np.minimum(value, high)


def least_common_multiple(a: int, b: int) -> int:
    """The smallest multiple of both."""
    return math.lcm(a, b) if is_single(a, b) else np.lcm(a, b)


def pick(condition: bool, yes: int, no: int) -> int:
    """`yes` where the condition holds, else `no`."""
    if yes is no:
        return yes
    if is_single(condition):
        return yes if condition else no
    return cast("int", np.where(condition, yes, no))


def everywhere(condition: bool) -> bool:
    """Whether the condition holds, for every network."""
    return (
        bool(condition)
        if is_single(condition)
        else bool(np.logical_and.reduce(condition, axis=None))
    )


def anywhere(condition: bool) -> bool:
    """Whether the condition holds, for some network."""
    return (
        bool(condition)
        if is_single(condition)
        else bool(np.logical_or.reduce(condition, axis=None))
    )


def is_single(*values: object) -> bool:
    """Whether none of the values is an array."""
    return np.ndarray not in map(type, values)
