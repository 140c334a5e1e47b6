"""Networks that no other beats in everything, and how much they beat together."""

import numpy as np
from numpy.typing import NDArray

from netspace.spaces.ranges import Floats


def front(values: Floats) -> NDArray[np.bool_]:
    """Which rows of (N, k) values, all to be low, no other row beats; rows with NaN never do.

    A row beats another if it is nowhere higher and somewhere lower; equal rows stand together.
    """
    known = np.asarray(np.isfinite(values).all(axis=1))
    left, right = values[:, np.newaxis, :], values[np.newaxis, :, :]
    beats = (left <= right).all(axis=2) & (left < right).any(axis=2) & known[:, np.newaxis]
    return np.asarray(known & ~beats.any(axis=0))


def hypervolume(values: Floats, reference: Floats) -> float:
    """The volume between the rows of (N, 2 or 3) values, all to be low, and a reference (k,).

    Rows that are not below the reference everywhere, or hold NaN, add nothing.
    """
    inside = values[(values < reference).all(axis=1)]
    if not len(inside):
        return 0.0
    if inside.shape[1] == 2:
        return _area(inside, reference)
    # Slices along the last value: between two of its values the area of all rows below.
    ordered = inside[np.argsort(inside[:, -1], kind="stable")]
    edges = np.append(ordered[:, -1], reference[-1])
    areas = [_area(ordered[: i + 1, :-1], reference[:-1]) for i in range(len(ordered))]
    return float(np.dot(areas, np.diff(edges)))


def _area(values: Floats, reference: Floats) -> float:
    """The area between (N, 2) points and the reference: a staircase."""
    ordered = values[np.lexsort((values[:, 1], values[:, 0]))]
    floor = np.minimum.accumulate(ordered[:, 1])
    edges = np.append(ordered[:, 0], reference[0])
    return float(np.dot(np.diff(edges), reference[1] - floor))
